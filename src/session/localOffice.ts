// LocalOffice: one call's BackOffice in the process that has the store and billing.
// It asks only about a caller whose number Asterisk has told, and what it asks may fail without the call noticing.
import {
  entryOf,
  keptPhone,
  type BackOffice,
  type OfficeCall,
  type Remembered,
} from '../asterisk/backOffice';
import type { BalanceAnswer } from '../billing/billing';
import type { StoreEntry } from '../store/store';
import type { Clock } from '../util/clock';
import type { Closeable } from '../util/scope';

/** What remembers: the StoreKeeper, which never rejects and answers in time. */
export interface ChoiceKeeper {
  choice(phone: string): Promise<string | undefined>;
  remember(entry: StoreEntry): void;
}

/** What knows balances: the BillingDesk, which never rejects and answers in time. */
export interface BalanceDesk {
  balance(
    call: { phone?: string; uniqueid: string; language: string; pin?: string },
    signal: AbortSignal,
  ): Promise<BalanceAnswer>;
}

export interface LocalOfficeParts {
  /** Absent: nothing is remembered. */
  keeper?: ChoiceKeeper | undefined;
  /** Absent: no balance is known. */
  billing?: BalanceDesk | undefined;
  /** Who the call is now; undefined: not known (yet). */
  call(): OfficeCall | undefined;
  clock: Pick<Clock, 'wall'>;
  /** Closed with it: keeper and desk, where this call has its own. */
  owned?: Closeable | undefined;
}

export class LocalOffice implements BackOffice {
  #closed = false;

  constructor(private readonly parts: LocalOfficeParts) {}

  async choice(): Promise<string | undefined> {
    const call = this.parts.call();
    const phone = keptPhone(call);
    if (this.#closed || call?.ended || phone === undefined) return undefined;
    return this.parts.keeper?.choice(phone).catch(() => undefined);
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const { billing } = this.parts;
    const { uniqueid, phone, ended } = this.parts.call() ?? {};
    if (!billing || this.#closed || ended || signal.aborted) return { status: 'unavailable' };
    if (uniqueid === undefined || !phone) return { status: 'unknown-caller' };
    const question = { phone, uniqueid, language, ...(pin !== undefined && { pin }) };
    const answer = await billing.balance(question, signal).catch(() => undefined);
    const now = this.parts.call();
    // While it was asked the channel may have become another caller's.
    return answer && now?.phone === phone && !now.ended ? answer : { status: 'unavailable' };
  }

  remember(what: Remembered, wallMs: number = this.parts.clock.wall()): void {
    const call = this.parts.call();
    const entry = call && entryOf(what, call, wallMs);
    if (entry) this.parts.keeper?.remember(entry);
  }

  /** Asks nothing from now on; may be called again. What is remembered later is in the keeper's hands all the same. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.parts.owned?.close();
  }
}
