// MixedPlayback: what plays to all callers of a machine, put together and taken apart in the right order: library and pages,
// mixing threads, pipes, voices, and the calls themselves.
import { availableParallelism } from 'node:os';
import { type CallerRecords, LocalRecords } from '../session/callerRecords';
import { readerApplication, type HoldApplication } from '../asterisk/realtime';
import { callRules, speakerSettings } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import { Library } from '../media/library';
import { SharedCatalog } from '../pcm/catalog';
import type { Page } from '../pcm/page';
import { PageCache } from '../pcm/pageCache';
import type { Speech } from '../session/speech';
import { FallbackPieces } from '../pipe/fallbackPieces';
import { Owners } from '../pipe/owners';
import { endReader } from '../pipe/readerProcess';
import type { StateFile } from '../store/stateFile';
import { SharedStateFile } from '../store/sharedStateFile';
import type { Cancel, Clock } from '../util/clock';
import type { LogWriter, Logger } from '../util/log';
import { seededRandom } from '../util/random';
import type { Closeable } from '../util/scope';
import type { Playback, PlaybackGiven } from './playback';
import type { CallStatus, HubMethods, HubNews, MixerFigures } from '../mixer/messages';
import type { Prepared } from './realtimeServer';
import { MixerThreads, type Mixing, type Thread, type ThreadEars } from './mixerThreads';
import { CallRegistry } from './callRegistry';
import { MixerRpcServer } from './mixerRpcServer';
import { portableConfig } from '../mixer/mixSettings';
import { Readers } from './readers';
import { CallStateCache } from './callStateCache';
import { MixerThread } from './mixerThread';

export interface MixedPlaybackParts extends PlaybackGiven {
  config: ResolvedConfig;
  /** Absolute path of bin/holdcast-reader. */
  reader: string;
  /** Absolute path of the mixing thread's bundle. */
  mixerFile: string;
  states: StateFile;
  /** Whether one more call is admitted beside this many. */
  admits(callers: number): boolean;
  /** Has files prepared by a process of its own; returns at once, never throws. */
  requestPreparation(config: ResolvedConfig): void;
  /** Takes the lines of the mixing threads, masked already. */
  writeLog: LogWriter;
  onFigures?(thread: number, figures: MixerFigures): void;
  onThreadGone?(thread: number): void;
  /** Told how long the answer to each question of a call took, milliseconds. */
  onAnswered?(about: keyof HubMethods, tookMs: number): void;
  onCall?(what: 'begun' | 'ended' | 'over_limit'): void;
  clock: Clock;
  log: Logger;
}

const MEGABYTE = 1024 * 1024;
const SWEEP_MS = 20_000;
/** In which a mixing thread has a call's music at hand, milliseconds. */
const OPENED_MS = 1;
/** A thread that is lost is replaced sooner as a rule, milliseconds. */
const NO_THREAD_MS = 1000;

export class MixedPlayback implements Playback {
  readonly application: HoldApplication;
  readonly #readers: Readers;
  readonly #pages: PageCache;
  readonly #mixers: MixerThreads;
  readonly #registry: CallRegistry;
  readonly #stateCache: CallStateCache;
  readonly #fallback: FallbackPieces;
  /** Without a thread; readers are sent to fallback music after a moment. */
  #outage: { cancel: Cancel } | undefined;
  #cancelSweep: Cancel = () => {};
  #closed = false;
  #config: ResolvedConfig;
  #media: { library: Library; watch: Closeable } | undefined;
  #catalog: SharedCatalog | undefined;
  #speech: (Speech & Closeable) | undefined;
  #clips: Awaited<ReturnType<SharedCatalog['refresh']>> = [];

