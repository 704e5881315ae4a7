// What keys are answered with, as the caller's own stream says: a test waits for an answer, not for a time.
// On a busy machine an answer may come late; that it came late is for the tests that measure.
import type { Caller } from './caller';
import type { Lab } from './lab';
import { PLAY } from './play';
import { until } from './wait';

/** After an answer the music stays down for 0.8 s and comes up for a second; and the log is ahead of the ear. */
const MUSIC_BACK_MS = 3000;
/** Three accounts take half of it. */
const LIMIT_MS = 45_000;

/**
 * Resolves when their stream was told who they are: on a busy machine that takes it seconds, and keys are kept for them only so
 * long. A hub that plays itself knows it all the time.
 */
export async function followed(lab: Lab, { uniqueid, phone, ear }: Caller): Promise<void> {
  if (PLAY === 'hub') return ear.hear(500);
  const started = (): boolean =>
    lab.log.some(
      (line) => line['uniqueid'] === uniqueid && line['msg'] === 'the call of the stream is known',
    );
  await until(() => `the stream of ${phone} stands`, started, LIMIT_MS);
  await ear.hear(500);
}

/** Answers that they have heard to their end. */
export function answersOf(lab: Lab, { uniqueid }: Caller): number {
  return lab.log.filter(
    (line) => line['uniqueid'] === uniqueid && line['kind'] === 'answer' && line['msg'] === 'voice-end',
  ).length;
}

/** Resolves when they have heard `count` answers in all, and after that what comes in `hearMs`: music as it was before. */
export async function answered(lab: Lab, caller: Caller, count = 1, hearMs = MUSIC_BACK_MS): Promise<void> {
  const what = (): string => `${count} answers for ${caller.phone} (${answersOf(lab, caller)} so far)`;
  await until(what, () => answersOf(lab, caller) >= count, LIMIT_MS);
  await caller.ear.hear(hearMs);
}

/** Presses 2 and waits for the answer, or for as many answers as come: "one moment" is one of its own. */
export async function askBalance(lab: Lab, caller: Caller, answers = 1): Promise<void> {
  const before = answersOf(lab, caller);
  caller.press('2');
  await answered(lab, caller, before + answers);
}
