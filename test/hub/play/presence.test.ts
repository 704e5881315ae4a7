// Whether a hub is there: what readers find, and that one hub does not take another's place away.
// Would catch: readers that believe in a dead hub, a hub that removes the file of the one which follows it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { announce, otherHub, withdraw } from '../../../src/hub/play/presence';
import { processStart, statFields } from '../../../src/util/processStart';
import { owned, tempFolder, until } from '../fixtures';

const own = `${process.pid} ${processStart(process.pid).ticks}\n`;

test('a hub that is announced can be told from every other process, and withdraws without a trace', () => {
  const folder = tempFolder();
  announce(folder);
  announce(folder);
  expect(readFileSync(join(folder, 'hub'), 'utf8')).toBe(own);
  expect(statSync(join(folder, 'hub')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['hub']);
  expect(otherHub(folder)).toBeUndefined();
  withdraw(folder);
  withdraw(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test('the file of a hub that has followed is left alone', () => {
  const folder = tempFolder();
  announce(folder);
  writeFileSync(join(folder, 'hub'), `${process.ppid} 5\n`);
  withdraw(folder);
  expect(existsSync(join(folder, 'hub'))).toBe(true);
});

test('another hub is one that lives, was started then, and is no broken file', () => {
  const folder = tempFolder();
  const write = (text: string): void => writeFileSync(join(folder, 'hub'), text);
  expect(otherHub(folder)).toBeUndefined();
  write(`${process.ppid} ${processStart(process.ppid).ticks}\n`);
  expect(otherHub(folder)).toBe(process.ppid);
  for (const text of [`${process.ppid} 1\n`, '', 'x\n', '4194999 1\n', `${process.ppid}`]) {
    write(text);
    expect(otherHub(folder)).toBeUndefined();
  }
});

test('a hub that has ended is none, though its parent has not looked yet', async () => {
  const folder = tempFolder();
  const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 600']);
  owned({ close: () => void parent.kill('SIGKILL') });
  const [pid] = ((await once(parent.stdout, 'data')) as [Buffer]).map(Number);
  await until('it has ended', () => statFields(pid!)?.[0] === 'Z');
  writeFileSync(join(folder, 'hub'), `${pid} ${processStart(pid!).ticks}\n`);
  expect(otherHub(folder)).toBeUndefined();
});

test('a folder that is not there is told with what to do', () => {
  const refusal = expect.objectContaining({
    code: 'HC_HUB_FIFO',
    hint: expect.stringContaining('hub.folder') as string,
  }) as Error;
  expect(() => announce(join(tempFolder(), 'none'))).toThrow(refusal);
  withdraw('/nowhere');
});
