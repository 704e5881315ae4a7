// What every Billing adapter must do, whatever is behind it: one suite for HTTP, SQL, the operator's function and the fake.
// Would catch: answers of two callers mixed up, half an answer, a value in an error, a question that outlives its caller.
import { setMaxListeners } from 'node:events';
import {
  MOST_ACCOUNTS,
  type Billing,
  type BillingQuestion,
  type BillingReply,
} from '../../src/billing/billing';
import { systemClock } from '../../src/util/clock';
import type { HoldcastError } from '../../src/util/errors';
import { inTime, LATE } from '../../src/util/inTime';

/** An account as the system behind the adapter has it; strange ones too. */
export interface StandAccount {
  readonly number: unknown;
  readonly balance: unknown;
  readonly currency?: unknown;
}

/** What the system behind the adapter does when it is asked about a number. */
export interface Behaviour {
  readonly accounts?: readonly StandAccount[];
  /** The right one. */
  readonly pin?: string;
  /** It never answers. */
  readonly hangs?: boolean;
  readonly fails?: boolean;
  /** The number of the account is the language that it was asked with. */
  readonly echo?: boolean;
}

export interface BillingStand {
  /** Balances that name no currency are in USD. */
  readonly billing: Billing;
  /** From now on; a number that was never told is not registered. */
  tell(phone: string, behaviour: Behaviour): void | Promise<void>;
  close(): void | Promise<void>;
}

const PHONE = '+442079460018';

export const usd = (number: string, minor: bigint): object => ({
  number,
  balance: { minor, currency: 'USD' },
});

