// Outside: all that the calls of a mixing thread have outside of it: back office, voices, operators' functions.
// Each is a port that a Session knows already; behind it are messages to the main thread.
import type { BackOffice, OfficeCall } from '../../asterisk/backOffice';
import type { KeyBinding } from '../../session/actions';
import type { KeyBindings } from '../../session/keys';
import type { Speech } from '../../session/speech';
import type { Clock } from '../../util/clock';
import type { FromMixer, PortableBinding, PortableConfig, ToMixer } from './messages';
import { Questions } from './questions';
import { remoteFunction } from './remoteFunctions';
import { RemoteOffice } from './remoteOffice';
import { RemoteSpeech } from './remoteSpeech';

export interface OutsideParts {
  post(message: FromMixer): void;
  clock: Clock;
}

/** The main thread keeps to billing's limit itself; what it needs besides, milliseconds. */
const MORE_MS = 1000;
/** Before there is a config, milliseconds. */
const BALANCE_MS = 3000;

export class Outside {
  readonly #questions: Questions;
  #balanceMs = BALANCE_MS;

  constructor(private readonly parts: OutsideParts) {
    this.#questions = new Questions((message) => parts.post(message), parts.clock);
  }

  /** Questions that wait for an answer. */
  get pending(): number {
    return this.#questions.size;
  }

  /** Time limits as they are from now on. */
  configure({ balanceMs }: Pick<PortableConfig, 'balanceMs'>): void {
    this.#balanceMs = balanceMs;
  }

  /** Answers and deeds, in the order in which they come. */
  hear(message: Extract<ToMixer, { type: 'answer' | 'deed' }>): void {
    if (message.type === 'answer') this.#questions.answered(message.id, message.answer);
    else this.#questions.deed(message.id, message.deed);
  }

  /** The office of one call; its owner closes it. */
  office(token: string, call: () => OfficeCall | undefined): BackOffice {
    return new RemoteOffice({
      token,
      call,
      questions: this.#questions,
      balanceMs: () => this.#balanceMs + MORE_MS,
      post: (message) => this.parts.post(message),
      clock: this.parts.clock,
    });
  }

  speech(token: string): Speech {
    return new RemoteSpeech(token, this.#questions);
  }

  /** What one call's keys do. */
  bindings(config: Pick<PortableConfig, 'keys'>, token: string): KeyBindings {
    const bound = Object.entries(config.keys).map(([digit, binding]): [string, KeyBinding] => [
      digit,
      { ...binding, action: this.#action(binding, token, digit) },
    ]);
    return Object.fromEntries(bound);
  }

  #action({ action }: PortableBinding, token: string, digit: string): KeyBinding['action'] {
    if (typeof action === 'string') return action;
    const parts = { questions: this.#questions, post: (message: FromMixer) => this.parts.post(message) };
    return remoteFunction(parts, { token, digit, name: action.function });
  }
}
