// CallSound: what one listener hears while one reader lives: Session, Program and Stage. While the listening call is
// not known, there is no Session: music only.
// If any part throws, only that part ends: first music only from the same place, then a soft chord.
import type { CallNews } from '../asterisk/callNews';
import type { Clip } from '../audio/source';
import type { Announcement } from '../program/announcement';
import { Playlist } from '../program/playlist';
import { Program, type ProgramEvent } from '../program/program';
import { AdviceRota } from '../program/rota';
import { CHANGE_FRAMES, Stage } from '../program/stage';
import { assembleCall, type CallRules, type PlayableMedia, type PlayingMusic } from '../session/assemble';
import { programLog } from '../session/eventLog';
import type { CallServices } from '../session/callServices';
import type { Call, Session } from '../session/session';
import type { Speech } from '../session/speech';
import { musicOf, type CallState } from '../session/state';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { CallStatus } from './messages';

export interface SoundParts {
  clock: Clock;
  /** As it is now: of the call that listens, once that is known. */
  log(): Logger;
  media: PlayableMedia;
  random: Random;
  /** A key has done something. */
  onKey(action: string): void;
  /** The state has changed so that it should survive a crash. */
  onMoment(): void;
  /** Told once. */
  onRescue(): void;
}

/** The call that listens, and what it has. */
export interface Listener {
  readonly services: CallServices;
  readonly speech: Pick<Speech, 'position'>;
  /** As it is known now. */
  call(): Call;
  /** Earlier news of the call: its identity, place, end. */
  told(): readonly CallNews[];
}

/**
 * `base`: the call's state when its music began, of which only the music counts here.
 * `music` ↔ `clever` by `heardBy`; `clever` → `plain` where something throws, for the rest of this sound.
 */
type Mode =
  | { readonly status: 'clever'; readonly session: Session }
  /** The listener is not known, or is not the call. */
  | { readonly status: 'music'; readonly base: CallState | undefined }
  /** It failed. */
  | { readonly status: 'plain'; readonly base: CallState | undefined };

export class CallSound {
  #mode: Mode = { status: 'plain', base: undefined };
  #stage: Stage;
  /** What is being said. */
  #voice: Announcement | undefined;

  /**
   * @param state where the call continues; the samples of its track are ready
   * @param listener undefined: not known
   */
  constructor(
    private readonly parts: SoundParts,
    private rules: CallRules,
    state: CallState | undefined,
    private listener: Listener | undefined,
  ) {
    if (!listener) {
      this.#stage = new Stage(this.#plain(state));
      this.#mode = { status: 'music', base: state };
      return;
    }
    try {
      const { program, session } = this.#assemble(listener, rules, state);
      this.#stage = new Stage(program);
      this.#mode = { status: 'clever', session };
    } catch (error) {
      this.#stage = new Stage(this.#plain(state));
      this.#mode = { status: 'plain', base: state };
      this.#rescued(error);
    }
    for (const news of listener.told()) this.hear(news);
  }

  get plain(): boolean {
    return this.#mode.status === 'plain';
  }

  /** No announcement or question is under way, so the Program can be replaced without losing a word. */
  get settled(): boolean {
    if (this.#mode.status !== 'clever') return true;
    const { session } = this.#mode;
    return !this.#voice && !session.busy && !session.takesPin && this.#stage.program.duckGainDb === 0;
  }

  /** Fills `frame`. Never throws. */
  render(frame: Int16Array): void {
    try {
      return this.#stage.render(frame);
    } catch (error) {
      this.#fail(error);
    }
    try {
      this.#stage.render(frame);
    } catch {
      this.#stage.rescue(frame);
    }
  }

  /** Never throws. */
  hear(news: CallNews): void {
    this.#dare((session) => session.hear(news));
  }

  /**
   * The listener has changed or become known. The music continues at the same sample; an announcement ends. Never throws.
   * @param fresh the call began with this music
   */
  heardBy(listener: Listener | undefined, fresh = false): void {
    this.listener = listener;
    if (!listener) return this.#hearMusic();
    if (this.#mode.status !== 'music') return;
    const { base } = this.#mode;
    const state = this.#playing();
    try {
      const playing = state && { state, fresh };
      const { program, session } = this.#assemble(listener, this.rules, base, playing);
      this.#mode = { status: 'clever', session };
      this.#changeTo(program);
    } catch (error) {
      this.#mode = { status: 'plain', base };
      this.#rescued(error);
    }
    for (const news of listener.told()) this.hear(news);
  }

  /** The call when the last `samplesAgo` samples have not reached the caller. Never throws. */
  stateAt(samplesAgo: number): CallState | undefined {
    const state = this.#dare((session) => session.stateAt(samplesAgo));
    if (state || this.#mode.status === 'clever') return state;
    const { base } = this.#mode;
    const { program } = this.#stage;
    const plain = {
      version: 1,
      rate: this.#stage.rate,
      pressed: {},
      ...program.stateAt(samplesAgo),
    } as const;
    const { music, heardSamples, bag } = plain;
    return base ? { ...base, heardSamples, bag, ...(music && { music }) } : plain;
  }

  /** Switches to a Program with other rules and the same rate; the music continues at the same sample. Never throws. */
  change(rules: CallRules): void {
    this.rules = rules;
    const { listener } = this;
    this.#dare((session) => {
      if (!listener) return;
      const before = this.#stage.program;
      const { position } = before;
      const state = session.stateAt(0);
      session.close();
      const next = this.#assemble(listener, rules, { ...state, ...(position && { music: position }) });
      this.#changeTo(next.program);
      this.#mode = { status: 'clever', session: next.session };
      for (const news of listener.told()) this.hear(news);
    });
  }

  #hearMusic(): void {
    if (this.#mode.status === 'music') return;
    const state = this.#playing();
    if (this.#mode.status === 'clever') this.#closeSafely(this.#mode.session);
    this.#voice = undefined;
    this.#mode = { status: 'music', base: undefined };
    this.#changeTo(this.#plain(state && musicOf(state)));
  }

  /** The call at the sample that is rendered next. */
  #playing(): CallState | undefined {
    const state = this.stateAt(0);
    const { position } = this.#stage.program;
    return state && { ...state, ...(position && { music: position }) };
  }

  #changeTo(next: Program): void {
    const { position } = this.#stage.program;
    const alike = position !== undefined && next.position?.trackId === position.trackId;
    this.#stage.change(next, CHANGE_FRAMES, alike);
  }

