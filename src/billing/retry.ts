// Retry: once more, where the way to billing failed and asking again does no harm.
// A server that is restarted, or has just closed a connection that was kept, answers a moment later.
import type { Clock } from '../util/clock';
import { mayAskAgain } from './failure';
import { pause } from './within';

/** Before the second try, milliseconds. */
const PAUSE_MS = 100;

/** @throws what the last try throws, or Abandoned when `signal` is aborted in between */
export async function onceMore<T>(clock: Clock, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted || !mayAskAgain(error)) throw error;
  }
  await pause(clock, PAUSE_MS, signal);
  return ask();
}
