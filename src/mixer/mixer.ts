// Mixer: all calls of a mixing thread under one tick. It renders, writes and never waits; whatever one call does or
// throws costs the others nothing.
import { getHeapStatistics } from 'node:v8';
import type { CatalogClip, Page } from '../pcm/page';
import type { PlayableMedia } from '../session/assemble';
import { ReaderPipe } from '../pipe/readerPipe';
import type { ReaderProcess } from '../pipe/readerProcess';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import { LogThrottle } from '../util/logThrottle';
import { CallFigures } from './callFigures';
import type { OpenPipe } from './callPipe';
import { HeldCall } from './heldCall';
import type { HeldCallParts } from './heldCallParts';
import type {
  CallBeginning,
  CallStatus,
  FromMixer,
  MixerFigures,
  PortableConfig,
  MixerNews,
} from './messages';
import { BatchBuffer, MixSettings } from './mixSettings';
import type { MixerOutside } from './outsidePort';
import { StateBatch } from './stateBatch';
import { Ticker, TICK_MS } from './ticker';
import { Turns } from './turns';

export interface MixerMedia extends PlayableMedia {
  setCatalog(clips: readonly CatalogClip[]): void;
  put(page: Page): void;
  /** Called once a second: gives back pages that nobody reads. @param nowMs monotonic */
  sweep(nowMs: number): void;
  readonly pagesLate: number;
}

export interface MixerParts {
  /** Processor time of this thread so far, milliseconds; undefined where that is not known: what ticks take counts then. */
  cpuMs?(): number | undefined;
  /** Pauses of this thread's garbage collector since this was last called; absent: none are told. */
  takeGcPauses?(): MixerFigures['gcPauses'];
  /** Handles messages received meanwhile, so that a new caller does not wait for the end of a long tick. */
  hearMeanwhile?(): void;
  /** Opens Asterisk's pipe of a reader. Default: see ReaderPipe. @throws HoldcastError HC_HUB_FIFO */
  openPipe?(reader: ReaderProcess): OpenPipe;
  clock: Clock;
  log: Logger;
  media: MixerMedia;
  outside: MixerOutside;
  post: (message: FromMixer) => void;
  random: (seed: number) => Random;
}

/** Most calls that are opened, and that switch to another config, in one tick: a thousand at once would delay it. */
const OPENINGS = 12;
const CHANGES = 3;
/** How long a call may finish an announcement or wait for an answer before it switches. */
const PATIENCE_MS = 30_000;
/** Frames of lead while ticks are on time: keys are heard sooner. A turn fills the pipe to 3 or 3.5; 1 or 1.5 are left before the next. */
const STEADY_FRAMES = 2.5;
const FIGURES_MS = 1000;
const SAY_MS = 10_000;

export class Mixer {
  readonly #calls = new Map<string, HeldCall>();
  readonly #turns = new Turns<HeldCall>();
  readonly #figures = new CallFigures();
  readonly #ticker: Ticker;
  readonly #callParts: HeldCallParts;
  readonly #stuck: LogThrottle;
  readonly #failed: LogThrottle;
  #settings: MixSettings | undefined;
  #buffer: BatchBuffer | undefined;
  /** Tokens of calls that are to be opened. */
  #due: string[] = [];
  #changing: HeldCall[] = [];
  #changeBy = 0;
  /** Calls that may still be opened before the next tick. */
  #openings = OPENINGS;
  readonly #states = new StateBatch((states) => this.#post({ type: 'states', states }));
  #begun = 0;
  #atMs = 0;
  #figuresAt = 0;
  #cpuMs = 0;
  #drained = false;

