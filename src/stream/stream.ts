// The host of one call: config and library in, paced audio out, for as long as somebody reads.
// Music comes first. Whatever is slow (the log, the whole library, campaigns, a config not compiled yet) comes after
// it, and whatever fails is logged while the music goes on.
import type { CallNews } from '../asterisk/callNews';
import { callRules } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import { assembleCall, type PlayableMedia, type PlayingMusic } from '../session/assemble';
import { Owners } from '../pipe/owners';
import { programLog } from '../session/eventLog';
import { KnownCall } from '../session/knownCall';
import type { Session } from '../session/session';
import type { Speech } from '../session/speech';
import { spokenServices, type CallServices } from '../session/callServices';
import { musicOf, type CallState } from '../session/state';
import { StateFile } from '../store/stateFile';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { seededRandom, seedOf, type Random } from '../util/random';
import { Scope } from '../util/scope';
import { CallMedia, NO_MEDIA } from './callMedia';
import { CallStateSaver, initialState, type Listener, watchName } from './initialState';
import { DeferredLog } from './logging';
import type { CallOutside } from './outside';
import { Playout } from './playout';
import { Speaking } from './speaking';
import type { StreamParts } from './streamParts';

/** Average delay from the first Frames to the rest of the media, and its largest factor in a crowd. */
const SETTLE_MS = 600;
const MOST_CROWDING = 5;
/**
 * So long a first track is waited for, milliseconds; then a soft chord sounds until it comes. Thirty streams that begin at once
 * on two cores take over 300; only a drive that hangs takes longer than this.
 */
const FIRST_TRACK_MS = 1500;
/**
 * A listener may remain after the hang-up: in an attended transfer the channel continues under another Uniqueid.
 * One that stops reading for this time is gone.
 */
const HUNG_UP_MS = 1000;

/** What is there once there is a config. */
interface Setting {
  readonly config: ResolvedConfig;
  readonly media: CallMedia;
  readonly states: StateFile;
  readonly owners: Owners;
}

/**
 * Which call listens (`#listener`): as the command line says; or, with a token, nobody until the hub has noted it, then that
 * call, then nobody again where the note is gone. While it is nobody, there is music only.
 */
export class CallStream {
  #listener: Listener;
  readonly #scope = new Scope();
  readonly #deferred: DeferredLog;
  readonly #random: Random;
  readonly #playout: Playout;
  #log: Logger;
  #session: Session | undefined;
  #saver: CallStateSaver | undefined;
  #outside: CallOutside | undefined;
  #services: CallServices | undefined;
  #speech: Speech | undefined;

