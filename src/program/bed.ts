// Music bed: tracks one after another under equal-power crossfades, without an end.
// Each playing track is a deck; the newest leads, the others fade out. Skipping in the middle of a crossfade only
// adds a deck, so there is one mechanism for all joins.
import { Fade } from '../audio/fade';
import { scratchOf, type Scratch } from '../audio/scratch';
import { SoftEndReader } from '../audio/softEnd';
import type { Clip } from '../audio/source';
import type { Playlist } from './playlist';

/** Where the music stands: enough to go on from the same sample in another process. */
export interface BedPosition {
  trackId: string;
  /** Next sample of that track. */
  sample: number;
}

export interface BedSettings {
  /** Overlap of two tracks, samples. */
  crossfade: number;
  /** Overlap when the caller skips, samples. */
  skip: number;
  /** Shortest overlap, and the fade of a bed that begins, samples, at least 1. */
  edge: number;
  /** Pause between two looks for music while the fallback plays, samples. */
  retry: number;
  /** Fade of the whole bed when it is hushed and when it comes back, samples. */
  hush: number;
  /** How long a track that could not be played is left alone, samples. */
  rest: number;
  /** Linear. */
  gain: number;
}

export interface BedListener {
  /** `overlap`: for how many samples what played before fades out under it. */
  trackStarted(track: Clip, fromSample: number, overlap: number): void;
  /** The track could not be opened, or ended before its length; another goes on. */
  trackFailed(track: Clip, error: unknown): void;
}

interface Deck {
  readonly clip: Clip;
  readonly reader: SoftEndReader;
  readonly fade: Fade;
  /** Next sample. */
  at: number;
  /** It ended before its length. */
  early: boolean;
}

/** How many broken tracks in a row are tried before the fallback plays. */
const TRIES = 8;

export class MusicBed {
  /** Replaced, never changed: a deck may come or go while they are played. */
  #decks: readonly Deck[] = [];
  #retryIn = 0;
  /** Samples rendered. */
  #now = 0;
  /** When a track could not be played: it rests for a while, so that others get their turn. A mended file is a new Clip. */
  readonly #failedAt = new WeakMap<Clip, number>();
  readonly #scratch: Scratch;
  /** Of the whole bed; the joins of the tracks are the decks' own. */
  #fade = new Fade(1);
  #hushed = false;

  /** @param block the most samples that `render` is asked for at once */
  constructor(
    private readonly playlist: Playlist,
    private readonly fallback: Clip,
    private readonly settings: BedSettings,
    private readonly listener: BedListener,
    block: number,
  ) {
    this.#scratch = scratchOf(block);
  }

  /** Where the leading track stands; undefined before the first render and while the fallback plays. */
  get position(): BedPosition | undefined {
    const { trackId, sample } = this;
    return trackId === undefined ? undefined : { trackId, sample };
  }

  /** The `trackId` of `position`, without an object for it. */
  get trackId(): string | undefined {
    const lead = this.#decks[0];
    return lead && lead.clip !== this.fallback ? lead.clip.id : undefined;
  }

  /** The `sample` of `position`, 0 where there is none. */
  get sample(): number {
    return this.#decks[0]?.at ?? 0;
  }

  /** Goes on where an earlier bed was; a track that is gone, or all but over, is followed by the next one. */
  resume({ trackId, sample }: BedPosition): void {
    const track = this.playlist.find(trackId);
    const lasts = track && sample < track.samples - this.#overlap(track);
    this.#lead((lasts && this.#open(track, sample)) || this.#openNext(track), this.settings.edge);
  }

  /** Crossfades to another track at once; stays where it is when there is no other that can be played. */
  skip(): void {
    const current = this.#decks[0]?.clip;
    const deck = this.#openNext(current, current?.id);
    if (deck) this.#lead(deck, this.settings.skip);
  }

