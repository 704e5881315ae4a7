// Billing by SQL: the operator's own query on a pool of connections. What is asked about is passed as parameters, so that
// no value ever becomes part of the query; a query that hangs is cut with its connection.
import { SERVER } from '../store/mysqlErrors';
import { Pool, type Row } from '../store/pool';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { mapped } from './answer';
import { MOST_ACCOUNTS, type Billing, type BillingParts, type BillingQuestion } from './billing';
import { BillingFailure, isNotReached, strangeAnswer } from './failure';
import type { BillingSettings, SqlBilling } from './settings';

type SqlParts = Pick<BillingSettings, 'currency'> & Pick<BillingParts, 'clock' | 'log'>;

/** Changes nothing, so it may be asked once more. */
const SELECT = /^\s*select\b/i;

/** No connection is made before the first question. Its owner closes it. */
export function openSql(
  { database, query, answer }: SqlBilling,
  { currency, clock, log }: SqlParts,
): Required<Billing> {
  const pool = new Pool(database, { clock, log });
  return {
    accounts: async (question, signal) => {
      const { phone, uniqueid, language, pin = null } = question;
      const asked = pool.query(query, { phone, uniqueid, language, pin }, signal);
      const rows = await asked.catch((error: unknown) => {
        throw queryFailure(error, SELECT.test(query) && pin === null);
      });
      if (rows.length > MOST_ACCOUNTS) {
        const hint = 'let the query find the rows of this caller only, one for each account';
        throw strangeAnswer('the query', `found more than ${MOST_ACCOUNTS} rows`, hint);
      }
      return mapped(answer ?? columns, rows, question, currency);
    },
    close: () => pool.close(),
  };
}

/** The columns number, balance, currency. None found with a PIN: the query has looked for both, and it was wrong. */
function columns(rows: readonly Row[], { pin }: BillingQuestion): unknown {
  if (rows.length === 0 && pin !== undefined) return 'wrong-pin';
  return rows.map(({ number, balance, currency }) => ({ number, balance, currency }));
}

/** What a server says to a new connection: too many of them, from this host, or of this user. By error number. */
const NO_ROOM = new Set([1040, 1129, 1203, 1226]);

/** The query was never sent. What a server says to one may depend on the PIN, also that it cannot just now. */
function isUnasked(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string; errno?: number } };
  return NO_ROOM.has(cause?.errno ?? 0) || isNotReached(cause?.code);
}

/** @param again the same may be asked once more where only the database was away */
function queryFailure(error: unknown, again: boolean): HoldcastError {
  // The pool's own words: codes, and names of the query's.
  const what = error instanceof HoldcastError ? messageOf(error) : 'the query failed';
  if (errnoOf(error) !== 'HC_STORE_REFUSED') {
    const hint = (error instanceof HoldcastError && error.hint) || SERVER;
    return new BillingFailure(what, `${hint} (the database of \`billing\`)`, {
      again,
      unjudged: isUnasked(error),
    });
  }
  const hint =
    'try the query of `billing` by hand as the user of `database`: it may be wrong, or lack the right';
  return new BillingFailure(what, hint);
}
