// Announcement: what is spoken over ducked music, as data.
import type { Clip } from '../audio/source';

/** What an announcement is; also its rank, see `PRIORITY`. */
export type AnnouncementKind = 'advice' | 'position' | 'answer';

/** A higher one takes over from a lower one; of equal ones the earlier is said first. */
export const PRIORITY: Record<AnnouncementKind, number> = { advice: 0, position: 1, answer: 2 };

export interface Announcement {
  readonly kind: AnnouncementKind;
  /** For people: "Welcome", "Position 3". */
  readonly title: string;
  /** Said one after the other as one voice; at least one. */
  readonly clips: readonly Clip[];
  /** Whether it is said again from its beginning after a higher one cut it off. */
  readonly again?: boolean;
  /** It has no claim to this moment: when a higher one comes before it began, it is withdrawn. */
  readonly yields?: boolean;
}
