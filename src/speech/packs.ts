// The recordings of voices: which say which clip, which of them are to be prepared, and what they lack.
// What is missing is found before a caller asks for it; what no voice of its kind can have is no finding.
import { join } from 'node:path';
import type { Finding } from '../media/check';
import { RAW_ENDINGS } from '../media/rawFormats';
import { rootOf, wordFiles, wordFolders, type WordPack } from '../media/words';
import type { Language } from './language';
import { languageFor } from './languages';
import type { VoiceSettings } from './voice';

/** What is said where, of one kind of pack. */
export interface Recordings {
  /** "recorded", "asterisk". */
  readonly kind: string;
  readonly pack: WordPack;
  /** Names of recordings that say a clip, none where nothing is to be said; undefined: such packs have it not. */
  of(clip: string, language: string): readonly string[] | undefined;
  /** Every clip that a sentence in this language may need. @param currencies ISO 4217, of the money that is said */
  vocabulary(language: string, currencies: readonly string[]): readonly string[];
}

const [G722, SLN] = [RAW_ENDINGS.indexOf('g722'), RAW_ENDINGS.indexOf('sln')];
/** What Asterisk may have of one sound, the best first: without a header (RAW_ENDINGS), or with one. */
const ENDINGS = [
  ...[...RAW_ENDINGS.slice(0, G722), 'wav16', ...RAW_ENDINGS.slice(G722, SLN)],
  ...['wav', ...RAW_ENDINGS.slice(SLN), 'au', 'WAV', 'wav49'],
];

/**
 * Those of a voice; a program has none. In an operator's own pack the name of a clip is that of its file. Each language
 * says which of Asterisk's sounds speak its clips, so that the ones an operator has already just work.
 */
export function recordingsOf(voice: VoiceSettings, languageOf = languageFor): Recordings | undefined {
  const vocabulary: Recordings['vocabulary'] = (language, currencies) =>
    languageOf(language)?.vocabulary(currencies) ?? [];
  if ('recorded' in voice)
    return { kind: 'recorded', pack: { folder: voice.recorded }, of: (clip) => [clip], vocabulary };
  if (!('asterisk' in voice)) return undefined;
  const soundsOf = (language: string): Language['asterisk'] => languageOf(language)?.asterisk ?? {};
  const names = (language: string): readonly string[] => Object.values(soundsOf(language)).flat();
  return {
    kind: 'asterisk',
    pack: { folder: voice.asterisk, names, endings: ENDINGS },
    of: (clip, language) => (Object.hasOwn(soundsOf(language), clip) ? soundsOf(language)[clip] : undefined),
    vocabulary,
  };
}

/** The packs of recordings among voices. */
export function packsOf(voices: readonly VoiceSettings[]): WordPack[] {
  return voices.flatMap((voice) => recordingsOf(voice)?.pack ?? []);
}

export interface VoicesInUse {
  readonly voices: readonly VoiceSettings[];
  /** The house's: a voice must speak it. */
  readonly language: string;
  /** ISO 4217, of the money that is said. */
  readonly currencies: readonly string[];
}

/** Found before a caller meets it. `clips`: names of what is missing. */
export type VoiceFinding = Finding & { readonly clips?: readonly string[] };

/**
 * What the voices lack, a finding for each language of a pack: clips that are not recorded, and a house whose own
 * language nobody speaks. Never throws.
 */
export async function checkVoices({ voices, language, currencies }: VoicesInUse): Promise<VoiceFinding[]> {
  const findings: VoiceFinding[] = [];
  const spoken = new Set<Language | undefined>();
  for (const voice of voices) {
    if ('languages' in voice) for (const tag of voice.languages) spoken.add(languageFor(tag));
    const recordings = recordingsOf(voice);
    if (!recordings) continue;
    const { pack } = recordings;
    for (const folder of await wordFolders(pack)) {
      const tag = folder.language ?? '';
      const grammar = languageFor(tag);
      const there = await wordFiles(pack, folder);
      // Asterisk's folders hold languages that nobody uses here: one without any of the words is none of ours.
      if (!grammar || ('asterisk' in voice && there.size === 0)) continue;
      spoken.add(grammar);
      const all = recordings.vocabulary(tag, currencies);
      const clips = all.filter((clip) => recordings.of(clip, tag)?.some((name) => !there.has(name)));
      if (clips.length > 0) findings.push(incomplete(join(rootOf(pack), folder.path), clips, all.length));
    }
  }
  const own = languageFor(language);
  if (voices.length > 0 && (!own || !spoken.has(own))) findings.push(speechless(language));
  return findings;
}

function incomplete(folder: string, clips: readonly string[], all: number): VoiceFinding {
  return {
    file: folder,
    code: 'HC_VOICE_INCOMPLETE',
    message: `${clips.length} of ${all} clips are missing: ${clips.join(', ')}`,
    hint: 'Record them into this folder (docs/speech.md); until then sentences with them need another voice.',
    clips,
  };
}

function speechless(language: string): VoiceFinding {
  return {
    file: 'voices',
    code: 'HC_VOICE_LANGUAGE',
    message: `no voice speaks the language of the config, ${language}`,
    hint: 'Add a voice that does (docs/speech.md), or choose another `language`.',
  };
}
