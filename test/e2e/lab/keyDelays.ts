// From the press of a key to what the caller hears: measured at the telephone, on one clock.
// The press is the moment at which the first packet of the key leaves; sound counts when its packet has arrived. A real
// telephone's own jitter buffer and sound card come on top, the same for everything that it plays.
import { audibleFrom } from '../judge/change';
import { find } from '../judge/correlate';
import type { Run, Sources } from '../judge/exact';
import type { Caller } from './caller';
import type { Lab } from './lab';
import { sleep } from './wait';

/** Milliseconds from the press to what it made audible; undefined: it was not heard. */
export interface KeyDelay {
  readonly digit: string;
  /** To the first change of any kind: the tone, where there is one. */
  readonly audibleMs: number | undefined;
  /** To the first sample of what was asked for: the new track (which then fades in), or the first word. */
  readonly answerMs: number | undefined;
}

export interface Press {
  readonly digit: string;
  /** `performance.now()`. */
  readonly atMs: number;
}

/** The prompt that a key says; undefined: it changes the track. */
export type AnswerOf = (digit: string) => Int16Array | undefined;

/** Presses keys one after the other, `times` rounds, never two nearer than `everyMs` (with a spread of 320 ms). */
export async function pressKeys(
  caller: Caller,
  digits: readonly string[],
  times: number,
  everyMs: number,
): Promise<Press[]> {
  const presses: Press[] = [];
  for (let i = 0; i < times * digits.length; i++) {
    // 40 ms of spread in steps that do not divide the Frame, so that no phase of it is preferred.
    await sleep(everyMs + ((i * 37) % 320));
    const digit = digits[i % digits.length]!;
    presses.push({ digit, atMs: caller.press(digit) });
  }
  await caller.ear.hear(everyMs);
  return presses;
}

/** Judges what a caller heard after each of their presses. */
export function keyDelays(
  lab: Lab,
  caller: Caller,
  presses: readonly Press[],
  answerOf: AnswerOf,
): KeyDelay[] {
  const heard = caller.ear.samples;
  const runs = lab.index.runs(heard);
  return presses.map(({ digit, atMs }, i) => {
    const from = caller.ear.sampleAt(atMs);
    const to = caller.ear.sampleAt(presses[i + 1]?.atMs ?? Infinity);
    const since = (sample: number | undefined): number | undefined =>
      sample === undefined || sample >= to ? undefined : caller.ear.heardAt(sample) - atMs;
    return {
      digit,
      audibleMs: since(firstChange(heard, runs, lab.index.sources, from)),
      answerMs: since(firstOfAnswer({ heard, runs, from, to, prompt: answerOf(digit) })),
    };
  });
}

/** Nothing is known when the music was being faded at the press: then there is no figure. */
function firstChange(
  heard: Int16Array,
  runs: readonly Run[],
  sources: Sources,
  from: number,
): number | undefined {
  const before = runs.find((run) => run.from <= from && from < run.to);
  return before && audibleFrom(heard, before, sources);
}

interface Search {
  heard: Int16Array;
  runs: readonly Run[];
  from: number;
  to: number;
  prompt: Int16Array | undefined;
}

function firstOfAnswer({ heard, runs, from, to, prompt }: Search): number | undefined {
  if (prompt) {
    const match = find(heard.subarray(from, to), prompt)[0];
    return match && from + match.at;
  }
  const before = runs.findLast((run) => run.from <= from);
  const after = runs.find((run) => run.from > from && run.from < to && run.source !== before?.source);
  // A track begins at its first sample, under a fade: what is found bit by bit comes later.
  return after && after.from - after.at;
}
