// Speech as a Session knows it: sentences with numbers in them, as clips. What is behind it (grammar, voices) is loaded
// after the caller hears music.
import type { Clip } from '../audio/source';
import type { SpokenAccount } from '../speech/language';

/**
 * A sentence for which no voice has been found by then is not said, milliseconds. A voice that is a command may take 12 s,
 * and when it has taken them in vain the next one shall still have its own.
 */
export const SPEECH_MS = 25_000;

export interface Speech {
  /**
   * A whole sentence in the language of the caller, or undefined: no voice can say it, and the log says why. May take
   * as long as the slowest voice may. Never rejects.
   */
  balance(
    accounts: readonly SpokenAccount[],
    language: string,
    signal: AbortSignal,
  ): Promise<readonly Clip[] | undefined>;
  /** The place in the queue, where no prompt says it. As `balance`. */
  position(place: number, language: string, signal: AbortSignal): Promise<readonly Clip[] | undefined>;
}
