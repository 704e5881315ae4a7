// PlayingHub: what plays to all callers of a machine, put together and taken apart in the right order: library and pages,
// mixing threads, pipes, voices, and the calls themselves.
import { availableParallelism } from 'node:os';
import { readerApplication, type HoldApplication } from '../../asterisk/realtime';
import { callRules, speakerSettings } from '../../config/rules';
import type { ResolvedConfig } from '../../config/types';
import { Library } from '../../media/library';
import { LocalOffice } from '../../session/localOffice';
import type { Speech } from '../../session/speech';
import type { CallStates } from '../../store/callStates';
import type { Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import type { LogWriter, Logger } from '../../util/log';
import { Scope, type Closeable } from '../../util/scope';
import type { Playing, PlayingGiven } from '../hub';
import type { CallStatus, FromMixer, MixerFigures } from '../mixer/messages';
import type { Prepared } from '../realtimeServer';
import { Asked } from './asked';
import { SharedCatalog } from './catalog';
import { CallFifos } from './fifos';
import { playFolder } from './folder';
import { Mixers, type Mixing, type Thread, type ThreadEars } from './mixers';
import { PageCache } from './pages';
import { writePlainMusic } from './plainMusic';
import { Players } from './players';
import { portableConfig } from './portable';
import { announce, withdraw } from './presence';
import { Readers } from './readers';
import { Snapshots } from './snapshots';
import { MixerThread } from './thread';

export interface PlayingParts extends PlayingGiven {
  config: ResolvedConfig;
  /** Absolute path of bin/holdcast-reader. */
  reader: string;
  /** Absolute path of the mixing thread's bundle. */
  mixerFile: string;
  states: CallStates;
  /** Whether one more call is admitted beside so many. */
  admits(callers: number): boolean;
  /** Has files prepared by a process of its own; returns at once, never throws. */
  requestPreparation(config: ResolvedConfig): void;
  /** Takes the lines of the mixing threads, masked already. */
  writeLog: LogWriter;
  onFigures?(thread: number, figures: MixerFigures): void;
  onThreadGone?(thread: number): void;
  clock: Clock;
  log: Logger;
}

const MEGABYTE = 1024 * 1024;
/** For the last states of all calls. */
const DRAIN_MS = 400;

export class PlayingHub implements Playing {
  readonly application: HoldApplication;
  readonly #scope = new Scope();
  readonly #fifos: CallFifos;
  readonly #readers: Readers;
  readonly #pages: PageCache;
  readonly #mixers: Mixers;
  readonly #players: Players;
  readonly #snapshots: Snapshots;
  readonly #asked = new Map<Mixing, Asked>();
  #config: ResolvedConfig;
  #media: { library: Library; watch: Closeable } | undefined;
  #catalog: SharedCatalog | undefined;
  #speech: (Speech & Closeable) | undefined;
  #clips: Awaited<ReturnType<SharedCatalog['refresh']>> = [];

  /** @throws HoldcastError HC_HUB_ADDRESS when Asterisk could not start the reader */
  private constructor(private readonly parts: PlayingParts) {
    const { config, clock, log, states, calls } = parts;
    const { folder, threads = availableParallelism(), cacheMb } = config.hub;
    this.#config = config;
    this.application = readerApplication(parts.reader, folder, config.program.rate);
    this.#fifos = new CallFifos({ folder, clock, log });
    this.#readers = new Readers({ folder, log });
    this.#pages = new PageCache({ limitBytes: cacheMb * MEGABYTE, log });
    this.#snapshots = new Snapshots({ states, clock, log });
    this.#mixers = new Mixers({
      open: (number, ears) => this.#openThread(number, ears),
      most: threads,
      greeting: () => [
        { type: 'config', config: portableConfig(this.#config) },
        { type: 'catalog', clips: this.#clips },
      ],
      onMessage: (mixing, message) => this.#hear(mixing, message),
      onReady: () => this.#players.ready(),
      onLost: (mixing) => this.#lost(mixing),
      clock,
      log,
    });
    this.#players = new Players({
      fifos: this.#fifos,
      readers: this.#readers,
      mixers: this.#mixers,
      catalog: {
        page: (key, index) => this.#catalog!.page(key, index),
        pageAt: (id, sample) => this.#catalog!.pageAt(id, sample),
      },
      calls,
      states,
      snapshots: this.#snapshots,
      welcome: (uniqueid) => parts.welcome(uniqueid),
      admits: (callers) => parts.admits(callers),
      office: (call) => new LocalOffice({ ...parts.offices, call, clock }),
      clock,
      log,
    });
  }

  /** Closed by the caller. @throws HoldcastError HC_HUB_FIFO, HC_HUB_ADDRESS, HC_MIXER_FAILED */
  static async open(parts: PlayingParts): Promise<PlayingHub> {
    const hub = new PlayingHub(parts);
    try {
      await hub.#start();
      return hub;
    } catch (error) {
      await hub.close();
      throw error;
    }
  }

  arrive(uniqueid: string): Prepared | Promise<Prepared> {
    return this.#players.arrive(uniqueid);
  }

  sweep(living: ReadonlySet<string> | undefined): void {
    this.#players.sweep(living);
  }

  /** Callers who listen now. */
  get listening(): number {
    return this.#players.listening;
  }

  get threads(): readonly Mixing[] {
    return this.#mixers.all;
  }

  /** Memory of music and speech that is being played, bytes. */
  get cacheBytes(): number {
    return this.#pages.usedBytes;
  }

  status(): Promise<readonly CallStatus[]> {
    return this.#players.status();
  }

  /** Goes by another config from now on: calls change over without a click, and what they are in the middle of goes on. */
  async reload(config: ResolvedConfig): Promise<void> {
    const before = this.#config;
    await this.#openSpeech(config);
    if (JSON.stringify(before.media) !== JSON.stringify(config.media)) await this.#openMedia(config);
    else await this.#media?.library.scan().then(() => this.#tellCatalog());
    this.#config = config;
    this.#mixers.tell({ type: 'config', config: portableConfig(config) });
    void this.#writePlain();
  }

  /** Every call's state is written, then nothing is played any more: readers go over to plain music. */
  async close(): Promise<void> {
    withdraw(this.#config.hub.folder);
    await this.#players.drain(DRAIN_MS);
    for (const asked of this.#asked.values()) asked.close();
    this.#snapshots.close();
    await this.#mixers.close();
    await this.#media?.watch.close();
    await this.#speech?.close();
    await this.#pages.close();
    await this.#scope.close();
  }

  async #start(): Promise<void> {
    const { folder } = this.#config.hub;
    await this.#fifos.start();
    this.#scope.own(this.#fifos);
    await this.#openMedia(this.#config);
    await this.#openSpeech(this.#config);
    await this.#mixers.start();
    const restored = await this.#players.restore();
    announce(folder);
    // Asterisk starts them again at once, and they find the hub alive.
    this.#readers.endPlain();
    if (restored > 0) this.parts.log.info({ calls: restored }, 'goes on with calls of an earlier hub');
    void this.#writePlain();
  }

  async #openMedia(config: ResolvedConfig): Promise<void> {
    const { clock, log } = this.parts;
    const library = new Library({
      settings: config.media,
      log,
      readMode: 'stream',
      requestPreparation: () => this.parts.requestPreparation(config),
    });
    await library.scan();
    if (this.#catalog) this.#catalog.use(library);
    else this.#catalog = new SharedCatalog({ library, pages: this.#pages, log });
    await this.#media?.watch.close();
    this.#media = { library, watch: library.watch(clock, () => void this.#tellCatalog()) };
    await this.#tellCatalog();
  }

  async #tellCatalog(): Promise<void> {
    this.#clips = await this.#catalog!.refresh();
    this.#mixers.tell({ type: 'catalog', clips: this.#clips });
  }

  async #openSpeech(config: ResolvedConfig): Promise<void> {
    const { clock, log } = this.parts;
    const before = this.#speech;
    const { openSpeaker } = await import('../../speech/open');
    const requestPreparation = (): void => this.parts.requestPreparation(config);
    this.#speech = await openSpeaker({
      ...speakerSettings(config),
      readMode: 'memory',
      clock,
      log,
      requestPreparation,
    });
    await before?.close();
  }

  /** For whom no hub plays. Behind everything else: what an earlier hub has written serves until then. */
  async #writePlain(): Promise<void> {
    const { clock, log } = this.parts;
    const { hub } = this.#config;
    const { rules } = callRules(this.#config);
    const { library } = this.#media!;
    const music = () => library.music;
    const { plain } = playFolder(hub.folder);
    try {
      await writePlainMusic(plain, { settings: rules.program, music, clock, log });
    } catch (error) {
      log.error(errorFields(error), 'plain music could not be written');
    }
  }

  #openThread(number: number, ears: ThreadEars): Thread {
    const { mixerFile: file, clock, log } = this.parts;
    return new MixerThread({ file, clock, log: log.child({ thread: number }), ...ears });
  }

  #hear(mixing: Mixing, message: FromMixer): void {
    switch (message.type) {
      case 'log':
        return this.parts.writeLog(message.level, message.fields, message.message, message.wallMs);
      case 'figures':
        return this.parts.onFigures?.(mixing.number, message.figures);
      case 'ask':
      case 'cancel':
      case 'done':
        return this.#askedOf(mixing).hear(message);
      default:
        return this.#players.hear(mixing, message);
    }
  }

  #askedOf(mixing: Mixing): Asked {
    const known = this.#asked.get(mixing);
    if (known) return known;
    const { clock, log } = this.parts;
    const asked = new Asked({
      office: (uniqueid) => this.#players.officeOf(uniqueid),
      speech: () => this.#speech,
      keys: () => this.#config.keys,
      post: (message, transfer) => mixing.send(message, transfer),
      clock,
      log,
    });
    this.#asked.set(mixing, asked);
    return asked;
  }

  #lost(mixing: Mixing): void {
    this.#asked.get(mixing)?.close();
    this.#asked.delete(mixing);
    this.#pages.threadEnded();
    this.parts.onThreadGone?.(mixing.number);
    this.#players.lost(mixing);
  }
}
