// Program: everything that one caller hears. Music bed, ducker, announcer and limiter, pulled a Frame at a time.
// It counts time in samples and knows no clock, no Asterisk and no file: it renders offline as it does live.
import { Ducker } from '../audio/ducker';
import { encodeS16, frameSamples, samplesOf } from '../audio/frame';
import { gainOfDb } from '../audio/gain';
import { Limiter } from '../audio/limiter';
import type { Clip } from '../audio/source';
import type { Announcement } from './announcement';
import { Announcer } from './announcer';
import { MusicBed, type BedPosition } from './bed';
import { fallbackClip } from './fallback';
import type { Playlist } from './playlist';
import type { AdviceRota } from './rota';
import type { ProgramSettings } from './settings';
import type { Shelf } from './shelves';

/** What happened, at a sample counted from the beginning of the Program. */
export type ProgramEvent =
  | { type: 'track'; atSample: number; track: Clip; fromSample: number; overlap: number }
  | { type: 'track-failed'; atSample: number; track: Clip; error: unknown }
  | { type: 'voice-start'; atSample: number; announcement: Announcement; shelf?: Shelf }
  | { type: 'voice-end'; atSample: number; announcement: Announcement }
  | { type: 'voice-cut'; atSample: number; announcement: Announcement }
  | { type: 'voice-failed'; atSample: number; announcement: Announcement; clip: Clip; error: unknown };

export interface ProgramParts {
  playlist: Playlist;
  rota: AdviceRota;
  onEvent?: (event: ProgramEvent) => void;
  /** Where the music goes on; absent: a first track. */
  resume?: BedPosition;
  /** Samples of this call that were heard before this Program began, for the time of the first advice. */
  heardSamples?: number;
}

export class Program {
  readonly #music: Float32Array;
  readonly #voice: Float32Array;
  readonly #bed: MusicBed;
  readonly #ducker: Ducker;
  readonly #announcer: Announcer;
  readonly #limiter: Limiter;
  readonly #advice: { first: number; every: number; guard: number };
  readonly #shelfOf = new Map<Announcement, Shelf>();
  readonly #beganAt: number;
  #at: number;
  /** An advice has been given in this call. */
  #advised: boolean;
  /** When the rota is asked again: once a second is enough where it has nothing. */
  #lookAt = 0;
  #quiet = false;

  constructor(
    readonly settings: ProgramSettings,
    private readonly parts: ProgramParts,
  ) {
    const { rate, music, duck, voice, advice, limiter } = settings;
    const samples = (ms: number): number => samplesOf(ms, rate);
    const block = frameSamples(rate);
    const edge = Math.max(1, samples(settings.edgeMs));
    this.#music = new Float32Array(block);
    this.#voice = new Float32Array(block);
    this.#at = this.#beganAt = parts.heardSamples ?? 0;
    this.#advised = parts.rota.heard.length > 0;
    this.#bed = new MusicBed(
      parts.playlist,
      fallbackClip(rate),
      {
        crossfade: samples(music.crossfadeMs),
        skip: Math.max(edge, samples(music.skipMs)),
        edge,
        retry: samples(2000),
        rest: samples(30_000),
        gain: gainOfDb(music.gainDb),
      },
      {
        trackStarted: (track, fromSample, overlap) =>
          this.#emit({ type: 'track', atSample: this.#at, track, fromSample, overlap }),
        trackFailed: (track, error) => this.#emit({ type: 'track-failed', atSample: this.#at, track, error }),
      },
      block,
    );
    this.#ducker = new Ducker({
      depthDb: duck.depthDb,
      attack: samples(duck.attackMs),
      hold: samples(duck.holdMs),
      release: samples(duck.releaseMs),
    });
    this.#announcer = new Announcer(
      this.#ducker,
      { gap: samples(voice.gapMs), takeOver: samples(voice.takeOverMs), edge, gain: gainOfDb(voice.gainDb) },
      this.#announcerListener(),
      block,
    );
    this.#limiter = new Limiter({
      ceiling: gainOfDb(limiter.ceilingDb),
      lookahead: Math.max(1, samples(limiter.lookaheadMs)),
      release: samples(limiter.releaseMs),
    });
    this.#advice = {
      first: samples(advice.firstAfterMs),
      every: samples(advice.everyMs),
      guard: samples(advice.guardMs),
    };
    if (parts.resume) this.#bed.resume(parts.resume);
  }

  /** Fills `frame` (one Frame at the Program's rate) and moves 40 ms on. */
  render(frame: Int16Array): void {
    this.#adviseWhenDue();
    this.#bed.render(this.#music);
    this.#voice.fill(0);
    this.#announcer.mix(this.#voice);
    this.#ducker.apply(this.#music);
    const { length } = this.#music;
    for (let i = 0; i < length; i++) this.#music[i]! += this.#voice[i]!;
    this.#limiter.process(this.#music);
    encodeS16(this.#music, frame);
    this.#at += length;
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

  /** Has something said as soon as its rank allows. */
  say(announcement: Announcement): void {
    if (announcement.kind === 'advice') for (const advice of announcement.clips) this.parts.rota.take(advice);
    this.#announcer.say(announcement);
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
    const silence = Math.min(this.#announcer.sinceVoice, this.#at - this.#beganAt) + lead;
    const due = this.#advised
      ? silence >= Math.max(every, guard)
      : this.#at + lead >= first && (this.#announcer.sinceVoice === Infinity || silence >= guard);
    if (!due) return;
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
    this.#shelfOf.set(announcement, next.shelf);
    this.#announcer.say(announcement);
  }

  /** An advice that was not heard to its end comes again when the rota finds it due. */
  #giveBack(announcement: Announcement): void {
    if (announcement.kind === 'advice') this.parts.rota.giveBack(announcement.clips[0]!);
    this.#shelfOf.delete(announcement);
  }

  #announcerListener(): ConstructorParameters<typeof Announcer>[2] {
    const ended = (type: 'voice-end' | 'voice-cut') => (announcement: Announcement, offset: number) => {
      this.#shelfOf.delete(announcement);
      this.#emit({ type, atSample: this.#at + offset, announcement });
    };
    const end = ended('voice-end');
    const cut = ended('voice-cut');
    return {
      voiceStarted: (announcement, offset) => {
        const shelf = this.#shelfOf.get(announcement);
        const event = { type: 'voice-start', atSample: this.#at + offset, announcement } as const;
        this.#emit(shelf ? { ...event, shelf } : event);
      },
      voiceEnded: end,
      voiceCut: (announcement, offset) => {
        this.#giveBack(announcement);
        cut(announcement, offset);
      },
      voiceWithdrawn: (announcement) => this.#giveBack(announcement),
      voiceFailed: (announcement, clip, error) => {
        this.#shelfOf.delete(announcement);
        this.#emit({ type: 'voice-failed', atSample: this.#at, announcement, clip, error });
      },
    };
  }

  #emit(event: ProgramEvent): void {
    this.parts.onEvent?.(event);
  }
}