  /**
   * Crossfades to a certain track as if the one that plays had come to its end.
   * @returns false when there is no such track that can be played: nothing changes then
   */
  play(trackId: string): boolean {
    const track = this.playlist.find(trackId);
    if (!track || this.#rests(track)) return false;
    const lead = this.#decks[0];
    if (lead?.clip.id === trackId) return true;
    const deck = this.#open(track);
    if (deck) this.#lead(deck, lead ? this.#overlap(track) : this.settings.edge);
    return deck !== undefined;
  }

  /** Whether the music is silenced. It stands still then, and goes on where it was. */
  get hushed(): boolean {
    return this.#hushed;
  }

  /** Fades the music out, or in again; at once when nothing has been rendered yet. */
  set hushed(hushed: boolean) {
    this.#hushed = hushed;
    if (this.#now === 0) this.#fade = new Fade(hushed ? 0 : 1);
    else if (hushed) this.#fade.down(this.settings.hush);
    else this.#fade.up(this.settings.hush);
  }

  /** Fills `out` with the next samples. Never fails: what cannot be played is reported and passed over. */
  render(out: Float32Array): void {
    const { length } = out;
    out.fill(0);
    this.#now += length;
    if (this.#fade.silent) return;
    if (this.#decks.length === 0) this.#lead(this.#openNext(), this.settings.edge);
    this.#leaveFallback(length);
    const sum = this.#fade.full ? out : this.#scratch.bed.fill(0);
    for (let done = 0; done < length;) done += this.#renderSegment(sum, done, length);
    if (sum !== out) this.#fade.mix(sum, out, 0, length, 1);
  }

  close(): void {
    const decks = this.#decks;
    this.#decks = [];
    for (const deck of decks) deck.reader.close();
  }

  /** While the fallback plays, looks now and then whether there is music again. */
  #leaveFallback(samples: number): void {
    if (this.#decks[0]?.clip !== this.fallback || this.playlist.empty) return;
    this.#retryIn -= samples;
    if (this.#retryIn > 0) return;
    const deck = this.#openNext();
    if (deck) this.#lead(deck, this.settings.skip);
    this.#retryIn = deck ? 0 : this.settings.retry;
  }

  /** Renders up to the next join or `end`, or starts the next track there; returns how many samples it moved on. */
  #renderSegment(out: Float32Array, offset: number, end: number): number {
    const lead = this.#decks[0]!;
    const overlap = this.#overlap(lead.clip);
    const toJoin = lead.clip.samples - overlap - lead.at;
    if (toJoin <= 0) {
      const next = this.playlist.next(lead.clip);
      const deck = next && !this.#rests(next) ? this.#open(next) : undefined;
      this.#lead(deck ?? this.#openNext(lead.clip), overlap);
      return 0;
    }
    const length = Math.min(end - offset, toJoin);
    for (const deck of this.#decks) this.#play(deck, out, offset, length);
    return length;
  }

  /** A crossfade takes no more than half of a track, so that a jingle of two seconds is still heard. */
  #overlap(clip: Clip): number {
    return Math.max(this.settings.edge, Math.min(this.settings.crossfade, Math.floor(clip.samples / 2)));
  }

  #play(deck: Deck, out: Float32Array, offset: number, length: number): void {
    const count = this.#read(deck, out, offset, length);
    deck.at += count;
    if (deck.reader.endedEarly && !deck.early) this.#endedEarly(deck);
    if (count === length && deck.at < deck.clip.samples && !deck.fade.silent) return;
    deck.reader.close();
    this.#decks = this.#decks.filter((other) => other !== deck);
    if (this.#decks.length === 0) this.#lead(this.#openNext(deck.clip), this.settings.edge);
  }

  /** Adds what the deck gives to `out`. A lone track at full gain, as it mostly is, goes there straight. */
  #read({ reader, fade }: Deck, out: Float32Array, offset: number, length: number): number {
    const { gain } = this.settings;
    if (fade.full && gain === 1 && this.#decks.length === 1) return reader.read(out, offset, length);
    const { reading } = this.#scratch;
    const count = reader.read(reading, 0, length);
    fade.mix(reading, out, offset, count, gain);
    return count;
  }

  /** The file was shorter than it said: another track begins at once. */
  #endedEarly(deck: Deck): void {
    deck.early = true;
    this.#failed(deck.clip, new Error(`ended at sample ${deck.at} of ${deck.clip.samples}`));
    if (deck === this.#decks[0]) this.#lead(this.#openNext(deck.clip), this.settings.edge);
  }

  #failed(clip: Clip, error: unknown): void {
    this.#failedAt.set(clip, this.#now);
    this.listener.trackFailed(clip, error);
  }

  /** Makes `deck` (or else the fallback) the leading one; the others fade out under it. */
  #lead(deck: Deck | undefined, longest: number): void {
    const before = this.#decks[0];
    const left = before ? before.clip.samples - before.at : longest;
    const overlap = Math.max(this.settings.edge, Math.min(longest, left));
    const lead = deck ?? this.#open(this.fallback)!;
    lead.fade.up(Math.min(overlap, Math.max(this.settings.edge, Math.floor(lead.clip.samples / 2))));
    for (const other of this.#decks) other.fade.down(Math.min(overlap, other.clip.samples - other.at));
    this.#decks = [lead, ...this.#decks];
    this.listener.trackStarted(lead.clip, lead.at, this.#decks.length > 1 ? overlap : 0);
  }

  /** Opens the next track that can be opened, other than `except`; undefined after several that cannot. */
  #openNext(after?: Clip, except?: string): Deck | undefined {
    let clip = after;
    const seen = new Set<string>();
    for (let tries = 0; tries < TRIES;) {
      clip = this.playlist.other(clip);
      if (!clip || seen.has(clip.id)) return undefined;
      seen.add(clip.id);
      if (clip.id === except || this.#rests(clip)) continue;
      const deck = this.#open(clip);
      if (deck) return deck;
      tries++;
    }
    return undefined;
  }

  #rests(clip: Clip): boolean {
    return this.#now - (this.#failedAt.get(clip) ?? -Infinity) < this.settings.rest;
  }

  #open(clip: Clip, fromSample = 0): Deck | undefined {
    const { edge } = this.settings;
    try {
      if (clip.samples < 2 * edge) throw new Error(`only ${clip.samples} samples long`);
      const reader = new SoftEndReader(clip.open(fromSample), clip.samples - fromSample, edge);
      return { clip, reader, fade: new Fade(0), at: fromSample, early: false };
    } catch (error) {
      this.#failed(clip, error);
      return undefined;
    }
  }
}
