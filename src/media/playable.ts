// What of the media folder can be played, by what it is for: music, advices of a shelf, prompts of a language.
// Made anew after each scan, so that a call never meets one that is half old and half new.
import type { AdviceSlot } from '../program/adviceSlots';
import { baseLanguage, compareNames } from './names';
import { audible, type Entry } from './shelved';
import type { SourceFile } from './sources';
import type { Track } from './track';

/** A Track and what it is for. */
export interface PlayableTrack {
  readonly track: Track;
  readonly kind: 'music' | 'advice' | 'prompt' | 'other';
  /** Advices. */
  readonly shelf?: AdviceSlot;
  /** Base language; absent: for everyone. */
  readonly language?: string;
  /** Prompts: the file's name without its ending, "position-3". */
  readonly name?: string;
}

/** Immutable; in the order of names. */
export class PlayableTracks {
  readonly all: readonly PlayableTrack[];
  readonly music: readonly Track[];
  readonly #advices: readonly PlayableTrack[];
  /** By language and name: "en/position-3". */
  readonly #prompts: ReadonlyMap<string, Track>;

  constructor(entries: Iterable<Entry> = []) {
    this.all = [...entries]
      .sort((a, b) => compareNames(a.source.name, b.source.name))
      .flatMap((entry) => {
        const track = audible(entry);
        return track ? [purposeOf(entry.source, track)] : [];
      });
    this.music = this.all.filter((one) => one.kind === 'music').map(({ track }) => track);
    this.#advices = this.all.filter((one) => one.kind === 'advice');
    const prompts = this.all.filter((one) => one.kind === 'prompt');
    this.#prompts = new Map(prompts.map((one) => [`${one.language}/${one.name}`, one.track]));
  }

  advices(shelf: AdviceSlot, language: string): readonly Track[] {
    const base = baseLanguage(language);
    return this.#advices
      .filter((one) => one.shelf === shelf)
      .map(({ track }) => track)
      .filter((track) => track.language === undefined || track.language === base);
  }

  prompt(name: string, language: string): Track | undefined {
    return this.#prompts.get(`${baseLanguage(language)}/${name.normalize('NFC')}`);
  }

  speaks(language: string): boolean {
    const folder = `${baseLanguage(language)}/`;
    for (const key of this.#prompts.keys()) if (key.startsWith(folder)) return true;
    return false;
  }
}

function purposeOf({ folder, name }: SourceFile, track: Track): PlayableTrack {
  const language = folder.language ?? track.language;
  const spoken = language === undefined ? {} : { language };
  if (folder.kind === 'music') return { track, kind: 'music', ...spoken };
  if (folder.shelf) return { track, kind: 'advice', shelf: folder.shelf, ...spoken };
  if (folder.language === undefined) return { track, kind: 'other', ...spoken };
  return { track, kind: 'prompt', name: name.replace(/\.[^.]*$/, '').normalize('NFC'), ...spoken };
}
