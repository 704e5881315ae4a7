// A name for this process that no other one ever has, fit for a file, and whether the process of such a name still lives.
// What it has claimed in the spool is anybody's when it does not.
import { errnoOf } from '../util/errors';
import { processStart } from '../util/processStart';

const TOKEN = /^(\d+)-\w+-\w+$/;

let own: string | undefined;

/** "4711-90312-5f1c2a3b": number, when it was started, which start of the machine. Fit for the name of a file. */
export function processToken(): string {
  return (own ??= tokenOf(process.pid));
}

/** Whether the process lives that has this token. What is no token belongs to nobody. */
export function isAlive(token: string): boolean {
  if (token === processToken()) return true;
  const [, digits] = TOKEN.exec(token) ?? [];
  if (digits === undefined) return false;
  const pid = Number(digits);
  return isRunning(pid) && tokenOf(pid) === token;
}

/** Where there is no /proc the number has to do. */
function tokenOf(pid: number): string {
  const { ticks = '0', boot = '0' } = processStart(pid);
  return `${pid}-${ticks}-${boot.slice(0, 8)}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
