// Answer: what a billing system or an operator's mapping said, checked to the letter: all of it can be said, or none.
// Callers believe a wrong balance; callers who hear none call again.
import { minorDigits, parseMoney } from '../speech/money';
import { HoldcastError } from '../util/errors';
import { MOST_ACCOUNTS, type Account, type BillingQuestion, type BillingReply } from './billing';
import { strangeAnswer } from './failure';
import { redactedError } from './redactedError';

const LONGEST_NUMBER = 64;
/** Control and format characters, halves of characters, private ones: nothing that a number is written with. */
const UNSPEAKABLE = /\p{C}/u;
/** Read out are digits and Latin letters; a number that has neither would be a hole in the sentence. */
const READ_OUT = /[0-9a-z]/i;

/**
 * The same by the operator's `answer`, which meets data that it was not written for: what it throws is a strange answer.
 * @param answer may answer with a promise though its type has none
 * @throws HoldcastError HC_BILLING_ANSWER
 */
export async function mapped<T>(
  answer: (said: T, question: BillingQuestion) => unknown,
  said: T,
  question: BillingQuestion,
  currency: string,
): Promise<BillingReply> {
  let found: unknown;
  try {
    found = await answer(said, question);
  } catch (error) {
    const hint = 'correct the function `answer` of `billing` in config.ts: it was given something unexpected';
    throw strangeAnswer('the function `answer`', redactedError(error), hint);
  }
  return replyOf(found, currency);
}

/**
 * @param answer anything; what it is made of is read once, and none of its objects is handed on
 * @param currency ISO 4217, of amounts that name none
 * @throws HoldcastError HC_BILLING_ANSWER naming the place, without the value
 */
export function replyOf(answer: unknown, currency: string): BillingReply {
  if (answer === 'wrong-pin') return { status: 'wrong-pin' };
  try {
    return { status: 'accounts', accounts: accountsOf(answer, currency) };
  } catch (error) {
    if (error instanceof HoldcastError) throw error;
    // A getter or a Proxy of the operator's that throws.
    throw strangeAnswer('the answer', 'cannot be read');
  }
}

function accountsOf(answer: unknown, currency: string): readonly Account[] {
  if (!Array.isArray(answer)) throw strangeAnswer('the answer', 'is not a list of accounts');
  const { length } = answer;
  if (length > MOST_ACCOUNTS) throw strangeAnswer('the answer', `has more than ${MOST_ACCOUNTS} accounts`);
  return Array.from({ length }, (_, i) => accountOf(answer[i], `accounts[${i}]`, currency));
}

function accountOf(value: unknown, place: string, defaultCurrency: string): Account {
  if (typeof value !== 'object' || value === null) throw strangeAnswer(place, 'is not an account');
  const { number, balance, currency = defaultCurrency } = value as Record<string, unknown>;
  checkNumber(number, `${place}.number`);
  if (typeof currency !== 'string' || minorDigits(currency) === undefined)
    throw strangeAnswer(`${place}.currency`, 'is not a currency of ISO 4217');
  const money = parseMoney(balance, currency);
  if (!money) throw strangeAnswer(`${place}.balance`, 'is not an exact amount of its currency');
  return { number, balance: money };
}

function checkNumber(number: unknown, place: string): asserts number is string {
  const hint = 'answer with account numbers as strings, since a number has lost its zeros';
  if (typeof number !== 'string') throw strangeAnswer(place, 'is not a string', hint);
  if (number.length > LONGEST_NUMBER)
    throw strangeAnswer(place, `is longer than ${LONGEST_NUMBER} characters`);
  if (UNSPEAKABLE.test(number)) throw strangeAnswer(place, 'has characters that cannot be said');
  if (!READ_OUT.test(number)) throw strangeAnswer(place, 'has nothing that can be read out');
}
