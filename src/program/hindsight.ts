// Hindsight: where a Program stood a moment ago. What it has rendered waits in a pipe before the caller hears it; when
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

/** Frames that are remembered: 640 ms, more than ever waits in the pipe. */
const FRAMES = 16;

export class Hindsight {
  /** The beginning and each Frame's end, the oldest first; never empty. */
  readonly #moments: Moment[];
  readonly #voices = new WeakMap<Announcement, { from: number; to: number }>();

  constructor(beginning: Moment) {
    this.#moments = [beginning];
  }

  /** A Frame was rendered. */
  moved(moment: Moment): void {
    this.#moments.push(moment);
    if (this.#moments.length > FRAMES + 1) this.#moments.shift();
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
    return (this.#voices.get(announcement)?.to ?? Infinity) <= this.#moments[0]!.at;
  }

  /** How things stood at sample `at`, or as near to it as is remembered. */
  momentAt(at: number): Moment {
    const index = Math.max(
      0,
      this.#moments.findLastIndex((moment) => moment.at <= at),
    );
    const before = this.#moments[index]!;
    const after = this.#moments[index + 1];
    if (!after || at <= before.at) return before;
    return { at, music: between(before, after, at), sinceVoice: before.sinceVoice };
  }

  /** Samples of an announcement's voice that lie before sample `at`; 0 when it had not begun. */
  spoken(announcement: Announcement, at: number): number {
    const voice = this.#voices.get(announcement);
    return voice ? Math.max(0, Math.min(at, voice.to) - voice.from) : 0;
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
