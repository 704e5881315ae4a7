// Balance: asks the back office for a caller's accounts, for his PIN where billing wants one, and says them, whole or
// not at all. Only in a call that is certain, and only while it is the same caller: what is said belongs to one person.
import type { BackOffice } from '../asterisk/backOffice';
import type { Clip } from '../audio/source';
import type { BalanceAnswer } from '../billing/billing';
import type { Announcement } from '../program/announcement';
import type { Logger } from '../util/log';
import type { Call } from './call';
import { PinPad, type PinQuestion } from './pinPad';
import type { Reply } from './replies';
import type { Speech } from './speech';
import { Waiting, type WaitingParts } from './waiting';

export interface BalanceParts extends WaitingParts {
  /** Undefined: nobody knows a balance. */
  office(): BackOffice | undefined;
  /** Undefined: nobody can say one. */
  speech(): Speech | undefined;
  log: Logger;
  call(): Call;
}

/** One press of the key, with all that follows from it. */
interface Question {
  readonly office: BackOffice;
  readonly who: Who;
  readonly reply: Reply;
  readonly pin?: string;
}

type Who = Pick<Call, 'uniqueid' | 'phone'>;

/** What is to be said: the caller's own words, a prompt, or a prompt that asks for his PIN. */
type Outcome =
  { readonly clips: readonly Clip[] } | { readonly prompt: string } | { readonly pin: PinQuestion };

/** The office keeps to the config's limit itself: this is for one that breaks its word. Milliseconds. */
const OFFICE_MS = 15_000;
/** A sentence that takes longer is not said, milliseconds. */
const SPEECH_MS = 12_000;
const PROMPT_OF = {
  unavailable: 'balance-unavailable',
  'unknown-caller': 'balance-unknown-caller',
  locked: 'pin-locked',
  unregistered: 'number-not-registered',
} as const;

export class Balance {
  #waiting: Waiting | undefined;
  readonly #pad: PinPad;
  /** The balance that is being said or is about to be, and whose it is. */
  #said: { readonly who: Who; readonly announcement: Announcement } | undefined;

  constructor(private readonly parts: BalanceParts) {
    this.#pad = new PinPad(parts);
  }

  /** It is being asked for. */
  get busy(): boolean {
    return this.#waiting !== undefined;
  }

  /** The caller keys in his PIN: his keys are for `key`. */
  get takesKeys(): boolean {
    return this.#pad.open;
  }

  key(digit: string): void {
    this.#pad.press(digit);
  }

  answer(reply: Reply): void {
    const office = this.parts.office();
    if (!office) return this.#prompt(reply, PROMPT_OF.unavailable);
    const { certain, uniqueid, phone } = this.parts.call();
    if (!certain) return this.#prompt(reply, PROMPT_OF['unknown-caller']);
    void this.#ask({ office, who: { uniqueid, phone }, reply });
  }

  /** The caller turned out to be another one: what was meant for somebody else is not said any further. */
  identified(): void {
    if (this.#said && !this.#is(this.#said.who)) this.parts.program.cancel(this.#said.announcement);
  }

  /** The call is over: nothing is asked or said any more. */
  close(): void {
    this.#waiting?.end();
    this.#waiting = undefined;
    this.#pad.close();
  }

  async #ask(question: Question): Promise<void> {
    const { reply, who } = question;
    const waiting = new Waiting(this.parts, reply);
    this.#waiting = waiting;
    const answer = await this.#answerOf(question, waiting);
    const outcome = this.#is(who)
      ? await this.#outcomeOf(answer, waiting)
      : { prompt: PROMPT_OF.unavailable };
    if (waiting.over) return;
    this.#waiting = undefined;
    waiting.answered(() => {
      if (!this.#is(who)) return this.#prompt(reply, PROMPT_OF.unavailable);
      if ('pin' in outcome) return this.#askPin(question, outcome.pin);
      if ('prompt' in outcome) return this.#prompt(reply, outcome.prompt);
      const announcement = reply.say({ clips: outcome.clips, title: 'Balance', personal: true });
      this.#said = { who, announcement };
    });
  }

  async #answerOf({ office, pin }: Question, waiting: Waiting): Promise<BalanceAnswer> {
    const { language } = this.parts.call();
    const answer = await waiting.within(OFFICE_MS, (signal) => office.balance(language, pin, signal));
    if (!answer && !waiting.over)
      this.parts.log.error({ code: 'HC_BILLING_FAILED' }, 'the balance was asked for without an answer');
    return answer ?? { status: 'unavailable' };
  }

  async #outcomeOf(answer: BalanceAnswer, waiting: Waiting): Promise<Outcome> {
    if (answer.status === 'pin') return { pin: answer };
    if (answer.status === 'locked' || answer.status === 'unknown-caller')
      return { prompt: PROMPT_OF[answer.status] };
    if (answer.status !== 'accounts') return { prompt: PROMPT_OF.unavailable };
    const { accounts } = answer;
    if (accounts.length === 0) return { prompt: PROMPT_OF.unregistered };
    const { language } = this.parts.call();
    const speech = this.parts.speech();
    const clips =
      speech && (await waiting.within(SPEECH_MS, (signal) => speech.balance(accounts, language, signal)));
    return clips && clips.length > 0 ? { clips } : { prompt: PROMPT_OF.unavailable };
  }

  #askPin(question: Question, pin: PinQuestion): void {
    const { reply, who } = question;
    const asked = this.#pad.ask(pin, reply, (keyed) => {
      if (keyed === undefined) return;
      if (!this.#is(who)) return this.#prompt(reply, PROMPT_OF.unavailable);
      void this.#ask({ ...question, pin: keyed });
    });
    if (!asked) this.#prompt(reply, PROMPT_OF.unavailable);
  }

  #is({ uniqueid, phone }: Who): boolean {
    const call = this.parts.call();
    return call.uniqueid === uniqueid && call.phone === phone;
  }

  #prompt(reply: Reply, name: string): void {
    const clips = this.parts.prompts.all([name]);
    if (clips) reply.say({ clips });
  }
}
