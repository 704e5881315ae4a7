// Announcement: what is spoken over ducked music, as data.
import type { Clip } from '../audio/source';

/** What an announcement is; also its rank, see `PRIORITY`. */
export type AnnouncementKind = 'advice' | 'position' | 'answer';

/** A higher one takes over from a lower one; of equal ones the earlier is said first, unless the later `replaces`. */
export const PRIORITY: Record<AnnouncementKind, number> = { advice: 0, position: 1, answer: 2 };

export interface Announcement {
  readonly kind: AnnouncementKind;
  /** For people: "Welcome", "Position 3". */
  readonly title: string;
  /** Said one after the other as one voice; at least one. */
  readonly clips: readonly Clip[];
  /** It takes over from its own kind, too: what is being said is cut off, what waits is withdrawn. */
  readonly replaces?: boolean;
  /** It has no claim to this moment: when a higher one comes before it began, it is withdrawn. */
  readonly yields?: boolean;
  /** Put together from words for this moment: no one of its clips stands for what it says. */
  readonly composed?: boolean;
  /** What it says is the caller's own (a balance): its words never stand in a log. */
  readonly personal?: boolean;
}

/** Is told of one announcement's fate while a Frame is rendered; must not throw. */
export interface Listening {
  began?(): void;
  /** It will not be heard any further. `spoken`: samples of it that were said, 0 when it never began. */
  over?(spoken: number): void;
}

/** Length of all its clips, samples. */
export function lengthOf({ clips }: Pick<Announcement, 'clips'>): number {
  return clips.reduce((sum, clip) => sum + clip.samples, 0);
}
