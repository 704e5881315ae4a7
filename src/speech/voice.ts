// Voice: turns what is to be said into clips: recordings word by word, or a program that speaks whole sentences.
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
