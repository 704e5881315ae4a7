// CallerRecords: what one call asks of the operator's systems and leaves with them: its caller's choice of music, their
// balance, what they heard; and of Asterisk, whether a place in the queue is still right. Two
// adapters: LocalRecords, and ScriptRecords of `render`.
// Who the caller is, the other end knows from Asterisk: nobody can ask for somebody else.
import type { BalanceService } from '../billing/balanceService';
import type { BalanceAnswer } from '../billing/billing';
import { LONGEST_PHONE, type StoreEntry } from '../store/store';
import type { WriteBehindStore } from '../store/writeBehindStore';
import type { Closeable } from '../util/scope';
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';

/** Something that the caller heard or did, as it is kept. */
export type Remembered =
  | { readonly type: 'choice'; readonly track: string }
  | {
      readonly type: 'heard';
      readonly kind: 'track' | 'advice' | 'position' | 'answer';
      readonly id?: string;
    }
  | { readonly type: 'key'; readonly digit: string; readonly action: string }
  /** So many of these were forgotten for want of room, before it was known whose they are: they are counted. */
  | { readonly type: 'dropped'; readonly of: StoreEntry['type']; readonly count: number };

export interface CallerRecords extends Closeable {
  /** The track that this caller chose in an earlier call; undefined: none, not known, or not in time. Never rejects. */
  choice(): Promise<string | undefined>;
  /**
   * The caller's accounts; never rejects, and has an answer within the config's time limit and a little.
   * @param pin digits that the caller has entered, for a question that was answered with `pin`
   */
  balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer>;
  /**
   * Has Asterisk asked for the call's place in its queue; a place that is new has been told (`CallNews`) before this
   * resolves. May take as long as Asterisk does; never rejects. Absent: there is nobody to ask, and places are as told.
   * @returns whether the place that was told last is known to be right
   */
  confirmPlace?(): Promise<boolean>;
  /**
   * Kept as soon as that is possible. Never waits, never throws.
   * @param wallMs when it happened, milliseconds since 1970; absent: now
   */
  remember(what: Remembered, wallMs?: number): void;
  close(): Promise<void> | void;
}

/** Who a call is, as Asterisk says: nothing else is believed. */
export interface RecordedCall {
  readonly uniqueid: string;
  /** Absent: withheld, or not known. */
  readonly phone?: string;
  readonly queue?: string;
  /** It is over. Who listens all the same was transferred, and may be another caller. */
  readonly ended?: boolean;
}

/** What stands where the number of a caller is withheld or not known: those callers are many, not one. */
const WITHHELD = new Set([
  ...['anonymous', 'asterisk', 'blocked', 'hidden', 'none', 'null', 'private', 'restricted'],
  ...['unavailable', 'undefined', 'unidentified', 'unknown', 'withheld'],
]);

/** Whether this is one caller's: digits, or the name of a telephone; no word for "withheld", nor zeros alone. */
export function isCallersNumber(text: string): boolean {
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return plain.length >= 2 && !/^0+$/.test(plain) && !WITHHELD.has(plain);
}

/** A number under which something can be kept; undefined: there is none, or it is longer than any that is kept. */
export function keptPhone(call: RecordedCall | undefined): string | undefined {
  const phone = call?.phone;
  return phone !== undefined && phone.length <= LONGEST_PHONE && isCallersNumber(phone) ? phone : undefined;
}

/** `what` as the store keeps it; undefined: a choice of nobody. */
export function entryOf(
  what: Exclude<Remembered, { type: 'dropped' }>,
  call: RecordedCall,
  wallMs: number,
): StoreEntry | undefined {
  const phone = keptPhone(call);
  if (what.type === 'choice') return phone === undefined ? undefined : { ...what, phone, wallMs };
  const { uniqueid, queue } = call;
  return { ...what, uniqueid, ...(phone !== undefined && { phone }), ...(queue && { queue }), wallMs };
}

/** What remembers: it never rejects, and answers in time. */
export type ChoiceKeeper = Pick<WriteBehindStore, 'choice' | 'remember' | 'dropped'>;

/** What knows balances: it never rejects, and answers in time. */
export type BalanceSource = Pick<BalanceService, 'balance'>;

/** What Asterisk is asked of one call; neither rejects, and both may take as long as Asterisk does. */
export interface CallCheck {
  /** Whether `LocalRecordsParts.call` is right now. */
  caller(): Promise<boolean>;
  /** Whether the place that was told last is right now. */
  place(): Promise<boolean>;
}

export interface LocalRecordsParts {
  /** Absent: nothing is remembered. */
  keeper?: ChoiceKeeper | undefined;
  /** Absent: no balance is known. */
  billing?: BalanceSource | undefined;
  /** Who the call is now; undefined: not known (yet). */
  call(): RecordedCall | undefined;
  /** Absent: there is nobody to ask, and what was told counts. */
  check?: CallCheck | undefined;
  clock: Pick<Clock, 'wall' | 'after' | 'now'>;
}

/** Asterisk answers within a few ms; who it is must be certain before somebody's balance is asked for. Milliseconds. */
const CHECK_MS = 1000;

export class LocalRecords implements CallerRecords {
  #closed = false;

  constructor(private readonly parts: LocalRecordsParts) {}

  async choice(): Promise<string | undefined> {
    const call = this.parts.call();
    const phone = keptPhone(call);
    if (this.#closed || call?.ended || phone === undefined) return undefined;
    return this.parts.keeper?.choice(phone).catch(() => undefined);
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const { billing } = this.parts;
    if (!billing || (this.parts.check && !(await this.#isCertain()))) return { status: 'unavailable' };
    const { uniqueid, phone, ended } = this.parts.call() ?? {};
    if (this.#closed || ended || signal.aborted) return { status: 'unavailable' };
    if (uniqueid === undefined || !phone) return { status: 'unknown-caller' };
    const answer = await billing.balance({ phone, uniqueid, language, pin }, signal).catch(() => undefined);
    // While it was asked the channel may have become another caller's, or the number one that is withheld.
    const isStill = answer !== undefined && (await this.#isCertain());
    const now = this.parts.call();
    return isStill && now?.phone === phone && !now.ended ? answer : { status: 'unavailable' };
  }

  confirmPlace(): Promise<boolean> {
    return this.parts.check?.place() ?? Promise.resolve(true);
  }

  async #isCertain(): Promise<boolean> {
    const { check, clock } = this.parts;
    return !check || (await inTime(clock, CHECK_MS, check.caller())) === true;
  }

  remember(what: Remembered, wallMs: number = this.parts.clock.wall()): void {
    const { keeper } = this.parts;
    if (what.type === 'dropped') return keeper?.dropped(what.of, what.count);
    const call = this.parts.call();
    const entry = call && entryOf(what, call, wallMs);
    if (entry) keeper?.remember(entry);
  }

  /** Asks nothing from now on; may be called again. What is remembered later is in the keeper's hands all the same. */
  close(): void {
    this.#closed = true;
  }
}
