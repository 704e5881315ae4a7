// MixerThreads: the mixing threads of the hub. One is enough for a thousand or two thousand callers; when it is busy, another one
// takes new calls, and when one dies, a new one takes its calls.
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import { Backoff } from '../util/backoff';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';
import type { CallStatus, HubNews, MixerNews } from '../mixer/messages';
import type { MixerThread, MixerThreadParts } from './mixerThread';

/** A thread as it is opened: not running yet. */
export type Thread = Pick<MixerThread, 'start' | 'request' | 'close'> & { send(message: MixerNews): void };
export type ThreadEars = Pick<MixerThreadParts, 'onNews' | 'onEnd'>;

export interface MixersParts {
  open(number: number, ears: ThreadEars): Thread;
  most: number;
  /** What each thread is told first: config and catalog. */
  greeting(): readonly MixerNews[];
  onNews(mixing: Mixing, news: HubNews): void;
  /** The thread is gone: its calls need another one. */
  onLost(mixing: Mixing): void;
  /** A thread is there: calls that have none may have it. */
  onReady(mixing: Mixing): void;
  clock: Clock;
  log: Logger;
  random: Random;
}

export interface Mixing extends Pick<Thread, 'send' | 'request'> {
  readonly number: number;
  /** Seconds in a row for which it has been busy. */
  busySeconds: number;
  /** Calls that it was given and that are not over. */
  calls: number;
}

/** A thread that computes for more of each second than this has enough, milliseconds: the rest is for its worst moments. */
const ENOUGH_MS = 400;
/** … for this many seconds in a row: a crowd of arrivals, or another program's load, passes. */
const ENOUGH_SECONDS = 5;
/** With more calls than this another one is there before it is needed: calls stay where they were begun. */
const CALLS_A_THREAD = 1100;
/** A thread that is well answers within a tick or two, milliseconds. */
const STATUS_MS = 500;
/** Pauses before a thread that could not be started, or died, is replaced, milliseconds. */
const AGAIN_MS = [200, 5000] as const;
/** One that lived so long is replaced at once, milliseconds. */
const SETTLED_MS = 10_000;

export class MixerThreads implements Closeable {
  readonly #threads = new Set<Mixing & Thread>();
  #count = 0;
  #starting = false;
  #closed = false;
  #again: Cancel = () => {};
  #startedAt = -Infinity;
  readonly #backoff: Backoff;

  constructor(private readonly parts: MixersParts) {
    this.#backoff = new Backoff(AGAIN_MS, parts.random);
  }

  /**
   * @param calls that wait to be played to: for many of them it begins with more than one thread
   * @throws HoldcastError HC_MIXER_FAILED when not even one thread can be started
   */
  async start(calls = 0): Promise<void> {
    const wanted = Math.min(this.parts.most, Math.max(1, Math.ceil(calls / CALLS_A_THREAD)));
    for (let i = 0; i < wanted; i++) await this.#add();
  }

  get all(): readonly Mixing[] {
    return [...this.#threads];
  }

  /** The thread that a new call is best given to; undefined: there is none at the moment. */
  pick(): Mixing | undefined {
    let best: Mixing | undefined;
    for (const mixing of this.#threads) if (!best || mixing.calls < best.calls) best = mixing;
    return best;
  }

  /** What each caller hears now, within half a second. A thread that hangs costs its own callers' lines, not the answer. */
  async status(): Promise<readonly CallStatus[]> {
    const limits = { limitMs: STATUS_MS };
    const asked = this.all.map((mixing) => mixing.request('status', undefined, limits).catch(() => []));
    return (await Promise.all(asked)).flat();
  }

  tell(message: MixerNews): void {
    for (const mixing of this.#threads) mixing.send(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#again();
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.close()));
  }

  async #add(): Promise<void> {
    this.#starting = true;
    const number = ++this.#count;
    const ears: ThreadEars = {
      onNews: (news) => this.#hear(mixing, news),
      onEnd: (reason) => this.#lost(mixing, reason),
    };
    const thread = this.parts.open(number, ears);
    const mixing = Object.assign(thread, { number, busySeconds: 0, calls: 0 });
    try {
      await thread.start();
    } finally {
      this.#starting = false;
    }
    if (this.#closed) return thread.close();
    for (const message of this.parts.greeting()) thread.send(message);
    this.#threads.add(mixing);
    this.#startedAt = this.parts.clock.now();
    this.parts.onReady(mixing);
  }

  #hear(mixing: Mixing, news: HubNews): void {
    if (news.type === 'figures') {
      mixing.busySeconds = news.figures.busyMs > ENOUGH_MS ? mixing.busySeconds + 1 : 0;
      this.#growIfBusy();
    }
    this.parts.onNews(mixing, news);
  }

  #growIfBusy(): void {
    const { size } = this.#threads;
    if (this.#starting || this.#closed || size === 0 || size >= this.parts.most) return;
    const hasEnough = ({ busySeconds, calls }: Mixing): boolean =>
      busySeconds >= ENOUGH_SECONDS || calls > CALLS_A_THREAD;
    if (this.all.every(hasEnough)) void this.#addLater();
  }

  async #addLater(): Promise<void> {
    try {
      await this.#add();
      this.parts.log.info({ threads: this.#threads.size }, 'another mixing thread');
    } catch (error) {
      this.parts.log.error(errorFields(error), 'a mixing thread could not be started');
      this.#replaceSoon();
    }
  }

  #lost(mixing: Mixing & Thread, reason: string): void {
    if (!this.#threads.delete(mixing) || this.#closed) return;
    this.parts.log.error(
      { thread: mixing.number, reason },
      'a mixing thread was lost; its calls continue in another',
    );
    this.parts.onLost(mixing);
    if (this.#threads.size > 0 || this.#starting) return;
    // One that dies soon again and again must not take the processor from everything else.
    const settled = this.parts.clock.now() - this.#startedAt > SETTLED_MS;
    if (settled) this.#backoff.reset();
    if (settled) void this.#addLater();
    else this.#replaceSoon();
  }

  #replaceSoon(): void {
    this.#again();
    this.#again = this.parts.clock.after(this.#backoff.nextMs(), () => {
      if (this.#threads.size === 0 && !this.#starting && !this.#closed) void this.#addLater();
    });
  }
}
