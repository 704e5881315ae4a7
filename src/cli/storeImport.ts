// Reading what `holdcast store export` wrote: all of it is looked at before anything is written.
// So a file with a typing error changes nothing, and standard input, which can be read once only, is kept first.
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { decodeRecord, rowsOfRecords, type StoreRecord } from '../store/rows';
import { HoldcastError, messageOf } from '../util/errors';
import { ownerThatRootBecame } from '../util/privileges';
import type { Closeable } from '../util/scope';

export interface BadLine {
  /** From 1. */
  readonly line: number;
  /** What is wrong; nothing of what stands there. */
  readonly why: string;
}

/** A file that can be read twice. */
export interface Source extends Closeable {
  readonly file: string;
}

const SHOWN = 10;

/**
 * @param file path; '-': `input`, which is kept in a file of its own until the source is closed
 * @throws HoldcastError HC_USAGE when `input` cannot be kept
 */
export async function openSource(file: string, input: () => Readable): Promise<Source> {
  if (file !== '-') return { file, close: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-import-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'records.jsonl');
    await pipeline(input(), createWriteStream(copy, { mode: 0o600 }));
    return { file: copy, close };
  } catch (error) {
    close();
    throw unreadable('standard input', error);
  }
}

/** Its number of lines, and every one that is no record. @throws HoldcastError HC_USAGE when the source cannot be read */
export async function lookOver(source: Source): Promise<{ lines: number; bad: BadLine[] }> {
  const bad: BadLine[] = [];
  let lines = 0;
  try {
    for await (const { number, text } of linesIn(source)) {
      const why = problemIn(text);
      if (why !== undefined) bad.push({ line: number, why });
      lines = number;
    }
    return { lines, bad };
  } catch (error) {
    throw unreadable(source.file, error);
  }
}

/** The lines that are records. @param onLine told of each line before it is read */
export async function* recordsIn(
  source: Source,
  onLine: (number: number) => void,
): AsyncGenerator<StoreRecord> {
  for await (const { number, text } of linesIn(source)) {
    onLine(number);
    const record = problemIn(text) === undefined && text ? decodeRecord(text) : undefined;
    if (record) yield record;
  }
}

function linesIn({ file }: Source): AsyncGenerator<Line> {
  return linesOf(createReadStream(file) as AsyncIterable<Buffer>);
}

/** "lines 3 (a choice has no right number), 7 (it is no record)". */
export function badLinesText(bad: readonly BadLine[]): string {
  const shown = bad.slice(0, SHOWN).map(({ line, why }) => `${line} (${why})`);
  const more = bad.length > SHOWN ? ` and ${bad.length - SHOWN} more` : '';
  return `${bad.length === 1 ? 'line' : 'lines'} ${shown.join(', ')}${more}`;
}

function problemIn(text: string | undefined): string | undefined {
  if (text === undefined) return 'it is too long';
  if (text.trim() === '') return undefined;
  const record = decodeRecord(text);
  if (!record) return 'it is no record';
  try {
    rowsOfRecords([record]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function unreadable(file: string, error: unknown): HoldcastError {
  const owner = ownerThatRootBecame();
  const hint = owner
    ? `as root this works as ${owner}, whose folder the store is in: let the shell read it, store import - < ${file}`
    : 'name a file that `holdcast store export` has written, or - for standard input';
  return new HoldcastError('HC_USAGE', `${file} cannot be read: ${messageOf(error)}`, hint, { cause: error });
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Absent: it is longer than any that is right. */
  readonly text?: string;
}

const LONGEST = 16_384;

/** Lines without their ends; a last line that is empty is none. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8');
  let number = 1;
  let rest = '';
  let tooLong = false;
  const line = (text: string): Line => {
    const whole = !tooLong && text.length <= LONGEST;
    tooLong = false;
    return { number: number++, ...(whole && { text: text.replace(/\r$/, '') }) };
  };
  for await (const chunk of source) {
    const pieces = (rest + decoder.write(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) yield line(piece);
    if (rest.length <= LONGEST) continue;
    tooLong = true;
    rest = '';
  }
  rest += decoder.end();
  if (rest !== '' || tooLong) yield line(rest);
}
