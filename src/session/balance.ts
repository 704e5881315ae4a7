// Balance: asks for a caller's balance in words, and for their PIN where billing wants one, and says it, whole or not at all.
// Only in a call that is certain, and only while it is the same caller: what is said belongs to one person.
import { lengthOf, type Announcement } from '../program/announcement';
import type { Cancel } from '../util/clock';
import type { Logger } from '../util/log';
import type { Call } from './knownCall';
import type { CallServices, SpokenBalance } from './callServices';
import { PinPad, type PinEnd, type PinQuestion } from './pinPad';
import type { Reply } from './replies';
import { Waiting, type WaitingParts } from './waiting';

export interface BalanceParts extends WaitingParts {
  /** Undefined: nobody knows a balance. */
  services(): CallServices | undefined;
  log: Logger;
  call(): Call;
  /** Billing asks for a PIN: keys pressed after the one that asks for a balance are digits of it, whatever they do else. */
  asksPin: boolean;
  /** An earlier process of this call was asking for a PIN when it ended: the rest of it may be on its way here. */
  interrupted: boolean;
}

/** One press of the key, with all that follows from it. */
interface Question {
  readonly services: CallServices;
  readonly who: Who;
  readonly reply: Reply;
  readonly pin?: string;
  /** The caller has cancelled the PIN, and nothing was said. */
  readonly givenUp: () => void;
}

/** Whose question it is. Before Asterisk has told who calls, its first word on that is taken for the same caller. */
interface Who extends Pick<Call, 'uniqueid'> {
  phone: string | undefined;
  /** The channel was, or may have been, another caller's since: also one with the same number is not they. */
  gone?: true;
}

/** Billing and voices keep to their limits, which are shorter: this is for services that break their word. Milliseconds. */
const LIMIT_MS = 60_000;
/** How long a said balance is remembered: `isPendingAt` looks half a second back. Milliseconds. */
const KEPT_MS = 1000;
/** After a PIN that is not wanted, digits do nothing until this time has passed since the last one, milliseconds. */
const REST_MS = 3000;
/** Keys that wait for a PIN to be asked for. No PIN is longer. */
const MOST_EARLY = 32;
const PROMPT_OF = {
  unavailable: 'balance-unavailable',
  'unknown-caller': 'balance-unknown-caller',
  locked: 'pin-locked',
  unregistered: 'number-not-registered',
} as const;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };

/**
 * Idle; a question is asked (`#waiting`); its PIN is keyed in (`#pad` is open); what it ends with is said (`#said`). A press begins anew
 * where it was idle; the end of the call, or another caller, ends each of them. Beside that, `#rest`: keys are the rest of a PIN.
 */
export class Balance {
  #waiting: Waiting | undefined;
  readonly #pad: PinPad;
  /** The last question, until it is answered in words or given up. */
  #question: Question | undefined;
  /** The balance that is being said, is about to be or was just now, and whose it is; or one that was cut off. */
  #said: { readonly who: Who; readonly announcement: Announcement } | undefined;
  /** Asterisk has told who calls. */
  #identified = false;
  /** Ends the time in which keys are the rest of a PIN; undefined: they are not. */
  #rest: Cancel | undefined;
  /** Keyed in before it was known whether a PIN is asked for. */
  #early = '';

  constructor(private readonly parts: BalanceParts) {
    this.#pad = new PinPad(parts);
    if (parts.interrupted) this.#awaitRest();
  }

  get busy(): boolean {
    return this.#waiting !== undefined;
  }

  /** The caller keys in a PIN, or may do so already or still, or it is being looked at: their keys are for `key`. */
  get takesKeys(): boolean {
    const { pin } = this.#question ?? {};
    const mayBePin = this.#question !== undefined && (this.parts.asksPin || pin !== undefined);
    return this.#pad.open || mayBePin || this.#rest !== undefined;
  }

