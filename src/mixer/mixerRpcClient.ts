// MixerRpcClient: all that the calls of a mixing thread have outside of it: services, voices, operators' functions. Each is a port
// that a Session knows already; behind it are requests to the main thread, which may be slow or never answer.
import { setMaxListeners } from 'node:events';
import type { RecordedCall } from '../session/callerRecords';
import type { KeyBinding, KeyFunction, KeySession } from '../session/actions';
import { memoryClip, type Clip } from '../audio/source';
import type { CallServices, SpokenBalance } from '../session/callServices';
import type { KeyBindings } from '../session/keys';
import { SPEECH_MS, type Speech } from '../session/speech';
import type { Clock } from '../util/clock';
import type {
  CallStatus,
  FromMixer,
  HubMethods,
  MixerMethods,
  PortableBinding,
  PortableConfig,
  SentClips,
} from './messages';
import type { MixerOutside } from './outsidePort';
import { Rpc, Unanswered, type RequestLimits, type RpcMessage } from '../util/rpc';
import { HoldcastError, messageOf } from '../util/errors';

export interface MixerRpcClientParts {
  post(message: FromMixer): void;
  /** The calls of this thread. */
  mixer(): { status(): readonly CallStatus[]; drain(): void };
  clock: Clock;
}

/** Requests of one call that wait for their answers; a Session has five at once, and a function on each key. */
const MOST_OF_CALL = 20;
/** Before there is a config, milliseconds. */
const BALANCE_MS = 3000;
/** What the main thread needs besides the limits of billing and voices, which it keeps to itself; milliseconds. */
const MORE_MS = 1000;
/** The store may have to be asked, and has its own limit. Milliseconds. */
const CHOICE_MS = 2000;
/** Asterisk answers within a few ms; nobody waits this long to hear a place. Milliseconds. */
const PLACE_MS = 2000;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };

export class MixerRpcClient implements MixerOutside {
  readonly #rpc: Rpc<HubMethods, MixerMethods>;
  readonly #functions: RemoteFunctions;
  readonly #counts = new Map<string, number>();
  #balanceMs = BALANCE_MS;

