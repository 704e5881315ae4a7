// What a rendered call asks of others: billing as the script has it, and voices for which the call's clock stands still.
// So the same script always gives the same samples, whatever the machine is busy with.
import type { Account, BalanceAnswer } from '../billing/billing';
import { defaultBilling, defaultPin } from '../billing/settings';
import { parseMoney } from '../speech/money';
import type { CallerRecords } from '../session/callerRecords';
import type { Speech } from '../session/speech';
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import type { CallScript } from './script';

/** What a script says of billing. */
type ScriptedBilling = Pick<CallScript, 'accounts' | 'balance' | 'pin' | 'billingMs'>;

interface ScriptRecordsParts {
  script: ScriptedBilling;
  clock: Clock;
  /** Of accounts that name none, ISO 4217. */
  currency?: string | undefined;
}

/** The caller's records as the script has them; they ask nobody. */
export class ScriptRecords implements CallerRecords {
  readonly #answer: BalanceAnswer;
  #tries = 0;

  /** @throws HoldcastError HC_SCRIPT_INVALID when an account has a balance that is no amount of its currency */
  constructor(private readonly parts: ScriptRecordsParts) {
    const { script, currency = defaultBilling.currency } = parts;
    this.#answer = script.accounts
      ? { status: 'accounts', accounts: accountsOf(script.accounts, currency) }
      : { status: script.balance ?? 'unavailable' };
  }

  /** Whether a script says anything that somebody would have to answer. */
  static isNeededBy({ accounts, balance }: ScriptedBilling): boolean {
    return accounts !== undefined || balance !== undefined;
  }

  choice(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  balance(_language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    const { script, clock } = this.parts;
    return new Promise((resolve) => {
      const cancel = clock.after(script.billingMs, () => resolve(this.#answerTo(pin)));
      const giveUp = (): void => {
        cancel();
        resolve({ status: 'unavailable' });
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  remember(): void {}

  close(): void {}

  #answerTo(pin: string | undefined): BalanceAnswer {
    const right = this.parts.script.pin;
    if (right === undefined) return this.#answer;
    if (this.#tries >= defaultPin.tries) return { status: 'locked' };
    if (pin === right) return this.#answer;
    const wrong = pin !== undefined;
    if (wrong && ++this.#tries >= defaultPin.tries) return { status: 'locked' };
    return { status: 'pin', wrong, digits: right.length };
  }
}

function accountsOf(accounts: NonNullable<CallScript['accounts']>, usual: string): Account[] {
  return accounts.map(({ number, balance, currency = usual }, i) => {
    const money = parseMoney(balance, currency);
    if (money) return { number, balance: money };
    const message = `accounts.${i}: ${balance} is no amount of ${currency}`;
    throw new HoldcastError('HC_SCRIPT_INVALID', message, 'write it as "-12.50", and a currency of ISO 4217');
  });
}

/** A voice takes real time, which a rendered call does not have: its clock stands until all words are there. */
export class SettledSpeech implements Speech {
  readonly #working = new Set<Promise<unknown>>();

  constructor(private readonly inner: Speech) {}

  balance(...asked: Parameters<Speech['balance']>): ReturnType<Speech['balance']> {
    return this.#noted(this.inner.balance(...asked));
  }

  position(...asked: Parameters<Speech['position']>): ReturnType<Speech['position']> {
    return this.#noted(this.inner.position(...asked));
  }

  /** Resolves when nothing is being looked for, and every caller has their answer. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.all(this.#working);
      await new Promise(setImmediate);
    }
  }

  #noted<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    const over = (): void => void this.#working.delete(work);
    work.then(over, over);
    return work;
  }
}
