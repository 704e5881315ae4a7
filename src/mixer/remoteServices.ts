// RemoteServices: the CallServices of one call in a mixing thread. It asks the main thread, which knows who calls, and has the
// store, billing and voices; a main thread that is slow is an answer that did not come in time.
import { setMaxListeners } from 'node:events';
import type { RecordedCall, Remembered } from '../session/callerRecords';
import { memoryClip, type Clip } from '../audio/source';
import type { CallServices, SpokenBalance } from '../session/callServices';
import type { Clock } from '../util/clock';
import type { FromMixer, HubMethods, SentClips } from './messages';
import type { RequestLimits } from '../util/rpc';

/** Asks for one call. The answer, or undefined: it failed, too many of this call wait, or it came too late. Never rejects. */
export type Ask = <Name extends keyof HubMethods>(
  method: Name,
  params: HubMethods[Name]['params'],
  limits: RequestLimits,
) => Promise<HubMethods[Name]['answer'] | undefined>;

export interface RemoteServicesParts {
  token: string;
  /** The call as the mixing thread knows it; undefined: not yet. */
  call(): RecordedCall | undefined;
  ask: Ask;
  /** A balance that takes longer is not available, milliseconds. */
  balanceMs(): number;
  post(message: FromMixer): void;
  clock: Pick<Clock, 'wall'>;
}

/** The store may have to be asked, and has its own limit. Milliseconds. */
const CHOICE_MS = 2000;
/** Asterisk answers within a few ms; nobody waits this long to hear a place. Milliseconds. */
const PLACE_MS = 2000;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };

export class RemoteServices implements CallServices {
  readonly #closed = new AbortController();

  constructor(private readonly parts: RemoteServicesParts) {
    setMaxListeners(0, this.#closed.signal); // each request listens to it
  }

  async choice(): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const { ask, token } = this.parts;
    return ask('choice', { token }, { limitMs: CHOICE_MS, signals: [this.#closed.signal] });
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<SpokenBalance> {
    if (this.#isOver) return UNAVAILABLE;
    const { ask, token } = this.parts;
    const limits = { limitMs: this.parts.balanceMs(), signals: [signal, this.#closed.signal] };
    const answer = await ask('balance', { token, language, ...(pin !== undefined && { pin }) }, limits);
    if (answer?.status !== 'spoken') return answer ?? UNAVAILABLE;
    return { status: 'spoken', clips: clipsOf(answer.clips) };
  }

  async confirmPlace(): Promise<boolean> {
    if (this.#isOver) return false;
    const { ask, token } = this.parts;
    const limits = { limitMs: PLACE_MS, signals: [this.#closed.signal] };
    return (await ask('place', { token }, limits)) === true;
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

export function clipsOf(samples: SentClips): readonly Clip[] {
  return samples.map((each, i) => memoryClip(`sentence/${i + 1}`, each));
}