  constructor(private readonly parts: MixerRpcClientParts) {
    this.#functions = new RemoteFunctions((params, signal) =>
      this.#request('function', params, { signals: [signal] }),
    );
    this.#rpc = new Rpc<HubMethods, MixerMethods>({
      post: (message) => parts.post(message),
      serves: {
        command: (given) => this.#functions.command(given),
        status: () => parts.mixer().status(),
        drain: () => parts.mixer().drain(),
      },
      clock: parts.clock,
    });
  }

  get pending(): number {
    return this.#rpc.pending.asked;
  }

  /** Time limits as they are from now on. */
  configure({ balanceMs }: Pick<PortableConfig, 'balanceMs'>): void {
    this.#balanceMs = balanceMs;
  }

  hear(message: RpcMessage<MixerMethods>): void {
    this.#rpc.hear(message);
  }

  /** The main thread knows who calls, and has the store, billing and voices; what it has not answered in time is no answer. */
  services(token: string, call: () => RecordedCall | undefined): CallServices {
    const closed = new AbortController();
    setMaxListeners(0, closed.signal); // each request listens to it
    const isOver = (): boolean => closed.signal.aborted || call()?.ended === true;
    const within = (limitMs: number, ...signals: AbortSignal[]): RequestLimits => ({
      limitMs,
      signals: [...signals, closed.signal],
    });
    return {
      choice: async () => (isOver() ? undefined : this.#ask('choice', { token }, within(CHOICE_MS))),
      balance: async (language, pin, signal) => {
        if (isOver()) return UNAVAILABLE;
        const limits = within(this.#balanceMs + SPEECH_MS + MORE_MS, signal);
        const params = { token, language, ...(pin !== undefined && { pin }) };
        const answer = await this.#ask('balance', params, limits);
        if (answer?.status !== 'spoken') return answer ?? UNAVAILABLE;
        return { status: 'spoken', clips: clipsOf(answer.clips) };
      },
      confirmPlace: async () => !isOver() && (await this.#ask('place', { token }, within(PLACE_MS))) === true,
      remember: (what, wallMs = this.parts.clock.wall()) =>
        this.parts.post({ type: 'remember', token, what, wallMs }),
      // What is remembered later is handed on all the same.
      close: () => closed.abort(),
    };
  }

  speech(token: string): Pick<Speech, 'position'> {
    return {
      position: async (place, language, signal) => {
        const limits = { limitMs: SPEECH_MS + MORE_MS, signals: [signal] };
        const samples = await this.#ask('say-position', { token, place, language }, limits);
        return samples && clipsOf(samples);
      },
    };
  }

  bindings(config: Pick<PortableConfig, 'keys'>, token: string): KeyBindings {
    const bound = Object.entries(config.keys).map(([digit, binding]): [string, KeyBinding] => [
      digit,
      { ...binding, action: this.#action(binding, token, digit) },
    ]);
    return Object.fromEntries(bound);
  }

  #action({ action }: PortableBinding, token: string, digit: string): KeyBinding['action'] {
    if (typeof action === 'string') return action;
    return this.#functions.bind({ token, digit, name: action.function });
  }

  /** The answer, or undefined: it failed, too many of this call wait, or it came too late. Never rejects. */
  #ask<Name extends keyof HubMethods>(
    method: Name,
    params: HubMethods[Name]['params'],
    limits: RequestLimits,
  ): Promise<HubMethods[Name]['answer'] | undefined> {
    return this.#request(method, params, limits).catch(() => undefined);
  }

  /** @throws as `Rpc.request`; Unanswered: too many of this call wait already, and it was not asked */
  async #request<Name extends keyof HubMethods>(
    method: Name,
    params: HubMethods[Name]['params'],
    limits: RequestLimits,
  ): Promise<HubMethods[Name]['answer']> {
    const { token } = params;
    const count = this.#counts.get(token) ?? 0;
    if (count >= MOST_OF_CALL)
      throw new Unanswered('too many requests of this call wait for the main thread');
    this.#counts.set(token, count + 1);
    try {
      return await this.#rpc.request(method, params, limits);
    } finally {
      const left = this.#counts.get(token)! - 1;
      if (left > 0) this.#counts.set(token, left);
      else this.#counts.delete(token);
    }
  }
}

/** A sentence that came from the main thread. */
function clipsOf(samples: SentClips): readonly Clip[] {
  return samples.map((each, i) => memoryClip(`sentence/${i + 1}`, each));
}

/** Has the main thread run a function. @throws HoldcastError HC_ACTION_FAILED what the function threw; Unanswered */
export type RunFunction = (params: HubMethods['function']['params'], signal: AbortSignal) => Promise<void>;

export class RemoteFunctions {
  /** Those that run, by their numbers. */
  readonly #sessions = new Map<number, KeySession>();
  #lastRun = 0;

  constructor(private readonly run: RunFunction) {}

  /** A key function that stands for the one of that name on `digit`: logs and journals have its name. */
  bind({ token, digit, name }: { token: string; digit: string; name: string }): KeyFunction {
    const action: KeyFunction = async (session) => {
      const run = ++this.#lastRun;
      const { call, queue, signal } = session;
      this.#sessions.set(run, session);
      try {
        await this.run({ token, run, digit, call, queue }, signal);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        throw new HoldcastError('HC_ACTION_FAILED', messageOf(error), undefined, { cause: error });
      } finally {
        this.#sessions.delete(run);
      }
    };
    return Object.defineProperty(action, 'name', { value: name });
  }

  /**
   * Whatever the main thread asks for: the KeySession is deaf where the function's time is over.
   * @returns when it was done @throws HoldcastError HC_ACTION_FAILED where it is refused
   */
  async command({ run, command }: MixerMethods['command']['params']): Promise<void> {
    const session = this.#sessions.get(run);
    switch (command.do) {
      case 'say':
        return session?.say(...command.prompts);
      case 'play':
        return session?.play(command.file);
      case 'nextTrack':
        return session?.nextTrack();
      case 'log':
        return session?.log[command.level](command.fields, command.message);
    }
  }
}
