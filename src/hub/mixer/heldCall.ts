// HeldCall: one look-up of a mixing thread. Its pipe is filled before anybody reads it; while somebody does, they are played to;
// when they go, it is filled again from where they were. Until it is known which call that is, it is music and nothing else.
import type { CallNews } from '../../asterisk/feed';
import { samplesOf } from '../../audio/frame';
import type { CallRules, PlayableMedia } from '../../session/assemble';
import { KnownCall } from '../../session/knownCall';
import { musicOf, READ_MS, type CallState } from '../../session/state';
import { errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import { seedOf, type Random } from '../../util/random';
import { AsteriskPipe } from './asteriskPipe';
import { CallPipe, type CallPipeParts } from './callPipe';
import { CallSound, type Listener } from './callSound';
import type { CallBeginning, CallStatus, FromMixer } from './messages';
import type { MixerOutside } from './outsidePort';

export interface HeldCallParts extends CallPipeParts {
  log: Logger;
  media: PlayableMedia;
  outside: MixerOutside;
  random: (seed: number) => Random;
  post: (message: FromMixer) => void;
  /** Takes a call's state on; false: not in this tick, for there are many. `last`: it is not told again for a while. */
  keep(token: string, state: CallState, last: boolean): boolean;
  /** It is to be armed, when there is time for that. */
  onDue(call: HeldCall): void;
  /** A reader has taken nothing for too long, and was given up. */
  onStuck(uniqueid: string | undefined): void;
}

/** The call that hears it. */
interface Owner extends Listener {
  readonly known: KnownCall;
  readonly log: Logger;
}

type Held =
  /** Nobody is expected, or it could not be played to and is to be armed at `again`. What is kept is its state. */
  | { readonly status: 'asleep'; readonly again?: number }
  /** To be armed. `before` plays no more, but holds the samples that come next. */
  | { readonly status: 'due'; readonly before: CallSound | undefined }
  /** Armed: the lead is in the pipe. Deaf to keys, but for one just before a reader is noticed. */
  | { readonly status: 'waiting'; readonly sound: CallSound; readonly since: number }
  | { readonly status: 'playing'; readonly sound: CallSound }
  | { readonly status: 'over' };

/** A reader that has not come for so long is not expected any more. */
const PATIENCE_MS = 30_000;
/** What could not be played to is tried again after this. */
const AGAIN_MS = 1000;
/** To ask a pipe whether somebody reads is dear: after the first second that is done each third time. */
const EAGER_MS = 1000;
const SELDOM_TICKS = 3;
/** A reader may have come so long before he is noticed, and his caller pressed a key. */
const EARLY_KEY_MS = 200;
/** More was never heard of a call than this ago, see `Session.stateAt`. */
const MOST_UNREAD_MS = 500;

export class HeldCall {
  readonly token: string;
  readonly #fifo: string;
  readonly #pipe: CallPipe;
  readonly #random: Random;
  /** Undefined: it is not known who hears it. */
  #owner: Owner | undefined;
  #language: string | undefined;
  #held: Held = { status: 'asleep' };
  /** From where it goes on; undefined: nothing was heard of it. */
  #state: CallState | undefined;
  /** The call began here, and no Session of it has heard that yet. */
  #fresh: boolean;
  /** So often it could not be played to, and nobody has heard it since. */
  #failures = 0;
  #keyAtMs = 0;
  /** The last key while nobody was known to read. */
  #early: { readonly news: CallNews; readonly atMs: number } | undefined;
  #count = 0;
  /** When its state is told, in times of a Frame. */
  #tellAt = 0;

  /** @param slot a number that differs from call to call: what need not be in each tick is spread by it */
  constructor(
    private readonly parts: HeldCallParts,
    beginning: CallBeginning,
    private readonly slot: number,
  ) {
    const { token, fifo, uniqueid, fresh = false } = beginning;
    this.token = token;
    this.#fifo = fifo;
    this.#fresh = fresh;
    this.#pipe = new CallPipe(parts, new AsteriskPipe(fifo, token), slot);
    this.#random = parts.random(seedOf(token));
    this.heardBy(uniqueid);
    this.begin(beginning);
  }

  get status(): Held['status'] {
    return this.#held.status;
  }

  /** It has plain music now, since something threw. */
  get plain(): boolean {
    return 'sound' in this.#held && this.#held.sound.plain;
  }

  /** A reader will come: one that sleeps wakes, one that waits waits afresh. Where a reader is here, nothing changes. */
  begin({ language, state }: CallBeginning): void {
    const held = this.#held;
    if (held.status === 'waiting') this.#held = { ...held, since: this.parts.clock.now() };
    if (held.status !== 'asleep') return;
    this.#language = language ?? this.#language;
    this.#state ??= state;
    this.#due(undefined);
  }

  /**
   * Asterisk has said that this call hears it; undefined: another channel does, or none. Where nobody has the pipe open yet it is
   * filled anew; who has hears the music go on at the same sample.
   */
  heardBy(uniqueid: string | undefined): void {
    const before = this.#owner;
    if (uniqueid === before?.known.uniqueid) return;
    this.#owner = uniqueid === undefined ? undefined : this.#ownerOf(uniqueid);
    if (before) {
      void before.office.close();
      this.#state &&= musicOf(this.#state);
    }
    const held = this.#held;
    if (held.status === 'waiting' && !this.#pipe.looksHeld()) {
      this.#state = this.#unheard(held.sound);
      this.#leave(held.sound);
    } else if ('sound' in held) {
      held.sound.heardBy(this.#owner, this.#fresh);
      this.#fresh &&= !this.#owner;
      this.#tellSoon();
    }
  }

  /** Puts the lead into the pipe, from where the caller was. What cannot be opened is tried again. */
  arm(atMs: number): void {
    const held = this.#held;
    if (held.status !== 'due') return;
    const open = (): CallSound => {
      const sound = this.#sound();
      this.#held = { status: 'waiting', sound, since: atMs };
      return sound;
    };
    try {
      this.#pipe.arm(this.#fifo, open, atMs);
      held.before?.close();
    } catch (error) {
      // Without a FIFO the main thread may just have let the call go: that is told a moment later.
      const fields = errorFields(error);
      const saidAt = fields.code === 'HC_HUB_FIFO' ? 1 : 0;
      const log = this.#owner?.log ?? this.parts.log;
      if (this.#failures === saidAt) log.error(fields, 'nothing can be played to this call');
      this.giveUp(atMs);
    }
  }

  /** @param atMs when the main thread heard of it, on the clock */
  hear(news: CallNews, atMs: number): void {
    if (this.#owner?.known.hear(news) !== true) return;
    const held = this.#held;
    if (held.status !== 'playing' && held.status !== 'waiting') return;
    if (held.status === 'waiting' && news.type === 'key') {
      this.#early = { news, atMs };
      return;
    }
    this.#keyAtMs = atMs;
    held.sound.hear(news);
  }

  /**
   * What the time brings.
   * @param count of times of a Frame, 40 ms, in each of which this is called once; `atMs`: deadline of the tick
   * @param now what the clock says
   * @param turn whether Frames are written
   */
  tick(count: number, atMs: number, now: number, turn: boolean): void {
    this.#count = count;
    const held = this.#held;
    if (held.status === 'asleep') return this.#tryAgain(held.again, atMs);
    if (held.status === 'waiting') this.#knock(held.sound, atMs - held.since, atMs, now);
    else if (held.status === 'playing' && turn) this.#play(held.sound, atMs, now);
    if (this.#held.status === 'playing' && count >= this.#tellAt) this.#tell(this.#held.sound, atMs);
  }

  /**
   * Goes by other settings from now on.
   * @param patient whether what is being said may be said to its end first
   * @returns false: not now
   */
  change(patient: boolean): boolean {
    const held = this.#held;
    if (held.status === 'playing') {
      if (patient && !held.sound.settled) return false;
      held.sound.change(this.#rules());
    } else if (held.status === 'waiting') {
      this.#state = this.#unheard(held.sound);
      this.#leave(held.sound);
    }
    return true;
  }

  /**
   * The thread ends. All that is in the pipe is heard, since its reader reads to the end.
   * @returns the call's state then; undefined: it has none, or nothing is to be kept of it
   */
  drain(): CallState | undefined {
    const held = this.#held;
    if (held.status === 'playing') this.#state = held.sound.stateAt(this.#pipe.pendingSamples);
    else if (held.status === 'waiting') this.#state = this.#unheard(held.sound);
    this.close();
    return this.#keeps ? this.#state : undefined;
  }

  report(nowMs: number): CallStatus {
    const held = this.#held;
    const sound = 'sound' in held ? held.sound : undefined;
    const { heardSamples, ...heard } = sound?.status() ?? { heardSamples: this.#state?.heardSamples ?? 0 };
    const playing = held.status === 'playing';
    const aheadMs = playing ? Math.max(0, this.#pipe.aheadMs(nowMs)) : 0;
    const { uniqueid, queue, place } = this.#owner?.known ?? {};
    const unheard = playing ? samplesOf(aheadMs, this.#rate) : sound ? this.#pipe.renderedSamples : 0;
    return {
      ...(uniqueid !== undefined && { uniqueid }),
      status: sound?.plain ? 'plain' : playing ? 'playing' : 'waiting',
      ...(queue !== undefined && { queue }),
      ...(place && { position: place.position }),
      ...heard,
      heardMs: (Math.max(0, heardSamples - unheard) * 1000) / this.#rate,
      aheadMs,
      underruns: this.#pipe.underruns,
    };
  }

  /** Something unforeseen: it begins again for whoever reads then, at once if somebody has heard it. */
  giveUp(atMs: number): void {
    const held = this.#held;
    if (held.status === 'playing') return this.#gone(held.sound, MOST_UNREAD_MS);
    if (held.status !== 'due' && held.status !== 'waiting') return;
    this.#held = { status: 'asleep', again: atMs + AGAIN_MS };
    if (this.#failures++ === 0) this.#away();
    this.#pipe.close();
    if (held.status === 'due') held.before?.close();
    else held.sound.close();
  }

  close(): void {
    const held = this.#held;
    if (held.status === 'over') return;
    this.#held = { status: 'over' };
    this.#pipe.close();
    if (held.status === 'due') held.before?.close();
    if ('sound' in held) held.sound.close();
    void this.#owner?.office.close();
  }

  /** Whether its state is a call's that may need it. */
  get #keeps(): boolean {
    return this.#owner?.known.ended === false;
  }

  get #ended(): boolean {
    return this.#owner?.known.ended === true;
  }

  get #rate(): number {
    return this.parts.settings().rate;
  }

  /** @param at when, on the clock; undefined: it is awaited that somebody comes */
  #tryAgain(at: number | undefined, atMs: number): void {
    if (at !== undefined && atMs >= at && !this.#ended) this.#due(undefined);
  }

  #due(before: CallSound | undefined): void {
    this.#held = { status: 'due', before };
    this.parts.onDue(this);
  }

  #rules(): CallRules {
    const settings = this.parts.settings();
    return settings.rules(this.parts.outside.bindings(settings.config, this.token));
  }

  #ownerOf(uniqueid: string): Owner {
    const { log: all, outside } = this.parts;
    const log = all.child({ uniqueid });
    const known = new KnownCall({ uniqueid, certain: true, log });
    return {
      known,
      log,
      office: outside.office(this.token, () => known.office),
      speech: outside.speech(this.token),
      call: () => known.call(this.#language ?? this.parts.settings().config.language),
      told: () => known.told,
    };
  }

  #sound(): CallSound {
    const { clock, media, figures } = this.parts;
    const owner = this.#owner;
    const parts = {
      clock,
      media,
      log: () => this.#owner?.log ?? this.parts.log,
      random: this.#random,
      onKey: (action: string) => {
        this.#pipe.pressed(action, this.#keyAtMs);
        this.#tellSoon();
      },
      onMoment: () => this.#tellSoon(),
      onRescue: () => void figures.rescued++,
    };
    this.#fresh &&= !owner;
    return new CallSound(parts, this.#rules(), this.#state, owner);
  }

  /** Tries whether somebody reads by now. */
  #knock(sound: CallSound, waitedMs: number, atMs: number, now: number): void {
    if (waitedMs > EAGER_MS && (this.#count + this.slot) % SELDOM_TICKS !== 0) return;
    if (this.#pipe.knock(atMs)) return this.#arrived(sound, atMs, now);
    if (waitedMs < PATIENCE_MS) return;
    this.#state = this.#unheard(sound);
    // Who has it open may read it yet; or has gone since, which is known when it is armed anew.
    if (this.#pipe.isHeld) return this.#leave(sound);
    this.#pipe.close();
    sound.close();
    this.#held = { status: 'asleep' };
  }

  #arrived(sound: CallSound, atMs: number, now: number): void {
    this.#held = { status: 'playing', sound };
    this.#failures = 0;
    this.#tellAt = this.#count + 1 + (this.slot % this.parts.settings().stateTicks);
    this.parts.post({ type: 'reader', token: this.token, status: 'reading' });
    this.#owner?.log.debug({}, 'a reader has come');
    const early = this.#early;
    this.#early = undefined;
    if (early && now - early.atMs < EARLY_KEY_MS) {
      this.#keyAtMs = early.atMs;
      sound.hear(early.news);
    }
    this.#play(sound, atMs, now);
  }

  #play(sound: CallSound, atMs: number, now: number): void {
    const result = this.#pipe.play(sound, atMs, now);
    if (result === 'going') return;
    if (result === 'stuck') this.parts.onStuck(this.#owner?.known.uniqueid);
    const unreadMs = result === 'stuck' ? MOST_UNREAD_MS : this.#pipe.aheadWhenGone(atMs) + READ_MS;
    this.#owner?.log.debug({ result }, 'the reader has gone');
    this.#gone(sound, unreadMs);
  }

  /** It is played no more to who has read it. @param pipeMs what he has not heard of what is in the pipe */
  #gone(sound: CallSound, pipeMs: number): void {
    this.#away();
    try {
      this.#state = sound.stateAt(this.#unread(pipeMs)) ?? this.#state;
      if (this.#state && this.#keeps) this.parts.keep(this.token, this.#state, true);
    } finally {
      this.#leave(sound);
    }
  }

  #away(): void {
    this.parts.post({ type: 'reader', token: this.token, status: 'away' });
  }

  /** Nobody hears it; the pipe is filled anew for who comes next, if somebody may come. */
  #leave(sound: CallSound): void {
    this.#pipe.close();
    sound.end();
    if (!this.#ended) return this.#due(sound);
    sound.close();
    this.#held = { status: 'asleep' };
  }

  /** The state of a call that has heard nothing of what was rendered; one that has heard nothing at all has none. */
  #unheard(sound: CallSound): CallState | undefined {
    return this.#state && (sound.stateAt(this.#pipe.renderedSamples) ?? this.#state);
  }

  /** Samples rendered that the caller has not heard, when so much of them is in the pipe. */
  #unread(pipeMs: number): number {
    const { rate } = this.parts.settings();
    return Math.min(samplesOf(MOST_UNREAD_MS, rate), samplesOf(pipeMs, rate) + this.#pipe.pendingSamples);
  }

  /** Once the caller has heard what is rendered by now. */
  #tellSoon(): void {
    const { leadFrames } = this.parts.settings();
    this.#tellAt = Math.min(this.#tellAt, this.#count + leadFrames + 3);
  }

  #tell(sound: CallSound, atMs: number): void {
    if (!this.#keeps) return;
    const state = sound.stateAt(this.#unread(Math.max(0, this.#pipe.aheadMs(atMs)) + READ_MS));
    if (!state || this.parts.keep(this.token, state, false))
      this.#tellAt = this.#count + this.parts.settings().stateTicks;
  }
}
