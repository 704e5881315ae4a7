// `holdcast store migrate|check|export|import|purge`: what an operator does with what is remembered of callers.
// The work is that of src/store/admin.ts; here it is shown to a person, or read from a file and written to one.
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResolvedConfig } from '../config/types';
import { compareNames } from '../media/names';
import { MUSIC_FOLDER, namesIn } from '../media/sources';
import {
  exportStore,
  importStore,
  withAdmin,
  type ImportReport,
  type MigrateReport,
  type StoreRecord,
} from '../store/admin';
import { purgeBefore } from '../store/purging';
import type { StoreParts } from '../store/store';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { ownerThatRootBecame } from '../util/privileges';
import { reportTable } from '../doctor/table';
import { badLinesText, lookOver, openSource, recordsIn } from './storeImport';
import { openProgress, type Terminal } from './terminal';

export interface StoreContext extends StoreParts {
  readonly config: Pick<ResolvedConfig, 'store' | 'media'>;
  readonly out: Terminal;
  readonly signal: AbortSignal;
  /** Standard input: asked for where it is read. */
  readonly input: () => Readable;
}

const EXIT_OK = 0;
const EXIT_PROBLEM = 1;
const SHOWN_TRACKS = 12;

export interface MigrateCommandOptions {
  /** As given by --class: what a number of the old system means. */
  class?: Readonly<Record<number, string>>;
  dryRun?: boolean;
  json?: boolean;
}

/** `store migrate`. @returns 0 @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED */
export async function storeMigrate(
  { class: classes = {}, dryRun = false, json }: MigrateCommandOptions,
  context: StoreContext,
): Promise<number> {
  const { config, out } = context;
  const tracks = (await namesIn(config.media.folder, MUSIC_FOLDER))
    .sort(compareNames)
    .map((name) => `${MUSIC_FOLDER.path}/${name}`.normalize('NFC'));
  checkClasses(classes, tracks);
  const report = await withAdmin(config.store, context, (admin) =>
    admin.migrate({ tracks, classes, dryRun }),
  );
  out.write(json ? `${JSON.stringify({ dryRun, ...report })}\n` : migrateText(report, dryRun));
  return EXIT_OK;
}

/** A typing error would leave callers without their music, and nobody would see it. @throws HoldcastError HC_USAGE */
function checkClasses(classes: Readonly<Record<number, string>>, tracks: readonly string[]): void {
  for (const [musicClass, track] of Object.entries(classes)) {
    if (tracks.includes(track.normalize('NFC'))) continue;
    const some = tracks.slice(0, SHOWN_TRACKS).join(', ');
    const hint = tracks.length === 0 ? 'put the music there first' : `name one of them: ${some}`;
    throw new HoldcastError('HC_USAGE', `music class ${musicClass}: ${track} is not among the media`, hint);
  }
}

