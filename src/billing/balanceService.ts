// BalanceService: stands between callers and whatever knows their balances. Everything that must not happen is kept off
// here, in front of any adapter: asking too long, too often, twice, for somebody else, or with a guessed PIN.
import type { Clock } from '../util/clock';
import { errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { BalanceAnswer, Billing, BillingQuestion, BillingReply } from './billing';
import { Breaker } from './breaker';
import { isOfOne, isUnjudged, strangeAnswer } from './failure';
import { SingleFlight } from '../util/singleFlight';
import { Phones } from './phone';
import type { PinLedger } from '../store/pinLedger';
import { PinTries, type PinRefusal, type PinResult } from './pinTries';
import { onceMore } from './retry';
import type { BillingSettings } from './settings';
import { TtlCache } from './ttlCache';
import { SeenErrors } from './seenErrors';
import { within } from './within';

export interface DeskParts {
  settings: Omit<BillingSettings, 'source'>;
  /** Loads and opens what billing is reached by; called with the first question, and again after it failed. */
  open(): Promise<Billing>;
  /** Where tries of PINs are counted. */
  pins: PinLedger;
  onPin?: ((result: PinResult) => void) | undefined;
  clock: Clock;
  log: Logger;
}

/** A call whose caller wants to hear their balance. */
export interface BalanceCall {
  /** As Asterisk tells it. */
  readonly phone?: string | undefined;
  readonly uniqueid: string;
  readonly language: string;
  /** Digits that the caller has entered. */
  readonly pin?: string | undefined;
}

/** How often, since it was opened. */
export interface DeskCounts {
  /** Somebody wanted to hear a balance. */
  readonly asked: number;
  /** Billing answered, whatever it said. */
  readonly answered: number;
  /** The same was being asked already. */
  readonly shared: number;
  /** It was answered a moment before. */
  readonly cached: number;
  /** Billing was away, slow or wrong. */
  readonly failed: number;
  /** Billing was not asked: no number, or no PIN that may be tried. */
  readonly refused: number;
  /** Billing was not asked, since it is left alone. */
  readonly rested: number;
}

type Accounts = Extract<BillingReply, { status: 'accounts' }>;
/**
 * What became of a question. `refused`: it failed, and not billing. `unjudged`: nobody has looked at its PIN. Undefined: no
 * answer.
 */
type Outcome = BillingReply | { readonly status: 'refused' | 'unjudged' } | undefined;

const UNAVAILABLE: BalanceAnswer = { status: 'unavailable' };

export class BalanceService {
  readonly #counts = { asked: 0, answered: 0, shared: 0, cached: 0, failed: 0, refused: 0, rested: 0 };
  readonly #phones: Phones;
  readonly #breaker: Breaker;
  readonly #running = new SingleFlight<Outcome>();
  readonly #cache: TtlCache<Accounts>;
  readonly #pins: PinTries | undefined;
  #billing: Promise<Billing> | undefined;
  readonly #seen: SeenErrors;
  #withPin = 0;
  readonly #closing = new AbortController();

  constructor(private readonly parts: DeskParts) {
    const { settings, clock, log } = parts;
    const { failures, restMs, cacheMs, phone, pin } = settings;
    this.#phones = new Phones(phone);
    this.#breaker = new Breaker({ failures, restMs, clock, log });
    this.#cache = new TtlCache(clock, cacheMs);
    this.#pins = pin && new PinTries({ rules: pin, ledger: parts.pins, clock, log, onResult: parts.onPin });
    this.#seen = new SeenErrors(clock);
  }

  get counts(): DeskCounts {
    return { ...this.#counts };
  }

  /**
   * The caller's accounts, or why there are none; never rejects, and has an answer within `limitMs`, and within 1.2 s more where
   * a PIN is asked for and the store is slow.
   * @param signal aborted: the caller no longer waits, and the answer is `unavailable`
   */
  async balance(call: BalanceCall, signal: AbortSignal): Promise<BalanceAnswer> {
    this.#counts.asked++;
    try {
      return await this.#answer(call, signal);
    } catch (error) {
      this.#troubled(error, call.uniqueid);
      return UNAVAILABLE;
    }
  }

  /** Loads what a question needs and connects, so that the first is answered as fast as the others. Never rejects. */
  async warm(): Promise<void> {
    try {
      await this.#phones.warm();
      const billing = await this.#open();
      await within(this.parts.clock, this.parts.settings.limitMs, this.#closing.signal, async () =>
        billing.warm?.(),
      );
    } catch (error) {
      // The first question meets the same, and says so.
      this.parts.log.debug(errorFields(error), 'billing is not ready yet');
    }
  }

  /** Pending requests are answered `unavailable`. May be called again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#running.close();
    this.#pins?.close();
    this.#cache.clear();
    const billing = await this.#billing?.catch(() => undefined);
    await billing?.close?.();
  }

  async #answer(call: BalanceCall, signal: AbortSignal): Promise<BalanceAnswer> {
    const { uniqueid, language, pin } = call;
    const phone = await this.#phones.asked(call.phone);
    if (signal.aborted || this.#closing.signal.aborted) return UNAVAILABLE;
    if (phone === undefined) {
      this.#counts.refused++;
      return { status: 'unknown-caller' };
    }
    const question: BillingQuestion = { phone, uniqueid, language };
    if (this.#pins) return this.#checked(question, pin, this.#pins, signal);
    return (await this.#accounts(question, signal)) ?? UNAVAILABLE;
  }

  /** Without a PIN: from memory, from an identical request under way, or from billing. */
  async #accounts(question: BillingQuestion, signal: AbortSignal): Promise<Accounts | undefined> {
    const { phone } = question;
    const kept = this.#cache.get(phone);
    if (kept) {
      this.#counts.cached++;
      return kept;
    }
    if (this.#running.has(phone)) this.#counts.shared++;
    const reply = await this.#running.join(phone, signal, async (flying) => {
      const answered = await this.#ask(question, flying);
      if (answered?.status === 'accounts' && !flying.aborted) this.#cache.put(phone, answered);
      return answered;
    });
    return reply?.status === 'accounts' ? reply : undefined;
  }

  async #checked(
    question: BillingQuestion,
    pin: string | undefined,
    pins: PinTries,
    signal: AbortSignal,
  ): Promise<BalanceAnswer> {
    const digits = this.parts.settings.pin!.digits;
    const isKeyed = pin !== undefined && pin.length === digits && /^\d+$/.test(pin);
    // Where its tries cannot be counted no PIN is asked for, and none is sent. The log has said why.
    const begun = await (isKeyed ? pins.begin(question) : pins.refusal(question)).catch(
      () => 'limited' as const,
    );
    if (typeof begun === 'string') return this.#refused(begun);
    if (!isKeyed || !begun)
      return this.#breaker.rests ? this.#rested() : this.#refused({ status: 'pin', wrong: false, digits });
    const reply =
      signal.aborted || this.#closing.signal.aborted
        ? ({ status: 'unjudged' } as const)
        : // Never shared: each PIN is a try of its own.
          await this.#running.join(`pin ${++this.#withPin}`, signal, (flying) =>
            this.#ask({ ...question, pin }, flying),
          );
    const locked = await begun.end(judged(reply));
    if (reply?.status === 'accounts') return reply;
    if (reply?.status !== 'wrong-pin') return UNAVAILABLE;
    return locked ? { status: 'locked' } : { status: 'pin', wrong: true, digits };
  }

  #refused(answer: BalanceAnswer | PinRefusal): BalanceAnswer {
    this.#counts.refused++;
    if (typeof answer !== 'string') return answer;
    return answer === 'locked' ? { status: 'locked' } : UNAVAILABLE;
  }

  /** Never rejects; where there is no reply the log says why. */
  async #ask(question: BillingQuestion, signal: AbortSignal): Promise<Outcome> {
    const leave = this.#breaker.leave();
    if (!leave) {
      this.#rested();
      return { status: 'unjudged' };
    }
    const { clock, settings } = this.parts;
    let opened = false;
    try {
      const reply = await within(clock, settings.limitMs, signal, async (asking) => {
        const billing = await this.#open();
        opened = true;
        return this.#reply(billing, question, asking);
      });
      leave.answered();
      this.#counts.answered++;
      if (this.#seen.over()) this.parts.log.info({}, 'billing answers again');
      return reply;
    } catch (error) {
      const ofOne = isOfOne(error);
      if (!signal.aborted) this.#troubled(error, question.uniqueid);
      if (signal.aborted || ofOne) leave.abandoned();
      else leave.failed();
      if (ofOne) return { status: 'refused' };
      return !opened || isUnjudged(error) ? { status: 'unjudged' } : undefined;
    }
  }

  #rested(): BalanceAnswer {
    this.#counts.rested++;
    return UNAVAILABLE;
  }

  async #reply(billing: Billing, question: BillingQuestion, signal: AbortSignal): Promise<BillingReply> {
    const reply = await onceMore(this.parts.clock, signal, () => billing.accounts(question, signal));
    if (reply.status === 'wrong-pin' && question.pin === undefined)
      throw strangeAnswer(
        'the answer',
        'is that the PIN is wrong, and none is asked for',
        'configure `billing.pin`',
      );
    return reply;
  }

  #open(): Promise<Billing> {
    this.#billing ??= this.parts.open().catch((error: unknown) => {
      this.#billing = undefined;
      throw error;
    });
    return this.#billing;
  }

  #troubled(error: unknown, uniqueid: string): void {
    this.#counts.failed++;
    const level = this.#seen.isNews(messageOf(error), isOfOne(error)) ? 'error' : 'debug';
    this.parts.log[level]({ uniqueid, ...errorFields(error) }, 'a balance is not available');
  }
}

/** A system may refuse a wrong PIN in any way: what is no right one counts, so that none can be guessed. */
function judged(reply: Outcome): 'right' | 'wrong' | 'unanswered' | 'unjudged' {
  if (reply === undefined) return 'unanswered';
  if (reply.status === 'unjudged') return 'unjudged';
  return reply.status === 'accounts' && reply.accounts.length > 0 ? 'right' : 'wrong';
}
