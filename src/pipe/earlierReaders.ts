// Readers and files of Holdcast 0.1 as it was with a FIFO for each call: found at the upgrade, ended so that Asterisk starts the
// new ones with the same command line, and removed. May go when nobody upgrades from there any more.
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { statFields } from '../util/processStart';

const LEFT = /^(?:(?:fifo|reader|spare)\..*|hub(?:\.\d+)?|plain\.raw(?:\.\d+)?|p|p\.(?:\d+|empty|new))$/;
const READER = 'reader.';
const SCRIPT = 'holdcast-reader';

/** To be called when new readers would be heard. Never throws. @returns how many readers were ended */
export function endEarlierReaders(folder: string): number {
  let ended = 0;
  try {
    const left = readdirSync(folder).filter((name) => LEFT.test(name));
    for (const name of left) if (name.startsWith(READER)) ended += endOf(folder, name.slice(READER.length));
    for (const name of left) rmSync(join(folder, name), { recursive: true, force: true });
  } catch {
    // what is left is of no use, and does no harm
  }
  return ended;
}

function endOf(folder: string, token: string): number {
  let ended = 0;
  const text = readFileSync(join(folder, READER + token), 'utf8');
  for (const [, digits] of text.matchAll(/^([1-9]\d{0,9})(?: plain)?$/gm)) {
    const pid = Number(digits);
    if (!isEarlier(pid, folder, token)) continue;
    ended++;
    try {
      // The script waits for a `cat` of its own, which is in its group.
      const [, , group] = statFields(pid) ?? [];
      process.kill(Number(group) === pid ? -pid : pid, 'SIGKILL');
    } catch {
      // ended meanwhile
    }
  }
  return ended;
}

function isEarlier(pid: number, folder: string, token: string): boolean {
  try {
    const fifo = join(folder, `fifo.${token}`);
    if (readlinkSync(`/proc/${pid}/fd/0`).replace(/ \(deleted\)$/, '') === fifo) return true;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const script = words.findIndex((word) => basename(word) === SCRIPT);
    return script >= 0 && words[script + 1] === folder && words[script + 2] === token;
  } catch {
    return false;
  }
}
