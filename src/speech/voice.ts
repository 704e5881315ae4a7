// Voice: turns what is to be said into clips: recordings word by word, or a program that speaks whole sentences.
// VoiceSettings say which voices there are, in the order in which they are tried.
import type { Clip } from '../audio/source';
import type { MediaSettings } from '../media/settings';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Spoken } from './spoken';

export interface Voice {
  /** For logs: "recorded /srv/voices", "asterisk /usr/share/asterisk/sounds", "command espeak-ng". */
  readonly name: string;
  /**
   * The clips that say all of it, or undefined: this voice does not speak the language ("en"), or cannot, and has logged why
   * (without the words). Recordings answer at once, a program may take seconds. Aborting ends a program that is at work.
   */
  clips(spoken: Spoken, language: string, signal: AbortSignal): Promise<readonly Clip[] | undefined>;
}

export type VoiceSettings =
  /** Recordings word by word: <folder>/<language>/<clip>.wav (or any other audio). Absolute. */
  | { readonly recorded: string }
  /** Asterisk's sound packs: <folder>/<language>/digits/20.wav. Absolute. */
  | { readonly asterisk: string }
  /**
   * A program: the text on its standard input (or as `{text}`, or in the file `{file}`), a WAV on its standard output
   * (or in `{out}`). `{language}` is that of the caller, as it is written in `languages`.
   */
  | {
      readonly command: readonly [program: string, ...args: string[]];
      /** Languages that it speaks: 'en', 'en-us', 'ru'. */
      readonly languages: readonly string[];
      /** It has so long for a sentence, its preparation included, milliseconds. */
      readonly limitMs: number;
    };

/** What voices are made with. */
export interface VoiceParts {
  readonly media: MediaSettings;
  /** ISO 4217: the money that is said, for what is told of missing words. */
  readonly currency: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when recordings wait to be prepared, at most once a minute a voice. Must not throw. */
  readonly requestPreparation?: () => void;
}

export const DEFAULT_VOICE_MS = 10_000;
