// The recordings of all configured voices, for who prepares and checks them: which packs, and what they lack.
// What is missing is found before a caller asks for it; what no voice of its kind can have is no finding.
import { join } from 'node:path';
import type { Finding } from '../media/check';
import { rootOf, wordFiles, wordFolders, type WordPack } from '../media/words';
import { asteriskPack } from './asteriskPack';
import type { Language } from './language';
import { languageFor } from './languages';
import { recordedPack, type LanguageOf } from './recorded';
import type { VoiceSettings } from './settings';

export interface VoicesInUse {
  readonly voices: readonly VoiceSettings[];
  /** The house's: a voice must speak it. */
  readonly language: string;
  /** ISO 4217, of the money that is said. */
  readonly currencies: readonly string[];
}

/** Found before a caller meets it. `clips`: names of what is missing. */
export type VoiceFinding = Finding & { readonly clips?: readonly string[] };

/** The packs of recordings among voices; a program has none. */
export function packsOf(voices: readonly VoiceSettings[], languageOf: LanguageOf = languageFor): WordPack[] {
  return voices.flatMap((voice) => packOf(voice, languageOf) ?? []);
}

function packOf(voice: VoiceSettings, languageOf: LanguageOf): WordPack | undefined {
  if ('recorded' in voice) return recordedPack(voice.recorded);
  return 'asterisk' in voice ? asteriskPack(voice.asterisk, languageOf) : undefined;
}

/**
 * What the voices lack, a finding for each language of a pack: clips that are not recorded, and a house whose own
 * language nobody speaks. Never throws.
 */
export async function checkVoices(
  { voices, language, currencies }: VoicesInUse,
  languageOf: LanguageOf = languageFor,
): Promise<VoiceFinding[]> {
  const findings: VoiceFinding[] = [];
  const spoken = new Set<Language>();
  for (const voice of voices) {
    const pack = packOf(voice, languageOf);
    const tags = 'languages' in voice ? voice.languages : [];
    for (const grammar of tags.map(languageOf)) if (grammar) spoken.add(grammar);
    if (!pack) continue;
    for (const folder of await wordFolders(pack)) {
      const grammar = languageOf(folder.language ?? '');
      if (!grammar) continue;
      const there = await wordFiles(pack, folder);
      // Asterisk's folders hold languages that nobody uses here: one without any of the words is none of ours.
      if ('asterisk' in voice && there.size === 0) continue;
      spoken.add(grammar);
      const names = (clip: string): readonly string[] =>
        'asterisk' in voice ? (grammar.asterisk[clip] ?? []) : [clip];
      const all = grammar.vocabulary(currencies);
      const clips = all.filter((clip) => names(clip).some((name) => !there.has(name)));
      if (clips.length > 0) findings.push(incomplete(join(rootOf(pack), folder.path), clips, all.length));
    }
  }
  const own = languageOf(language);
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
