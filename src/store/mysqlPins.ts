// The tables of PINs in MySQL and MariaDB, shared by all machines: the row of the secret is locked for each step, so that
// tries are counted one after the other. Times are the server's, since the machines' clocks may differ.
import { randomBytes } from 'node:crypto';
import type { Pool, Queryable } from './pool';
import type { PinTables } from './sqlPins';
import { away } from './store';

/** UTC: local time has an hour twice a year. */
const GUARD =
  "SELECT secret, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now_ms " +
  "FROM holdcast_secret WHERE name = 'pin' FOR UPDATE";

export function mysqlPins(pool: Pool): PinTables {
  return {
    onConflict:
      "ON DUPLICATE KEY UPDATE tries = holdcast_pin.tries + 1, told = IF(holdcast_pin.told = VALUES(told), holdcast_pin.told, ''), " +
      'at_ms = VALUES(at_ms)',
    step: (body) =>
      pool.transaction(async (on) =>
        body({
          ...((await guard(on)) ?? (await newGuard(on))),
          run: async (statements) => {
            const changed: number[] = [];
            for (const { sql, values } of statements) changed.push(await on.run(sql, values));
            return changed;
          },
          query: ({ sql, values }) => on.query(sql, values),
        }),
      ),
  };
}

async function guard(on: Queryable): Promise<{ secret: string; now: number } | undefined> {
  const [row] = await on.query(GUARD);
  return row && { secret: String(row['secret']), now: Number(row['now_ms']) };
}

async function newGuard(on: Queryable): Promise<{ secret: string; now: number }> {
  const secret = randomBytes(32).toString('base64url');
  await on.run("INSERT IGNORE INTO holdcast_secret (name, secret) VALUES ('pin', ?)", [secret]);
  const made = await guard(on);
  if (!made) throw away('the secret of PINs cannot be kept');
  return made;
}
