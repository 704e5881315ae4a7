// SqlPins: the PinLedger of both stores. Its limits stand in the SQL, so that a try is begun in one step, or not at all.
import { createHmac } from 'node:crypto';
import type { PinCaller, PinCounts, PinLedger, PinLimits } from './store';
import type { Fields, Statement } from './rows';

export interface PinStep {
  /** The store's key, with which callers are hashed. */
  readonly secret: string;
  /** Wall time, milliseconds since 1970. */
  readonly now: number;
  /** One after the other; either all of them, or none. @returns rows that each has changed */
  run(statements: readonly Statement[]): Promise<readonly number[]>;
  query(statement: Statement): Promise<readonly Fields[]>;
}

/** What differs from store to store. */
export interface PinTables {
  /**
   * What a try adds to a line that is there, in the store's own words: one more, and the time. A line that was told in two ways
   * belongs to neither: '' is nobody's hash.
   */
  readonly onConflict: string;
  /** Runs a step; `run` in it is not mixed with another's. */
  step<T>(body: (step: PinStep) => Promise<T>): Promise<T>;
}

/** No limit of the config is longer: older rows are removed by the process that maintains the store. Milliseconds. */
export const LONGEST_PIN_MS = 86_400_000;
const OF_LINE = '(SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE who = ?)';
const OF_ALL = '(SELECT COALESCE(SUM(tries), 0) FROM holdcast_pin WHERE at_ms > ?)';

export class SqlPins implements PinLedger {
  constructor(private readonly tables: PinTables) {}

  counts(caller: PinCaller, limits: PinLimits): Promise<PinCounts> {
    return this.tables.step(async (step) => {
      await step.run(sweeping(step, limits.lockMs));
      return countsOf(step, hashedCaller(caller, step).who, limits);
    });
  }

  begin(caller: PinCaller, limits: PinLimits): Promise<PinCounts & { begun: boolean }> {
    return this.tables.step(async (step) => {
      const { now } = step;
      const { who, told } = hashedCaller(caller, step);
      const sql =
        'INSERT INTO holdcast_pin (who, told, tries, at_ms) SELECT * FROM (SELECT ? AS who, ? AS told, 1 AS tries, ? AS at_ms) n ' +
        `WHERE ${OF_LINE} < ? AND ${OF_ALL} < ? ${this.tables.onConflict}`;
      const values = [who, told, now, who, limits.tries, now - limits.allMs, limits.allTries];
      const changed = await step.run([...sweeping(step, limits.lockMs), { sql, values }]);
      return { begun: changed.at(-1)! > 0, ...(await countsOf(step, who, limits)) };
    });
  }

  end(caller: PinCaller, outcome: 'right' | 'unjudged'): Promise<void> {
    return this.tables.step(async (step) => {
      const { who, told } = hashedCaller(caller, step);
      await step.run([
        { sql: 'UPDATE holdcast_pin SET tries = tries - 1 WHERE who = ?', values: [who] },
        {
          sql: 'DELETE FROM holdcast_pin WHERE who = ? AND (tries <= 0 OR told = ?)',
          values: [who, outcome === 'right' ? told : null],
        },
      ]);
    });
  }

  /** What counts by no limit that a config may have. @returns rows removed */
  purge(): Promise<number> {
    return this.tables.step(async (step) => (await step.run(sweeping(step, LONGEST_PIN_MS))).at(-1)!);
  }
}

export function hashedCaller(
  { line, told }: PinCaller,
  { secret }: Pick<PinStep, 'secret'>,
): { who: string; told: string } {
  const hash = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url');
  return { who: hash(`line ${line}`), told: hash(`told ${told}`) };
}

/** A try of a time to come was made before the clock was set back: it counts from now, and not until that time. */
function sweeping({ now }: PinStep, forMs: number): Statement[] {
  return [
    { sql: 'UPDATE holdcast_pin SET at_ms = ? WHERE at_ms > ?', values: [now, now] },
    { sql: 'DELETE FROM holdcast_pin WHERE at_ms <= ?', values: [now - forMs] },
  ];
}

async function countsOf(step: PinStep, who: string, { allMs }: PinLimits): Promise<PinCounts> {
  const values = [who, step.now - allMs];
  const [row] = await step.query({ sql: `SELECT ${OF_LINE} AS line, ${OF_ALL} AS total`, values });
  return { ofLine: Number(row?.['line']), ofAll: Number(row?.['total']) };
}
