// Mapping: the operator's `answer`, from a billing system's reply to accounts. That code meets data it was not written for.
// What it throws is a strange answer: it worked until billing said something else.
import { replyOf } from './answer';
import type { BillingQuestion, BillingReply } from './billing';
import { strangeAnswer } from './failure';
import { redactedError } from './redactedError';
import { unlessAborted } from './within';

/**
 * @param answer may answer with a promise though its type has none; it is waited for until `signal`
 * @throws HoldcastError HC_BILLING_ANSWER
 */
export async function mapped<T>(
  answer: (said: T, question: BillingQuestion) => unknown,
  said: T,
  question: BillingQuestion,
  signal: AbortSignal,
  currency: string,
): Promise<BillingReply> {
  const attempt = async (): Promise<unknown> => {
    try {
      return await answer(said, question);
    } catch (error) {
      const hint =
        'correct the function `answer` of `billing` in config.ts: it was given something unexpected';
      throw strangeAnswer('the function `answer`', redactedError(error), hint);
    }
  };
  return replyOf(await unlessAborted(signal, attempt), currency);
}