  status(): Pick<CallStatus, 'track' | 'says'> & { heardSamples: number } {
    const { program } = this.#stage;
    const track = program.position?.trackId;
    const { kind, title, personal } = this.#voice ?? {};
    const says = kind && { kind, ...(!personal && title !== undefined && { title }) };
    return { heardSamples: program.atSample, ...(track !== undefined && { track }), ...(says && { says }) };
  }

  /** The call continues elsewhere or has ended: nothing more is said or done. The music stays open. Idempotent. */
  end(): void {
    if (this.#mode.status === 'clever') this.#closeSafely(this.#mode.session);
  }

  close(): void {
    this.end();
    this.#closeSafely(this.#stage);
  }

  #assemble(
    listener: Listener,
    rules: CallRules,
    resume: CallState | undefined,
    playing?: PlayingMusic,
  ): { program: Program; session: Session } {
    const { media, random } = this.parts;
    const { services, speech } = listener;
    const log = this.parts.log();
    const tell = programLog(log, rules.program.rate);
    return assembleCall({
      call: listener.call(),
      rules,
      media,
      random,
      log,
      clock: this.#clock(),
      services: () => services,
      speech: () => speech,
      onKey: (action) => this.parts.onKey(action),
      onEvent: (event) => {
        // What was told already when it began, and goes on for the next reader.
        if (event.type !== 'track' || event.fromSample === 0) tell(event);
        this.#note(event);
      },
      ...(resume && { resume }),
      ...(playing && { playing }),
    });
  }

  /** A Session's timers run outside of the tick, and throw there. */
  #clock(): Clock {
    const { clock } = this.parts;
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (delayMs, task) => clock.after(delayMs, () => this.#dare(task)),
    };
  }

  #note(event: ProgramEvent): void {
    if (event.type === 'voice-start') this.#voice = event.announcement;
    else if (event.type !== 'track' && event.type !== 'track-failed') this.#voice = undefined;
    if (event.type !== 'voice-start') this.parts.onMoment();
  }

  #dare<T>(task: (session: Session) => T): T | undefined {
    if (this.#mode.status !== 'clever') return undefined;
    try {
      return task(this.#mode.session);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): undefined {
    if (this.#mode.status !== 'clever') return undefined;
    const { session } = this.#mode;
    const base = attempt(() => session.stateAt(0));
    const music = attempt(() => this.#stage.program.position) ?? base?.music;
    this.#mode = { status: 'plain', base };
    this.#voice = undefined;
    this.#closeSafely(session);
    const before = this.#stage;
    this.#stage = new Stage(this.#plain(base && { ...base, ...(music && { music }) }));
    this.#closeSafely(before);
    this.#rescued(error);
  }

  #rescued(error: unknown): void {
    this.parts.log().error(errorFields(error), 'the session of the call failed; music only from here');
    this.parts.onRescue();
  }

  /** Music only; if even that cannot be opened, a Program without music, which is the soft chord. */
  #plain(state: CallState | undefined): Program {
    const { media, random } = this.parts;
    const { program: settings } = this.rules;
    const rota = (): AdviceRota =>
      new AdviceRota({ advices: () => [], dayPart: () => undefined, allowed: () => false, random });
    const playlist = (music: () => readonly Clip[]): Playlist =>
      new Playlist(music, settings.music.order, random, state?.bag);
    const resume = { ...(state?.music && { music: state.music }), heardSamples: state?.heardSamples ?? 0 };
    return (
      attempt(
        () => new Program(settings, { playlist: playlist(() => media.music()), rota: rota(), ...resume }),
      ) ?? new Program(settings, { playlist: playlist(() => []), rota: rota() })
    );
  }

  #closeSafely(closeable: { close(): void }): void {
    attempt(() => closeable.close());
  }
}

/** Errors here have been logged already, or belong to something that is being abandoned. */
function attempt<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}
