// Replies: what presses of keys say. The first words of a press take over from what an earlier press is saying; the
// words of one press follow each other. Prompts: recorded clips by name, in the caller's language; one that is missing costs its
// voice and nothing else.
import type { Clip } from '../audio/source';
import type { Announcement, Listening } from '../program/announcement';
import type { Program } from '../program/program';
import type { Logger } from '../util/log';

/** Names of missing prompts that are remembered; an operator's function may ask for any number of them. */
const MOST_NAMED = 200;

export class Prompts {
  readonly #named = new Set<string>();

  /**
   * @param find a prompt by name in the caller's language (or in another one, if theirs has none), undefined
   * when there is none
   * @param own whether the found ones are in their language
   */
  constructor(
    readonly find: (name: string) => Clip | undefined,
    private readonly log: Logger,
    private readonly own: () => boolean = () => true,
  ) {}

  findOwn(name: string): Clip | undefined {
    return this.own() ? this.find(name) : undefined;
  }

  /** All of them in their order, or undefined when one is missing. */
  all(names: readonly string[]): Clip[] | undefined {
    const clips = names.flatMap((name) => this.find(name) ?? []);
    if (clips.length === names.length) return clips;
    for (const name of names) if (!this.find(name)) this.missing(name);
    return undefined;
  }

  /** Says in the log, once, that there is no such prompt. */
  missing(name: string): void {
    if (this.#named.has(name) || this.#named.size >= MOST_NAMED) return;
    this.#named.add(name);
    const hint = 'record it as prompts/<language>/<name>.wav in the media folder';
    this.log.warn({ prompt: name, hint }, 'a prompt is missing: it is not said');
  }
}

/** `title`: default that of the first clip. */
export type Words = Pick<Announcement, 'clips' | 'personal' | 'composed'> &
  Partial<Pick<Announcement, 'title'>>;

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
  say(words: Words, listening?: Listening): Announcement {
    const replaces = !this.#spoke && this.newest();
    this.#spoke = true;
    const title = words.clips[0]?.title ?? '';
    const announcement: Announcement = { kind: 'answer', title, ...words, ...(replaces && { replaces }) };
    this.program.say(announcement, listening);
    return announcement;
  }
}