/** As BalanceService asks: it does not wait for what does not obey its signal. */
export async function askedBy(
  billing: Billing,
  question: BillingQuestion,
  signal: AbortSignal,
): Promise<BillingReply> {
  const reply = await inTime(systemClock(), 600_000, (asking) => billing.accounts(question, asking), signal);
  if (reply === LATE) throw new Error('nobody waits any more');
  return reply;
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<HoldcastError> {
  const error: unknown = await promise.then(
    () => new Error('it was not rejected'),
    (reason: unknown) => reason,
  );
  return error as HoldcastError;
}

const STRANGE: [what: string, account: StandAccount, place: string][] = [
  ['a comma in an amount', { number: '000412', balance: '1,50' }, 'accounts[1].balance'],
  ['a word for an amount', { number: '000412', balance: 'NaN' }, 'accounts[1].balance'],
  ['no amount', { number: '000412', balance: null }, 'accounts[1].balance'],
  ['a huge amount', { number: '000412', balance: '98765432109876' }, 'accounts[1].balance'],
  ['an exponent', { number: '000412', balance: '1e3' }, 'accounts[1].balance'],
  ['parts of a cent', { number: '000412', balance: '0.125' }, 'accounts[1].balance'],
  ['a currency that is none', { number: '000412', balance: '1', currency: 'QQQ' }, 'accounts[1].currency'],
  ['no account number', { number: null, balance: '1' }, 'accounts[1].number'],
  ['an empty account number', { number: '', balance: '1' }, 'accounts[1].number'],
  ['a control character', { number: '000\u0007412', balance: '1' }, 'accounts[1].number'],
  ['a number that is too long', { number: '7'.repeat(65), balance: '1' }, 'accounts[1].number'],
];

export function billingContract(adapter: string, make: () => BillingStand | Promise<BillingStand>): void {
  describe(`${adapter} is a Billing`, () => {
    let stand: BillingStand;
    let signal: AbortSignal;
    let abort: AbortController;

    const ask = (more: Partial<BillingQuestion> = {}): Promise<BillingReply> =>
      askedBy(stand.billing, { phone: PHONE, uniqueid: '1795225281.7', language: 'en', ...more }, signal);

    beforeEach(async () => {
      abort = new AbortController();
      ({ signal } = abort);
      setMaxListeners(100, signal);
      stand = await make();
    });

    afterEach(async () => {
      await stand.billing.close?.();
      await stand.billing.close?.();
      await stand.close();
    });

    test('tells no account of a number that is not registered', async () => {
      expect(await ask()).toEqual({ status: 'accounts', accounts: [] });
    });

    test('tells an account with its leading zeros', async () => {
      await stand.tell(PHONE, { accounts: [{ number: '000412', balance: '12.50' }] });
      expect(await ask()).toEqual({ status: 'accounts', accounts: [usd('000412', 1250n)] });
    });

    test('tells several accounts in their order, each in its currency', async () => {
      const accounts = [
        { number: 'B-2', balance: '-0.07', currency: 'EUR' },
        { number: 'A-1', balance: '1000000000000', currency: 'JPY' },
        { number: '3', balance: '0' },
      ];
      await stand.tell(PHONE, { accounts });
      expect(await ask()).toEqual({
        status: 'accounts',
        accounts: [
          { number: 'B-2', balance: { minor: -7n, currency: 'EUR' } },
          { number: 'A-1', balance: { minor: 1_000_000_000_000n, currency: 'JPY' } },
          usd('3', 0n),
        ],
      });
    });

    test('tells whether a PIN is right', async () => {
      await stand.tell(PHONE, { accounts: [{ number: '1', balance: '1' }], pin: '0042' });
      expect(await ask({ pin: '0043' })).toEqual({ status: 'wrong-pin' });
      expect(await ask({ pin: '0042' })).toEqual({ status: 'accounts', accounts: [usd('1', 100n)] });
    });

    test.each(STRANGE)(
      'refuses the whole answer for %s, and does not repeat it',
      async (_, account, place) => {
        await stand.tell(PHONE, { accounts: [{ number: '1', balance: '1' }, account] });
        const error = await rejection(ask());
        expect(error).toMatchObject({ code: 'HC_BILLING_ANSWER', hint: expect.any(String) as string });
        expect(error.message).toContain(place);
        for (const value of Object.values(account).filter((value) => String(value).length > 3))
          expect(error.message).not.toContain(String(value));
      },
    );

    test('refuses more accounts than anybody would listen to', async () => {
      const accounts = Array.from({ length: MOST_ACCOUNTS + 1 }, (_, i) => ({
        number: String(i),
        balance: '1',
      }));
      await stand.tell(PHONE, { accounts: accounts.slice(1) });
      expect(await ask()).toMatchObject({ accounts: { length: MOST_ACCOUNTS } });
      await stand.tell(PHONE, { accounts });
      expect(await rejection(ask())).toMatchObject({ code: 'HC_BILLING_ANSWER' });
    });

    test('says that billing failed and what to do, without the number; and answers afterwards', async () => {
      await stand.tell(PHONE, { fails: true });
      const error = await rejection(ask());
      expect(error).toMatchObject({ code: 'HC_BILLING_FAILED', hint: expect.any(String) as string });
      expect(`${error.message} ${error.hint}`).not.toContain('79460018');
      await stand.tell(PHONE, { accounts: [{ number: '1', balance: '1' }] });
      expect(await ask()).toEqual({ status: 'accounts', accounts: [usd('1', 100n)] });
    });

    test('ends a question that is given up, and answers the next', async () => {
      await stand.tell(PHONE, { hangs: true });
      const asked = rejection(ask());
      await new Promise((done) => setImmediate(done));
      abort.abort();
      expect(await asked).toBeInstanceOf(Error);
      ({ signal } = new AbortController());
      await stand.tell('+15550001', { accounts: [{ number: '1', balance: '1' }] });
      expect(await ask({ phone: '+15550001' })).toEqual({ status: 'accounts', accounts: [usd('1', 100n)] });
    });

    test('asks nothing for who has left already', async () => {
      abort.abort();
      expect(await rejection(ask())).toBeInstanceOf(Error);
    });

    test('tells each of forty callers at once their own, though one is never answered', async () => {
      const phones = Array.from({ length: 40 }, (_, i) => `+1555${100 + i}`);
      for (const [i, phone] of phones.entries())
        await stand.tell(phone, { accounts: [{ number: `A${i}`, balance: `${i}.25` }] });
      await stand.tell('+15559', { hangs: true });
      const hanging = rejection(ask({ phone: '+15559' }));
      const replies = await Promise.all(phones.map((phone) => ask({ phone })));
      expect(replies).toEqual(
        phones.map((_, i) => ({ status: 'accounts', accounts: [usd(`A${i}`, BigInt(i) * 100n + 25n)] })),
      );
      abort.abort();
      await hanging;
    });

    test('passes whatever a channel says as a value, never as more', async () => {
      await stand.tell(PHONE, { echo: true, accounts: [{ number: '-', balance: '1' }] });
      const language = `e'n"&x=1;#?/%2e {pin}\\ :phone 'OR 1=1--`;
      expect(await ask({ language })).toEqual({ status: 'accounts', accounts: [usd(language, 100n)] });
    });
  });
}
