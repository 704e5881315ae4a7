// What a check of `holdcast doctor` is, and how all of them are run: side by side, each within its time.
// A check that fails to check is no problem of the system: it is "not checked", with the reason.
import type { Clock } from '../util/clock';
import { messageOf } from '../util/errors';

export type Result = 'ok' | 'warning' | 'problem' | 'not checked';

export interface Finding {
  readonly result: Result;
  /** What was found, without a full stop. */
  readonly found: string;
  /** What to do, as a sentence or a command; absent when there is nothing to do. */
  readonly todo?: string;
  /** In place of the check's name, where one check finds several things. */
  readonly name?: string;
}

export interface Check {
  /** In the table's first column. */
  readonly name: string;
  /** Changes nothing. `signal` fires when its time is over. */
  run(signal: AbortSignal): Promise<Finding | readonly Finding[]>;
}

/** One line of the report. */
export interface Row {
  readonly check: string;
  readonly result: Result;
  readonly found: string;
  readonly todo?: string;
}

export const ok = (found: string): Finding => ({ result: 'ok', found });
export const warning = (found: string, todo: string): Finding => ({ result: 'warning', found, todo });
export const problem = (found: string, todo: string): Finding => ({ result: 'problem', found, todo });
export const notChecked = (found: string, todo?: string): Finding => ({
  result: 'not checked',
  found,
  ...(todo !== undefined && { todo }),
});

/** The same finding under another name. */
export const named = (name: string, finding: Finding): Finding => ({ ...finding, name });

export interface RunOptions {
  readonly clock: Clock;
  /** How long one check may take, milliseconds. */
  readonly limitMs: number;
  /** Ends all of them. */
  readonly signal: AbortSignal;
  /** Told after each. */
  readonly onDone?: (done: number) => void;
}

/** The findings of all checks, in the order of the checks. Never rejects. */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<Row[]> {
  const { signal, onDone } = options;
  const running = checks.map((check) => ({ check, abort: new AbortController() }));
  const interrupt = (): void => running.forEach(({ abort }) => abort.abort());
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  let done = 0;
  const rows = running.map(async ({ check, abort }) => {
    const findings = await withinTime(check, abort, options);
    onDone?.(++done);
    return findings.map(({ name = check.name, ...finding }): Row => ({ check: name, ...finding }));
  });
  const all = await Promise.all(rows);
  signal.removeEventListener('abort', interrupt);
  return all.flat();
}

async function withinTime(
  check: Check,
  abort: AbortController,
  { clock, limitMs, signal }: RunOptions,
): Promise<readonly Finding[]> {
  const cancel = clock.after(limitMs, () => abort.abort());
  try {
    const findings = await Promise.race([check.run(abort.signal), aborted(abort.signal)]);
    if (findings === undefined)
      return [notChecked(signal.aborted ? 'interrupted' : `it took longer than ${limitMs / 1000} s`)];
    return 'result' in findings ? [findings] : findings;
  } catch (error) {
    return [notChecked(messageOf(error))];
  } finally {
    cancel();
    abort.abort();
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
