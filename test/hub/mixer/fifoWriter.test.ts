// The writing end of a caller's pipe, on the kernel's own FIFOs.
// Would catch: a thread that waits in open or write, samples that are gone before the reader comes, a file written over.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FifoWriter } from '../../../src/hub/mixer/fifoWriter';
import { PipeReader } from '../../support/mixer';

const folder = mkdtempSync(join(tmpdir(), 'holdcast-fifo-'));
let count = 0;
const frame = (value: number): Uint8Array => new Uint8Array(640).fill(value);

function newFifo(): string {
  const path = join(folder, `fifo.${++count}`);
  execFileSync('mkfifo', [path]);
  return path;
}

/** Armed with Frames of these values. */
function armed(path: string, ...values: number[]): FifoWriter {
  const writer = new FifoWriter();
  writer.arm(path, () => values.forEach((value) => expect(writer.write(frame(value))).toBe('written')));
  return writer;
}

afterAll(() => rmSync(folder, { recursive: true }));

test('what was filled in is there for the reader that comes later; until then nobody reads', () => {
  const path = newFifo();
  const writer = armed(path, 1, 2);
  expect(writer.write(frame(3))).toBe('closed');
  const reader = new PipeReader(path);
  expect(writer.write(frame(4))).toBe('written');
  expect([...reader.drain()].filter((_, i) => i % 640 === 0)).toEqual([1, 2, 4]);
  reader.close();
  expect(writer.write(frame(5))).toBe('closed');
  writer.close();
});

test('a real cat finds the first samples at once, hears the end when it is closed, and is gone then', async () => {
  const path = newFifo();
  const writer = armed(path, 7);
  const cat = spawn('/bin/cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [first] = (await once(cat.stdout, 'data')) as [Buffer];
  expect(first).toEqual(Buffer.from(frame(7)));
  expect(writer.write(frame(8))).toBe('written');
  const rest: Buffer[] = [];
  cat.stdout.on('data', (data: Buffer) => rest.push(data));
  writer.close();
  await once(cat, 'close');
  expect(Buffer.concat(rest)).toEqual(Buffer.from(frame(8)));
});

test('armed again, the next reader gets nothing of what was meant for the one before', () => {
  const path = newFifo();
  const writer = armed(path, 1, 2, 3);
  const stuck = new PipeReader(path);
  writer.arm(path, () => expect(writer.write(frame(9))).toBe('written'));
  const next = new PipeReader(path);
  expect([...next.drain()].filter((_, i) => i % 640 === 0)).toEqual([9]);
  stuck.close();
  next.close();
  writer.close();
});

test('a reader that takes nothing: full at some 64 KiB, whole writes only, and its depth can be told', () => {
  const path = newFifo();
  const writer = armed(path);
  const reader = new PipeReader(path);
  const batch = new Uint8Array(1280).fill(5);
  let written = 0;
  while (writer.write(batch) === 'written') written += batch.length;
  expect(written).toBeGreaterThan(50_000);
  expect(writer.write(batch)).toBe('full');
  expect(writer.queuedBytes()).toBe(written);
  expect(reader.drain().length).toBe(written);
  expect(writer.queuedBytes()).toBe(0);
  reader.close();
  writer.close();
});

test('no FIFO, a file, or a link in its place: refused with a code, and the file is as it was', () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  const link = join(folder, 'link');
  symlinkSync(newFifo(), link);
  for (const path of [join(folder, 'none'), file, link]) {
    const writer = new FifoWriter();
    expect(() => writer.arm(path, () => {})).toThrow("a caller's pipe cannot be opened");
    expect(writer.isOpen).toBe(false);
  }
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('where filling fails nothing stays open', () => {
  const writer = new FifoWriter();
  const fill = (): never => {
    throw new Error('no music');
  };
  expect(() => writer.arm(newFifo(), fill)).toThrow('no music');
  expect(writer.isOpen).toBe(false);
  writer.close();
});
