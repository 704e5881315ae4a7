// Puts a Speaker together from settings; what a voice needs is loaded only where it is configured.
import { findFfmpeg } from '../media/ffmpegBinary';
import type { MediaSettings } from '../media/settings';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { Speaker } from './speaker';
import type { Voice, VoiceSettings } from './voice';

export interface SpeakerSettings {
  /** In the order in which they are tried. */
  readonly voices: readonly VoiceSettings[];
  readonly media: MediaSettings;
  /** The house's language, for callers in whose own nobody speaks. */
  readonly language: string;
  /** The house's, ISO 4217: the log tells which of its words are missing. */
  readonly currency: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when recordings wait to be prepared, at most once a minute a voice. */
  readonly requestPreparation?: () => void;
}

/** Closed by the caller; that ends programs which are at work. */
export async function openSpeaker(parts: SpeakerSettings): Promise<Speaker> {
  const voices = await Promise.all(parts.voices.map((settings) => openVoice(settings, parts)));
  return new Speaker({ voices, fallbackLanguage: parts.language, log: parts.log });
}

async function openVoice(settings: VoiceSettings, parts: SpeakerSettings): Promise<Voice> {
  const { media, clock, log, currency, requestPreparation } = parts;
  if ('command' in settings) {
    const { CommandVoice } = await import('./command');
    const find = (): ReturnType<typeof findFfmpeg> =>
      findFfmpeg({ configured: media.ffmpeg, env: process.env });
    return new CommandVoice(settings, { media, clock, log, findFfmpeg: find });
  }
  const [{ recordingsOf }, { WordVoice }] = await Promise.all([import('./packs'), import('./wordVoice')]);
  const wordParts = { media, clock, log, currency, requestPreparation };
  return new WordVoice(recordingsOf(settings)!, wordParts);
}
