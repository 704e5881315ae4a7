// CallServices: what a Session has of the operator's systems for its call. It is the CallerRecords, but for the balance, which comes
// in words: wherever a call is mixed, nobody there knows the amount.
import type { CallerRecords } from './callerRecords';
import type { Clip } from '../audio/source';
import type { Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import { SPEECH_MS, type Speech } from './speech';

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

export interface SpokenServicesParts {
  records: CallerRecords;
  /** Undefined: nobody speaks (yet). */
  speech: () => Speech | undefined;
  clock: Pick<Clock, 'after'>;
  log: Pick<Logger, 'error'>;
}

/** The records keep to the config's limit themselves: this is for those that break their word. Milliseconds. */
const RECORDS_MS = 15_000;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };

/** The records, with their balance in words. */
export function spokenServices(parts: SpokenServicesParts): CallServices {
  const { records } = parts;
  return {
    choice: () => records.choice(),
    balance: (language, pin, signal) => spokenBalance(parts, language, pin, signal),
    remember: (...kept) => records.remember(...kept),
    close: () => records.close(),
    ...(records.confirmPlace && { confirmPlace: () => records.confirmPlace!() }),
  };
}

/** As `CallServices.balance`. */
export async function spokenBalance(
  { records, speech, clock, log }: SpokenServicesParts,
  language: string,
  pin: string | undefined,
  signal: AbortSignal,
): Promise<SpokenBalance> {
  const asking = inTime(clock, RECORDS_MS, (stop) => records.balance(language, pin, stop), signal);
  const answer = await asking.catch(() => LATE);
  if (typeof answer !== 'object') {
    if (!signal.aborted)
      log.error({ code: 'HC_BILLING_FAILED' }, 'the request for a balance was not answered');
    return UNAVAILABLE;
  }
  if (answer.status !== 'accounts') return answer;
  const { accounts } = answer;
  if (accounts.length === 0) return { status: 'unregistered' };
  const say = async (stop: AbortSignal) => speech()?.balance(accounts, language, stop);
  const clips = await inTime(clock, SPEECH_MS, say, signal).catch(() => LATE);
  return typeof clips === 'object' && clips.length > 0 ? { status: 'spoken', clips } : UNAVAILABLE;
}
