// The PinLedger of the embedded store: SQLite has one writer at a time, so that a try is begun in one transaction.
// What its thread is told are statements without a step between them: the limits stand in the SQL.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../util/clock';
import type { Statement } from './embeddedMessages';
import type { EmbeddedThread } from './embeddedThread';
import {
  hashedCaller,
  LONGEST_PIN_MS,
  type PinCaller,
  type PinCounts,
  type PinLedger,
  type PinLimits,
} from './pinLedger';

const SECRET = "SELECT secret FROM holdcast_secret WHERE name = 'pin'";
const NEW_SECRET = "INSERT INTO holdcast_secret (name, secret) VALUES ('pin', ?) ON CONFLICT DO NOTHING";
const OF_LINE = 'SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE who = ?';
const OF_ALL = 'SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE at_ms > ?';
/** A line that was told in two ways belongs to neither: '' is nobody's hash. */
const BEGIN =
  'INSERT INTO holdcast_pin (who, told, tries, at_ms) SELECT ?, ?, 1, ? ' +
  `WHERE (${OF_LINE}) < ? AND (${OF_ALL}) < ? ` +
  'ON CONFLICT (who) DO UPDATE SET at_ms = excluded.at_ms, tries = tries + 1, ' +
  "told = CASE WHEN holdcast_pin.told = excluded.told THEN excluded.told ELSE '' END";

export class EmbeddedPins implements PinLedger {
  constructor(
    private readonly thread: EmbeddedThread,
    private readonly clock: Clock,
  ) {}

  async counts(caller: PinCaller, limits: PinLimits): Promise<PinCounts> {
    const { who } = await this.#hashed(caller);
    await this.sweep(limits);
    return this.#counts(who, limits);
  }

  async begin(caller: PinCaller, limits: PinLimits): Promise<PinCounts & { begun: boolean }> {
    const { who, told } = await this.#hashed(caller);
    const now = this.#now();
    const values = [who, told, now, who, limits.tries, now - limits.allMs, limits.allTries];
    const changed = await this.thread.write([...sweeping(now, limits.lockMs), { sql: BEGIN, values }]);
    return { begun: changed.at(-1) === 1, ...(await this.#counts(who, limits)) };
  }

  async end(caller: PinCaller, outcome: 'right' | 'unjudged'): Promise<void> {
    const { who, told } = await this.#hashed(caller);
    await this.thread.write([
      { sql: 'UPDATE holdcast_pin SET tries = tries - 1 WHERE who = ?', values: [who] },
      {
        sql: 'DELETE FROM holdcast_pin WHERE who = ? AND (tries <= 0 OR told = ?)',
        values: [who, outcome === 'right' ? told : null],
      },
    ]);
  }

  async sweep(limits: PinLimits): Promise<void> {
    await this.thread.write(sweeping(this.#now(), limits.lockMs));
  }

  /** What counts by no limit that a config may have. @returns rows removed */
  async purge(): Promise<number> {
    const [, removed = 0] = await this.thread.write(sweeping(this.#now(), LONGEST_PIN_MS));
    return removed;
  }

  #now(): number {
    return Math.trunc(this.clock.wall());
  }

  async #counts(who: string, { allMs }: PinLimits): Promise<PinCounts> {
    const sql = `SELECT (${OF_LINE}) AS line, (${OF_ALL}) AS total`;
    const [row] = await this.thread.read({ sql, values: [who, this.#now() - allMs] });
    return { ofLine: Number(row?.['line']), ofAll: Number(row?.['total']) };
  }

  /** Read each time: a file that was put aside has taken its secret with it. */
  async #hashed(caller: PinCaller): Promise<{ who: string; told: string }> {
    for (;;) {
      const [row] = await this.thread.read({ sql: SECRET, values: [] });
      if (typeof row?.['secret'] === 'string') return hashedCaller(caller, row['secret']);
      await this.thread.write([{ sql: NEW_SECRET, values: [randomBytes(32).toString('base64url')] }]);
    }
  }
}

/** A try of a time to come was made before the clock was set back: it counts from now, and not until that time. */
function sweeping(now: number, forMs: number): Statement[] {
  return [
    { sql: 'UPDATE holdcast_pin SET at_ms = ? WHERE at_ms > ?', values: [now, now] },
    { sql: 'DELETE FROM holdcast_pin WHERE at_ms <= ?', values: [now - forMs] },
  ];
}
