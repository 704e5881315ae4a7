// Arrivals on a real FIFO: lines of readers, and of whoever can write there.
// Would catch: half a line taken for one, a line that fills memory, a strange one that makes the hub deaf to those behind it.
import { closeSync, writeSync } from 'node:fs';
import { Arrivals } from '../../src/pipe/arrivals';
import { openFifo, pipeFolder, preparePipeFolder } from '../../src/pipe/folder';
import { owned, tempFolder, until } from '../hub/fixtures';

function opened() {
  const folder = tempFolder();
  preparePipeFolder(folder);
  const heard: [number, string][] = [];
  let strange = 0;
  owned(
    new Arrivals({
      folder,
      onArrival: (pid, token) => void heard.push([pid, token]),
      onStrange: () => void strange++,
    }),
  );
  const fd = openFifo(pipeFolder(folder).arrivals);
  owned({ close: () => closeSync(fd) });
  const say = (text: string): void => void writeSync(fd, text);
  return { folder, heard, say, strange: () => strange };
}

test('each line once, in order, however it comes in parts', async () => {
  const { heard, say, strange } = opened();
  say('17 a\n18 b-_.Z\n19');
  await until('two', () => heard.length === 2);
  say(' c');
  say('\n');
  await until('three', () => heard.length === 3);
  expect(heard).toEqual([
    [17, 'a'],
    [18, 'b-_.Z'],
    [19, 'c'],
  ]);
  expect(strange()).toBe(0);
});

test.each([
  '\n',
  'a\n',
  '17\n',
  '17 \n',
  ' 17 a\n',
  '0 a\n',
  '-1 a\n',
  '017 a\n',
  '12345678901 a\n',
  '17 ../x\n',
  '17 a b\n',
  '17 ä\n',
  '17 a\0\n',
  `17 ${'x'.repeat(65)}\n`,
  `${'x'.repeat(50_000)}\n`,
  `${'x'.repeat(150)}17 a\n`,
])('%j is none, is counted once, and the next one is heard', async (line) => {
  const { heard, say, strange } = opened();
  say(line);
  say('18 b\n');
  await until('the next', () => heard.length > 0);
  expect(heard).toEqual([[18, 'b']]);
  expect(strange()).toBe(1);
});

test('of lines without an end no more than a little is kept', async () => {
  const { heard, say, strange } = opened();
  for (let i = 0; i < 100; i++) {
    say('x'.repeat(4096));
    await new Promise((done) => setImmediate(done));
  }
  say(' 17 a\n18 b\n');
  await until('the next', () => heard.length > 0);
  expect([heard, strange()]).toEqual([[[18, 'b']], 1]);
});
