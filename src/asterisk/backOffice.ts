// BackOffice: what one call asks of the operator's systems and leaves with them: its caller's choice of music, his
// balance, what he heard. Two adapters: in this process, and the hub's (which asks once for a hundred callers).
// Who the caller is, the other end knows from Asterisk: nobody can ask for somebody else.
import type { BalanceAnswer } from '../billing/billing';
import type { Closeable } from '../util/scope';

/** Something that the caller heard or did, as it is kept. */
export type Remembered =
  | { readonly type: 'choice'; readonly track: string }
  | {
      readonly type: 'heard';
      readonly kind: 'track' | 'advice' | 'position' | 'answer';
      readonly id?: string;
    }
  | { readonly type: 'key'; readonly digit: string; readonly action: string };

/** One call's. */
export interface BackOffice extends Closeable {
  /** The track that this caller chose in an earlier call; undefined: none, not known, or not in time. Never rejects. */
  choice(): Promise<string | undefined>;
  /**
   * His accounts; never rejects, and has an answer within the config's time limit and a little.
   * @param pin digits that he has keyed in, for a question that was answered with `pin`
   */
  balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer>;
  /** Kept as soon as that is possible, stamped with the time of now. Never waits, never throws. */
  remember(what: Remembered): void;
  close(): Promise<void> | void;
}
