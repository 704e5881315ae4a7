// A Mixer with real pipes and a clock that is moved by hand; and an Asterisk that reads them in time, lags behind or goes.
// What they get is compared with what the same Program renders offline.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { CallNews } from '../../src/asterisk/callNews';
import { frameSamples, type SampleRate } from '../../src/audio/frame';
import { memoryClip, type Clip } from '../../src/audio/source';
import { resolveConfig } from '../../src/config/defaults';
import { callRules } from '../../src/config/rules';
import type { Config, ResolvedConfig } from '../../src/config/types';
import type { CallStatus, FromMixer, MixerFigures, PortableConfig } from '../../src/mixer/messages';
import type { Page } from '../../src/pcm/page';
import { Mixer, type MixerMedia } from '../../src/mixer/mixer';
import { portableConfig } from '../../src/mixer/mixSettings';
import { PipeOutput } from '../../src/pipe/pipeOutput';
import { pipeBytes } from '../../src/pipe/readerPipe';
import type { ReaderProcess } from '../../src/pipe/readerProcess';
import type { Program } from '../../src/program/program';
import type { AdviceSlot } from '../../src/program/adviceSlots';
import { assembleCall } from '../../src/session/assemble';
import type { KeyBindings } from '../../src/session/keys';
import type { Session } from '../../src/session/session';
import { parseCallState, type CallState } from '../../src/session/state';
import { ManualClock } from '../../src/util/clock';
import { errnoOf, HoldcastError } from '../../src/util/errors';
import { hasReader, setPipeBytes } from '../../src/util/libc';
import { createLogger, silentLogger } from '../../src/util/log';
import { seededRandom, seedOf } from '../../src/util/random';
import { longNoise, noise } from './audio';
import type { Line } from './caller';
import { FakeRecords, FakeSpeech, spoken } from './fakeRecords';
import { realPipe } from '../../bench/realPipe';

/** What can be played, in memory; tests change it. */
export class FakeMedia implements MixerMedia {
  tracks: readonly Clip[] = ['a', 'b', 'c'].map((id, i) => longNoise(id, i, 0.1));
  spoken: readonly Clip[] = [];
  readonly pagesLate = 0;
  readonly pages: unknown[] = [];
  /** Times at which it was swept. */
  readonly sweeps: number[] = [];

  music = (): readonly Clip[] => this.tracks;
  advices = (shelf: AdviceSlot): readonly Clip[] => (shelf === 'middle' ? this.spoken : []);
  prompt = (name: string): Clip => memoryClip(name, noise(name.length, 0.2, 4000));
  find = (): undefined => undefined;
  setCatalog(): void {}
  put(page: unknown): void {
    this.pages.push(page);
  }
  sweep(nowMs: number): void {
    this.sweeps.push(nowMs);
  }
}

export function settled(config: Config = {}): ResolvedConfig {
  const quietly: Config = { music: { order: 'order' }, ...config };
  return resolveConfig(quietly, { configDir: tmpdir(), env: {} });
}

/** A pipe into which a piece of fallback music may come yet, for as long as tests say so. */
class TestReaderPipe extends PipeOutput {
  constructor(
    readonly reader: ReaderProcess,
    private readonly of: PipeReader,
    rate: SampleRate,
  ) {
    // As each opening of a descriptor in /proc is.
    super(openSync(`/proc/self/fd/${of.writing}`, constants.O_WRONLY | constants.O_NONBLOCK));
    setPipeBytes(of.writing, pipeBytes(rate));
  }

  get playsFallback(): boolean {
    return this.of.playsFallback;
  }

  get isRead(): boolean {
    return this.of.isAlive && hasReader(this.fd);
  }
}

/** Asterisk's end of a caller's pipe, and that of the reader process, which writes nothing. */
export class PipeReader {
  readonly #fd: number;
  readonly writing: number;
  playsFallback = false;
  /** The reader process. */
  isAlive = true;
  #parts: Buffer[] = [];
  #closed = false;
  /** Reads that found less than a Frame. */
  underruns = 0;

  constructor() {
    const { reading, writing } = realPipe();
    this.#fd = reading;
    this.writing = writing;
  }