  constructor(private readonly parts: MixerParts) {
    const { clock, log } = parts;
    this.#ticker = new Ticker({
      clock,
      tick: (count, atMs, missed) => this.#tick(count, atMs, missed),
      onResync: (missed) =>
        log.warn({ missedMs: missed * TICK_MS }, 'the thread stood still; callers heard gaps'),
      idle: () => this.#calls.size === 0 && this.#states.isEmpty,
      onFailure: (error) => this.#fails(error, 'mixer'),
    });
    this.#callParts = this.#partsOfCalls();
    this.#stuck = new LogThrottle(clock, SAY_MS);
    this.#failed = new LogThrottle(clock, SAY_MS);
  }

  /** Never throws. */
  handle(message: MixerNews): void {
    try {
      this.#hear(message);
    } catch (error) {
      this.#fails(error, message.type);
    }
  }

  /** All pipes are closed; nothing is told. */
  close(): void {
    this.#ticker.close();
    for (const call of this.#calls.values()) this.#dare(call, 'close', () => call.close());
    this.#calls.clear();
    this.#turns.clear();
  }

  #hear(message: MixerNews): void {
    switch (message.type) {
      case 'config':
        return this.#configure(message.config);
      case 'catalog':
        return this.parts.media.setCatalog(message.clips);
      case 'page':
        return this.parts.media.put(message.page);
      case 'begin':
        return this.#begin(message.call);
      case 'news':
        return this.#calls.get(message.token)?.hear(message.news, message.atMs);
      case 'reader':
        return this.#tell(message.token, 'reader', (call) => call.readerCame(message.reader));
      case 'hearer':
        return this.#tell(message.token, 'hearer', (call) => call.heardBy(message.uniqueid));
      case 'end':
        return this.#end(message.token);
    }
  }

  #configure(config: PortableConfig): void {
    const before = this.#settings;
    if (before && before.rate !== config.program.rate) {
      const hint = 'restart the hub: what Asterisk reads changes with the rate';
      this.parts.log.error({ hint }, 'another sample rate is rejected; calls keep the current config');
      return;
    }
    const settings = new MixSettings(config);
    this.#settings = settings;
    this.#buffer ??= new BatchBuffer(settings);
    settings.ready().catch((error: unknown) => this.#fails(error, 'campaigns'));
    if (before) {
      this.#changing = [...this.#calls.values()];
      this.#changeBy = this.parts.clock.now() + PATIENCE_MS;
    } else {
      this.#atMs = this.#figuresAt = this.parts.clock.now();
      this.#ticker.start();
    }
  }

  #begin(beginning: CallBeginning): void {
    if (this.#drained) return;
    this.#atMs = this.#ticker.wake() ?? this.#atMs;
    for (const page of beginning.pages) this.parts.media.put(page);
    const known = this.#calls.get(beginning.token);
    if (known) known.begin(beginning);
    else {
      const call = new HeldCall(this.#callParts, beginning, this.#begun++);
      this.#calls.set(beginning.token, call);
      this.#turns.add(call);
    }
    this.#openDue();
  }

  #tell(token: string, what: string, task: (call: HeldCall) => void): void {
    const call = this.#calls.get(token);
    if (call) this.#dare(call, what, () => task(call));
    this.#openDue();
  }

  /** The same object for all calls: what is read from it in each turn is then found at once. */
  #partsOfCalls(): HeldCallParts {
    return {
      ...this.parts,
      post: (message) => void this.#post(message),
      figures: this.#figures,
      settings: () => this.#settings!,
      openPipe: (reader) => {
        const { rate, config } = this.#settings!;
        return this.parts.openPipe?.(reader) ?? ReaderPipe.open(reader, config.hub.folder, rate);
      },
      buffer: () => this.#buffer!,
      leadFrames: () => this.#leadFrames,
      keep: (token, state, last) => this.#states.add(token, state, last),
      onDue: (token) => void this.#due.push(token),
      onStuck: (uniqueid) =>
        this.#stuck.say((times) =>
          this.parts.log.warn({ uniqueid, times }, 'Asterisk no longer reads a call; its reader is ended'),
        ),
    };
  }

  get #leadFrames(): number {
    const { leadFrames } = this.#settings!;
    return this.#ticker.isOnTime ? Math.min(leadFrames, STEADY_FRAMES) : leadFrames;
  }

  #end(token: string): void {
    const call = this.#calls.get(token);
    if (!call) return;
    this.#calls.delete(token);
    this.#turns.remove(call);
    call.close();
  }

  #tick(count: number, atMs: number, missed: number): void {
    this.#atMs = atMs;
    this.#openings = OPENINGS;
    const now = this.parts.clock.now();
    this.#turns.serve(count, missed, {
      visit: (call, frame) => this.#tickCall(call, frame),
      between: () => this.parts.hearMeanwhile?.(),
    });
    this.#openDue();
    if (this.#changing.length > 0) this.#change(now);
    this.#states.tick(now);
    if (atMs - this.#figuresAt > FIGURES_MS - TICK_MS / 2) this.#tellFigures(atMs);
  }

  #tickCall(call: HeldCall, frame: number): void {
    try {
      call.tick(frame, this.#atMs);
    } catch (error) {
      this.#giveUp(call, error, 'tick');
    }
  }

  /** @returns undefined: it has thrown, and the call was given up */
  #dare<T>(call: HeldCall, what: string, task: () => T): T | undefined {
    try {
      return task();
    } catch (error) {
      this.#giveUp(call, error, what);
      return undefined;
    }
  }

  #giveUp(call: HeldCall, error: unknown, what: string): void {
    this.#fails(error, what);
    try {
      call.giveUp(this.#atMs);
    } catch (worse) {
      this.#fails(worse, 'give up');
    }
  }

  #openDue(): void {
    if (!this.#settings) return;
    while (this.#openings > 0 && this.#due.length > 0) {
      const call = this.#calls.get(this.#due.shift()!);
      if (call?.status !== 'due') continue;
      this.#openings--;
      this.#dare(call, 'open', () => call.open(this.#atMs));
    }
  }

  /** Busy calls are retried on a later tick. */
  #change(now: number): void {
    const some = this.#changing.splice(0, CHANGES);
    const patient = now < this.#changeBy;
    for (const call of some)
      if (this.#dare(call, 'change', () => call.change(patient)) === false) this.#changing.push(call);
  }

  /** @returns whether it could be sent */
  #post(message: FromMixer): boolean {
    try {
      this.parts.post(message);
      return true;
    } catch (error) {
      this.#fails(error, message.type);
      return false;
    }
  }

  #tellFigures(atMs: number): void {
    this.#figuresAt = atMs;
    let [playing, plain] = [0, 0];
    for (const call of this.#calls.values()) {
      if (call.status === 'playing') playing++;
      if (call.plain) plain++;
    }
    const { frames, framesLate, underruns, rescued } = this.#figures;
    const times = this.#ticker.takeTimes();
    const figures = {
      playing,
      waiting: this.#calls.size - playing,
      frames,
      framesLate,
      underruns,
      pagesLate: this.parts.media.pagesLate,
      rescued,
      plain,
      ...times,
      busyMs: this.#computedMs() ?? times.busyMs,
      keys: this.#figures.takeKeys(),
      gcPauses: this.parts.takeGcPauses?.() ?? [],
      heapBytes: getHeapStatistics().used_heap_size,
    };
    this.#post({ type: 'figures', figures });
    this.parts.media.sweep(this.parts.clock.now());
  }

  /** Since this was last asked. */
  #computedMs(): number | undefined {
    const cpuMs = this.parts.cpuMs?.();
    if (cpuMs === undefined) return undefined;
    const computedMs = cpuMs - this.#cpuMs;
    this.#cpuMs = cpuMs;
    return computedMs;
  }

  status(): CallStatus[] {
    return Array.from(this.#calls.values(), (call) => call.report());
  }

  /** Every call's state is told once more, exact, and all pipes are closed; no call begins any more. */
  drain(): void {
    this.#drained = true;
    // What a call told before is older.
    this.#states.clear();
    for (const call of this.#calls.values()) {
      const state = this.#dare(call, 'drain', () => call.drain());
      if (state) this.#states.add(call.token, state, true);
    }
    // The main thread waits for this, whatever is in it.
    this.#states.send();
    this.close();
  }

  #fails(error: unknown, what: string): void {
    this.#failed.say((times) =>
      this.parts.log.error(
        { what, times, ...errorFields(error) },
        'unexpected error; all other calls continue',
      ),
    );
  }
}
