// Replies: what presses of keys say. The first words of a press take over from what an earlier press is saying; the
// words of one press follow each other.
import type { Clip } from '../audio/source';
import type { Announcement, Listening } from '../program/announcement';
import type { Program } from '../program/program';

export interface Words {
  /** At least one. */
  readonly clips: readonly Clip[];
  /** For people; default: that of the first clip. */
  readonly title?: string;
  /** They are the caller's own: never logged. */
  readonly personal?: boolean;
  /** Put together from words for this moment. */
  readonly composed?: boolean;
}

export class Replies {
  #newest: Reply | undefined;

  constructor(private readonly program: Program) {}

  /** For a press of a key. */
  next(): Reply {
    const reply: Reply = new Reply(this.program, () => reply === this.#newest);
    this.#newest = reply;
    return reply;
  }
}

export class Reply {
  #spoke = false;

  constructor(
    private readonly program: Program,
    private readonly newest: () => boolean,
  ) {}

  /** Has the words said; an answer that comes after a newer press has its turn when that has been answered. */
  say(
    { clips, title = clips[0]?.title ?? '', personal, composed }: Words,
    listening?: Listening,
  ): Announcement {
    const replaces = !this.#spoke && this.newest();
    this.#spoke = true;
    const announcement: Announcement = {
      kind: 'answer',
      title,
      clips,
      ...(replaces && { replaces }),
      ...(personal && { personal }),
      ...(composed && { composed }),
    };
    this.program.say(announcement, listening);
    return announcement;
  }
}
