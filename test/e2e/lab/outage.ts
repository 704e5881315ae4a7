// What callers hear while the hub that plays to them is away: when plain music came, when their own was back, and where.
// Judged from the recordings alone: plain music is known bit by bit, as the hub itself has written it for such a time.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ExactIndex, lengthOf } from '../judge/exact';
import type { Caller } from './caller';
import type { Lab } from './lab';
import { RATE } from './media';
import { sleep, until } from './wait';

export interface Outage {
  /** When the hub was ended, and when the next one answered; `performance.now()`. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Milliseconds; undefined: it was not heard. */
export interface Heard {
  /** From the hub's end to plain music. */
  readonly plainMs: number | undefined;
  /** From the hub's return to the caller's own music. */
  readonly ownMs: number | undefined;
  /** How far that is from where they were: what is heard again is less than 0. */
  readonly movedMs: number | undefined;
  /** The longest time without a sound from just before the end until their own music is back. */
  readonly pauseMs: number;
}

/** A tenth of a second that is a source's, sample by sample, is no chance. */
const CERTAIN = RATE / 10;
/** Own music that is back goes on. What a reader still had in hand of fallback music, 200 ms, may be the same track. */
const LASTING = RATE;
/** Fallback music is heard from its beginning, in a second outage from where the first one left it; later in it, it may be a track that
 * somebody hears anyway. */
const BEGINNING = 20 * RATE;
/** Own music again: from up to so long before the place that was left, to so much behind it. */
const BACK_AT_MOST = 4 * RATE;
const AHEAD_AT_MOST = RATE;

/** The fallback music of a hub that stands, once it is written. */
export async function plainMusic(lab: Lab): Promise<ExactIndex> {
  const folder = join(lab.playFolder, 'fallback');
  const names = Array.from({ length: 300 }, (_, i) => String(i).padStart(3, '0'));
  await until(
    () => `fallback music in ${folder}`,
    () => (statSync(join(folder, names.at(-1)!), { throwIfNoEntry: false })?.size ?? 0) > 0,
    60_000,
  );
  const bytes = Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
  return new ExactIndex({
    plain: Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i)),
  });
}

/** Ends the hub, leaves everybody alone for a while, and starts it again. */
export async function outage(lab: Lab, signal: NodeJS.Signals, awayMs: number): Promise<Outage> {
  const fromMs = performance.now();
  await lab.stopHub(signal);
  await sleep(awayMs);
  await lab.startHub();
  return { fromMs, toMs: performance.now() };
}

/** What one caller heard of it. */
export function heardOf(
  lab: Lab,
  plain: ExactIndex,
  { ear }: Caller,
  { fromMs, toMs }: Outage,
  heard: Int16Array = ear.samples,
): Heard {
  const end = ear.sampleAt(fromMs);
  const runs = lab.index.runs(heard);
  const plainRun = plain
    .runs(heard.subarray(end))
    .find((run) => run.at < BEGINNING && lengthOf(run) >= CERTAIN);
  const plainAt = plainRun && end + plainRun.from;
  // Plain music may be the same track: their own begins where that ends.
  const plainEnd = plainRun && end + plainRun.to;
  // Their own music goes on for as long as some of it lies between the hub and Asterisk.
  const before = runs.findLast(
    (run) => run.from < end && lengthOf(run) >= CERTAIN && run.from < (plainAt ?? Infinity),
  );
  const leftAt = before && before.at + Math.min(before.to, plainAt ?? Infinity) - before.from;
  const own = runs.find(
    (run) =>
      run.from >= (plainEnd ?? end) &&
      run.source === before?.source &&
      lengthOf(run) >= LASTING &&
      run.at >= leftAt! - BACK_AT_MOST &&
      run.at <= leftAt! + AHEAD_AT_MOST,
  );
  return {
    plainMs: plainAt === undefined ? undefined : ear.heardAt(plainAt) - fromMs,
    ownMs: own && ear.heardAt(own.from) - toMs,
    movedMs: own && (own.at - leftAt!) / (RATE / 1000),
    pauseMs: ear.longestPauseMs(Math.max(0, end - RATE), own?.from ?? ear.heard),
  };
}

/** The most of what all of them heard; a figure that is missing is the worst. */
export const worst = (values: readonly (number | undefined)[]): number =>
  Math.max(...values.map((value) => value ?? Infinity));
