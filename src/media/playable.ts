// What of the media folder can be played, by what it is for: music, advices of a shelf, prompts of a language.
// Replaced as a whole at each change, so that a call never meets media that are half old and half new.
import type { Clip } from '../audio/source';
import type { AdviceSlot } from '../program/adviceSlots';
import { baseLanguage } from './names';
import type { SourceFile } from './sources';

/** What a clip is for. */
export interface Purpose {
  readonly kind: 'music' | 'advice' | 'prompt' | 'other';
  /** Advices. */
  readonly shelf?: AdviceSlot;
  /** Base language; absent: for everyone. */
  readonly language?: string;
  /** Prompts: the file's name without its ending, "position-3". */
  readonly name?: string;
}

export interface PlayableClip extends Clip {
  readonly purpose: Purpose;
}

/** @param tag base language that the file speaks */
export function purposeOf({ folder, name }: SourceFile, tag: string | undefined): Purpose {
  const language = tag === undefined ? {} : { language: tag };
  if (folder.kind === 'music') return { kind: 'music', ...language };
  if (folder.shelf) return { kind: 'advice', shelf: folder.shelf, ...language };
  if (folder.language === undefined) return { kind: 'other', ...language };
  return { kind: 'prompt', name: name.replace(/\.[^.]*$/, '').normalize('NFC'), ...language };
}

/** The Library and its image in a mixing thread: they answer alike, so that a caller hears the same from either. */
export class PlayableClips<C extends PlayableClip> {
  #all: readonly C[] = [];
  #music: readonly C[] = [];
  /** By language and name: "en/position-3". */
  #prompts: ReadonlyMap<string, C> = new Map();
  #spoken: ReadonlySet<string | undefined> = new Set();
  /** Answers of `advices`, by shelf and language. */
  readonly #advices = new Map<string, readonly C[]>();

  /** Everything, by name. */
  get playable(): readonly C[] {
    return this.#all;
  }

  /** By name. */
  music(): readonly C[] {
    return this.#music;
  }

  /** Those of a shelf for everyone, and those in `language` ("en", "pt-BR": the base counts). */
  advices(shelf: AdviceSlot, language: string): readonly C[] {
    const base = baseLanguage(language);
    const key = `${shelf}/${base}`;
    const known = this.#advices.get(key);
    if (known) return known;
    const found = this.#all.filter(
      ({ purpose }) => purpose.shelf === shelf && (purpose.language ?? base) === base,
    );
    this.#advices.set(key, found);
    return found;
  }

  /** The recorded prompt prompts/<language>/<name>.*, undefined when there is none: prompt("position-3", "en"). */
  prompt(name: string, language: string): C | undefined {
    return this.#prompts.get(`${baseLanguage(language)}/${name.normalize('NFC')}`);
  }

  /** Whether there are prompts in this language. */
  speaks(language: string): boolean {
    const base = baseLanguage(language);
    return base !== undefined && this.#spoken.has(base);
  }

  protected setPlayable(all: readonly C[]): void {
    this.#all = all;
    this.#music = all.filter(({ purpose }) => purpose.kind === 'music');
    const prompts = all.filter(({ purpose }) => purpose.kind === 'prompt');
    this.#prompts = new Map(prompts.map((clip) => [`${clip.purpose.language}/${clip.purpose.name}`, clip]));
    this.#spoken = new Set(prompts.map(({ purpose }) => purpose.language));
    this.#advices.clear();
  }
}
