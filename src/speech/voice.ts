// Voice: turns what is to be said into clips: recordings word by word, or a program that speaks whole sentences.
// VoiceSettings say which voices there are, in the order in which they are tried.
import type { Clip } from '../audio/source';
import type { Spoken } from './spoken';

export interface Voice {
  /** For logs: "recorded /srv/voices", "asterisk /usr/share/asterisk/sounds", "command espeak-ng". */
  readonly name: string;
  /** Whether it can say anything at all in this language ("en"). */
  speaks(language: string): boolean;
  /**
   * The clips that say all of it, or undefined: this voice cannot, and has logged why (without the words). Recordings
   * answer at once, a program may take seconds. Never rejects. Aborting ends a program that is at work.
   */
  clips(spoken: Spoken, language: string, signal: AbortSignal): Promise<readonly Clip[] | undefined>;
}

/** Folders are absolute. What each means is said in config/serviceOptions.ts. */
export type VoiceSettings =
  | { readonly recorded: string }
  | { readonly asterisk: string }
  | {
      readonly command: readonly [program: string, ...args: string[]];
      readonly languages: readonly string[];
      /** For a sentence, its preparation included, milliseconds. */
      readonly limitMs: number;
    };

export const DEFAULT_VOICE_MS = 10_000;
