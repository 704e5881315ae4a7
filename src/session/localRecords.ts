// LocalRecords: one call's CallerRecords in the process that has the store and billing.
// It asks only about a caller whose number Asterisk has told, and what it asks may fail without the call noticing.
import { entryOf, keptPhone, type CallerRecords, type RecordedCall, type Remembered } from './callerRecords';
import type { BalanceAnswer } from '../billing/billing';
import type { StoreEntry } from '../store/store';
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';
import type { Closeable } from '../util/scope';

/** What remembers: the WriteBehindStore, which never rejects and answers in time. */
export interface ChoiceKeeper {
  choice(phone: string): Promise<string | undefined>;
  remember(entry: StoreEntry): void;
  /** So many will never be remembered. */
  dropped(type: StoreEntry['type'], count: number): void;
}

/** What knows balances: the BalanceService, which never rejects and answers in time. */
export interface BalanceSource {
  balance(
    call: { phone?: string; uniqueid: string; language: string; pin?: string },
    signal: AbortSignal,
  ): Promise<BalanceAnswer>;
}

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
  /** Closed with it: keeper and desk, where this call has its own. */
  owned?: Closeable | undefined;
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
    const question = { phone, uniqueid, language, ...(pin !== undefined && { pin }) };
    const answer = await billing.balance(question, signal).catch(() => undefined);
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
  async close(): Promise<void> {
    this.#closed = true;
    await this.parts.owned?.close();
  }
}
