// The outputs on real descriptors: what is unread is told exactly, and looking at it changes not one byte.
// A byte lost or moved in the pipe to Asterisk is loud noise for the rest of the call.
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PipeOutput } from '../../src/pipe/pipeOutput';
import { PlainOutput } from '../../src/stream/output';
import { seededRandom } from '../../src/util/random';
import { RealPipe } from '../support/pipes';
import { until } from '../support/process';

const random = seededRandom(5);
const noise = (count: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: count }, () => random() * 256));
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('a pipe', () => {
  let pipe: RealPipe;
  beforeEach(() => (pipe = new RealPipe()));
  afterEach(() => pipe.close());

  test('tells how much is unread, to the byte', () => {
    expect(pipe.output.queuedBytes()).toBe(0);
    for (let i = 1; i <= 4; i++) {
      expect(pipe.output.write(noise(640))).toBe('written');
      expect(pipe.output.queuedBytes()).toBe(i * 640);
    }
    pipe.read(641);
    expect(pipe.output.queuedBytes()).toBe(4 * 640 - 641);
    pipe.read(10_000);
    expect(pipe.output.queuedBytes()).toBe(0);
  });

  test.each([1, 639, 640, 3840, 4096, 4097, 60_000, 61_440])('looking at %d bytes changes none', (count) => {
    const bytes = noise(count);
    for (let at = 0; at < count; at += 640) pipe.output.write(bytes.subarray(at, at + 640));
    for (let i = 0; i < 3; i++) expect(pipe.output.queuedBytes()).toBe(count);
    expect(pipe.read(70_000).equals(bytes)).toBe(true);
  });

  test('looking between writes and odd reads keeps everything in order', () => {
    const sent: Buffer[] = [];
    const heard: Buffer[] = [];
    for (let i = 0; i < 3000; i++) {
      const frame = noise(640);
      if (pipe.output.write(frame) === 'written') sent.push(frame);
      if (random() < 0.7) pipe.output.queuedBytes();
      if (random() < 0.8) heard.push(pipe.read(Math.floor(random() * 1300)));
    }
    pipe.output.queuedBytes();
    heard.push(pipe.read(70_000));
    expect(Buffer.concat(heard).equals(Buffer.concat(sent))).toBe(true);
  });

  test('takes a Frame whole or not at all when there is no room', () => {
    const frame = noise(3840);
    let written = 0;
    while (pipe.output.write(frame) === 'written') written++;
    expect(written).toBeGreaterThan(10);
    expect(pipe.output.write(frame)).toBe('full');
    expect(pipe.output.queuedBytes()).toBe(written * 3840);
    pipe.read(100);
    while (pipe.output.write(frame) === 'written') written++;
    expect(pipe.output.queuedBytes()).toBe(written * 3840 - 100);
    pipe.read(70_000);
    expect(pipe.output.write(frame)).toBe('written');
  });

  test('says that the reader is gone, also when it was looked at, and when something was unread', () => {
    pipe.output.write(noise(640));
    expect(pipe.output.queuedBytes()).toBe(640);
    pipe.closeReader();
    expect(pipe.output.write(noise(640))).toBe('closed');
    expect(pipe.output.queuedBytes()).toBe('closed');
    expect(pipe.output.write(noise(640))).toBe('closed');
  });

  test('the reader goes between two looks', () => {
    pipe.output.write(noise(640));
    pipe.closeReader();
    expect(pipe.output.queuedBytes()).toBe('closed');
    expect(pipe.output.write(noise(640))).toBe('closed');
  });

  test('a reader that waits in read() gets only Frames, whole and in order, while the pipe is looked at', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdcast-output-'));
    const fifo = join(folder, 'fifo');
    const code = `
      const { execFileSync } = require('node:child_process'), fs = require('node:fs'), { parentPort, workerData } = require('node:worker_threads');
      execFileSync('mkfifo', [workerData]);
      parentPort.postMessage('there');
      const fd = fs.openSync(workerData, 'r'), buffer = Buffer.alloc(640);
      let count = 0, wrong = 0;
      for (let n; (n = fs.readSync(fd, buffer)) > 0; count++)
        if (n !== 640 || buffer.readInt32LE(0) !== count || buffer.readInt32LE(636) !== count) wrong++;
      parentPort.postMessage({ count, wrong });`;
    const worker = new Worker(code, { eval: true, workerData: fifo });
    const next = (): Promise<unknown> => new Promise((done) => worker.once('message', done));
    await next();
    const output = new PipeOutput(await openWhenRead(fifo));
    const result = next();
    const frame = Buffer.alloc(640);
    for (let i = 0; i < 5000; i++) {
      frame.writeInt32LE(i, 0);
      frame.writeInt32LE(i, 636);
      while (output.write(frame) !== 'written') await new Promise(setImmediate);
      if (i % 3 === 0) expect(Number(output.queuedBytes()) % 640).toBe(0);
    }
    output.close();
    expect(await result).toEqual({ count: 5000, wrong: 0 });
    await worker.terminate();
    rmSync(folder, { recursive: true });
  });

  test('a thousand looks leave no descriptor', () => {
    const before = openDescriptors();
    for (let i = 0; i < 1000; i++) {
      pipe.output.write(noise(64));
      pipe.output.queuedBytes();
    }
    expect(openDescriptors()).toBe(before);
  });
});

async function openWhenRead(fifo: string): Promise<number> {
  let fd: number | undefined;
  await until(
    () => 'a reader of the FIFO',
    () => {
      try {
        fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      } catch {
        fd = undefined; // ENXIO: nobody has it open for reading yet
      }
      return fd !== undefined;
    },
  );
  return fd!;
}

describe('a file or a socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-plain-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a file gets everything in order, one Frame at a time', async () => {
    const path = join(folder, 'call.raw');
    const output = new PlainOutput(openSync(path, 'w'));
    const frames = Array.from({ length: 50 }, () => noise(640));
    for (const frame of frames)
      await until(
        () => 'room',
        () => output.write(frame) === 'written',
      );
    await until(
      () => 'the last Frame',
      () => readFileSync(path).length === 50 * 640,
    );
    output.close();
    expect(readFileSync(path).equals(Buffer.concat(frames))).toBe(true);
    expect(output.queuedBytes()).toBeUndefined();
  });

  test('the caller’s buffer may be used again at once', async () => {
    const path = join(folder, 'reused.raw');
    const output = new PlainOutput(openSync(path, 'w'));
    const frame = Buffer.alloc(640, 7);
    output.write(frame);
    frame.fill(9);
    await until(
      () => 'a Frame',
      () => readFileSync(path).length === 640,
    );
    output.close();
    expect(readFileSync(path).equals(Buffer.alloc(640, 7))).toBe(true);
  });

  test('what cannot be written to says so', async () => {
    const output = new PlainOutput(openSync('/dev/full', 'w'));
    expect(output.write(noise(640))).toBe('written'); // taken, not yet refused
    await until(
      () => 'closed',
      () => output.write(noise(640)) === 'closed',
    );
    output.close();
  });

  test('a descriptor that takes no audio says so', async () => {
    const fd = openSync('/dev/null', 'r');
    const output = new PlainOutput(fd);
    output.write(noise(640));
    await until(
      () => 'closed',
      () => output.write(noise(640)) === 'closed',
    );
    closeSync(fd);
  });
});
