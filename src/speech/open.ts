// Puts a Speaker together from settings; what a voice needs is loaded only where it is configured.
import { Speaker } from './speaker';
import type { Voice, VoiceParts, VoiceSettings } from './voice';

export interface SpeakerSettings extends VoiceParts {
  /** In the order in which they are tried. */
  readonly voices: readonly VoiceSettings[];
  /** The house's language, for callers in whose own nobody speaks. */
  readonly language: string;
}

/** Closed by the caller; that ends programs which are at work. */
export async function openSpeaker(parts: SpeakerSettings): Promise<Speaker> {
  const voices = await Promise.all(parts.voices.map((settings) => openVoice(settings, parts)));
  return new Speaker({ voices, fallbackLanguage: parts.language, log: parts.log });
}

async function openVoice(settings: VoiceSettings, parts: VoiceParts): Promise<Voice> {
  if ('command' in settings) {
    const { CommandVoice } = await import('./command');
    return new CommandVoice(settings, parts);
  }
  const [{ recordingsOf }, { WordVoice }] = await Promise.all([import('./packs'), import('./wordVoice')]);
  return new WordVoice(recordingsOf(settings)!, parts);
}
