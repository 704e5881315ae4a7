// Store: the port to what is remembered from call to call. Two adapters (embedded, MySQL), one contract suite.
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

/** The caller's number as Asterisk tells it: a string always, since "0049" and "49" are two callers. */
export type Phone = string;
/** `queue_music.src` is char(15): a longer number is not kept. */
export const LONGEST_PHONE = 15;

/** Something that happened in a call and is kept. Times are wall time, milliseconds since 1970. */
export type StoreEntry =
  /** The music that the caller chose; the newest counts. */
  | { readonly type: 'choice'; readonly phone: Phone; readonly track: string; readonly wallMs: number }
  /** Music, advice or answer that was heard; a personal one has no title, only its kind. */
  | {
      readonly type: 'heard';
      readonly uniqueid: string;
      readonly phone?: Phone;
      readonly queue?: string;
      readonly kind: 'track' | 'advice' | 'position' | 'answer';
      /** Id of what was heard ("music/first-light.wav"); absent where it is the caller's own. */
      readonly id?: string;
      readonly wallMs: number;
    }
  /** A key that did something. */
  | {
      readonly type: 'key';
      readonly uniqueid: string;
      readonly phone?: Phone;
      readonly queue?: string;
      readonly digit: string;
      readonly action: string;
      readonly wallMs: number;
    };

/** Whose PIN is tried. A store keeps neither text, only keyed hashes of them. */
export interface PinCaller {
  /** What all spellings of the caller's number share. Tries are counted, and numbers locked, by this. */
  readonly line: string;
  /** The number as billing is asked about it. A right PIN forgives only tries of this very number. */
  readonly told: string;
}

export interface PinLimits {
  /** Tries after which a line is locked … */
  readonly tries: number;
  /** … until so long after the last of them, milliseconds. */
  readonly lockMs: number;
  /** Tries over all lines within `allMs` milliseconds, at most `lockMs`, after which none is taken. */
  readonly allTries: number;
  readonly allMs: number;
}

/** Tries that count now: those that were not right, and those that are being asked about. */
export interface PinCounts {
  readonly ofLine: number;
  readonly ofAll: number;
}

/**
 * How often PINs were tried, one count for all processes and machines that share a store. A try is counted before the PIN is asked
 * about: what dies in between has counted, and calls at once gain nothing. Every method throws HoldcastError HC_STORE_AWAY or
 * HC_STORE_REFUSED (no tables, no rights).
 */
export interface PinLedger {
  /** Lines whose lock is over are removed by it. */
  counts(caller: PinCaller, limits: PinLimits): Promise<PinCounts>;
  /** Counts one more, unless a limit is reached. @returns whether it did, and the counts after it */
  begin(caller: PinCaller, limits: PinLimits): Promise<PinCounts & { readonly begun: boolean }>;
  /** `right`: all that were told the same are forgiven. `unjudged`: the one that was begun does not count. */
  end(caller: PinCaller, outcome: 'right' | 'unjudged'): Promise<void>;
}

export interface StoreParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** The embedded store's thread as a file that Node can run; absent: the built one. */
  readonly worker?: string;
}

export interface Store extends Closeable {
  /** The track id that this caller chose last; undefined: none. @throws HoldcastError HC_STORE_AWAY */
  choice(phone: Phone): Promise<string | undefined>;
  /**
   * Keeps all of them, or none: when it resolves they are on disk. The same entry twice is kept once.
   * @throws HoldcastError HC_STORE_AWAY (tried again later), HC_STORE_REFUSED (never will be: a bad entry, no rights)
   */
  write(entries: readonly StoreEntry[]): Promise<void>;
  /** Tries of PINs. What is begun there is on disk when it resolves. */
  readonly pins: PinLedger;
  /**
   * Removes what happened before `wallMs` (choices stay, but those not renewed since), and tries of PINs that are of no
   * account any more. @returns rows removed
   */
  purge(wallMs: number): Promise<number>;
  /** Closes what is open, a query that hangs too. May be called again; the store is not used afterwards. */
  close(): Promise<void>;
}

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
