// RemoteOffice: the BackOffice of one call in a mixing thread. It asks the main thread, which knows who calls, and has
// the store and billing; a main thread that is slow is an answer that did not come in time.
import type { BackOffice, OfficeCall, Remembered } from '../../asterisk/backOffice';
import type { BalanceAnswer } from '../../billing/billing';
import type { Clock } from '../../util/clock';
import type { FromMixer } from './messages';
import type { Questions } from './questions';

export interface RemoteOfficeParts {
  token: string;
  /** The call as the mixing thread knows it; undefined: not yet. */
  call(): OfficeCall | undefined;
  questions: Questions;
  /** A balance that takes longer is not available, milliseconds. */
  balanceMs(): number;
  post(message: FromMixer): void;
  clock: Pick<Clock, 'wall'>;
}

/** The store may have to be asked, and has its own limit. Milliseconds. */
const CHOICE_MS = 2000;
/** Asterisk answers within a few ms; nobody waits this long to hear a place. Milliseconds. */
const PLACE_MS = 2000;

export class RemoteOffice implements BackOffice {
  readonly #closed = new AbortController();

  constructor(private readonly parts: RemoteOfficeParts) {}

  async choice(): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const { questions, token } = this.parts;
    const limits = { limitMs: CHOICE_MS, signals: [this.#closed.signal] };
    return (await questions.ask(token, { about: 'choice' }, limits))?.track;
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    if (this.#isOver) return { status: 'unavailable' };
    const { questions, token } = this.parts;
    const question = { about: 'balance', language, ...(pin !== undefined && { pin }) } as const;
    const limits = { limitMs: this.parts.balanceMs(), signals: [signal, this.#closed.signal] };
    return (await questions.ask(token, question, limits))?.answer ?? { status: 'unavailable' };
  }

  async confirmPlace(): Promise<boolean> {
    if (this.#isOver) return false;
    const { questions, token } = this.parts;
    const limits = { limitMs: PLACE_MS, signals: [this.#closed.signal] };
    return (await questions.ask(token, { about: 'place' }, limits))?.confirmed === true;
  }

  remember(what: Remembered, wallMs: number = this.parts.clock.wall()): void {
    const { token } = this.parts;
    this.parts.post({ type: 'remember', token, what, wallMs });
  }

  /** What it has asked is not wanted any more. What is remembered later is handed on all the same. May be called again. */
  close(): void {
    this.#closed.abort();
  }

  get #isOver(): boolean {
    return this.#closed.signal.aborted || this.parts.call()?.ended === true;
  }
}
