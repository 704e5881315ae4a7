// What a check of `holdcast doctor` is, and how all of them are run: side by side, each within its time.
// A check that cannot be made is no problem of the system: it is "not checked", with the reason.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';

export type Result = 'ok' | 'warning' | 'problem' | 'not checked';

export interface Finding {
  readonly result: Result;
  /** What was found, without a full stop. */
  readonly found: string;
  /** What to do, as a sentence or a command; absent when there is nothing to do. */
  readonly todo?: string | undefined;
  /** In place of the check's name, where one check finds several things. */
  readonly name?: string;
}

export type Findings = Finding | readonly Finding[];

export interface Check {
  /** In the table's first column. */
  readonly name: string;
  /**
   * Changes nothing. `signal` is aborted when its time is over.
   * @throws NotChecked; any other error makes it "not checked" as well
   */
  run(signal: AbortSignal): Promise<Findings> | Findings;
}

/** One line of the report. */
export interface Row extends Omit<Finding, 'name'> {
  readonly check: string;
}

export const ok = (found: string): Finding => ({ result: 'ok', found });
export const warning = (found: string, todo: string): Finding => ({ result: 'warning', found, todo });
export const problem = (found: string, todo: string): Finding => ({ result: 'problem', found, todo });
export const notChecked = (found: string, todo?: string): Finding => ({ result: 'not checked', found, todo });

/** The same finding under another name. */
export const named = (name: string, finding: Finding): Finding => ({ ...finding, name });

/** Why a check cannot be made, and what makes it possible. */
export class NotChecked extends Error {
  constructor(
    message: string,
    readonly todo?: string,
  ) {
    super(message);
  }
}

/** An error that an operator may meet; any other is thrown again. */
export function expected(error: unknown): HoldcastError {
  if (error instanceof HoldcastError) return error;
  throw error;
}

export interface RunOptions {
  readonly clock: Clock;
  /** How long one check may take, milliseconds. */
  readonly limitMs: number;
  /** Ends all of them. */
  readonly signal: AbortSignal;
  /** Called after each check with how many are done. */
  readonly onDone?: (done: number) => void;
}

/** The findings of all checks, in the order of the checks. Never rejects. */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<Row[]> {
  setMaxListeners(0, options.signal); // one for each check
  let done = 0;
  const rows = checks.map(async (check) => {
    const found = await findingsOf(check, options);
    options.onDone?.(++done);
    const findings = 'result' in found ? [found] : found;
    return findings.map(({ name = check.name, ...finding }): Row => ({ check: name, ...finding }));
  });
  return (await Promise.all(rows)).flat();
}

async function findingsOf(check: Check, { clock, limitMs, signal }: RunOptions): Promise<Findings> {
  try {
    const found = await inTime(clock, limitMs, (late) => check.run(late), signal);
    if (found !== LATE) return found;
    return notChecked(signal.aborted ? 'interrupted' : `it took longer than ${limitMs / 1000} s`);
  } catch (error) {
    return notChecked(messageOf(error), error instanceof NotChecked ? error.todo : undefined);
  }
}
