// Speech as a Session knows it: sentences with numbers in them, as clips. What is behind it (grammar, voices) is loaded
// after the caller hears music.
import type { Clip } from '../audio/source';
import type { SpokenAccount } from '../speech/language';

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
