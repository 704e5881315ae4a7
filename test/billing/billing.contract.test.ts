// The contract of a Billing, run against every adapter on a real system behind it, and against the fake of these tests.
import type { Billing, BillingQuestion, BillingReply } from '../../src/billing/billing';
import { replyOf } from '../../src/billing/answer';
import { BillingFailure } from '../../src/billing/failure';
import { openHttp } from '../../src/billing/http';
import { billingBy } from '../../src/billing/open';
import type { BillingAnswer } from '../../src/billing/settings';
import { openSql } from '../../src/billing/sql';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { billingContract, type Behaviour, type BillingStand } from '../support/billingContract';
import { BillingServer } from '../support/billingServer';
import { describeWithMariadb, Mariadb } from '../support/mariadb';

/** What a system that is written in JavaScript answers; undefined: never. */
function answerOf(
  { accounts = [], pin, hangs, echo }: Behaviour,
  asked: { language: string; pin?: string | undefined },
): unknown {
  if (hangs) return undefined;
  if (pin !== undefined && asked.pin !== pin) return 'wrong-pin';
  return echo ? accounts.map((account) => ({ ...account, number: asked.language })) : accounts;
}

class Scripted {
  readonly #script = new Map<string, Behaviour>();

  tell(phone: string, behaviour: Behaviour): void {
    this.#script.set(phone, behaviour);
  }

  of(phone: string): Behaviour {
    return this.#script.get(phone) ?? {};
  }
}

const never = new Promise<never>(() => {});

class FakeBilling extends Scripted implements Billing {
  async accounts(question: BillingQuestion): Promise<BillingReply> {
    const behaviour = this.of(question.phone);
    if (behaviour.fails) throw new BillingFailure('it is scripted to fail', 'script it otherwise');
    return replyOf(answerOf(behaviour, question) ?? (await never), 'USD');
  }
}

billingContract('the fake', () => {
  const fake = new FakeBilling();
  return { billing: fake, tell: (...all) => fake.tell(...all), close: () => {} };
});

billingContract('the operator’s function', () => {
  const script = new Scripted();
  const ask = async (question: BillingQuestion): Promise<BillingAnswer> => {
    const behaviour = script.of(question.phone);
    if (behaviour.fails) throw new Error(`nobody has the number ${question.phone}`);
    return (answerOf(behaviour, question) ?? (await never)) as BillingAnswer;
  };
  const billing = billingBy(ask, 'USD');
  return { billing, tell: (...all) => script.tell(...all), close: () => {} };
});

const overHttp = (method: 'GET' | 'POST') => async (): Promise<BillingStand> => {
  const script = new Scripted();
  const server = await BillingServer.start(({ query, body }, response) => {
    const asked = method === 'GET' ? query : new URLSearchParams(JSON.parse(body) as Record<string, string>);
    const behaviour = script.of(asked.get('phone') ?? '');
    const pin = asked.get('pin') ?? undefined;
    const answer = answerOf(behaviour, { language: asked.get('language') ?? '', pin });
    if (answer === undefined) return;
    response.writeHead(behaviour.fails ? 500 : 200).end(JSON.stringify(answer));
  });
  const get = {
    url: `${server.origin}/balance?phone={phone}&language={language}&pin={pin}&id={uniqueid}`,
  };
  const post = {
    url: `${server.origin}/balance`,
    body: { phone: '{phone}', language: '{language}', pin: '{pin}' },
  };
  const billing = await openHttp(method === 'GET' ? get : post, {
    currency: 'USD',
    limitMs: 3000,
    log: silentLogger,
  });
  return { billing, tell: (...all) => script.tell(...all), close: () => server.close() };
};
billingContract('HTTP, asked with GET', overHttp('GET'));
billingContract('HTTP, asked with POST', overHttp('POST'));

/** `broken` makes the query itself fail, `delay` keeps it busy: per caller, as a table that is locked would. */
const QUERY = `
  SELECT IF(echo, :language, number) AS number, balance, currency, pin FROM account
  WHERE phone = :phone AND SLEEP(delay) = 0
    AND IF(broken, (SELECT n FROM two WHERE two.n >= account.broken), 1) = 1
  ORDER BY id`;
const TABLES = `
  CREATE TABLE two (n INT); INSERT INTO two VALUES (1), (2);
  CREATE TABLE account (id INT AUTO_INCREMENT PRIMARY KEY, phone VARCHAR(20), number VARCHAR(80), balance VARCHAR(40),
    currency VARCHAR(9), pin VARCHAR(12), delay INT, broken INT, echo INT)`;

type Texts = Record<'number' | 'balance' | 'currency' | 'pin', string | null>;

function fromRows(rows: readonly unknown[], { pin }: BillingQuestion): BillingAnswer {
  const found = rows as Texts[];
  if (pin !== undefined && found.some((row) => row.pin !== pin)) return 'wrong-pin';
  return found.map(({ number, balance, currency }) => ({
    number: number!,
    balance: balance!,
    currency: currency ?? undefined,
  }));
}

const quoted = (value: unknown): string =>
  value === undefined || value === null
    ? 'NULL'
    : `0x${Buffer.from(String(value as string)).toString('hex') || '00'}`;

describeWithMariadb('on a real MariaDB', () => {
  let server: Mariadb;
  beforeAll(async () => {
    server = await Mariadb.start();
  });
  afterAll(() => server?.remove());

  billingContract('SQL', () => {
    server.create('shop');
    server.sql(TABLES, 'shop');
    const database = server.database('shop');
    const billing = openSql(
      { database, query: QUERY, answer: fromRows },
      { currency: 'USD', clock: systemClock(), log: silentLogger },
    );
    const tell = (phone: string, { accounts = [], pin, hangs, fails, echo }: Behaviour): void => {
      const rows = hangs || fails ? [{ number: '1', balance: '1', currency: undefined }] : accounts;
      const values = rows.map(({ number, balance, currency }) =>
        [phone, number, balance, currency, pin]
          .map(quoted)
          .concat(hangs ? '30' : '0', fails ? '1' : '0', echo ? '1' : '0')
          .join(),
      );
      const columns = 'phone, number, balance, currency, pin, delay, broken, echo';
      const insert = values.map((row) => `INSERT INTO account (${columns}) VALUES (${row});`).join('\n');
      server.sql(`DELETE FROM account WHERE phone = ${quoted(phone)};\n${insert}`, 'shop');
    };
    return { billing, tell, close: () => {} };
  });
});
