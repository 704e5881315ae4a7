// A voice from Asterisk's own sounds, so that the one an operator has already just works: <folder>/en/digits/20.wav.
// Each language says which of these files speak its clips; what it does not name, this voice cannot say.
import { RAW_ENDINGS } from '../media/rawFormats';
import type { WordPack } from '../media/words';
import type { LanguageOf } from './recorded';
import type { Voice } from './voice';
import { WordVoice, type WordVoiceParts } from './wordVoice';

const [G722, SLN] = [RAW_ENDINGS.indexOf('g722'), RAW_ENDINGS.indexOf('sln')];
/** What Asterisk may have of one sound, the best first: without a header (RAW_ENDINGS), or with one. */
const ENDINGS = [
  ...[...RAW_ENDINGS.slice(0, G722), 'wav16', ...RAW_ENDINGS.slice(G722, SLN)],
  ...['wav', ...RAW_ENDINGS.slice(SLN), 'au', 'WAV', 'wav49'],
];

export function asteriskPack(folder: string, languageOf: LanguageOf): WordPack {
  return {
    folder,
    names: (language) => Object.values(languageOf(language)?.asterisk ?? {}).flat(),
    endings: ENDINGS,
  };
}

/** @param folder absolute: /usr/share/asterisk/sounds */
export function asteriskVoice(
  folder: string,
  languageOf: LanguageOf,
  currency: string,
  parts: WordVoiceParts,
): Voice {
  const recordings = {
    kind: 'asterisk',
    pack: asteriskPack(folder, languageOf),
    of: (clip: string, language: string) => {
      const names = languageOf(language)?.asterisk ?? {};
      return Object.hasOwn(names, clip) ? names[clip] : undefined;
    },
    vocabulary: (language: string) => languageOf(language)?.vocabulary([currency]) ?? [],
  };
  return new WordVoice(recordings, parts);
}
