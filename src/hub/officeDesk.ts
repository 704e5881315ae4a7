// What one stream asks of its call's BackOffice, and leaves with it, over the hub's socket.
// A stream may be mad or be killed at any moment: it gets so many answers at once, and nothing is asked for the dead.
import type { BackOffice, Remembered } from '../asterisk/backOffice';
import type { OfficeReply, OfficeRequest } from '../asterisk/officeWire';
import { WireError } from '../asterisk/wire';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

export interface DeskLimits {
  /** Questions of one sort at once; one more is answered that it cannot be had. */
  questions: number;
  /** What may be left at once: all that a stream has kept while there was no hub … */
  burst: number;
  /** … and how many a second after that, on average. A stream that says more is let go. */
  perSecond: number;
  /** A question waits for so long until Asterisk has told who calls, milliseconds … */
  questionMs: number;
  /** … and what is to be remembered for so long: it is of less use without. */
  holdMs: number;
}

export const defaultDeskLimits: DeskLimits = {
  questions: 2,
  burst: 600,
  perSecond: 20,
  questionMs: 500,
  holdMs: 30_000,
};

export interface DeskParts {
  /** Closed with the desk. */
  office: BackOffice;
  send(reply: OfficeReply): void;
  clock: Clock;
  log: Logger;
  limits?: Partial<DeskLimits> | undefined;
}

type Question = Extract<OfficeRequest, { type: 'choice' | 'confirm-place' | 'balance' }>;
type Kept = Extract<OfficeRequest, { type: 'remember' }>;

/** A clock that is this far ahead is wrong: such a choice would count for ever, milliseconds. */
const AHEAD_MS = 60_000;
/** Anything else would never be purged. Not sooner: a copy that the stream spools itself must have the same time. */
const FAR_AHEAD_MS = 86_400_000;

export class OfficeDesk implements Closeable {
  readonly #limits: DeskLimits;
  /** By their numbers, until the office is done with them. */
  readonly #questions = new Map<
    number,
    { readonly type: Question['type']; readonly abort: AbortController }
  >();
  /** Until it is known who calls. */
  #held: Kept[] = [];
  /** Called when it is known who calls, or when that is not waited for any more. */
  readonly #waiting = new Set<() => void>();
  #status: 'unknown' | 'known' | 'over' | 'closed' = 'unknown';
  readonly #giveUp: Cancel;
  /** How many may be left now. */
  #room: number;
  #countedAt: number;
  /** The last one that was handed over, while that is not acknowledged. */
  #acknowledge: number | undefined;

  constructor(private readonly parts: DeskParts) {
    const limits = (this.#limits = { ...defaultDeskLimits, ...parts.limits });
    this.#room = limits.burst;
    this.#countedAt = parts.clock.now();
    this.#giveUp = parts.clock.after(limits.holdMs, () => this.identified());
  }

  /** @throws WireError when it is too much */
  take(request: OfficeRequest): void {
    switch (request.type) {
      case 'choice':
      case 'confirm-place':
      case 'balance':
        return this.#question(request);
      case 'cancel':
        return this.#questions.get(request.id)?.abort.abort();
      case 'remember':
        return this.#remember(request);
    }
  }

  /** Asterisk has told who calls. */
  identified(): void {
    if (this.#status !== 'unknown') return;
    this.#status = 'known';
    this.#giveUp();
    for (const go of [...this.#waiting]) go();
    for (const kept of this.#held.splice(0)) this.#handOver(kept);
  }

  /** The call has ended. Whoever still listens is another caller: nothing is asked for him. */
  over(): void {
    this.identified();
    if (this.#status === 'known') this.#status = 'over';
    this.#abort();
  }

  /** Keeps what it was given, and asks nothing any more; may be called again. */
  close(): void {
    if (this.#status === 'closed') return;
    this.identified();
    this.#status = 'closed';
    this.#abort();
    void this.parts.office.close();
  }

  #abort(): void {
    for (const { abort } of this.#questions.values()) abort.abort();
  }

  #question(question: Question): void {
    const { id, type } = question;
    if (this.#questions.has(id)) throw new WireError('it asks the same twice');
    const same = [...this.#questions.values()].filter((other) => other.type === type);
    if (this.#status === 'over' || same.length >= this.#limits.questions)
      return this.#reply(question, undefined);
    const abort = new AbortController();
    this.#questions.set(id, { type, abort });
    void this.#answer(question, abort.signal)
      .catch((error: unknown) => {
        this.parts.log.error(errorFields(error), 'a back office failed');
        return undefined;
      })
      .then((reply) => {
        this.#questions.delete(id);
        this.#reply(question, abort.signal.aborted ? undefined : reply);
      });
  }

  async #answer(question: Question, signal: AbortSignal): Promise<OfficeReply | undefined> {
    const { office } = this.parts;
    const { id, type } = question;
    await this.#known(signal);
    if (signal.aborted) return undefined;
    if (type === 'choice') return { type, id, track: await office.choice() };
    if (type === 'confirm-place') return { type, id, confirmed: (await office.confirmPlace?.()) === true };
    return { type, id, answer: await office.balance(question.language, question.pin, signal) };
  }

  #reply({ id, type }: Question, reply: OfficeReply | undefined): void {
    if (this.#status !== 'closed') this.parts.send(reply ?? noneTo(type, id));
  }

  /** Resolves when it is known who calls, when it has waited long enough, or at the end of `signal`. */
  #known(signal: AbortSignal): Promise<void> {
    if (this.#status !== 'unknown') return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        cancel();
        this.#waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      const cancel = this.parts.clock.after(this.#limits.questionMs, go);
      this.#waiting.add(go);
      signal.addEventListener('abort', go);
    });
  }

  #remember(kept: Kept): void {
    const { clock } = this.parts;
    const { burst, perSecond } = this.#limits;
    const now = clock.now();
    this.#room = Math.min(burst, this.#room + ((now - this.#countedAt) * perSecond) / 1000) - 1;
    this.#countedAt = now;
    if (this.#room < 0) throw new WireError('it has too much to remember');
    if (this.#status === 'unknown') this.#held.push(kept);
    else this.#handOver(kept);
  }

  #handOver({ what, wallMs, seq }: Kept): void {
    const aheadMs = what.type === 'choice' ? AHEAD_MS : FAR_AHEAD_MS;
    this.#keep(what, Math.min(wallMs, this.parts.clock.wall() + aheadMs));
    if (this.#acknowledge === undefined)
      queueMicrotask(() => {
        const last = this.#acknowledge!;
        this.#acknowledge = undefined;
        if (this.#status !== 'closed') this.parts.send({ type: 'kept', seq: last });
      });
    this.#acknowledge = seq;
  }

  #keep(what: Remembered, wallMs: number): void {
    try {
      this.parts.office.remember(what, wallMs);
    } catch (error) {
      this.parts.log.error(errorFields(error), 'a back office failed');
    }
  }
}

function noneTo(type: Question['type'], id: number): OfficeReply {
  if (type === 'choice') return { type, id, track: undefined };
  if (type === 'confirm-place') return { type, id, confirmed: false };
  return { type, id, answer: { status: 'unavailable' } };
}
