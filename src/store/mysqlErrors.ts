// What a MySQL server or the way to it says, as errors of ours: away (try again later) or refused (never will be).
// A server's own words may hold what was stored or asked for; they are passed on only where they cannot.
import { errnoOf, HoldcastError } from '../util/errors';
import { tlsFailure } from './mysqlTrust';
import { away, refused } from './store';

/** The server is busy, stopping, full, read-only or lost a race: the same may be done later. By error number. */
const PASSING = new Set([
  3, 28, 1020, 1021, 1030, 1037, 1038, 1040, 1041, 1047, 1053, 1077, 1078, 1079, 1080, 1114, 1129, 1152, 1158,
  1159, 1160, 1161, 1180, 1184, 1203, 1205, 1206, 1213, 1223, 1226, 1290, 1317, 1461, 1615, 1637, 1792, 1836,
  1927, 1969, 2006, 2013, 3024, 3101, 3572, 4031,
]);

const RIGHTS = 'give this user the rights that docs/store.md lists, and check name and password';
/** What to do about a server that is away. */
export const SERVER = 'see that the database server runs and is reached';
const NO_TABLES = 'run `holdcast store migrate`';

/** Errors whose words name what the query or the config names, and nothing that was passed to it. */
const SPEAKING = new Map<number, string>([
  ...[1044, 1045, 1142, 1143, 1698].map((errno) => [errno, RIGHTS] as const),
  [1049, 'create the database, or name another one'],
  [1054, 'check the names of columns in the query'],
  [1064, 'check the query'],
  [1146, NO_TABLES],
]);

/** The server's own number of an error; undefined when it is not the server's. */
export function serverErrno(error: unknown): number | undefined {
  const { errno, sqlState } = (error ?? {}) as { errno?: unknown; sqlState?: unknown };
  return typeof errno === 'number' && errno > 0 && typeof sqlState === 'string' ? errno : undefined;
}

/** @returns HC_STORE_AWAY or HC_STORE_REFUSED; one that is ours already stays as it is */
export function databaseError(error: unknown): HoldcastError {
  if (error instanceof HoldcastError) return error;
  const errno = serverErrno(error);
  const code = errnoOf(error) ?? 'no code';
  if (errno === undefined) return tlsFailure(error) ?? ofTheWay(code);
  if (PASSING.has(errno)) {
    const hint = 'it is tried again; if this stays, look at the log of the database server';
    const message = `the database is not available just now: ${code} (${errno})`;
    return new HoldcastError('HC_STORE_AWAY', message, hint, { cause: { errno } });
  }
  const hint = SPEAKING.get(errno);
  const { sqlMessage } = error as { sqlMessage?: unknown };
  const words = hint !== undefined && typeof sqlMessage === 'string' ? `: ${sqlMessage}` : '';
  return refused(`the database refused: ${code} (${errno})${words}`, hint);
}

/**
 * An error in place of the greeting: it is about the connection, and anybody may have sent it, also where TLS is to prove who
 * the server is. Nothing that is to be written is refused by it.
 */
export function greetingError(error: unknown): unknown {
  const errno = serverErrno(error);
  if (errno === undefined) return error;
  const code = errnoOf(error) ?? 'no code';
  return away(`the database takes no connection from here: ${code} (${errno})`, SERVER, { errno });
}

/** Transactions that want the same rows may lock each other out; one of them tries again, so often. */
const TRIES = 4;
/** ER_LOCK_DEADLOCK. */
const DEADLOCK = 1213;

/** What `work` brings, which is begun anew where the server ended it for another's sake. */
export async function unlessDeadlocked<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const { cause } = error as { cause?: { errno?: unknown } };
      if (tries === TRIES || cause?.errno !== DEADLOCK) throw error;
    }
  }
}

/** The driver's and the system's codes: only a log-in of a kind that it does not know will never succeed. */
function ofTheWay(code: string): HoldcastError {
  if (code.startsWith('AUTH_')) return refused(`the log-in to the database failed: ${code}`, RIGHTS);
  if (code === 'EACCES' || code === 'EPERM')
    return refused(`no right to reach the database: ${code}`, RIGHTS);
  return away(`the database is away: ${code}`, SERVER, { code });
}
