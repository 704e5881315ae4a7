// A voice from an operator's own recordings, or the shipped ones: <folder>/<language>/<clip>.<any audio ending>.
// The name of a clip is the name of its file, so there is nothing to look up.
import type { WordPack } from '../media/words';
import type { Language } from './language';
import type { Voice } from './voice';
import { WordVoice, type WordVoiceParts } from './wordVoice';

/** The language of a tag, if there is its grammar. */
export type LanguageOf = (tag: string) => Language | undefined;

export function recordedPack(folder: string): WordPack {
  return { folder };
}

/**
 * @param folder absolute
 * @param currency ISO 4217: which money its words are expected to say, for what is told of missing ones
 */
export function recordedVoice(
  folder: string,
  languageOf: LanguageOf,
  currency: string,
  parts: WordVoiceParts,
): Voice {
  const recordings = {
    kind: 'recorded',
    pack: recordedPack(folder),
    of: (clip: string) => [clip],
    vocabulary: (language: string) => languageOf(language)?.vocabulary([currency]) ?? [],
  };
  return new WordVoice(recordings, parts);
}