  /** At most `count` bytes, what is there at once. */
  read(count: number): Buffer {
    const buffer = Buffer.alloc(count);
    let got = 0;
    try {
      got = readSync(this.#fd, buffer);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
    }
    if (got < count) this.underruns++;
    this.#parts.push(buffer.subarray(0, got));
    return buffer.subarray(0, got);
  }

  /** All that is there. */
  drain(): Buffer {
    return this.read(1 << 17);
  }

  /** All that was read. */
  get heard(): Int16Array {
    const bytes = Buffer.concat(this.#parts);
    return new Int16Array(Uint8Array.from(bytes).buffer);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
    closeSync(this.writing);
  }
}

export interface MixerPlan {
  config?: Config;
  media?: FakeMedia;
  records?: FakeRecords;
  /** What keys do that a config cannot have. */
  bindings?: (uniqueid: string) => KeyBindings | undefined;
  hearMeanwhile?: () => void;
  /** Processor time of the thread; absent: it is not known. */
  cpuMs?: () => number | undefined;
}

export class MixerRig {
  readonly clock = new ManualClock();
  readonly media: FakeMedia;
  readonly posted: FromMixer[] = [];
  readonly lines: Line[] = [];
  readonly mixer: Mixer;
  readonly #readers = new Map<string, PipeReader>();
  /** By process id; one whose pipe was opened is the mixer's to close. */
  readonly #pipes = new Map<number, PipeReader>();
  readonly #announced: [token: string, reader: ReaderProcess][] = [];
  #started = 0;
  /** What cannot be sent to another thread. */
  refuses: (message: FromMixer) => boolean = () => false;
  config: ResolvedConfig;

  constructor(plan: MixerPlan = {}) {
    const { clock } = this;
    this.media = plan.media ?? new FakeMedia();
    this.config = settled(plan.config);
    this.mixer = new Mixer({
      clock,
      media: this.media,
      log: createLogger((level, fields, text) => void this.lines.push({ level, fields, text }), clock.wall),
      outside: {
        services: () => spoken(plan.records ?? new FakeRecords([], undefined), undefined, { clock })!,
        speech: () => new FakeSpeech(),
        bindings: (config, uniqueid) => plan.bindings?.(uniqueid) ?? plainBindings(config),
      },
      post: (message) => {
        if (this.refuses(message)) throw new Error('could not be cloned');
        this.posted.push(structuredClone(message));
      },
      random: seededRandom,
      openPipe: (reader) => this.#openPipe(reader),
      ...(plan.hearMeanwhile && { hearMeanwhile: plan.hearMeanwhile }),
      ...(plan.cpuMs && { cpuMs: plan.cpuMs }),
    });
    this.configure(this.config);
  }

  configure(config: ResolvedConfig): void {
    this.config = config;
    this.mixer.handle({ type: 'config', config: portableConfig(config) });
  }

  /** Calls whose music is at hand; nobody reads yet. Their tokens are their Uniqueids. */
  begin(uniqueids: readonly string[], state?: CallState): void {
    for (const uniqueid of uniqueids) this.beginAgain(uniqueid, state);
  }

  beginAgain(uniqueid: string, state?: CallState, pages: readonly Page[] = []): void {
    const call = { token: uniqueid, uniqueid, pages, ...(state && { state }) };
    this.mixer.handle({ type: 'begin', call });
  }

  /** It is not known who hears it: `name` says so. */
  beginNameless(token: string, state?: CallState, fresh = false): void {
    const call = { token, pages: [], fresh, ...(state && { state }) };
    this.mixer.handle({ type: 'begin', call });
  }

  /** @param uniqueid undefined: another channel hears it */
  name(token: string, uniqueid?: string): void {
    this.mixer.handle({ type: 'hearer', token, ...(uniqueid !== undefined && { uniqueid }) });
  }

  /** Asterisk has started a reader, and reads; one that is there already goes. `pass` has it keep time. */
  read(uniqueid: string): PipeReader {
    this.#readers.get(uniqueid)?.close();
    return this.readToo(uniqueid);
  }

  /** The same, where the one before stays. @param plays whether a piece of fallback music may come yet */
  readToo(uniqueid: string, plays = false): PipeReader {
    const pipe = new PipeReader();
    pipe.playsFallback = plays;
    this.#readers.set(uniqueid, pipe);
    // No machine gives a process such a number.
    const reader = { pid: 5_000_000 + ++this.#started, started: '0' };
    this.#pipes.set(reader.pid, pipe);
    this.#announced.push([uniqueid, reader]);
    this.mixer.handle({ type: 'reader', token: uniqueid, reader });
    return pipe;
  }

  /** All that were announced of a call. */
  readers(uniqueid: string): ReaderProcess[] {
    return this.#announced.filter(([token]) => token === uniqueid).map(([, reader]) => reader);
  }

  #openPipe(reader: ReaderProcess): TestReaderPipe {
    const pipe = this.#pipes.get(reader.pid);
    if (!pipe || pipe.isClosed) throw new HoldcastError('HC_HUB_FIFO', 'it has ended', 'none');
    return new TestReaderPipe(reader, pipe, this.config.program.rate);
  }

  /** The reader is killed. */
  kill(uniqueid: string): void {
    this.#readers.get(uniqueid)?.close();
    this.#readers.delete(uniqueid);
  }

  /** The reader reads no more, and stays. */
  stop(uniqueid: string): void {
    this.#readers.delete(uniqueid);
  }

  /** Steps of 40 ms; in the middle of each, each reader reads one Frame. */
  pass(ms: number): void {
    const bytes = frameSamples(this.config.program.rate) * 2;
    for (let done = 0; done < ms; done += 40) {
      this.clock.advance(20);
      for (const reader of this.#readers.values()) reader.read(bytes);
      this.clock.advance(20);
    }
  }

  tell(uniqueid: string, news: CallNews): void {
    this.mixer.handle({ type: 'news', token: uniqueid, news, atMs: this.clock.now() });
  }

  press(uniqueid: string, digit: string): void {
    this.tell(uniqueid, { type: 'key', digit });
  }

  identify(uniqueid: string): void {
    this.tell(uniqueid, { type: 'identity', identity: { uniqueid, phone: '+442079460018' } });
  }

  of<T extends FromMixer['type']>(type: T): Extract<FromMixer, { type: T }>[] {
    return this.posted.filter((message) => message.type === type) as Extract<FromMixer, { type: T }>[];
  }

  get figures(): MixerFigures {
    return this.of('figures').at(-1)!.figures;
  }

  status(uniqueid: string): CallStatus | undefined {
    return this.mixer.status().find((call) => call.uniqueid === uniqueid);
  }

  /** The last state that was told of a call. */
  state(uniqueid: string): CallState | undefined {
    const told = this.of('states').flatMap(({ states }) => states);
    const [, state] = told.filter(([id]) => id === uniqueid).at(-1) ?? [];
    return state === undefined ? undefined : parseCallState(JSON.parse(state));
  }

  /** The same call offline: what its caller hears, `act` being done before each Frame. */
  offline(
    uniqueid: string,
    frames: number,
    act: (frame: number, session: Session, program: Program) => void = () => {},
    state?: CallState,
  ): Int16Array {
    const { rules } = callRules(this.config);
    const clock = new ManualClock();
    const { program, session } = assembleCall({
      call: { uniqueid, language: this.config.language, certain: true },
      rules,
      media: this.media,
      clock,
      random: seededRandom(seedOf(uniqueid)),
      log: silentLogger,
      onEvent: () => {},
      speech: () => new FakeSpeech(),
      ...(state && { resume: state }),
    });
    const size = frameSamples(this.config.program.rate);
    const out = new Int16Array(frames * size);
    for (let i = 0; i < frames; i++) {
      act(i, session, program);
      program.render(out.subarray(i * size, (i + 1) * size));
    }
    return out;
  }

  close(): void {
    this.mixer.close();
    for (const reader of this.#pipes.values()) reader.close();
  }
}

function plainBindings({ keys }: PortableConfig): KeyBindings {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([digit, { action, ...rest }]) =>
      typeof action === 'string' ? [[digit, { ...rest, action }]] : [],
    ),
  );
}
