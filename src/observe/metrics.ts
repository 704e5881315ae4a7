// The hub's figures for Prometheus, made with prom-client (those of the process: observeProcess.ts).
// Labels are short lists that are written down here: nothing of a caller, no Uniqueid, no file name.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PIN_RESULTS, type PinResult } from '../billing/billing';
import { BUILTIN_ACTIONS } from '../session/actions';
import type { StoreEntry } from '../store/store';
import type { Clock } from '../util/clock';
import { ERROR_CODES } from '../util/errors';
import type { LogWriter } from '../util/log';
import type { HubMethods, MixerFigures } from '../mixer/messages';
import { processFigures } from './processMetrics';
import type { GcKind } from '../util/gcPauses';
import { COUNTED, type CallerTotals, type HubTotals, type LinkStatus, type ThreadStatus } from './status';

/** What is asked whenever the metrics are; each must be quick, and not throw. */
export interface MetricsSources {
  mostCallers(): number;
  cacheBytes(): number;
  cacheLimitBytes(): number;
  ami(): LinkStatus;
  store(): LinkStatus;
  /** Whether the hub can play. */
  ready(): boolean;
}

export type LookupResult = 'answered' | 'empty' | 'plain';
/** Whose pause of the garbage collector it was; the mixing threads count as one. */
export type GcThread = 'main' | 'mixing';
export type CallerChange = 'begun' | 'ended' | 'over_limit';

const CODES: ReadonlySet<string> = new Set(ERROR_CODES);
const ACTIONS: ReadonlySet<string> = new Set(BUILTIN_ACTIONS);

/** Seconds. */
const BUCKETS = {
  key: [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.75, 1, 2],
  lookup: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.08, 0.15, 0.3, 1],
  question: [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  lag: [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1],
  gc: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
};

/** A registry of its own, so that two hubs in one process (tests) do not add up. Holds no timer: nothing to close. */
export class HubMetrics {
  readonly #registry = new Registry();
  readonly #threads = new Map<number, MixerFigures>();
  #loopMs = 0;

