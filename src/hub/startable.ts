// Whether Asterisk could start bin/holdcast: an application that ends at once, or is not there, is started again and
// again, and Asterisk 22.10 does not survive that (seen 2026-11-21: a segmentation fault within a call or two).
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/** What a service of systemd, and so Asterisk, has as PATH where nobody says otherwise (systemd.exec(5)). */
const SERVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';
const TRIAL_MS = 5000;

/** Whether `program` starts by itself with the PATH of a service: its first line must find Node there. */
export function startsAlone(program: string, path = SERVICE_PATH): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { PATH: path };
    execFile(program, ['--version'], { env, timeout: TRIAL_MS }, (error) => resolve(!error));
  });
}

/** Whether there still is such a program. Synchronous, some microseconds: it is asked before each answer. */
export function isThere(program: string): boolean {
  try {
    for (const file of program.split(' ')) accessSync(file, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
