// The media commands: prepare, list, check. What they print, and the exit code.
// The work is that of src/media; here it is shown to a person, or done quietly in the background.
import { availableParallelism, setPriority } from 'node:os';
import { checkMedia, type Finding } from '../media/check';
import { FfmpegFailure } from '../media/ffmpeg';
import { findFfmpeg } from '../media/ffmpegBinary';
import { takeInventory, type InventoryFolder, type InventoryItem } from '../media/survey';
import { PrepareLock } from '../media/lock';
import type { PrepareOutcome } from '../media/outcome';
import { prepareAll, pruneCache } from '../media/preparation';
import type { MediaSettings } from '../media/settings';
import { checkVoices, packsOf } from '../speech/packs';
import type { VoiceSettings } from '../speech/voice';
import { SpokenCache } from '../speech/spokenCache';
import { systemClock, type Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';
import { printable } from '../util/printable';
import { silentLogger, type Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { textTable } from '../util/textTable';
import { lengthText, prepareTable } from './mediaTable';
import { openProgress, type Progress, type Terminal } from './terminal';

export interface MediaCommandOptions {
  readonly settings: MediaSettings;
  /** Their recordings are prepared, listed and checked too; absent: none. */
  readonly voices?: readonly VoiceSettings[];
  /** The house's language and currency, for what the voices must be able to say. Default: English, no money. */
  readonly language?: string;
  readonly currency?: string;
  readonly out: Terminal;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly json?: boolean;
}

export interface MediaPrepareOptions extends MediaCommandOptions {
  /** No output, lowest priority; ends at once when another is at work. */
  readonly background?: boolean;
  readonly force?: boolean;
  readonly prune?: boolean;
  /** The machine's when absent. */
  readonly clock?: Clock;
}

const EXIT_OK = 0;
const EXIT_PROBLEM = 1;
const EXIT_NO_FFMPEG = 69;
const EXIT_INTERRUPTED = 130;
const LOWEST_PRIORITY = 19;
const MOST_PARALLEL = 4;
/** In the background files that are still being copied are waited for this long. */
const WAIT_FOR_COPY_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 2000;
/** Whether another that prepares is done. */
const LOCK_AGAIN_MS = 300;

/**
 * `media prepare`.
 * @returns 0 all good, 1 some file has a problem, 69 no ffmpeg (in the background), 130 interrupted
 * @throws HoldcastError in the foreground, when nothing can be prepared at all
 */
export function mediaPrepare(options: MediaPrepareOptions): Promise<number> {
  return options.background ? prepareInBackground(options) : prepareInForeground(options);
}

async function prepareInForeground(options: MediaPrepareOptions): Promise<number> {
  const { out, signal, json } = options;
  const lock = await waitForLock(options);
  if (!lock) return EXIT_INTERRUPTED;
  try {
    const outcomes = await prepareWithProgress(options);
    const pruned = options.prune ? await pruneCache(options.settings, clockOf(options)) : undefined;
    await sweepSpoken(options);
    if (json)
      out.write(`${JSON.stringify({ files: outcomes, ...(pruned === undefined ? {} : { pruned }) })}\n`);
    else out.write(summaryOf(outcomes, options.settings, pruned));
    return outcomes.some((o) => o.problem || o.status === 'arriving') ? EXIT_PROBLEM : EXIT_OK;
  } catch (error) {
    if (signal.aborted || (error instanceof FfmpegFailure && error.blame === 'stopped'))
      return EXIT_INTERRUPTED;
    throw error;
  } finally {
    await lock.close();
  }
}

/** Takes the lock, after its current holder; undefined when interrupted. */
async function waitForLock(options: MediaPrepareOptions): Promise<Closeable | undefined> {
  const { settings, out, signal, json } = options;
  const clock = clockOf(options);
  const lock = new PrepareLock(settings.cache);
  for (let told = false; !signal.aborted; told = true) {
    const taken = await lock.acquire();
    if (taken) return taken;
    const pid = await lock.owner();
    if (!told && !json && pid !== undefined)
      out.write(`Process ${pid} is preparing media: waiting for it …\n`);
    await new Promise<void>((resolve) => clock.after(LOCK_AGAIN_MS, resolve));
  }
  return undefined;
}

async function prepareWithProgress(options: MediaPrepareOptions): Promise<PrepareOutcome[]> {
  let progress: Progress | undefined;
  let planned = 0;
  let done = 0;
  try {
    return await prepareAll({
      ...preparationOf(options, Math.min(MOST_PARALLEL, availableParallelism())),
      // The table says it all; a log beside it would say it twice.
      log: silentLogger,
      onPlan: (files) => {
        planned = files;
        if (files > 0 && !options.json) progress = openProgress(options.out, `preparing ${files} files`);
      },
      onFile: () => progress?.show(++done / planned),
    });
  } finally {
    progress?.close();
  }
}

function preparationOf(options: MediaPrepareOptions, parallel: number) {
  const { settings, log, signal, force, voices = [] } = options;
  return {
    settings,
    packs: packsOf(voices),
    log,
    signal,
    parallel,
    clock: clockOf(options),
    findFfmpeg: () => findFfmpeg({ configured: settings.ffmpeg, env: process.env }),
    ...(force ? { force } : {}),
  };
}

/** Sentences that programs have spoken are personal: old ones go also where nobody asks for new ones. */
function sweepSpoken(options: MediaPrepareOptions): Promise<void> {
  return new SpokenCache(options.settings.cache, clockOf(options), options.log).sweep();
}

function clockOf(options: MediaPrepareOptions): Clock {
  return options.clock ?? systemClock();
}

function summaryOf(
  outcomes: readonly PrepareOutcome[],
  settings: MediaSettings,
  pruned: number | undefined,
): string {
  if (outcomes.length === 0)
    return `There is no media in ${printable(settings.folder)} (searched: music/ and advices/).\n`;
  const count = (status: PrepareOutcome['status']): number =>
    outcomes.filter((o) => o.status === status).length;
  const parts = [
    `${count('prepared')} prepared`,
    `${count('already') + count('shipped')} ready before`,
    `${count('problem')} with a problem`,
    ...(count('arriving') > 0 ? [`${count('arriving')} still changing`] : []),
    ...(pruned === undefined ? [] : [`${pruned} unused removed`]),
  ];
  return `${prepareTable(outcomes)}\n${parts.join(', ')}. Cache: ${printable(settings.cache)}\n`;
}

/** Prepares what waits, and what comes meanwhile; says nothing but to the log. */
async function prepareInBackground(options: MediaPrepareOptions): Promise<number> {
  const { settings, log, signal } = options;
  try {
    setPriority(LOWEST_PRIORITY);
    const lock = await new PrepareLock(settings.cache).acquire();
    if (!lock) return EXIT_OK;
    try {
      const code = await prepareUntilQuiet(options);
      await sweepSpoken(options);
      return code;
    } finally {
      await lock.close();
    }
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    const code = error instanceof HoldcastError ? error.code : undefined;
    const hint = error instanceof HoldcastError && error.hint ? ` → ${error.hint}` : '';
    log.error({ code, message: messageOf(error) }, `media preparation stopped${hint}`);
    return code === 'HC_FFMPEG_MISSING' || code === 'HC_FFMPEG_BROKEN' ? EXIT_NO_FFMPEG : EXIT_PROBLEM;
  }
}

async function prepareUntilQuiet(options: MediaPrepareOptions): Promise<number> {
  const clock = clockOf(options);
  const giveUpAt = clock.now() + WAIT_FOR_COPY_MS;
  for (let first = true; ; first = false) {
    const outcomes = await prepareAll({
      ...preparationOf(options, 1),
      force: first && options.force === true,
    });
    for (const { id, durationMs, status, words } of outcomes)
      if (status === 'prepared' && words === undefined)
        options.log.info({ file: id, durationMs }, 'media file prepared');
    const words = outcomes.filter((o) => o.status === 'prepared' && o.words !== undefined).length;
    if (words > 0) options.log.info({ recordings: words }, 'words of voices prepared');
    const arriving = outcomes.some((o) => o.status === 'arriving') && clock.now() < giveUpAt;
    if (!arriving && !outcomes.some((o) => o.status === 'prepared'))
      return outcomes.some((o) => o.problem) ? EXIT_PROBLEM : EXIT_OK;
    if (arriving) await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
    if (options.signal.aborted) return EXIT_INTERRUPTED;
  }
}

const HEARD: Readonly<Record<string, string>> = {
  music: 'the music bed, in the order of the config (shuffle, order or loop)',
  'advices/first': 'first, in this order',
  'advices/firstMorning': 'then, in the morning, in this order',
  'advices/firstDay': 'then, in the day, in this order',
  'advices/firstEvening': 'then, in the evening, in this order',
  'advices/middle': 'then, in random order',
  'advices/last': 'last, in this order',
};

/** `media list`: what callers can hear, in the order in which they hear it. @returns 0 */
export async function mediaList({
  settings,
  voices = [],
  out,
  log,
  json,
}: MediaCommandOptions): Promise<number> {
  const inventory = await takeInventory(settings, log, packsOf(voices));
  if (json) out.write(`${JSON.stringify({ folder: settings.folder, shelves: inventory })}\n`);
  else out.write(`${printable(settings.folder)}\n\n${inventory.map(shelfText).join('\n')}`);
  return EXIT_OK;
}

/** Of hundreds of words a line is enough. */
function wordsText({ folder, items }: InventoryFolder): string {
  const count = (state: InventoryItem['state']): number =>
    items.filter((item) => item.state === state).length;
  const parts = [
    `${count('ready')} ready`,
    ...(count('unprepared') > 0 ? [`${count('unprepared')} not prepared`] : []),
    ...(count('problem') > 0 ? [`${count('problem')} with a problem`] : []),
  ];
  return `${printable(folder)}/: words of a voice\n  ${items.length} recordings: ${parts.join(', ')}\n`;
}

function shelfText(inventory: InventoryFolder): string {
  const { folder, items } = inventory;
  if (inventory.words) return wordsText(inventory);
  const heading = `${printable(folder)}/: ${HEARD[folder] ?? 'when it is asked for'}\n`;
  if (items.length === 0) return `${heading}  (empty)\n`;
  const rows = items.map((item, index) => [
    `  ${folder.startsWith('advices/') && folder !== 'advices/middle' ? index + 1 : '·'}`,
    item.file.slice(folder.length + 1),
    item.title,
    lengthText(item.durationMs),
    item.language ?? 'all',
    item.problem
      ? `${item.problem.code}: ${item.problem.message}`
      : item.state === 'ready'
        ? 'ready'
        : 'not prepared',
  ]);
  return (
    heading + textTable(rows, { head: ['', 'file', 'title', 'length', 'language', 'state'], right: [3] })
  );
}

/** `media check`: verifies everything and changes nothing. @returns 0 all good, 1 there are findings */
export async function mediaCheck({
  settings,
  voices = [],
  language = 'en',
  currency,
  out,
  log,
  json,
}: MediaCommandOptions): Promise<number> {
  const currencies = currency === undefined ? [] : [currency];
  const findings: readonly Finding[] = [
    ...(await checkMedia(settings, log, packsOf(voices))),
    ...(await checkVoices({ voices, language, currencies })),
  ];
  if (json) out.write(`${JSON.stringify({ folder: settings.folder, findings })}\n`);
  else if (findings.length === 0) out.write(`${printable(settings.folder)}: all good.\n`);
  else
    for (const { file, code, message, hint } of findings)
      out.write(`${printable(`${file}: ${message} (${code})`)}\n  → ${printable(hint)}\n`);
  return findings.length === 0 ? EXIT_OK : EXIT_PROBLEM;
}