  readonly #counted: Readonly<Record<(typeof COUNTED)[number], Counter>> = {
    frames: this.#counter('frames', 'Frames written to the pipes of Asterisk'),
    framesLate: this.#counter('frames_late', 'Frames written when they should have been read already'),
    underruns: this.#counter('underruns', 'Times that Asterisk found a pipe empty'),
    pagesLate: this.#counter('pages_late', 'Frames of silence because a page of PCM was late'),
    rescued: this.#counter('sessions_rescued', 'Calls whose session failed and that have music only since'),
  };
  readonly #keyPresses = this.#counter('key_presses', 'Key presses of callers', ['action']);
  readonly #keyToAudio = this.#histogram('key_to_audio', 'From a key press to its audible change', 'key');
  readonly #lookups = this.#histogram('lookup', "Asterisk's look-ups of a music class", 'lookup', ['result']);
  readonly #questions = this.#histogram('question', 'Time to answer requests of calls', 'question', [
    'about',
  ]);
  readonly #errors = this.#counter('errors', 'Warnings and errors of the log by their code', ['code']);
  readonly #calls = this.#counter('calls', 'Calls that began, ended, or were over the limit', ['event']);
  readonly #pins = this.#counter('pin_tries', 'PINs that callers entered', ['result']);
  readonly #dropped = this.#counter('store_dropped', 'Entries lost before they were stored', ['type']);
  readonly #mixing = this.#counter('mixing_seconds', 'Processor time of the mixing threads');
  readonly #tickLag = this.#histogram('tick_lag', 'Longest delay of a tick, per second and thread', 'lag');
  readonly #tick = this.#histogram('tick', 'Longest tick, per second and thread', 'lag');
  readonly #loopLag = this.#histogram('event_loop_lag', 'Longest delay per second of the main thread', 'lag');
  readonly #gc = this.#histogram('gc_pause', 'Pauses of the garbage collector', 'gc', ['thread', 'kind']);

  constructor(
    private readonly sources: MetricsSources,
    { version, clock }: { version: string; clock: Pick<Clock, 'wall'> },
  ) {
    this.#gauge('build_info', 'Always 1', ['version', 'node'], (gauge) =>
      gauge.set({ version, node: process.version }, 1),
    );
    this.#gauges();
    processFigures(this.#registry, clock);
    for (const result of ['answered', 'empty', 'plain']) this.#lookups.zero({ result });
    for (const action of [...BUILTIN_ACTIONS, 'function']) this.#keyPresses.inc({ action }, 0);
    for (const event of ['begun', 'ended', 'over_limit']) this.#calls.inc({ event }, 0);
    for (const result of PIN_RESULTS) this.#pins.inc({ result }, 0);
    for (const type of ['choice', 'heard', 'key']) this.#dropped.inc({ type }, 0);
  }

  /** What a mixing thread tells once a second. */
  figures(thread: number, figures: MixerFigures): void {
    const before = this.#threads.get(thread);
    for (const name of COUNTED) this.#counted[name].inc(figures[name] - (before?.[name] ?? 0));
    this.#threads.set(thread, figures);
    this.#mixing.inc(seconds(figures.busyMs));
    this.#tickLag.observe(seconds(figures.worstLagMs));
    this.#tick.observe(seconds(figures.worstTickMs));
    for (const { action, audibleMs } of figures.keys) this.key(action, audibleMs);
    for (const { kind, ms } of figures.gcPauses) this.gc(kind, ms, 'mixing');
  }

  /** The thread ended: its calls are gone, and a later thread with its number is another. */
  threadGone(thread: number): void {
    this.#threads.delete(thread);
  }

  /**
   * A key press that no thread's figures have.
   * @param action an operator's own functions all count as `function`
   * @param audibleMs from the press to the first sample they hear of it; undefined: nothing
   */
  key(action: string, audibleMs?: number): void {
    this.#keyPresses.inc({ action: ACTIONS.has(action) ? action : 'function' });
    if (audibleMs !== undefined) this.#keyToAudio.observe(seconds(audibleMs));
  }

  /** A look-up of Asterisk's; `plain`: it was answered with fallback music. */
  lookup(ms: number, result: LookupResult): void {
    this.#lookups.observe({ result }, seconds(ms));
  }

  /** What a call asked of the store, billing, a voice or an operator's function, from asking to the answer. */
  question(about: keyof HubMethods, ms: number): void {
    this.#questions.observe({ about }, seconds(ms));
  }

  /** An error's code; what is none of ours counts as `other`. */
  error(code: string): void {
    this.#errors.inc({ code: CODES.has(code) ? code : 'other' });
  }

  /** `write`, with every warning and error that has a code counted. */
  counting(write: LogWriter): LogWriter {
    return (level, fields, message, wallMs) => {
      const { code } = fields;
      if ((level === 'warn' || level === 'error') && typeof code === 'string') this.error(code);
      write(level, fields, message, wallMs);
    };
  }

  /** What became of a PIN: see PinResult. */
  pin(result: PinResult): void {
    this.#pins.inc({ result });
  }

  /** An entry for which there was no room during an outage, or which the store refused. */
  dropped(type: StoreEntry['type']): void {
    this.#dropped.inc({ type });
  }

  caller(change: CallerChange): void {
    this.#calls.inc({ event: change });
  }

  /** The main thread's longest delay in the last second. */
  loopLag(ms: number): void {
    this.#loopMs = ms;
    this.#loopLag.observe(seconds(ms));
  }

  gc(kind: GcKind, pauseMs: number, thread: GcThread = 'main'): void {
    this.#gc.observe({ thread, kind }, seconds(pauseMs));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The counters for HubStatus. */
  async totals(): Promise<HubTotals> {
    const sums = Object.entries({ ...this.#counted, keys: this.#keyPresses }).map(async ([name, counter]) => {
      const { values } = await counter.get();
      return [name, values.reduce((sum, { value }) => sum + value, 0)] as const;
    });
    return Object.fromEntries(await Promise.all(sums)) as unknown as HubTotals;
  }

  /** The other figures for HubStatus. */
  overview(): {
    callers: CallerTotals;
    threads: ThreadStatus[];
    lag: { tickMs: number; loopMs: number };
  } {
    const threads = [...this.#threads].map(([thread, figures]) => statusOf(thread, figures));
    const sum = (name: keyof CallerTotals): number =>
      [...this.#threads.values()].reduce((all, figures) => all + figures[name], 0);
    const tickMs = Math.max(0, ...threads.map(({ worstLagMs }) => worstLagMs));
    return {
      callers: { playing: sum('playing'), waiting: sum('waiting'), plain: sum('plain') },
      threads,
      lag: { tickMs, loopMs: this.#loopMs },
    };
  }

  #gauges(): void {
    const { sources } = this;
    this.#gauge('callers', 'Callers on hold', ['status'], (gauge) => {
      const { callers } = this.overview();
      for (const status of ['playing', 'waiting', 'plain'] as const) gauge.set({ status }, callers[status]);
    });
    this.#gauge('mixing_threads', 'Mixing threads that report', [], (gauge) => gauge.set(this.#threads.size));
    this.#gauge('mixing_heap_bytes', "Heap of the mixing threads' engines", [], (gauge) =>
      gauge.set([...this.#threads.values()].reduce((all, { heapBytes }) => all + heapBytes, 0)),
    );
    const asked = (name: string, help: string, value: () => number): void =>
      this.#gauge(name, help, [], (gauge) => gauge.set(value()));
    asked('callers_limit', 'Callers beyond this limit hear fallback music', () => sources.mostCallers());
    asked('pcm_cache_bytes', 'Decoded audio in memory', () => sources.cacheBytes());
    asked('pcm_cache_limit_bytes', 'Most decoded audio in memory', () => sources.cacheLimitBytes());
    asked('ami_connected', '1: Asterisk can be asked', () => Number(sources.ami() === 'connected'));
    asked('store_connected', '1: the store can be asked', () => Number(sources.store() === 'connected'));
    asked('ready', '1: the hub can play', () => Number(sources.ready()));
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    const named = { name: `holdcast_${name}_total`, help, labelNames, registers: [this.#registry] };
    return new Counter(named);
  }

  #gauge(name: string, help: string, labelNames: string[], set: (gauge: Gauge) => void): void {
    const named = { name: `holdcast_${name}`, help, labelNames, registers: [this.#registry] };
    const gauge: Gauge = new Gauge({ ...named, collect: () => set(gauge) });
  }

  #histogram(name: string, help: string, kind: keyof typeof BUCKETS, labelNames: string[] = []): Histogram {
    const named = { name: `holdcast_${name}_seconds`, help, labelNames, registers: [this.#registry] };
    return new Histogram({ ...named, buckets: BUCKETS[kind] });
  }
}

function statusOf(thread: number, figures: MixerFigures): ThreadStatus {
  const { playing, waiting, worstLagMs, worstTickMs, busyMs, heapBytes } = figures;
  return { thread, playing, waiting, worstLagMs, worstTickMs, busyMs, heapBytes };
}

function seconds(ms: number): number {
  return ms / 1000;
}
