// A name for this process that no other one ever has, and whether the process of such a name still lives.
// A number alone is not enough: numbers come again, and in a container the first process is always number 1.
import { readFileSync } from 'node:fs';
import { errnoOf } from '../util/errors';

const TOKEN = /^(\d+)-\w+-\w+$/;
/** Fields of /proc/<pid>/stat behind the name, which may hold anything: the state is the third of all, this the 22nd. */
const START_TIME = 22 - 3;

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
  const stat = textOf(`/proc/${pid}/stat`);
  const started = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME] ?? '0';
  const boot = textOf('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '0';
  return `${pid}-${started}-${boot}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
