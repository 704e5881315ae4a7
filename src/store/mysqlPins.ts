// The PinLedger of MySQL and MariaDB, shared by all machines: the row of the secret is locked for each step, so that
// tries are counted one after the other. Times are the server's, since the machines' clocks may differ.
import { randomBytes } from 'node:crypto';
import { unlessDeadlocked } from './mysqlErrors';
import {
  hashedCaller,
  LONGEST_PIN_MS,
  type PinCaller,
  type PinCounts,
  type PinLedger,
  type PinLimits,
} from './pinLedger';
import type { Pool, Queryable } from './pool';
import { away } from './storeErrors';

/** UTC: local time has an hour twice a year. */
const GUARD =
  "SELECT secret, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now_ms " +
  "FROM holdcast_secret WHERE name = 'pin' FOR UPDATE";

interface Guarded {
  readonly on: Queryable;
  readonly secret: string;
  /** The server's wall time, milliseconds since 1970. */
  readonly now: number;
}

export class MysqlPins implements PinLedger {
  constructor(private readonly pool: Pool) {}

  counts(caller: PinCaller, limits: PinLimits): Promise<PinCounts> {
    return this.#guarded(async (guarded) => {
      await swept(guarded, limits.lockMs);
      return countsOf(guarded, hashedCaller(caller, guarded.secret).who, limits);
    });
  }

  begin(caller: PinCaller, limits: PinLimits): Promise<PinCounts & { begun: boolean }> {
    return this.#guarded(async (guarded) => {
      const { on, now } = guarded;
      const { who, told } = hashedCaller(caller, guarded.secret);
      await swept(guarded, limits.lockMs);
      const { ofLine, ofAll } = await countsOf(guarded, who, limits);
      if (ofLine >= limits.tries || ofAll >= limits.allTries) return { begun: false, ofLine, ofAll };
      // A line that was told in two ways belongs to neither: '' is nobody's hash.
      await on.run(
        'INSERT INTO holdcast_pin (who, told, tries, at_ms) VALUES (?, ?, 1, ?) ON DUPLICATE KEY UPDATE ' +
          "tries = tries + 1, told = IF(told = VALUES(told), told, ''), at_ms = VALUES(at_ms)",
        [who, told, now],
      );
      return { begun: true, ofLine: ofLine + 1, ofAll: ofAll + 1 };
    });
  }

  end(caller: PinCaller, outcome: 'right' | 'unjudged'): Promise<void> {
    return this.#guarded(async ({ on, secret }) => {
      const { who, told } = hashedCaller(caller, secret);
      await on.run('UPDATE holdcast_pin SET tries = tries - 1 WHERE who = ?', [who]);
      await on.run('DELETE FROM holdcast_pin WHERE who = ? AND (tries <= 0 OR told = ?)', [
        ...[who, outcome === 'right' ? told : null],
      ]);
    });
  }

  sweep(limits: PinLimits): Promise<void> {
    return this.#guarded(async (guarded) => void (await swept(guarded, limits.lockMs)));
  }

  /** What counts by no limit that a config may have. @returns rows removed */
  purge(): Promise<number> {
    return this.#guarded((guarded) => swept(guarded, LONGEST_PIN_MS));
  }

  #guarded<T>(body: (guarded: Guarded) => Promise<T>): Promise<T> {
    return unlessDeadlocked(() =>
      this.pool.transaction(async (on) => body({ on, ...((await guard(on)) ?? (await newGuard(on))) })),
    );
  }
}

async function guard(on: Queryable): Promise<Omit<Guarded, 'on'> | undefined> {
  const [row] = await on.query(GUARD);
  return row && { secret: String(row['secret']), now: Number(row['now_ms']) };
}

async function newGuard(on: Queryable): Promise<Omit<Guarded, 'on'>> {
  const secret = randomBytes(32).toString('base64url');
  await on.run("INSERT IGNORE INTO holdcast_secret (name, secret) VALUES ('pin', ?)", [secret]);
  const made = await guard(on);
  if (!made) throw away('the secret of PINs cannot be kept');
  return made;
}

/** A try of a time to come was made before the clock was set back: it counts from now, and not until that time. */
async function swept({ on, now }: Guarded, forMs: number): Promise<number> {
  await on.run('UPDATE holdcast_pin SET at_ms = ? WHERE at_ms > ?', [now, now]);
  return on.run('DELETE FROM holdcast_pin WHERE at_ms <= ?', [now - forMs]);
}

async function countsOf({ on, now }: Guarded, who: string, limits: PinLimits): Promise<PinCounts> {
  const [row] = await on.query(
    'SELECT (SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE who = ?) AS line, ' +
      '(SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE at_ms > ?) AS total',
    [who, now - limits.allMs],
  );
  return { ofLine: Number(row?.['line']), ofAll: Number(row?.['total']) };
}
