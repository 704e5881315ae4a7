// Open: from the operator's settings to a desk that answers. What an adapter needs is loaded with the first question
// (undici 60 ms, the driver of MySQL as long): a caller who never presses the key does not pay for it.
import { replyOf } from './answer';
import { BalanceService } from './balanceService';
import type { Billing, BillingParts } from './billing';
import { BillingFailure, isNotReached } from './failure';
import { pinIsLost } from './fill';
import { redactedError, thrownCode } from './redactedError';
import type { BillingFunction, BillingSettings } from './settings';

/** Opens nothing yet (see BalanceService.warm); its owner closes it. */
export function openBilling(settings: BillingSettings, parts: BillingParts): BalanceService {
  return new BalanceService({ settings, open: () => openAdapter(settings, parts), ...parts });
}

/** @throws BillingFailure when the settings cannot be used */
async function openAdapter(settings: BillingSettings, { clock, log }: BillingParts): Promise<Billing> {
  const { source, currency, limitMs } = settings;
  if (pinIsLost(settings)) {
    const hint = 'use {pin} in `url`, `headers` or `body`, or :pin in `query`, or leave `pin` out';
    throw new BillingFailure('the config asks for a PIN, and nothing checks it', hint);
  }
  if (typeof source === 'function') return billingBy(source, currency);
  if ('sql' in source) {
    const { openSql } = await import('./sql');
    return openSql(source.sql, { currency, clock, log });
  }
  const { openHttp } = await import('./http');
  return openHttp(source.http, { currency, limitMs, log });
}

/** The operator's own code: it may throw, or answer with anything. @param currency ISO 4217, of amounts that name none */
export function billingBy(ask: BillingFunction, currency: string): Billing {
  return {
    accounts: async (question, signal) => {
      let answer: unknown;
      try {
        answer = await ask({ ...question, signal });
      } catch (error) {
        const hint = 'correct the function `billing.ask` in config.ts';
        const unjudged = isNotReached(thrownCode(error));
        throw new BillingFailure(`the function ${redactedError(error)}`, hint, { unjudged });
      }
      return replyOf(answer, currency);
    },
  };
}
