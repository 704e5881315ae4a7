// Voice: turns what is to be said into clips: recordings word by word, or a program that speaks whole sentences.
// VoiceSettings say which voices there are, in the order in which they are tried.
import type { Clip } from '../audio/source';
import type { MediaSettings } from '../media/settings';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Spoken } from './spoken';

/** The clips that say a whole sentence, one after the other. */
export type Utterance = readonly Clip[];

export interface Voice {
  /** For logs: "recorded /srv/voices", "asterisk /usr/share/asterisk/sounds", "command espeak-ng". */
  readonly name: string;
  /**
   * The clips that say all of it, or undefined: this voice does not speak the language ("en"), or cannot, and has logged why
   * (without the words). Recordings answer at once, a program may take seconds. Aborting ends a program that is at work.
   */
  clips(spoken: Spoken, language: string, signal: AbortSignal): Promise<Utterance | undefined>;
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