  /** @throws HoldcastError HC_HUB_ADDRESS when Asterisk could not start the reader */
  private constructor(private readonly parts: MixedPlaybackParts) {
    const { config, clock, log, states, calls } = parts;
    const { folder, threads = availableParallelism(), cacheMb } = config.hub;
    this.#config = config;
    this.application = readerApplication(parts.reader, folder, config.program.rate);
    this.#readers = new Readers({
      folder,
      onReader: (reader) => this.#registry.readerCame(reader),
      clock,
      log,
    });
    this.#pages = new PageCache({ limitBytes: cacheMb * MEGABYTE, log });
    const shared = new SharedStateFile(config.calls.folder);
    this.#stateCache = new CallStateCache({ shared, states, clock, log });
    this.#mixers = new MixerThreads({
      open: (number, ears) => this.#openThread(number, ears),
      most: threads,
      greeting: () => [
        { type: 'config', config: portableConfig(this.#config) },
        { type: 'catalog', clips: this.#clips },
      ],
      onNews: (mixing, news) => this.#hear(mixing, news),
      onReady: () => this.#threadReady(),
      onLost: (mixing) => this.#lost(mixing),
      clock,
      log,
      random: seededRandom(process.pid),
    });
    this.#fallback = new FallbackPieces({
      folder,
      material: () => ({
        settings: callRules(this.#config).rules.program,
        music: () => this.#media!.library.music(),
      }),
      clock,
      log,
    });
    this.#registry = new CallRegistry({
      ...parts,
      owners: new Owners(folder, { clock, log }),
      endReader,
      mixers: this.#mixers,
      catalog: {
        pageAt: (id, sample) => this.#catalog!.pageAt(id, sample),
        giveBack: (page) => this.#catalog!.giveBack(page),
      },
      snapshots: this.#stateCache,
      records: (known) => {
        const { uniqueid } = known;
        const check = {
          caller: () => calls.confirmCaller(uniqueid),
          place: () => calls.confirmPlace(uniqueid),
        };
        return new LocalRecords({ ...parts.services, call: () => known.recorded, check, clock });
      },
    });
  }

  /** Closed by the caller. @throws HoldcastError HC_HUB_FIFO, HC_HUB_ADDRESS, HC_MIXER_FAILED */
  static async open(parts: MixedPlaybackParts): Promise<MixedPlayback> {
    const hub = new MixedPlayback(parts);
    try {
      await hub.#start();
      return hub;
    } catch (error) {
      await hub.close();
      throw error;
    }
  }

  arrive(uniqueid: string, token: string): Prepared | Promise<Prepared> {
    return this.#registry.arrive(uniqueid, token);
  }

  sweep(living: ReadonlySet<string> | undefined): void {
    this.#registry.sweep(living);
    this.#stateCache.sweep(living);
  }

  get threads(): number {
    return this.#mixers.all.length;
  }

  /** Memory of music and speech that is being played, bytes. */
  get cacheBytes(): number {
    return this.#pages.usedBytes;
  }

  status(): Promise<readonly CallStatus[]> {
    return this.#mixers.status();
  }

  /**
   * Uses another config from now on: calls switch without a click, and announcements under way continue.
   * @throws what keeps it from being opened: nothing has changed then
   */
  async reload(config: ResolvedConfig): Promise<void> {
    const isSameMedia = JSON.stringify(this.#config.media) === JSON.stringify(config.media);
    const speech = await this.#openedSpeech(config);
    if (isSameMedia) await this.#media?.library.scan();
    else await this.#openMedia(config);
    if (this.#isClosed) return speech.close();
    const before = this.#speech;
    this.#speech = speech;
    this.#config = config;
    await this.#tellCatalog();
    this.#mixers.tell({ type: 'config', config: portableConfig(config) });
    await before?.close();
    void this.#fallback.write();
  }

  /** Every call's state is written and its pipe closed; readers go on with fallback music. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep();
    this.#outage?.cancel();
    this.#registry.stop();
    // First: fallback music then stands behind what is in the pipes already, and no more is due there.
    this.#readers.close();
    await this.#mixers.close();
    await this.#stateCache.close();
    this.#registry.clear();
    await this.#fallback.close();
    await this.#media?.watch.close();
    await this.#speech?.close();
    await this.#pages.close();
  }

  async #start(): Promise<void> {
    this.#readers.open();
    this.#stateCache.inherit();
    await this.#openMedia(this.#config);
    await this.#tellCatalog();
    this.#speech = await this.#openedSpeech(this.#config);
    await this.#fallback.prepare();
    const tokens = this.#readers.tokens();
    await this.#mixers.start(tokens.length);
    const restored = await this.#registry.restore(tokens);
    if (restored > 0) this.parts.log.info({ calls: restored }, 'continuing the calls of an earlier hub');
    await new Promise<void>((resolve) => this.parts.clock.after(restored * OPENED_MS, resolve));
    if (this.#isClosed) return;
    this.#readers.takeUp();
    void this.#fallback.renew();
    this.#sweepSoon();
  }

  /** Calls that nobody tells the end of, by their age. */
  #sweepSoon(): void {
    this.#cancelSweep = this.parts.clock.after(SWEEP_MS, () => {
      this.sweep(undefined);
      this.#sweepSoon();
    });
  }

  #threadReady(): void {
    this.#registry.ready();
    const outage = this.#outage;
    this.#outage = undefined;
    outage?.cancel();
    if (outage) this.#readers.wait();
  }

  /** No thread mixes, and no other starts in time: callers hear fallback music until one does. */
  #noThread(): void {
    if (this.#outage) return;
    const cancel = this.parts.clock.after(NO_THREAD_MS, () => {
      if (this.#closed) return;
      this.#readers.release();
    });
    this.#outage = { cancel };
  }

  async #openMedia(config: ResolvedConfig): Promise<void> {
    const { clock, log } = this.parts;
    const library = new Library({
      settings: config.media,
      log,
      readMode: 'ahead',
      requestPreparation: () => this.parts.requestPreparation(config),
    });
    await library.scan();
    if (this.#catalog) this.#catalog.use(library);
    else this.#catalog = new SharedCatalog({ library, pages: this.#pages, log, clock });
    await this.#media?.watch.close();
    this.#media = { library, watch: library.watch(clock, () => void this.#tellCatalog()) };
  }

  async #tellCatalog(): Promise<void> {
    this.#clips = await this.#catalog!.refresh();
    this.#mixers.tell({ type: 'catalog', clips: this.#clips });
  }

  async #openedSpeech(config: ResolvedConfig): Promise<Speech & Closeable> {
    const { clock, log } = this.parts;
    const { openSpeaker } = await import('../speech/open');
    const requestPreparation = (): void => this.parts.requestPreparation(config);
    return openSpeaker({ ...speakerSettings(config), clock, log, requestPreparation });
  }

  /** Read anew after each wait. */
  get #isClosed(): boolean {
    return this.#closed;
  }

  #openThread(number: number, ears: ThreadEars): Thread {
    const { mixerFile: file, clock, log } = this.parts;
    const records = (token: string): CallerRecords | undefined => this.#registry.recordsOf(token);
    const answering = { records, speech: () => this.#speech, keys: () => this.#config.keys, clock, log };
    return new MixerThread({
      file,
      serves: (thread) => new MixerRpcServer(answering, thread),
      onServed: (method, tookMs) => this.parts.onAnswered?.(method, tookMs),
      clock,
      log: log.child({ thread: number }),
      ...ears,
    });
  }

  #hear(mixing: Mixing, news: HubNews): void {
    switch (news.type) {
      case 'log':
        return this.parts.writeLog(news.level, news.fields, news.message, news.wallMs);
      case 'figures':
        return this.parts.onFigures?.(mixing.number, news.figures);
      case 'wanted':
        return void this.#catalog!.lend(news, (page) => this.#sendPage(mixing, page));
      default:
        return this.#registry.hear(news);
    }
  }

  /** @returns false: its thread is gone meanwhile */
  #sendPage(mixing: Mixing, page: Page): boolean {
    if (!this.#mixers.all.includes(mixing)) return false;
    mixing.send({ type: 'page', page });
    return true;
  }

  #lost(mixing: Mixing): void {
    this.#pages.threadEnded();
    this.parts.onThreadGone?.(mixing.number);
    if (this.#mixers.all.length === 0) this.#noThread();
    this.#registry.lost(mixing);
  }
}
