// Announcer: one voice at a time, in order of importance, spoken once the music is down.
// Its state is a union changed in one place; a more important announcement takes over with a short fade.
import { shapeEdges } from '../audio/edges';
import type { Ducker } from '../audio/ducker';
import { Fade } from '../audio/fade';
import { scratchOf } from '../audio/scratch';
import { SoftEndReader } from '../audio/softEnd';
import type { Clip, Reader } from '../audio/source';
import { PRIORITY, type Announcement, type AnnouncementKind } from './announcement';

export interface AnnouncerSettings {
  /** Pause between two announcements, samples. */
  gap: number;
  /** Fade-out of a voice that is taken over from, samples. */
  takeOver: number;
  /** Edge fade of every clip, samples. */
  edge: number;
  /** Linear. */
  gain: number;
}

export interface AnnouncerListener {
  /** `offset`: sample of the current block at which the voice begins. */
  voiceStarted(announcement: Announcement, offset: number): void;
  voiceEnded(announcement: Announcement, offset: number): void;
  /** A more important announcement took over, or it was cancelled, at `offset`. */
  voiceCut(announcement: Announcement, offset: number): void;
  /** It was taken back before it began. */
  voiceWithdrawn(announcement: Announcement): void;
  /** A clip could not be played; the rest of the announcement is not spoken. */
  voiceFailed(announcement: Announcement, clip: Clip, error: unknown): void;
}

interface Speaking {
  readonly status: 'speaking';
  readonly announcement: Announcement;
  readonly fade: Fade;
  index: number;
  reader: Reader;
  /** Next sample of the clip. */
  at: number;
  /** Being taken over from, or cancelled. */
  cut: boolean;
}

/** An answer that is about to come: samples left. */
interface Expected {
  left: number;
}

type State = { status: 'idle' } | { status: 'waiting'; announcement: Announcement; left: number } | Speaking;

export class Announcer {
  #state: State = { status: 'idle' };
  #queue: Announcement[] = [];
  readonly #expected = new Set<Expected>();
  /** Samples since the last voice ended; Infinity: there was none. */
  #since: number;
  /** What is left of the pause after a voice that was not interrupted. */
  #gap = 0;
  readonly #scratch: Float32Array;

  /**
   * @param block the most samples that `mix` is asked for at once
   * @param sinceVoice samples since a voice ended before this one began; Infinity: there was none
   */
  constructor(
    private readonly ducker: Ducker,
    private readonly settings: AnnouncerSettings,
    private readonly listener: AnnouncerListener,
    block: number,
    sinceVoice = Infinity,
  ) {
    this.#scratch = scratchOf(block).reading;
    this.#since = sinceVoice;
  }

  /** Nothing is being said, nothing waits, and nothing is expected. */
  get idle(): boolean {
    return this.#state.status === 'idle' && this.#queue.length === 0 && this.#expected.size === 0;
  }

  /** Samples since the last voice ended; 0 while one speaks, Infinity before the first. */
  get sinceVoice(): number {
    return this.#state.status === 'speaking' ? 0 : this.#since;
  }

