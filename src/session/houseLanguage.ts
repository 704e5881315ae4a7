// What a call can play, and the house's language for callers in whose own there are no prompts: so for every host, since each
// puts its calls together by `assembleCall`.
import type { Clip } from '../audio/source';
import type { AdviceSlot } from '../program/adviceSlots';

/** What can be played now; asked anew each time, since it changes while calls run. */
export interface PlayableMedia {
  music(): readonly Clip[];
  advices(shelf: AdviceSlot, language: string): readonly Clip[];
  /** A recorded prompt by name ("position-3") in that language. */
  prompt(name: string, language: string): Clip | undefined;
  /** Whether there are prompts in that language itself. Absent: there are. */
  speaks?(language: string): boolean;
  /** Anything else by its id ("prompts/en/opening-hours.wav"). */
  find(id: string): Clip | undefined;
}

/** @param house language of prompts and advices where there are no prompts in the caller's own */
export function inHouseLanguage(media: PlayableMedia, house: string): Required<PlayableMedia> {
  const speaks = (language: string): boolean => media.speaks?.(language) ?? true;
  const spoken = (language: string): string => (speaks(language) ? language : house);
  return {
    music: () => media.music(),
    advices: (shelf, language) => media.advices(shelf, spoken(language)),
    prompt: (name, language) => media.prompt(name, spoken(language)),
    speaks,
    find: (id) => media.find(id),
  };
}
