// What a store says when it cannot, or never will: the same words from either of them.
// Apart from the stores, so that neither loads the other.
import { HoldcastError } from '../util/errors';

/** It may be tried again. */
export function away(message: string, hint?: string, cause?: unknown): HoldcastError {
  return new HoldcastError('HC_STORE_AWAY', message, hint, { cause });
}

/** It will never be taken. */
export function refused(message: string, hint?: string): HoldcastError {
  return new HoldcastError('HC_STORE_REFUSED', message, hint);
}

/** @param does "answer", "write" */
export function tooSlow(does: 'answer' | 'write', afterMs: number): HoldcastError {
  const hint =
    'see that the database server runs, and what keeps it, or the disk of the embedded store, busy';
  return away(`the store does not ${does} within ${afterMs} ms`, hint);
}