  constructor(private readonly parts: StreamParts) {
    const { uniqueid, token } = parts.options.options;
    this.#listener = { uniqueid, certain: parts.options.certain };
    this.#deferred = new DeferredLog(() => parts.clock.wall());
    this.#log = this.#deferred.logger.child(uniqueid === undefined ? {} : { uniqueid });
    this.#random = seededRandom(seedOf(uniqueid ?? token ?? `${process.pid} ${parts.clock.wall()}`));
    const { output, clock } = parts;
    this.#playout = this.#scope.own(
      new Playout({ output, clock, log: () => this.#log, onEnd: (why) => parts.onEnd(why) }),
    );
  }

  get log(): Logger {
    return this.#log;
  }

  /** Resolves when the caller hears music and everything around it stands. Never rejects. */
  async run(): Promise<void> {
    const { options, unknown } = this.parts.options;
    const { loadWarm } = this.parts;
    const warm = await this.#attempt('config', loadWarm);
    if (!warm) {
      this.#log.info({}, 'the config is not available yet; a soft chord plays until it is');
      this.#play(this.parts.defaults, NO_MEDIA);
    }
    const config = warm ?? (await this.#compile()) ?? this.parts.defaults;
    const begun = this.#attempt('media', () => this.#begin(config));
    // A drive that does not answer must not keep the caller in silence.
    await Promise.race([
      begun,
      new Promise((resolve) => this.parts.clock.after(FIRST_TRACK_MS, () => resolve(0))),
    ]);
    if (!this.#session) this.#play(this.parts.defaults, NO_MEDIA);
    const settle = await begun;
    this.#deferred.settings = config.log;
    await this.#settleTime();
    await this.#attempt('log', () => this.#deferred.open());
    this.#log.info({ ...options, token: undefined }, 'stream started');
    if (unknown.length > 0)
      this.#log.warn(
        { unknown: unknown.filter((word) => word.startsWith('-')), words: unknown.length },
        'arguments not understood; see --help',
      );
    await settle?.();
  }

  /** Ends the call and closes what is open. Safe at any moment. */
  close(): Promise<void> {
    // First what has no time: the process may be killed while what is to be remembered is handed over. What was
    // kept is the end: nothing is written after it.
    this.#saver?.close();
    this.#playout.stop();
    this.#session?.close();
    this.#deferred.flush();
    return this.#scope.close();
  }

  /** The config as it is now; while that one is wrong, the last that was right. */
  async #compile(): Promise<ResolvedConfig | undefined> {
    const { loadCold, loadLastGood } = this.parts;
    const config = await this.#attempt('config', loadCold);
    if (config || !loadLastGood) return config;
    const lastGood = await this.#attempt('last config', loadLastGood);
    this.#log.info({}, lastGood ? 'using the last valid config' : 'using the defaults');
    return lastGood;
  }

  /**
   * Thirty callers may arrive in the same instant, and what each does after its first Frames takes the processor from
   * the next one's first Frames: it waits a moment, each a different one, and longer where there is such a crowd.
   */
  #settleTime(): Promise<void> {
    const { clock, crowding } = this.parts;
    const crowd = Math.min(MOST_CROWDING, Math.max(1, crowding?.() ?? 1));
    const delay = SETTLE_MS * crowd * (0.5 + this.#random());
    return new Promise((resolve) => clock.after(delay, resolve));
  }

  /** Music from the operator's library, at once; the returned function sees to all the rest. */
  async #begin(config: ResolvedConfig): Promise<() => Promise<void>> {
    const { clock, options } = this.parts;
    const { token } = options.options;
    const requestPreparation = (): void => this.parts.requestPreparation(config, this.#log);
    const speaking = { config, clock, log: this.#log, requestPreparation };
    this.#speech = this.#scope.own(new Speaking(speaking));
    const media = this.#scope.own(
      new CallMedia({
        settings: config.media,
        log: this.#log,
        readMode: 'ahead',
        languages: () => [config.language, this.#session?.call.language ?? config.language],
        isNamed: () => !this.#isNameless,
        requestPreparation,
      }),
    );
    const states = new StateFile(config.calls.folder);
    const setting: Setting = {
      config,
      media,
      states,
      owners: new Owners(config.hub.folder, { clock, log: this.#log }),
    };
    const named = token === undefined ? undefined : setting.owners.of(token);
    if (named !== undefined) this.#setListener(named);
    const resume = initialState(this.#listener, token, states, config.calls.folder);
    await media.begin(config.program.music.order, this.#random, resume?.music?.trackId);
    const { ready } = this.#play(config, media, resume);
    this.#save(setting);
    return async () => {
      await Promise.all([this.#attempt('campaigns', ready), this.#attempt('media', () => media.scan(clock))]);
      if (token !== undefined) this.#watchName(token, setting);
      await this.#attempt('news', () => this.#openOutside(setting));
    };
  }

  /** A token without a noted call: music only. */
  get #isNameless(): boolean {
    return this.parts.options.options.token !== undefined && this.#listener.uniqueid === undefined;
  }

  #setListener(uniqueid: string): void {
    this.#listener = { uniqueid, certain: true };
    this.#log = this.#deferred.logger.child({ uniqueid });
    this.#log.info({}, 'the call of the stream is known');
  }

  #watchName(token: string, setting: Setting): void {
    const { owners } = setting;
    const { clock } = this.parts;
    const cancel = watchName({
      ...{ owners, token, clock },
      uniqueid: this.#listener.uniqueid,
      named: (uniqueid) => void this.#attempt('news', () => this.#named(uniqueid, setting)),
      lost: () => void this.#attempt('news', () => this.#lost(setting)),
    });
    this.#scope.defer(cancel);
  }

  /** The hub has noted which call listens: it goes on from what is kept of it, and from the sample that is heard now. */
  async #named(uniqueid: string, setting: Setting): Promise<void> {
    const { config, media, states } = setting;
    this.#setListener(uniqueid);
    const kept = initialState(this.#listener, undefined, states, config.calls.folder);
    this.#play(config, media, kept, { state: this.#playing(), fresh: kept === undefined });
    this.#save(setting);
    await this.#openOutside(setting);
  }

  /** Somebody else listens: music from the same sample on, and nothing of the call is said, asked or kept any more. */
  async #lost({ config, media }: Setting): Promise<void> {
    this.#log.warn({}, 'the listener is no longer known; music only');
    this.#saver?.stop();
    this.#saver = undefined;
    this.#listener = { uniqueid: undefined, certain: false };
    this.#log = this.#deferred.logger;
    const outside = this.#outside;
    this.#outside = undefined;
    this.#services = undefined;
    this.#play(config, media, undefined, { state: musicOf(this.#playing()), fresh: false });
    await outside?.close();
  }

  /** The call at the sample that is rendered next. */
  #playing(): CallState {
    const { position } = this.#playout.program!;
    return { ...this.#session!.stateAt(0), ...(position && { music: position }) };
  }

  #save({ states, config }: Setting): void {
    const { uniqueid, certain } = this.#listener;
    if (!certain || uniqueid === undefined) return;
    const { clock } = this.parts;
    this.#saver = this.#scope.own(
      new CallStateSaver({
        states,
        uniqueid,
        everyMs: config.calls.everyMs,
        clock,
        log: this.#log,
        state: () => this.#session!.stateAt(this.#playout.unheardSamples),
      }),
    );
  }

  /** What comes from outside goes to the Session for as long as the call lasts. */
  async #openOutside({ config, media, states, owners }: Setting): Promise<void> {
    const { clock, openOutside, options } = this.parts;
    const { token } = options.options;
    const listener = this.#listener;
    const { uniqueid, certain } = listener;
    if (uniqueid === undefined || !openOutside) return;
    const log = this.#log;
    const known = new KnownCall({ uniqueid, certain, log });
    const outside = await openOutside({
      ...{ known, config, states, clock, log, random: this.#random },
      isStill: () => token === undefined || owners.of(token) === uniqueid,
      alone: token === undefined,
    });
    this.#scope.own(outside);
    if (this.#listener !== listener) return outside.close();
    this.#outside = outside;
    const speech = (): Speech | undefined => this.#speech;
    this.#services = spokenServices({ records: outside.records, speech, clock, log });
    this.#session?.opened();
    outside.follow?.((news) => {
      if (this.#listener === listener && known.hear(news)) this.#hear(news, config, media);
    });
  }

  #hear(news: CallNews, { stream }: ResolvedConfig, media: CallMedia): void {
    const before = this.#session?.call.language;
    this.#session?.hear(news);
    // Prompts of that language were not looked for yet.
    if (this.#session?.call.language !== before) void this.#attempt('media', () => media.rescan());
    if (news.type !== 'ended') return;
    this.#saver?.over();
    this.#playout.adjust({ ...stream, undrainedMs: HUNG_UP_MS });
  }

  /** Puts a Program and its Session on the air. @param playing what plays goes on with it */
  #play(
    config: ResolvedConfig,
    media: PlayableMedia,
    resume?: CallState,
    playing?: PlayingMusic,
  ): { ready: () => Promise<void> } {
    const { channel, phone, queue } = this.parts.options.options;
    const { rules, ready } = callRules(config);
    const log = programLog(this.#log, config.program.rate);
    const { program, session } = assembleCall({
      call: { ...this.#listener, channel, phone, queue, language: config.language },
      rules,
      media,
      clock: this.parts.clock,
      random: this.#random,
      log: this.#log,
      ...(resume && { resume }),
      ...(playing && { playing }),
      services: () => this.#services,
      speech: () => this.#speech,
      onEvent: log,
    });
    this.#session?.close();
    this.#session = this.#scope.own(session);
    this.#playout.play(program, config.stream, playing !== undefined);
    return { ready };
  }

  /** The result of `task`, or undefined after logging why not. */
  async #attempt<T>(what: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      this.#log.error({ what, ...errorFields(error) }, 'failed; the call continues without it');
      return undefined;
    }
  }
}
