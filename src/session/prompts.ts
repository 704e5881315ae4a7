// Prompts: recorded clips by name, in the caller's language. One that is missing costs its voice and nothing else:
// the log names it once.
import type { Clip } from '../audio/source';
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