  /** Digits for which nothing waits any more go nowhere. */
  key(digit: string): void {
    if (this.#rest) this.#awaitRest();
    if (!/^[0-9*#]$/.test(digit)) return;
    if (this.#pad.open) {
      this.parts.program.acknowledge();
      return this.#pad.press(digit);
    }
    if (!this.#question || this.#question.pin !== undefined || this.#early.length >= MOST_EARLY) return;
    this.parts.program.acknowledge();
    this.#early += digit;
  }

  /** The key of the balance was pressed in its hold-off: callers who do not know that key in their PIN all the same. */
  heldOff(): void {
    if (this.parts.asksPin) this.#awaitRest();
  }

  /** @param givenUp called when the caller has cancelled the PIN, and nothing was said */
  answer(reply: Reply, givenUp: () => void): void {
    const services = this.parts.services();
    if (!services) return this.#refuse(reply, PROMPT_OF.unavailable);
    const { certain, uniqueid, phone } = this.parts.call();
    if (!certain) return this.#refuse(reply, PROMPT_OF['unknown-caller']);
    void this.#ask({ services, who: { uniqueid, phone }, reply, givenUp });
  }

  /** It was asked for, and the caller has not heard half of the answer; `samplesAgo` as in `Program.stateAt`. */
  isPendingAt(samplesAgo: number): boolean {
    if (this.#question) return true;
    const announcement = this.#said?.announcement;
    if (!announcement) return false;
    return this.parts.program.spoken(announcement, samplesAgo) < lengthOf(announcement) / 2;
  }

  /**
   * Asterisk has told who calls. What was meant for somebody else is not said any further, nor said later where the number
   * comes back, and a PIN that they were keying in is nobody's.
   */
  identified(): void {
    const { uniqueid, phone } = this.parts.call();
    for (const who of [this.#question?.who, this.#said?.who])
      if (who && !this.#identified && who.uniqueid === uniqueid) who.phone ??= phone;
    this.#identified = true;
    this.#takeBack((who) => !this.#is(who));
    if (!this.#question || this.#is(this.#question.who)) return;
    this.#question.who.gone = true;
    this.#early = '';
    if (this.#pad.open) this.#takePinBack(this.#question);
  }

  /** The call is over: nothing is asked or said any more, not even to its end. May be called again. */
  close(): void {
    this.#waiting?.end();
    this.#waiting = undefined;
    this.#question = undefined;
    this.#early = '';
    this.#pad.close();
    this.#rest?.();
    this.#rest = undefined;
    this.#takeBack(() => true);
  }

  /** Heard for the most part: its samples, some 80 kB and somebody's own, are not kept for the rest of the call. */
  #over(announcement: Announcement, spoken: number): void {
    if (spoken < lengthOf(announcement) / 2) return;
    this.parts.clock.after(KEPT_MS, () => {
      if (this.#said?.announcement === announcement) this.#said = undefined;
    });
  }

  #takeBack(isWrong: (who: Who) => boolean): void {
    if (this.#said && isWrong(this.#said.who)) this.parts.program.cancel(this.#said.announcement);
  }

  #awaitRest(): void {
    this.#rest?.();
    this.#rest = this.parts.clock.after(REST_MS, () => (this.#rest = undefined));
  }

  async #ask(question: Question): Promise<void> {
    const { reply, who } = question;
    const waiting = new Waiting(this.parts, reply);
    this.#waiting = waiting;
    this.#question = question;
    const answer = await this.#answerTo(question, waiting);
    if (waiting.over) return;
    this.#waiting = undefined;
    waiting.answered(() => {
      const early = this.#early;
      this.#early = '';
      this.#question = undefined;
      const now = this.#isFor(who, answer) ? answer : UNAVAILABLE;
      if (now.status === 'pin') return this.#askPin(question, now, early);
      if (now.status !== 'spoken') return this.#end(question, promptOf(now.status));
      const words = { clips: now.clips, title: 'Balance', personal: true };
      const announcement: Announcement = reply.say(words, {
        over: (spoken) => this.#over(announcement, spoken),
      });
      this.#said = { who, announcement };
    });
  }

  async #answerTo({ services, pin }: Question, waiting: Waiting): Promise<SpokenBalance> {
    const { language } = this.parts.call();
    const answer = await waiting.within(LIMIT_MS, (signal) => services.balance(language, pin, signal));
    return answer ?? UNAVAILABLE;
  }

  /** That a number is withheld by now may be known from this question only. */
  #isFor(who: Who, { status }: SpokenBalance): boolean {
    return this.#is(who) || (status === 'unknown-caller' && this.parts.call().phone === undefined);
  }

  /** @param early keys of it that were pressed already */
  #askPin(question: Question, pin: PinQuestion, early: string): void {
    const { reply, who } = question;
    const asked = this.#pad.ask(pin, reply, (keyed, why) => {
      this.#question = undefined;
      if (keyed === undefined) return this.#gaveUp(question, why);
      if (!this.#is(who)) return this.#prompt(reply, PROMPT_OF.unavailable);
      void this.#ask({ ...question, pin: keyed });
    });
    if (!asked) return this.#end(question, PROMPT_OF.unavailable);
    this.#question = question.pin === undefined ? question : withoutPin(question);
    for (const key of early) this.#pad.press(key);
  }

  /** The new caller may still press what the last one had begun. */
  #takePinBack({ reply }: Question): void {
    this.#question = undefined;
    this.#pad.close();
    this.#awaitRest();
    this.#prompt(reply, PROMPT_OF.unavailable);
  }

  /** A slow caller may go on entering digits. */
  #gaveUp({ givenUp }: Question, why: PinEnd): void {
    if (why === 'idle') this.#awaitRest();
    givenUp();
  }

  /** Nothing more comes of a question. */
  #end({ pin, reply }: Question, prompt: string): void {
    if (pin === undefined) this.#refuse(reply, prompt);
    else this.#prompt(reply, prompt);
  }

  /** No PIN is asked for. Callers who know the key may key in theirs all the same, before they have heard that. */
  #refuse(reply: Reply, prompt: string): void {
    if (this.parts.asksPin) this.#awaitRest();
    this.#prompt(reply, prompt);
  }

  #is({ uniqueid, phone, gone }: Who): boolean {
    const call = this.parts.call();
    return !gone && call.uniqueid === uniqueid && call.phone === phone;
  }

  #prompt(reply: Reply, name: string): void {
    const clips = this.parts.prompts.all([name]);
    if (clips) reply.say({ clips });
  }
}

function withoutPin({ services, who, reply, givenUp }: Question): Question {
  return { services, who, reply, givenUp };
}

/** What no service should answer is that there is no balance. */
function promptOf(status: keyof typeof PROMPT_OF): string {
  return Object.hasOwn(PROMPT_OF, status) ? PROMPT_OF[status] : PROMPT_OF.unavailable;
}
