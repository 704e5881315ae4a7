// Readers as the main thread has them, with real scripts: whoever is there when a hub begins, and whoever announces itself later.
// Would catch: a caller in silence for ever since their reader was missed, one of a folder that was removed, a hostile line believed.
import { closeSync, rmSync, writeSync } from 'node:fs';
import { Readers } from '../../src/hub/readers';
import { openFifo, preparePipeFolder, type PipeFolder } from '../../src/pipe/folder';
import type { FoundReader } from '../../src/pipe/readerProcess';
import { systemClock } from '../../src/util/clock';
import { commandOf, moment, prepared, Started, TOKEN } from '../pipe/asterisk';
import { keptLog, owned, until } from './fixtures';

const isCat = (reader: Started): boolean => !reader.over && commandOf(reader.pid) === 'cat';

function opened({ folder }: PipeFolder) {
  const { log, lines } = keptLog();
  const came: FoundReader[] = [];
  const parts = {
    folder,
    onReader: (reader: FoundReader) => void came.push(reader),
    clock: systemClock(),
    log,
  };
  const readers = owned(new Readers(parts));
  readers.open();
  return { readers, came, lines, pids: () => [...new Set(came.map(({ pid }) => pid))] };
}

test('those that are there are taken up and wait; they play fallback music when they are released, and at the end', async () => {
  const folder = await prepared();
  const reader = new Started([folder.folder, TOKEN]);
  await until('music', () => isCat(reader) && reader.read(65_536).length > 0);
  const { readers, pids } = opened(folder);
  expect(readers.tokens()).toEqual([TOKEN]);
  const quiet = async (): Promise<boolean> => {
    reader.read(65_536);
    await moment(50);
    reader.read(65_536);
    await moment(50);
    return reader.read().length === 0;
  };
  expect(await quiet()).toBe(false);
  readers.takeUp();
  expect(pids()).toEqual([reader.pid]);
  await moment(20);
  expect(await quiet()).toBe(true);
  readers.release();
  expect(await quiet()).toBe(false);
  readers.wait();
  await moment(20);
  expect(await quiet()).toBe(true);
  readers.close();
  readers.wait();
  expect(await quiet()).toBe(false);
});

test('of two hundred that start, also in the moment in which each becomes a cat, none is missed', async () => {
  const folder = await prepared();
  const { readers, came, lines } = opened(folder);
  readers.takeUp();
  for (let round = 0; round < 10; round++) {
    const some = Array.from({ length: 20 }, (_, i) => new Started([folder.folder, `${TOKEN}${round}-${i}`]));
    await until('all', () => new Set(came.map(({ pid }) => pid)).size === 20 * (round + 1), 5000);
    for (const reader of some) reader.signal('SIGKILL');
  }
  expect(lines).toEqual([]);
});

test('lines that no reader has written are told once, and end nobody', async () => {
  const folder = await prepared();
  const { readers, came, lines } = opened(folder);
  readers.takeUp();
  const reader = new Started([folder.folder, TOKEN]);
  await until('it', () => came.length > 0);
  const fd = openFifo(folder.arrivals);
  owned({ close: () => closeSync(fd) });
  writeSync(fd, `${process.pid} ${TOKEN}\n4999999 ${TOKEN}\n${reader.pid} other\nnothing\n`);
  await until('a line', () => lines.length > 0);
  await moment(50);
  expect(new Set(came.map(({ pid, token }) => `${pid} ${token}`))).toEqual(
    new Set([`${reader.pid} ${TOKEN}`]),
  );
  expect(lines.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'announced, but not a reader of this hub'],
  ]);
  expect(reader.over).toBe(false);
});

test('one that waits on the life of a folder that was made anew is ended, so that Asterisk starts another', async () => {
  const folder = await prepared();
  const first = opened(folder);
  first.readers.takeUp();
  const reader = new Started([folder.folder, TOKEN]);
  await until('cat', () => isCat(reader));
  rmSync(folder.life);
  rmSync(folder.arrivals);
  preparePipeFolder(folder.folder);
  const { readers } = opened(folder);
  readers.takeUp();
  await reader.ended;
});
