// SpokenServices: CallServices in one process, of a back office that knows amounts and a voice that says them.
import type { BackOffice } from '../asterisk/backOffice';
import type { BalanceAnswer } from '../billing/billing';
import type { Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { CallServices, SpokenBalance } from './callServices';
import { SPEECH_MS, type Speech } from './speech';

export interface SpokenServicesParts {
  office: BackOffice;
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
    const { office } = parts;
    if (office.confirmPlace) this.confirmPlace = () => office.confirmPlace!();
  }

  choice(): Promise<string | undefined> {
    return this.parts.office.choice();
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

  remember(...kept: Parameters<BackOffice['remember']>): void {
    this.parts.office.remember(...kept);
  }

  close(): Promise<void> | void {
    return this.parts.office.close();
  }

  async #answer(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const { office, clock, log } = this.parts;
    const ask = (stop: AbortSignal): Promise<BalanceAnswer> => office.balance(language, pin, stop);
    const answer = await inTime(clock, OFFICE_MS, ask, signal).catch(() => LATE);
    if (typeof answer === 'object') return answer;
    if (!signal.aborted)
      log.error({ code: 'HC_BILLING_FAILED' }, 'the balance was asked for without an answer');
    return { status: 'unavailable' };
  }
}
