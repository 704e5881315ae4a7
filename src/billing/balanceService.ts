// BalanceService: stands between callers and whatever knows their balances. Everything that must not happen is kept off
// here, in front of any adapter: asking too long, too often, twice, for somebody else, or with a guessed PIN.
import { errorFields, messageOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { BalanceAnswer, Billing, BillingParts, BillingQuestion, BillingReply } from './billing';
import { BillingFailure, says, strangeAnswer } from './failure';
import { Breaker, SeenErrors, TtlCache } from './guards';
import { SingleFlight } from '../util/singleFlight';
import { billedPhone, warmPhones } from './phone';
import { PinTries } from './pinTries';
import type { BillingSettings } from './settings';

export interface BalanceServiceParts extends BillingParts {
  settings: Omit<BillingSettings, 'source'>;
  /** Loads and opens what billing is reached by; called with the first question, and again after it failed. */
  open(): Promise<Billing>;
}

/** A call whose caller wants to hear their balance; the number is as Asterisk tells it. */
export type BalanceCall = Pick<BillingQuestion, 'uniqueid' | 'language'> & {
  readonly phone?: string | undefined;
  readonly pin?: string | undefined;
};

type Accounts = Extract<BillingReply, { status: 'accounts' }>;
/**
 * What became of a question. `refused`: it failed, and not billing. `unjudged`: nobody has looked at its PIN. Undefined: no
 * answer.
 */
type Outcome = BillingReply | { readonly status: 'refused' | 'unjudged' } | undefined;

const UNAVAILABLE: BalanceAnswer = { status: 'unavailable' };
/**
 * Before the second try where the connection failed and asking again does no harm, milliseconds. A server that is restarted, or
 * has just closed a connection that was kept, answers a moment later.
 */
const AGAIN_MS = 100;
const SLOW = 'find out why billing is slow, or raise `billing.limitMs`; callers hear music meanwhile';

export class BalanceService {
  readonly #breaker: Breaker;
  readonly #running = new SingleFlight<Outcome>();
  readonly #cache: TtlCache<Accounts>;
  readonly #pins: PinTries | undefined;
  #billing: Promise<Billing> | undefined;
  readonly #seen: SeenErrors;
  #withPin = 0;
  readonly #closing = new AbortController();

  constructor(private readonly parts: BalanceServiceParts) {
    const { settings, clock, log } = parts;
    const { failures, restMs, cacheMs, pin } = settings;
    this.#breaker = new Breaker({ failures, restMs, clock, log });
    this.#cache = new TtlCache(clock, cacheMs);
    this.#pins = pin && new PinTries({ ...parts, rules: pin });
    this.#seen = new SeenErrors(clock);
  }

  /**
   * The caller's accounts, or why there are none; never rejects, and has an answer within `limitMs`, and within 1.2 s more where
   * a PIN is asked for and the store is slow.
   * @param signal aborted: the caller no longer waits, and the answer is `unavailable`
   */
  async balance(call: BalanceCall, signal: AbortSignal): Promise<BalanceAnswer> {
    try {
      return await this.#answer(call, signal);
    } catch (error) {
      this.#troubled(error, call.uniqueid);
      return UNAVAILABLE;
    }
  }

  /** Loads what a question needs, so that the first is answered as fast as the others. Never rejects. */
  async warm(): Promise<void> {
    try {
      await warmPhones(this.parts.settings.phone);
      await this.#open();
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
    const phone = await billedPhone(this.parts.settings.phone, call.phone);
    if (signal.aborted || this.#closing.signal.aborted) return UNAVAILABLE;
    if (phone === undefined) return { status: 'unknown-caller' };
    const question: BillingQuestion = { phone, uniqueid, language };
    if (this.#pins) return this.#checked(question, pin, this.#pins, signal);
    return (await this.#accounts(question, signal)) ?? UNAVAILABLE;
  }

  /** Without a PIN: from memory, from an identical request under way, or from billing. */
  async #accounts(question: BillingQuestion, signal: AbortSignal): Promise<Accounts | undefined> {
    const { phone } = question;
    const kept = this.#cache.get(phone);
    if (kept) return kept;
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
    if (typeof begun === 'string') return begun === 'locked' ? { status: 'locked' } : UNAVAILABLE;
    if (!isKeyed || !begun)
      return this.#breaker.rests ? UNAVAILABLE : { status: 'pin', wrong: false, digits };
    const reply =
      signal.aborted || this.#closing.signal.aborted
        ? ({ status: 'unjudged' } as const)
        : // Never shared: each PIN is a try of its own.
          await this.#running.join(`pin ${++this.#withPin}`, signal, (flying) =>
            this.#ask({ ...question, pin }, flying),
          );
    const locked = await pins.end(question, begun, judged(reply));
    if (reply?.status === 'accounts') return reply;
    if (reply?.status !== 'wrong-pin') return UNAVAILABLE;
    return locked ? { status: 'locked' } : { status: 'pin', wrong: true, digits };
  }

  /** Never rejects; where there is no reply the log says why. */
  async #ask(question: BillingQuestion, signal: AbortSignal): Promise<Outcome> {
    const permit = this.#breaker.permit();
    if (!permit) return { status: 'unjudged' };
    const { clock, settings } = this.parts;
    const { limitMs } = settings;
    let opened = false;
    try {
      const ask = async (asking: AbortSignal): Promise<BillingReply> => {
        const billing = await this.#open();
        opened = true;
        return this.#reply(billing, question, asking);
      };
      const reply = await inTime(clock, limitMs, ask, signal);
      if (reply === LATE) throw new BillingFailure(`no answer within ${limitMs} ms`, SLOW);
      permit.answered();
      if (this.#seen.over()) this.parts.log.info({}, 'billing answers again');
      return reply;
    } catch (error) {
      const ofOne = says(error, 'ofOne');
      if (!signal.aborted) this.#troubled(error, question.uniqueid);
      if (signal.aborted || ofOne) permit.abandoned();
      else permit.failed();
      if (ofOne) return { status: 'refused' };
      return !opened || says(error, 'unjudged') ? { status: 'unjudged' } : undefined;
    }
  }

  async #reply(billing: Billing, question: BillingQuestion, signal: AbortSignal): Promise<BillingReply> {
    const { clock } = this.parts;
    const reply = await billing.accounts(question, signal).catch(async (error: unknown) => {
      if (!says(error, 'again')) throw error;
      await inTime(clock, AGAIN_MS, new Promise<never>(() => {}), signal);
      if (signal.aborted) throw error;
      return billing.accounts(question, signal);
    });
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
    const level = this.#seen.isNews(messageOf(error), says(error, 'ofOne')) ? 'error' : 'debug';
    this.parts.log[level]({ uniqueid, ...errorFields(error) }, 'a balance is not available');
  }
}

/** A system may refuse a wrong PIN in any way: what is no right one counts, so that none can be guessed. */
function judged(reply: Outcome): 'right' | 'wrong' | 'unanswered' | 'unjudged' {
  if (reply === undefined) return 'unanswered';
  if (reply.status === 'unjudged') return 'unjudged';
  return reply.status === 'accounts' && reply.accounts.length > 0 ? 'right' : 'wrong';
}
