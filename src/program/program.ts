// Program: everything that one caller hears. Music bed, ducker, announcer and limiter, pulled a Frame at a time.
// It counts time in samples and knows no clock, no Asterisk and no file: it renders offline as it does live.
import { Ducker } from '../audio/ducker';
import { encodeS16, frameSamples, samplesOf } from '../audio/frame';
import { Limiter } from '../audio/limiter';
import { scratchOf, type Scratch } from '../audio/scratch';
import type { Clip } from '../audio/source';
import { KeyTone, sharedTone } from '../audio/tone';
import type { Cancel } from '../util/clock';
import type { Announcement, Listening } from './announcement';
import { Announcer } from './announcer';
import { MusicBed, type BedPosition } from './bed';
import { fallbackClip } from './fallback';
import { PlayoutHistory } from './playoutHistory';
import type { Playlist } from './playlist';
import type { AdviceRota } from './rota';
import type { ProgramSettings } from './settings';
import {
  adviceShape,
  announcerSettings,
  bedSettings,
  duckerShape,
  limiterShape,
  type AdviceShape,
} from './shapes';
import { Voices, type VoiceEvent } from './voices';

/** What happened, at a sample counted from the beginning of the Program. */
export type ProgramEvent =
  | { type: 'track'; atSample: number; track: Clip; fromSample: number; overlap: number }
  | { type: 'track-failed'; atSample: number; track: Clip; error: unknown }
  | VoiceEvent;

/** What the caller has heard of a Program, from which another one goes on. */
export interface ProgramState {
  readonly music?: BedPosition;
  /** Of the whole call, for the time of the first advice. */
  readonly heardSamples: number;
  /** Samples since the end of the last voice; absent: no voice yet. */
  readonly sinceVoice?: number;
  /** Ids of the advices that are not said any more: most of each was heard, or it was cut off twice. */
  readonly heard: readonly string[];
  /** Ids of the advices that were cut off once; absent: none. */
  readonly cut?: readonly string[];
  /** What this round of the shuffle has left. */
  readonly bag: readonly string[];
  readonly quiet: boolean;
  readonly hushed: boolean;
}

/** With where an earlier Program of the call was, from which this one goes on; absent: the call begins. */
export interface ProgramParts extends Partial<Omit<ProgramState, 'heard' | 'cut' | 'bag'>> {
  playlist: Playlist;
  rota: AdviceRota;
  onEvent?: (event: ProgramEvent) => void;
}

export class Program {
  readonly #scratch: Scratch;
  readonly #bed: MusicBed;
  readonly #ducker: Ducker;
  readonly #announcer: Announcer;
  readonly #limiter: Limiter;
  readonly #tone: KeyTone;
  readonly #advice: AdviceShape;
  readonly #voices: Voices;
  readonly #history: PlayoutHistory;
  readonly #beganAt: number;
  #at: number;
  /** An advice has been given in this call. */
  #advised: boolean;
  /** When the rota is asked again: once a second is enough where it has nothing. */
  #lookAt = 0;
  #quiet: boolean;