function migrateText(
  { applied, choices, mapped, unmapped, unchanged }: MigrateReport,
  dryRun: boolean,
): string {
  const would = dryRun ? 'would be ' : '';
  const lines = [
    applied.length > 0
      ? `Tables: ${applied.join(', ')} ${would}applied.`
      : 'Tables: as this version wants them.',
    `Choices: ${choices}.`,
    ...mapped.map(
      ({ musicClass, track, callers, before }) =>
        `Music class ${musicClass} ${dryRun ? 'would be' : 'is'} ${track} (${callers} callers` +
        `${before === undefined ? '' : `; it was ${before}`}).`,
    ),
    ...unchanged.map((musicClass) => `Music class ${musicClass}: nothing to change.`),
    ...unmapped.map(
      ({ musicClass, callers }) => `Music class ${musicClass} means no track (${callers} callers).`,
    ),
    ...(unmapped.length > 0
      ? [`  → say what it is: holdcast store migrate --class ${unmapped[0]!.musicClass}=music/name.wav`]
      : []),
    ...(dryRun ? ['Nothing was changed.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** `store check`: changes nothing. @returns 0 all good, 1 there is a problem */
export async function storeCheck({ json }: { json?: boolean }, context: StoreContext): Promise<number> {
  const { config, out } = context;
  const findings = await withAdmin(config.store, context, (admin) => admin.check());
  const rows = findings.map(({ name, ...finding }) => ({ check: name, ...finding }));
  const sick = rows.some(({ result }) => result === 'problem');
  if (json) out.write(`${JSON.stringify({ ok: !sick, findings })}\n`);
  else out.write(reportTable(rows, out.columns, out.isTTY));
  return sick ? EXIT_PROBLEM : EXIT_OK;
}

/**
 * `store export`: everything, as JSON lines. A file is there whole or not at all, for its owner alone.
 * @returns 0 @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED; HC_USAGE when the file cannot be written
 */
export async function storeExport({ out: file }: { out?: string }, context: StoreContext): Promise<number> {
  const { config, out } = context;
  const records = exportStore(config.store, context);
  if (file === undefined) {
    for await (const record of untilAborted(records, context.signal)) {
      if (out.closed) break;
      out.write(`${JSON.stringify(record)}\n`);
      // All of a large store would else wait in memory for a slow reader.
      await out.drained?.();
    }
    return EXIT_OK;
  }
  const count = await writeWhole(file, untilAborted(records, context.signal));
  out.write(`${count} records in ${file}, which contains callers' numbers: only you can read it.\n`);
  return EXIT_OK;
}

async function* untilAborted(
  records: AsyncGenerator<StoreRecord>,
  signal: AbortSignal,
  message = 'interrupted',
): AsyncGenerator<StoreRecord> {
  for await (const record of records) {
    if (signal.aborted) throw new HoldcastError('HC_USAGE', message);
    yield record;
  }
}

async function writeWhole(file: string, records: AsyncIterable<StoreRecord>): Promise<number> {
  const draft = `${file}.${process.pid}.tmp`;
  let count = 0;
  const lines = async function* (): AsyncGenerator<string> {
    for await (const record of records) {
      yield `${JSON.stringify(record)}\n`;
      count++;
    }
  };
  try {
    await pipeline(lines, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
    renameSync(draft, file);
    return count;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') rmSync(draft, { force: true });
    throw error instanceof HoldcastError ? error : unwritable(file, error);
  }
}

function unwritable(file: string, cause: unknown): HoldcastError {
  const owner = ownerThatRootBecame();
  const hint = owner
    ? `as root this works as ${owner}, whose folder the store is in: let the shell write it, store export > ${file}`
    : 'name a file in a folder that you may write to, on a disk with room';
  return new HoldcastError('HC_USAGE', `${file} cannot be written: ${messageOf(cause)}`, hint, { cause });
}

export interface ImportCommandOptions {
  /** Path, or '-' for standard input. */
  file: string;
  /** Lines that are no records are left out. */
  skipBad?: boolean;
  json?: boolean;
}

/**
 * `store import`: adds what a file has; may be run again.
 * @returns 0
 * @throws HoldcastError HC_USAGE: a line is no record (nothing is written then), or the file cannot be read;
 *   HC_STORE_AWAY, HC_STORE_REFUSED
 */
export async function storeImport(
  { file, skipBad = false, json }: ImportCommandOptions,
  context: StoreContext,
): Promise<number> {
  const { config, out, input, signal } = context;
  const source = await openSource(file, input);
  const progress = openProgress(out, 'importing');
  try {
    const { lines, bad } = await lookOver(source);
    if (bad.length > 0 && !skipBad) {
      const hint = 'correct them, or leave them out with --skip-bad';
      throw new HoldcastError('HC_USAGE', `nothing was imported: ${badLinesText(bad)}`, hint);
    }
    const records = recordsIn(source, (line) => progress.show(line / lines));
    const wanted = untilAborted(records, signal, 'interrupted; what was written stays');
    const report = await importStore(config.store, wanted, context);
    progress.close();
    const skipped = bad.map(({ line }) => line);
    out.write(json ? `${JSON.stringify({ ...report, skipped })}\n` : importText(report));
    if (bad.length > 0 && !json) out.write(`Left out: ${badLinesText(bad)}.\n`);
    return EXIT_OK;
  } finally {
    progress.close();
    await source.close();
  }
}

function importText({ choices, heard, keys }: ImportReport): string {
  return `${choices} choices, ${heard} things heard and ${keys} keys are in the store.\n`;
}

export interface PurgeCommandOptions {
  /** As given by --days; absent: store.keepDays. */
  days?: number;
  json?: boolean;
}

/** `store purge`. @returns 0 @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED */
export async function storePurge(
  { days, json }: PurgeCommandOptions,
  context: StoreContext,
): Promise<number> {
  const { config, out, clock } = context;
  const keepDays = days ?? config.store.keepDays;
  if (keepDays === 0) {
    const text =
      'Everything is kept (store.keepDays is 0): nothing was removed. Name a number with --days.\n';
    out.write(json ? `${JSON.stringify({ rows: 0, keepDays })}\n` : text);
    return EXIT_OK;
  }
  const before = purgeBefore(clock.wall(), keepDays);
  const rows = await withAdmin(config.store, context, (admin) => admin.purge(before));
  const text = `${rows} rows were older than ${keepDays} days and are removed.\n`;
  out.write(json ? `${JSON.stringify({ rows, keepDays })}\n` : text);
  return EXIT_OK;
}
