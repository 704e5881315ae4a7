// The host of one call: config and library in, paced audio out, for as long as somebody reads.
// Music comes first. Whatever is slow (the log, the whole library, campaigns, a config not compiled yet) comes after
// it, and whatever fails is logged while the music goes on.
import { callRules } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import { Library } from '../media/library';
import { frameBytes, frameSamples, samplesOf } from '../audio/frame';
import type { ReadMode } from '../media/track';
import type { Program, ProgramEvent } from '../program/program';
import { assembleCall, type PlayableMedia, type PlayingMusic } from '../session/assemble';
import { programLog } from '../session/eventLog';
import type { Call, Session } from '../session/session';
import type { Speech } from '../session/speech';
import { SpokenServices } from '../session/spokenServices';
import { musicOf, parseCallState, READ_MS, type CallState } from '../session/state';
import { StateFile } from '../store/stateFile';
import { keptOf, ShardedStateFile } from '../store/shardedStateFile';
import type { Clock } from '../util/clock';
import { errorFields, HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import { isThere } from '../util/operatorFiles';
import { seededRandom, seedOf, type Random } from '../util/random';
import { Scope } from '../util/scope';
import type { CallOutside, FeedParts } from './feeds';
import { Keeper } from './keeper';
import { DeferredLog } from './logging';
import type { ParsedOptions } from './options';
import { Outside } from './outside';
import type { AudioOutput } from './output';
import { Pacer } from './pacer';
import { Speaking } from './speaking';
import { CHANGE_FRAMES, Stage } from '../program/stage';

export interface StreamParts {
  options: ParsedOptions;
  /** What is there before any config is read; asked for only by a call that has no compiled config. */
  defaults: ResolvedConfig;
  /** The config if it can be had at once; undefined: it must be compiled first. */
  loadWarm: () => Promise<ResolvedConfig | undefined>;
  loadCold: () => Promise<ResolvedConfig>;
  /** The last config that was right; undefined: there is none. */
  loadLastGood?: () => Promise<ResolvedConfig | undefined>;
  output: AudioOutput;
  clock: Clock;
  /** How tracks are read; 'memory' where the clock outruns the disk. Default 'stream'. */
  readMode?: ReadMode;
  /** Average time between the first Frames and everything slow, milliseconds. Default 600. */
  settleMs?: number;
  /** How much longer this process takes for its work than on an idle machine, 1 and more. Default 1. */
  crowding?: () => number;
  /** Who tells keys and places of this call, and whom it asks; opened once everything stands. Absent: nobody. */
  openOutside?: (parts: FeedParts) => Promise<CallOutside>;
  /** Who says numbers, for a clock that outruns the loading of voices; its owner closes it. Default: the config's voices. */
  speech?: Speech;
  /** Has files prepared by a process of its own; returns at once, never throws. */
  requestPreparation: (config: ResolvedConfig, log: Logger) => void;
  /** The reader is gone; nothing is written any more. */
  onEnd(reason: string): void;
  /** Told of what the caller hears, besides the log. */
  onEvent?(event: ProgramEvent): void;
  /** Called after each Frame with the Program that rendered it. */
  onFrame?(program: Program): void;
}

/** After the first Frames, so long on average until the rest is looked at; up to so many times as long in a crowd. */
const SETTLE_MS = 600;
const MOST_CROWDING = 5;
/**
 * So long a first track is waited for, milliseconds; then a soft chord sounds until it comes. Thirty streams that begin at once
 * on two cores take over 300; only a drive that hangs takes longer than this.
 */
const FIRST_TRACK_MS = 1500;
/**
 * Whoever still reads after the hang-up is not gone: in an attended transfer the channel goes on under another Uniqueid.
 * One who reads no more for so long is.
 */
const HUNG_UP_MS = 1000;
const NO_MEDIA: PlayableMedia = {
  music: () => [],
  advices: () => [],
  prompt: () => undefined,
  find: () => undefined,
};

export class CallStream {
  /** Which call listens: as the command line says, or the hub of the token on it. */
  #listener: { readonly uniqueid: string | undefined; readonly certain: boolean };
  readonly #scope = new Scope();
  readonly #deferred: DeferredLog;
  readonly #random: Random;
  #log: Logger;
  #stage: Stage | undefined;
  #session: Session | undefined;
  #pacer: Pacer | undefined;
  #keeper: Keeper | undefined;
  #media: PlayableMedia = NO_MEDIA;
  #library: Library | undefined;
  #services: SpokenServices | undefined;
  #speech: Speech | undefined;

  constructor(private readonly parts: StreamParts) {
    const { uniqueid, token } = parts.options.options;
    this.#listener = { uniqueid, certain: parts.options.certain };
    this.#deferred = new DeferredLog(() => parts.clock.wall());
    this.#log = this.#deferred.logger.child(uniqueid === undefined ? {} : { uniqueid });
    this.#random = seededRandom(seedOf(uniqueid ?? token ?? `${process.pid} ${parts.clock.wall()}`));
  }

  get log(): Logger {
    return this.#log;
  }

  /** What a key press or a new position is told to; the Program behind it may change. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Resolves when the caller hears music and everything around it stands. Never rejects. */
  async run(): Promise<void> {
    const { options, unknown } = this.parts.options;
    const { loadWarm } = this.parts;
    const warm = await this.#attempt('config', loadWarm);
    if (!warm) {
      this.#log.info({}, 'the config is not at hand; a soft chord until it is');
      this.#play(this.parts.defaults, NO_MEDIA);
    }
    const config = warm ?? (await this.#compile()) ?? this.parts.defaults;
    const begun = this.#attempt('media', () => this.#begin(config));
    // A drive that does not answer must not keep the caller in silence.
    await Promise.race([
      begun,
      new Promise((resolve) => this.parts.clock.after(FIRST_TRACK_MS, () => resolve(0))),
    ]);
    if (!this.#stage) this.#play(this.parts.defaults, NO_MEDIA);
    const settle = await begun;
    this.#deferred.settings = config.log;
    await this.#settleTime();
    await this.#attempt('log', () => this.#deferred.open());
    this.#log.info({ ...options, token: undefined }, 'stream started');
    if (unknown.length > 0)
      this.#log.warn(
        { unknown: unknown.filter((word) => word.startsWith('-')), words: unknown.length },
        'words not understood; see --help',
      );
    await settle?.();
    await this.#attempt('feed', () => this.#follow(config));
  }

  /** The config as it is now; while that one is wrong, the last that was right. */
  async #compile(): Promise<ResolvedConfig | undefined> {
    const { loadCold, loadLastGood } = this.parts;
    const config = await this.#attempt('config', loadCold);
    if (config || !loadLastGood) return config;
    const lastGood = await this.#attempt('last config', loadLastGood);
    this.#log.info({}, lastGood ? 'going by the last config that was right' : 'going by the defaults');
    return lastGood;
  }

  /** Ends the call and closes what is open. Safe at any moment. */
  close(): Promise<void> {
    // First what has no time: the process may be killed while an office hands over what is to be remembered. What was
    // kept is the end: nothing is written after it.
    this.#keeper?.close();
    this.#pacer?.stop();
    this.#session?.close();
    this.#deferred.flush();
    return this.#scope.close();
  }

  /**
   * Thirty callers may arrive in the same instant, and what each does after its first Frames takes the processor from
   * the next one's first Frames: it waits a moment, each a different one, and longer where there is such a crowd.
   */
  #settleTime(): Promise<void> {
    const { clock, settleMs = SETTLE_MS, crowding } = this.parts;
    const crowd = Math.min(MOST_CROWDING, Math.max(1, crowding?.() ?? 1));
    const delay = settleMs * crowd * (0.5 + this.#random());
    return delay > 0 ? new Promise((resolve) => clock.after(delay, resolve)) : Promise.resolve();
  }

  /** Music from the operator's library, at once; the returned function looks at the rest of it. */
  async #begin(config: ResolvedConfig): Promise<() => Promise<unknown>> {
    const { clock } = this.parts;
    const requestPreparation = (): void => this.parts.requestPreparation(config, this.#log);
    this.#speech =
      this.parts.speech ??
      this.#scope.own(new Speaking({ config, clock, log: this.#log, requestPreparation }));
    const library = new Library({
      settings: config.media,
      log: this.#log,
      readMode: this.parts.readMode ?? 'stream',
      languages: () => [config.language, this.#session?.call.language ?? config.language],
      requestPreparation,
    });
    this.#library = library;
    const states = new StateFile(config.calls.folder);
    const resume = this.#kept(states, new ShardedStateFile(config.calls.folder));
    const first = await library.firstTrack(config.program.music.order, this.#random, resume?.music?.trackId);
    let scanned = false;
    const spoken = (language: string): string => (library.speaks(language) ? language : config.language);
    const media: PlayableMedia = {
      music: () => (scanned || !first ? library.music : [first]),
      // What was said to whom is nobody's before it is known who listens.
      advices: (shelf, language) => (this.#isNameless ? [] : library.advices(shelf, spoken(language))),
      prompt: (name, language) => library.prompt(name, spoken(language)),
      speaks: (language) => library.speaks(language),
      find: (id) => library.find(id),
    };
    const { ready } = this.#play(config, media, resume);
    this.#keep(states, config);
    const scan = async (): Promise<void> => {
      await library.scan();
      scanned = true;
      this.#scope.own(library.watch(clock, () => {}));
      const { folder } = config.media;
      if (!(await isThere(folder, folder))) throw noMediaFolder(folder);
    };
    return () => Promise.all([this.#attempt('campaigns', ready), this.#attempt('media', scan)]);
  }

  /** A token that the hub has not named yet: music, for whoever hears it. */
  get #isNameless(): boolean {
    return this.parts.options.options.token !== undefined && this.#listener.uniqueid === undefined;
  }

  /**
   * What an earlier process of this call, or a hub that played to it, has left. An identity that is not certain would bring
   * another call's. For a token the hub has left with which music it begins.
   */
  #kept(states: StateFile, shared: ShardedStateFile): CallState | undefined {
    const { uniqueid, certain } = this.#listener;
    const { token } = this.parts.options.options;
    if (token === undefined || uniqueid !== undefined)
      return certain ? parseCallState(keptOf(uniqueid!, states, shared)) : undefined;
    const left = parseCallState(states.read(token));
    states.forget(token);
    return left && musicOf(left);
  }

  /** The hub says which call listens: it goes on from what is kept of it, and from the sample that is heard now. */
  #named(uniqueid: string, config: ResolvedConfig, media: PlayableMedia): void {
    if (!this.#isNameless) return;
    this.#listener = { uniqueid, certain: true };
    this.#log = this.#deferred.logger.child({ uniqueid });
    this.#log.info({}, 'its call is known');
    const states = new StateFile(config.calls.folder);
    const kept = this.#kept(states, new ShardedStateFile(config.calls.folder));
    const { position } = this.#stage!.program;
    const state = { ...this.#session!.stateAt(0), ...(position && { music: position }) };
    const playing = { state, fresh: kept === undefined };
    this.#play(config, media, kept, playing);
    this.#session?.opened();
    this.#keep(states, config);
  }

  #keep(states: StateFile, { calls }: ResolvedConfig): void {
    const { uniqueid, certain } = this.#listener;
    if (!certain) return;
    const { clock } = this.parts;
    const keeper = new Keeper({
      states,
      uniqueid: uniqueid!,
      everyMs: calls.everyMs,
      clock,
      log: this.#log,
      state: () => this.#heard(),
    });
    this.#keeper = this.#scope.own(keeper);
  }

  /** The call as the caller has heard it: without what waits in the pipe, or was read and not played yet. */
  #heard(): unknown {
    const { rate } = this.#stage!;
    const queued = this.parts.output.queuedBytes();
    const unread = typeof queued === 'number' ? queued : 0;
    return this.#session!.stateAt(
      (unread / frameBytes(rate)) * frameSamples(rate) + samplesOf(READ_MS, rate),
    );
  }

  /** What comes from outside goes to the Session for as long as the call lasts. */
  async #follow(config: ResolvedConfig): Promise<void> {
    const { clock, openOutside, options } = this.parts;
    const { uniqueid, certain } = this.#listener;
    const { token } = options.options;
    if ((uniqueid === undefined && token === undefined) || !openOutside) return;
    const states = new StateFile(config.calls.folder);
    const [log, random] = [this.#log, this.#random];
    const hearer = (named: string): void => this.#named(named, config, this.#media);
    const given = { uniqueid, token, certain, hearer, config, states, clock, log, random };
    const { feed, office } = await openOutside(given);
    const speech = (): Speech | undefined => this.#speech;
    this.#services = this.#scope.own(new SpokenServices({ office, speech, clock, log }));
    this.#session?.opened();
    const outside = new Outside({
      session: () => this.#session,
      log: this.#log,
      // Prompts of that language were not looked for yet.
      onLanguage: () => void this.#attempt('media', async () => this.#library?.scan()),
      onOver: () => {
        this.#keeper?.over();
        this.#pacer?.adjust({ ...config.stream, undrainedMs: HUNG_UP_MS });
      },
    });
    // Of a call that may be another one, no more than the old way always had: its keys.
    this.#scope.own(feed).open((news) => {
      if (this.#listener.certain || (news.type === 'key' && !this.#isNameless)) outside.hear(news);
    });
  }

  /** Puts a Program on the air: the first starts the Pacer, a later one is crossfaded to. */
  #play(
    config: ResolvedConfig,
    media: PlayableMedia,
    resume?: CallState,
    playing?: PlayingMusic,
  ): { ready: () => Promise<void> } {
    this.#media = media;
    const { rules, ready } = callRules(config);
    const log = programLog(this.#log, config.program.rate);
    const { program, session } = assembleCall({
      call: this.#callIn(config.language),
      rules,
      media,
      clock: this.parts.clock,
      random: this.#random,
      log: this.#log,
      ...(resume && { resume }),
      ...(playing && { playing }),
      office: () => this.#services,
      speech: () => this.#speech,
      onEvent: (event) => {
        log(event);
        this.parts.onEvent?.(event);
      },
    });
    this.#session?.close();
    this.#session = this.#scope.own(session);
    if (this.#stage && this.#stage.rate === config.program.rate) {
      const before = this.#stage.program.position?.trackId;
      const alike = playing !== undefined && before !== undefined && program.position?.trackId === before;
      this.#stage.change(program, CHANGE_FRAMES, alike);
      this.#pacer?.adjust(config.stream);
    } else {
      this.#startPacing(config, program);
    }
    return { ready };
  }

  #startPacing(config: ResolvedConfig, program: Program): void {
    this.#pacer?.stop();
    this.#stage?.close();
    const stage = new Stage(program);
    const { output, clock } = this.parts;
    const pacer = new Pacer(
      { rate: config.program.rate, ...config.stream },
      { clock, output, render: (frame) => this.#render(stage, frame), onEnd: (why) => this.parts.onEnd(why) },
    );
    this.#stage = stage;
    this.#pacer = pacer;
    pacer.start();
    this.#scope.defer(() => {
      pacer.stop();
      stage.close();
    });
  }

  /** A Program that throws ends its own cleverness, not the music. */
  #render(stage: Stage, frame: Int16Array): void {
    try {
      stage.render(frame);
    } catch (error) {
      this.#log.error(errorFields(error), 'the program failed; plain music from here');
      stage.rescue(frame);
    }
    this.parts.onFrame?.(stage.program);
  }

  #callIn(language: string): Call {
    const { channel, phone, queue } = this.parts.options.options;
    return { ...this.#listener, channel, phone, queue, language };
  }

  /** The result of `task`, or undefined after logging why not. */
  async #attempt<T>(what: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      return this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): undefined {
    this.#log.error({ what, ...errorFields(error) }, 'failed; the call goes on without it');
    return undefined;
  }
}

function noMediaFolder(folder: string): HoldcastError {
  const hint =
    'create it with music/ and advices/ in it, or correct media.folder; until then a soft chord is heard';
  return new HoldcastError('HC_MEDIA_UNREADABLE', `there is no media folder ${folder}`, hint);
}