  constructor(
    readonly settings: ProgramSettings,
    private readonly parts: ProgramParts,
  ) {
    const { rate, keyTone } = settings;
    const block = frameSamples(rate);
    this.#scratch = scratchOf(block);
    this.#at = this.#beganAt = parts.heardSamples ?? 0;
    this.#advised = parts.rota.heard.length > 0;
    this.#quiet = parts.quiet ?? false;
    const sinceVoice = parts.sinceVoice ?? (this.#advised ? 0 : Infinity);
    this.#advice = adviceShape(settings);
    this.#bed = this.#openBed(block);
    this.#history = new PlayoutHistory({ at: this.#at, music: this.#bed.position, sinceVoice });
    this.#voices = new Voices({
      rota: parts.rota,
      history: this.#history,
      now: () => this.#at,
      emit: (event) => this.#emit(event),
    });
    this.#ducker = new Ducker(duckerShape(settings));
    this.#announcer = new Announcer(
      this.#ducker,
      announcerSettings(settings),
      this.#voices,
      block,
      sinceVoice,
    );
    this.#limiter = new Limiter(limiterShape(settings));
    this.#tone = new KeyTone(() => sharedTone(rate, keyTone));
  }

  /** Fills `frame` (one Frame at the Program's rate) and moves 40 ms on. */
  render(frame: Int16Array): void {
    this.#adviseWhenDue();
    const { mix, voice } = this.#scratch;
    this.#bed.render(mix);
    const speaks = this.#announcer.mix(voice.fill(0));
    this.#ducker.apply(mix);
    if (speaks) add(voice, mix);
    this.#tone.mix(mix);
    this.#limiter.process(mix);
    encodeS16(mix, frame);
    this.#at += mix.length;
    this.#history.moved(this.#at, this.#bed.trackId, this.#bed.sample, this.#announcer.sinceVoice);
  }

  /** Samples rendered so far, with those that were heard before it began. */
  get atSample(): number {
    return this.#at;
  }

  /** The gain that ducking gives the music now, dB, 0 and less. */
  get duckGainDb(): number {
    return this.#ducker.gainDb;
  }

  /** Where the music stands; undefined while there is no track. */
  get position(): BedPosition | undefined {
    return this.#bed.position;
  }

  /** Crossfades to another track. */
  nextTrack(): void {
    this.#bed.skip();
  }

  /**
   * Crossfades, unhurried, to a certain track; it goes on when it plays already.
   * @returns false when there is no such track that can be played: nothing changes then
   */
  play(trackId: string): boolean {
    return this.#bed.play(trackId);
  }

  /**
   * An answer is about to come: the music goes down now, so that the first word need not wait for that, and what is of
   * lower rank than an answer does not begin meanwhile. Without a voice the music comes up again when the expectation
   * is called off, or after `limitMs` (may be Infinity).
   */
  expectVoice(limitMs: number): Cancel {
    return this.#announcer.expect(samplesOf(limitMs, this.settings.rate));
  }

  /** Sounds the tone that tells callers that their key was heard, over all else, from the next Frame on. */
  acknowledge(): void {
    if (this.settings.keyTone.enabled) this.#tone.strike();
  }

  /** Has something said as soon as its rank allows; `listening` is told what becomes of it. */
  say(announcement: Announcement, listening?: Listening): void {
    if (announcement.clips.length === 0) return listening?.over?.(0);
    if (announcement.kind === 'advice') for (const advice of announcement.clips) this.parts.rota.take(advice);
    this.#say(announcement, { listening });
  }

  /** Takes an announcement back, or ends it with a short fade. */
  cancel(announcement: Announcement): void {
    this.#announcer.cancel((other) => other === announcement);
  }

  /** Whether advices are kept back; what the caller asks for is said all the same. */
  get quiet(): boolean {
    return this.#quiet;
  }

  /** Keeps advices back from now on, ending one that is being said; or lets them come again. */
  set quiet(quiet: boolean) {
    this.#quiet = quiet;
    if (quiet) this.#announcer.cancel((announcement) => announcement.kind === 'advice');
  }

  /** Whether the music is silenced; voices are heard all the same. */
  get hushed(): boolean {
    return this.#bed.hushed;
  }

  /** Fades the music out, or in again where it was. */
  set hushed(hushed: boolean) {
    this.#bed.hushed = hushed;
  }

  /**
   * What the caller has heard when the last `samplesAgo` samples have not reached them: at most half a second ago. An
   * advice of which they have heard less than half was cut off.
   */
  stateAt(samplesAgo: number): ProgramState {
    const heardSamples = Math.max(this.#beganAt, this.#at - Math.max(0, Math.round(samplesAgo)));
    const at = heardSamples - this.#limiter.latency;
    const { music, sinceVoice } = this.#history.momentAt(at);
    return {
      heardSamples,
      ...(music && { music }),
      ...(sinceVoice !== Infinity && { sinceVoice }),
      ...this.parts.rota.stateWhere(this.#voices.unheard(at)),
      bag: this.parts.playlist.bag,
      quiet: this.#quiet,
      hushed: this.hushed,
    };
  }

  /** Samples of an announcement that the caller has heard, `samplesAgo` as in `stateAt`; 0 when it had not begun. */
  spoken(announcement: Announcement, samplesAgo: number): number {
    return this.#history.spoken(announcement, this.#at - Math.max(0, samplesAgo) - this.#limiter.latency);
  }

  /** Closes what is open; the Program is not used any more. */
  close(): void {
    this.#bed.close();
    this.#announcer.close();
  }

  /** The duck begins so early that the first syllable comes at the due time. */
  #adviseWhenDue(): void {
    if (this.#quiet || this.#at < this.#lookAt || !this.#announcer.idle) return;
    const { first, every, guard } = this.#advice;
    const lead = this.#ducker.samplesToDown;
    const { sinceVoice } = this.#announcer;
    // Where the call was interrupted, somebody else has just spoken.
    const sinceAnyVoice = Math.min(sinceVoice, this.#beganAt > 0 ? this.#at - this.#beganAt : Infinity);
    const wanted = this.#advised ? sinceVoice + lead >= every : this.#at + lead >= first;
    if (!wanted || sinceAnyVoice + lead < guard) return;
    this.#lookAt = this.#at + this.settings.rate;
    const next = this.parts.rota.next();
    if (!next) return;
    this.#advised = true;
    const announcement: Announcement = {
      kind: 'advice',
      title: next.advice.title,
      clips: [next.advice],
      yields: true,
    };
    this.#say(announcement, { shelf: next.shelf });
  }

  #say(announcement: Announcement, of: Parameters<Voices['expect']>[1]): void {
    this.#voices.expect(announcement, of);
    this.#announcer.say(announcement);
  }

  #openBed(block: number): MusicBed {
    const { music, hushed = false, playlist } = this.parts;
    const bed = new MusicBed(
      playlist,
      fallbackClip(this.settings.rate),
      bedSettings(this.settings),
      {
        trackStarted: (track, fromSample, overlap) =>
          this.#emit({ type: 'track', atSample: this.#at, track, fromSample, overlap }),
        trackFailed: (track, error) => this.#emit({ type: 'track-failed', atSample: this.#at, track, error }),
      },
      block,
    );
    bed.hushed = hushed;
    if (music) bed.resume(music);
    return bed;
  }

  #emit(event: ProgramEvent): void {
    this.parts.onEvent?.(event);
  }
}

function add(from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
}
