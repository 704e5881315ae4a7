// What billing says is believed whole or not at all. Whatever it says, nothing else than these two comes of it.
// Would catch: a wrong balance that is read out, an account of somebody's objects, a value in a log.
import fc from 'fast-check';
import { replyOf } from '../../src/billing/answer';
import type { BillingReply } from '../../src/billing/billing';
import { HoldcastError } from '../../src/util/errors';

const account = (more: object = {}): object => ({ number: '000412', balance: '12.50', ...more });

function refusal(answer: unknown, currency = 'USD'): HoldcastError {
  try {
    replyOf(answer, currency);
  } catch (error) {
    return error as HoldcastError;
  }
  throw new Error('it was not refused');
}

test('an account without a currency has that of the config, one with a currency its own', () => {
  expect(replyOf([account(), account({ currency: 'KWD', balance: 0.125 })], 'RUB')).toEqual({
    status: 'accounts',
    accounts: [
      { number: '000412', balance: { minor: 1250n, currency: 'RUB' } },
      { number: '000412', balance: { minor: 125n, currency: 'KWD' } },
    ],
  });
});

test('nothing of the objects of who answered is handed on', () => {
  const given = { ...account(), owner: 'Mrs Miller' };
  const { accounts } = replyOf([given], 'USD') as Extract<BillingReply, { status: 'accounts' }>;
  expect(accounts[0]).not.toBe(given);
  expect(Object.keys(accounts[0]!)).toEqual(['number', 'balance']);
});

test.each([
  ['no list', { 0: account(), length: 1 }, 'the answer'],
  ['nothing', undefined, 'the answer'],
  ['a text', 'no such caller', 'the answer'],
  ['a list of texts', ['000412'], 'accounts[0]'],
  ['a hole in the list', Object.assign([account()], { 2: account() }), 'accounts[1]'],
  ['a number as account number', [account({ number: 412 })], 'accounts[0].number'],
  ['spaces as account number', [account({ number: '   ' })], 'accounts[0].number'],
  ['an account number without digit or letter', [account({ number: '№ —' })], 'accounts[0].number'],
  ['a direction mark in an account number', [account({ number: '12\u202e34' })], 'accounts[0].number'],
  ['NaN', [account({ balance: NaN })], 'accounts[0].balance'],
  ['Infinity', [account({ balance: -Infinity })], 'accounts[0].balance'],
  ['a huge number', [account({ balance: 1e21 })], 'accounts[0].balance'],
  ['a sum of floats', [account({ balance: 0.1 + 0.2 })], 'accounts[0].balance'],
  ['a BigInt', [account({ balance: 5n })], 'accounts[0].balance'],
  [
    'an object that looks like an amount',
    [account({ balance: { toString: () => '5' } })],
    'accounts[0].balance',
  ],
  ['a currency in small letters', [account({ currency: 'usd' })], 'accounts[0].currency'],
  ['a currency of the prototype’s', [account({ currency: 'constructor' })], 'accounts[0].currency'],
  ['NULL as currency', [account({ currency: null })], 'accounts[0].currency'],
])('%s is refused, and the place is named', (_, answer, place) => {
  const error = refusal(answer);
  expect(error).toBeInstanceOf(HoldcastError);
  expect(error.code).toBe('HC_BILLING_ANSWER');
  expect(error.message.startsWith(`${place} `)).toBe(true);
});

test('a list that claims to be endless costs nothing', () => {
  const endless = new Proxy([], { get: (_, name) => (name === 'length' ? 2 ** 32 - 1 : account()) });
  expect(refusal(endless).code).toBe('HC_BILLING_ANSWER');
});

test('a value is read once: what was checked is what is said', () => {
  let reads = 0;
  const sly = {
    balance: '1',
    get number(): unknown {
      return reads++ === 0 ? '1' : 666;
    },
  };
  expect(replyOf([sly], 'USD')).toEqual({
    status: 'accounts',
    accounts: [{ number: '1', balance: { minor: 100n, currency: 'USD' } }],
  });
  expect(reads).toBe(1);
});

test('an object that throws when it is read is a strange answer like any other, and not heard of further', () => {
  const thrower = {
    get number(): never {
      throw new Error('the balance of +442079460018 is 99');
    },
  };
  expect(refusal([thrower])).toMatchObject({
    code: 'HC_BILLING_ANSWER',
    message: 'the answer cannot be read',
  });
});

test('whatever is answered is accepted or refused as a strange answer, and no value is in the message', () => {
  const part = fc.oneof(fc.anything({ withBigInt: true }), fc.constantFrom('12.5', '-1', '000412', 'USD'));
  const one = fc.record({ number: part, balance: part, currency: part }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(one, { maxLength: 12 })), (answer) => {
      try {
        const reply = replyOf(answer, 'USD');
        if (reply.status === 'accounts')
          for (const { number, balance } of reply.accounts)
            expect([typeof number, typeof balance.minor]).toEqual(['string', 'bigint']);
      } catch (error) {
        expect(error).toBeInstanceOf(HoldcastError);
        expect((error as HoldcastError).message).toMatch(
          /^(the answer|accounts\[\d+\](\.(number|balance|currency))?) [a-z0-9 ]+$/i,
        );
      }
    }),
    { numRuns: 3000 },
  );
});
