// Voice: turns what is to be said into clips: recordings word by word, or a program that speaks whole sentences.
// VoiceSettings say which voices there are, in the order in which they are tried.
import type { Clip } from '../audio/source';
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

export const DEFAULT_VOICE_MS = 10_000;
