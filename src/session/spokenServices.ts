// SpokenServices: CallServices in one process, of a back office that knows amounts and a voice that says them.
import type { CallerRecords } from './callerRecords';
import type { BalanceAnswer } from '../billing/billing';
import type { Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { CallServices, SpokenBalance } from './callServices';
import { SPEECH_MS, type Speech } from './speech';

export interface SpokenServicesParts {
  records: CallerRecords;
  /** Undefined: nobody speaks (yet). */
  speech(): Speech | undefined;
  clock: Pick<Clock, 'after'>;
  log: Pick<Logger, 'error'>;
}

/** The office keeps to the config's limit itself: this is for one that breaks its word. Milliseconds. */
const OFFICE_MS = 15_000;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };

export class SpokenServices implements CallServices {
  /** As the office has it. */
  readonly confirmPlace?: () => Promise<boolean>;

  constructor(private readonly parts: SpokenServicesParts) {
    const { records } = parts;
    if (records.confirmPlace) this.confirmPlace = () => records.confirmPlace!();
  }

  choice(): Promise<string | undefined> {
    return this.parts.records.choice();
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<SpokenBalance> {
    const answer = await this.#answer(language, pin, signal);
    if (answer.status !== 'accounts') return answer;
    const { accounts } = answer;
    if (accounts.length === 0) return { status: 'unregistered' };
    const say = async (stop: AbortSignal) => this.parts.speech()?.balance(accounts, language, stop);
    const clips = await inTime(this.parts.clock, SPEECH_MS, say, signal).catch(() => LATE);
    return typeof clips === 'object' && clips.length > 0 ? { status: 'spoken', clips } : UNAVAILABLE;
  }

  remember(...kept: Parameters<CallerRecords['remember']>): void {
    this.parts.records.remember(...kept);
  }

  close(): Promise<void> | void {
    return this.parts.records.close();
  }

  async #answer(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const { records, clock, log } = this.parts;
    const ask = (stop: AbortSignal): Promise<BalanceAnswer> => records.balance(language, pin, stop);
    const answer = await inTime(clock, OFFICE_MS, ask, signal).catch(() => LATE);
    if (typeof answer === 'object') return answer;
    if (!signal.aborted)
      log.error({ code: 'HC_BILLING_FAILED' }, 'the request for a balance was not answered');
    return { status: 'unavailable' };
  }
}