  /**
   * Queues an announcement behind those of its rank; one of higher rank takes over from what is being said, and so
   * does one that `replaces` its own rank.
   */
  say(announcement: Announcement): void {
    if (announcement.clips.length === 0) return;
    const withdrawn = announcement.replaces ? this.#dropQueued(({ kind }) => kind === announcement.kind) : [];
    this.#enqueue(announcement);
    const state = this.#state;
    if (state.status !== 'idle' && takesOver(announcement, state.announcement)) {
      if (state.status === 'speaking') this.#cut(state);
      else withdrawn.push(...this.#sendBack(state.announcement, announcement.kind));
    }
    for (const gone of withdrawn) this.listener.voiceWithdrawn(gone);
  }

  /**
   * An answer is about to come: the music begins to go down for it, and what is of lower rank waits until it was said,
   * or is expected no more.
   * @param samples at most this long; may be Infinity
   * @returns ends the expectation; may be called again
   */
  expect(samples: number): () => void {
    const expected = { left: samples };
    this.#expected.add(expected);
    this.ducker.engage();
    const state = this.#state;
    if (state.status === 'waiting' && isBelowAnswer(state.announcement))
      for (const gone of this.#sendBack(state.announcement, 'answer')) this.listener.voiceWithdrawn(gone);
    return () => {
      if (this.#expected.delete(expected)) this.#letUp();
    };
  }

  /** Ends and forgets what `matches`, with a short fade if it is being said. */
  cancel(matches: (announcement: Announcement) => boolean): void {
    const withdrawn = this.#dropQueued(matches);
    const state = this.#state;
    if (state.status !== 'idle' && matches(state.announcement)) {
      if (state.status === 'speaking') {
        this.#cut(state);
      } else {
        withdrawn.push(state.announcement);
        this.#state = { status: 'idle' };
      }
    }
    this.#letUp();
    for (const gone of withdrawn) this.listener.voiceWithdrawn(gone);
  }

  /**
   * Adds the voice to `out` and moves on by its length; tells the ducker when a voice comes and when none is left.
   * @returns whether there was one
   */
  mix(out: Float32Array): boolean {
    let spoke = false;
    for (let done = 0; done < out.length;) {
      spoke ||= this.#state.status === 'speaking';
      done += this.#segment(out, done);
    }
    if (this.#expected.size > 0) this.#runDown(out.length);
    return spoke;
  }

  #runDown(samples: number): void {
    for (const expected of this.#expected) {
      expected.left -= samples;
      if (expected.left <= 0) this.#expected.delete(expected);
      if (expected.left <= 0) this.#letUp();
    }
  }

  close(): void {
    if (this.#state.status === 'speaking') this.#state.reader.close();
    this.#state = { status: 'idle' };
    this.#queue = [];
  }

  #dropQueued(matches: (announcement: Announcement) => boolean): Announcement[] {
    const dropped = this.#queue.filter(matches);
    this.#queue = this.#queue.filter((queued) => !matches(queued));
    return dropped;
  }

  /** What waited for the music gives way to `to`: it stays in the queue, or is returned as withdrawn. */
  #sendBack(waiting: Announcement, to: AnnouncementKind): Announcement[] {
    this.#state = { status: 'idle' };
    if (waiting.yields || waiting.kind === to) return [waiting];
    this.#enqueue(waiting, true);
    return [];
  }

  #enqueue(announcement: Announcement, front = false): void {
    const rank = PRIORITY[announcement.kind];
    const at = this.#queue.findIndex((queued) =>
      front ? PRIORITY[queued.kind] <= rank : PRIORITY[queued.kind] < rank,
    );
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, announcement);
  }

  #cut(speaking: Speaking): void {
    speaking.fade.down(this.settings.takeOver);
    speaking.cut = true;
  }

  /** One stretch of one state; returns its length. */
  #segment(out: Float32Array, offset: number): number {
    const left = out.length - offset;
    switch (this.#state.status) {
      case 'idle':
        return this.#next() ? 0 : this.#rest(left);
      case 'waiting': {
        const length = Math.min(left, this.#state.left);
        this.#state.left -= length;
        this.#rest(length);
        if (this.#state.left === 0) this.#begin(this.#state.announcement, offset + length);
        return length;
      }
      case 'speaking':
        return this.#speak(this.#state, out, offset, left);
    }
  }

  #rest(length: number): number {
    if (this.#since !== Infinity) this.#since += length; // each sum with Infinity would be a new object
    this.#gap = Math.max(0, this.#gap - length);
    return length;
  }

  /** Takes the next announcement from the queue: it is said when the music is down and the gap is over. */
  #next(): boolean {
    const announcement = this.#queue[0];
    if (!announcement || (this.#expected.size > 0 && isBelowAnswer(announcement))) return false;
    this.#queue.shift();
    this.#state = { status: 'waiting', announcement, left: Math.max(1, this.ducker.engage(), this.#gap) };
    return true;
  }

  #begin(announcement: Announcement, offset: number): void {
    const reader = this.#open(announcement, 0);
    if (!reader) return this.#finish(0);
    const fade = new Fade(1);
    this.#state = {
      status: 'speaking',
      announcement,
      fade,
      index: 0,
      reader,
      at: 0,
      cut: false,
    };
    this.listener.voiceStarted(announcement, offset);
  }

  #speak(speaking: Speaking, out: Float32Array, offset: number, left: number): number {
    const { announcement, fade } = speaking;
    const clip = announcement.clips[speaking.index]!;
    const length = Math.min(left, clip.samples - speaking.at);
    const count = speaking.reader.read(this.#scratch, 0, length);
    shapeEdges(this.#scratch, 0, count, speaking.at, {
      start: 0,
      total: clip.samples,
      edge: this.settings.edge,
    });
    fade.mix(this.#scratch, out, offset, count, this.settings.gain);
    speaking.at += count;
    if (speaking.cut && fade.silent) this.#interrupted(speaking, offset + count);
    else if (count < length || speaking.at >= clip.samples) this.#nextClip(speaking, offset + count);
    return count;
  }

  #nextClip(speaking: Speaking, offset: number): void {
    if (speaking.cut) return this.#interrupted(speaking, offset);
    speaking.reader.close();
    speaking.index++;
    const over = speaking.index === speaking.announcement.clips.length;
    const reader = over ? undefined : this.#open(speaking.announcement, speaking.index);
    if (!reader) {
      this.#finish(this.settings.gap);
      this.listener.voiceEnded(speaking.announcement, offset);
      return;
    }
    speaking.reader = reader;
    speaking.at = 0;
  }

  #interrupted(speaking: Speaking, offset: number): void {
    speaking.reader.close();
    this.#finish(0);
    this.listener.voiceCut(speaking.announcement, offset);
  }

  /** @param gap pause before the next announcement, samples */
  #finish(gap: number): void {
    this.#state = { status: 'idle' };
    this.#since = 0;
    this.#gap = gap;
    this.#letUp();
  }

  /** The music comes up where nobody speaks or is about to. */
  #letUp(): void {
    if (this.idle) this.ducker.disengage();
  }

  #open(announcement: Announcement, index: number): Reader | undefined {
    const clip = announcement.clips[index]!;
    try {
      return new SoftEndReader(clip.open(), clip.samples, this.settings.edge);
    } catch (error) {
      this.listener.voiceFailed(announcement, clip, error);
      return undefined;
    }
  }
}

function isBelowAnswer({ kind }: Announcement): boolean {
  return PRIORITY[kind] < PRIORITY.answer;
}

function takesOver(announcement: Announcement, other: Announcement): boolean {
  const above = PRIORITY[announcement.kind] - PRIORITY[other.kind];
  return above > 0 || (above === 0 && announcement.replaces === true);
}
