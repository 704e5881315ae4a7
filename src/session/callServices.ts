// CallServices: what a Session has of the operator's systems for its call. It is the CallerRecords, but for the balance, which comes
// in words: wherever a call is mixed, nobody there knows the amount.
import type { CallerRecords } from './callerRecords';
import type { Clip } from '../audio/source';

/** A caller's balance as a sentence, or what is to be said or asked instead. */
export type SpokenBalance =
  /** At least one clip. */
  | { readonly status: 'spoken'; readonly clips: readonly Clip[] }
  /** A PIN is to be keyed in: none was given yet, or it was wrong. */
  | { readonly status: 'pin'; readonly wrong: boolean; readonly digits: number }
  /** See `BalanceAnswer`; `unregistered`: the caller has no account. */
  | { readonly status: 'locked' | 'unknown-caller' | 'unregistered' | 'unavailable' };

/** One call's. Closed by its opener. */
export interface CallServices extends Omit<CallerRecords, 'balance'> {
  /**
   * The caller's balance in words. Never rejects; takes as long as billing and the slowest voice may.
   * @param language of the caller; where no voice speaks it, another may be spoken
   * @param pin digits that the caller has keyed in, for a question that was answered with `pin`
   */
  balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<SpokenBalance>;
}
