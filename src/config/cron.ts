// The only file that knows node-cron. It is asked whether a minute matches, never to run anything.
// Its default logger prints on stdout, which is a caller's ear: it gets a silent one before anything else.
// Import this file on demand: most calls have no campaign with a cron expression, and node-cron takes 5 ms.
import { createTask, setLogger, validateDetailed } from 'node-cron';

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
const MINUTE_MS = 60_000;

setLogger(silent);

/**
 * Tells whether an instant (milliseconds since 1970) lies in a minute that `expression` describes in `timeZone`.
 * Day of month and day of week must both match, as node-cron has it.
 * @throws Error when the expression is not valid; the function that is returned when the time zone is not
 */
export function cronMatcher(expression: string, timeZone?: string): (wallMs: number) => boolean {
  const task = createTask(expression, () => {}, {
    ...(timeZone !== undefined && { timezone: timeZone }),
    logger: silent,
    unref: true,
  });
  void task.destroy(); // never started; match() needs the parsed expression only, and the registry must not keep the task
  return (wallMs) => task.match(new Date(Math.floor(wallMs / MINUTE_MS) * MINUTE_MS));
}

/** What is wrong with a cron expression in a few words, or undefined when it is five valid fields. */
export function validateCron(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/).filter(Boolean).length;
  if (fields !== 5) return `${fields} field${fields === 1 ? '' : 's'}`;
  const { valid, errors } = validateDetailed(expression.trim());
  return valid ? undefined : errors.map(({ field, value }) => `${field} ${value ?? ''}`.trim()).join(', ');
}
