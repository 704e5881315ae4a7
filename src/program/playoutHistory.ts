// PlayoutHistory: where a Program stood a moment ago. What it has rendered waits in a pipe before the caller hears it; when
// it is killed in the middle of a call, the next one goes on from what was heard, not from what was rendered.
import type { Announcement } from './announcement';
import type { BedPosition } from './bed';

/** How things stand at a sample of the call. */
export interface Moment {
  readonly at: number;
  /** Where the music stands; undefined: there is none. */
  readonly music: BedPosition | undefined;
  /** Samples since the last voice ended, 0 while one speaks, Infinity: there was none. */
  readonly sinceVoice: number;
}

/** A Moment as it is kept: written over when its time is over, so that a Frame leaves no garbage. */
interface Kept {
  at: number;
  /** Undefined: there is no music, and `sample` says nothing. */
  trackId: string | undefined;
  sample: number;
  sinceVoice: number;
}

/** Frames that are remembered: 640 ms, more than ever waits in the pipe. */
const FRAMES = 16;

export class PlayoutHistory {
  /** The beginning and each Frame's end; from `#oldest` on, round to what is before it. Never empty. */
  readonly #moments: Kept[] = [];
  #oldest = 0;
  readonly #voices = new WeakMap<Announcement, { from: number; to: number }>();

  constructor({ at, music, sinceVoice }: Moment) {
    this.moved(at, music?.trackId, music?.sample ?? 0, sinceVoice);
  }

  /** A Frame was rendered, and this is how things stand; as in `Moment`, no `trackId`: there is no music. */
  moved(at: number, trackId: string | undefined, sample: number, sinceVoice: number): void {
    if (this.#moments.length <= FRAMES) return void this.#moments.push({ at, trackId, sample, sinceVoice });
    const kept = this.#moments[this.#oldest]!;
    kept.at = at;
    kept.trackId = trackId;
    kept.sample = sample;
    kept.sinceVoice = sinceVoice;
    this.#oldest = (this.#oldest + 1) % this.#moments.length;
  }

  began(announcement: Announcement, at: number): void {
    this.#voices.set(announcement, { from: at, to: Infinity });
  }

  ended(announcement: Announcement, at: number): void {
    const voice = this.#voices.get(announcement);
    if (voice) voice.to = at;
  }

  /** Whether its voice ended before all that is remembered. */
  isPast(announcement: Announcement): boolean {
    return (this.#voices.get(announcement)?.to ?? Infinity) <= this.#moments[this.#oldest]!.at;
  }

  /** How things stood at sample `at`, or as near to it as is remembered. */
  momentAt(at: number): Moment {
    const moments = this.#inOrder();
    const index = Math.max(
      0,
      moments.findLastIndex((moment) => moment.at <= at),
    );
    const before = moments[index]!;
    const after = moments[index + 1];
    if (!after || at <= before.at) return before;
    return { at, music: between(before, after, at), sinceVoice: before.sinceVoice };
  }

  /** Samples of an announcement's voice that lie before sample `at`; 0 when it had not begun. */
  spoken(announcement: Announcement, at: number): number {
    const voice = this.#voices.get(announcement);
    return voice ? Math.max(0, Math.min(at, voice.to) - voice.from) : 0;
  }

  /** The oldest first. */
  #inOrder(): Moment[] {
    const kept = [...this.#moments.slice(this.#oldest), ...this.#moments.slice(0, this.#oldest)];
    return kept.map(({ at, trackId, sample, sinceVoice }) => ({
      at,
      music: trackId === undefined ? undefined : { trackId, sample },
      sinceVoice,
    }));
  }
}

/** The music at a sample within a Frame, in which another track may have begun or the music may have stopped. */
function between(before: Moment, after: Moment, at: number): BedPosition | undefined {
  const [from, to] = [before.music, after.music];
  const moved = from && { trackId: from.trackId, sample: from.sample + at - before.at };
  if (!to) return moved;
  if (from?.trackId === to.trackId)
    return { trackId: to.trackId, sample: Math.min(to.sample, moved!.sample) };
  const back = to.sample - (after.at - at);
  return back >= 0 ? { trackId: to.trackId, sample: back } : moved;
}
