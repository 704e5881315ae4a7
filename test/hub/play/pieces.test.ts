// Pieces: readers whose hub died go on with plain music in the same process, and come back to their FIFO when they are
// called. With a real reader, a real FIFO and a process that stands for the hub; a mistake here is silence for everybody.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { PIECES, Pieces } from '../../../src/hub/play/pieces';
import { Readers } from '../../../src/hub/play/readers';
import { systemClock } from '../../../src/util/clock';
import { silentLogger } from '../../../src/util/log';
import { announce } from '../../../src/hub/play/presence';
import { PipeReader } from '../../support/mixer';
import { sleep, until } from '../../support/process';
import { owned, tempFolder } from '../fixtures';

const PIECE_BYTES = 6400;
const READER = join(__dirname, '../../../bin/holdcast-reader');
/** So that every sample tells where in the music it lies. */
const music = (seconds: number, value = 1): Buffer => {
  const samples = Int16Array.from({ length: seconds * 8000 }, (_, i) => value * 1000 + (i % 997));
  return Buffer.from(samples.buffer);
};

let folder: string;
let pieces: Pieces;
beforeEach(() => {
  folder = join(tempFolder(), 'play');
  mkdirSync(folder, { mode: 0o700 });
  pieces = new Pieces(folder);
});
const read = (name: string): Buffer => readFileSync(join(folder, 'p', name));
const heard = (): Buffer =>
  Buffer.concat([
    ...Array.from({ length: PIECES }, (_, i) => read(String(i).padStart(2, '0'))),
    read('rest'),
  ]);

describe('pieces', () => {
  it('are the music, one after the other, and all of it', async () => {
    await pieces.write(music(60), 8000);
    expect(heard().equals(music(60))).toBe(true);
    expect(read('all').equals(music(60))).toBe(true);
  });

  it('repeat music that is shorter, in whole pieces', async () => {
    await pieces.write(music(1), 8000);
    expect(read('00').equals(read('02'))).toBe(true);
    expect(read('01').length).toBe(PIECE_BYTES);
    expect(read('all').length).toBeGreaterThanOrEqual(60 * 16_000);
  });

  it('are replaced in one step, and those before are removed', async () => {
    await pieces.write(music(60), 8000);
    await pieces.write(music(60, 2), 8000);
    expect(heard().equals(music(60, 2))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['p', 'p.2']);
  });

  it('are empty while readers are called back, and full again then', async () => {
    await pieces.write(music(60), 8000);
    const end = await pieces.callBack();
    expect([heard().length, read('all').length]).toEqual([0, 0]);
    await end!();
    expect(heard().equals(music(60))).toBe(true);
  });

  it('are full again where a hub died while it called readers back', async () => {
    await pieces.write(music(60), 8000);
    await pieces.callBack();
    await new Pieces(folder).mend();
    expect(heard().length).toBe(60 * 16_000);
  });

  it('need no calling back where there are none', async () => {
    expect(await pieces.callBack()).toBeUndefined();
    await pieces.mend();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a reader', () => {
  let reader: ChildProcess;
  let out: Buffer;
  const fifo = (): string => join(folder, 'fifo.1.1');

  /** As the hub fills it: opened for both, then for writing alone. */
  function fill(sound: Buffer): number {
    const both = openSync(fifo(), constants.O_RDWR | constants.O_NONBLOCK);
    const write = openSync(fifo(), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(write, sound);
    closeSync(both);
    return write;
  }
  const hears = (what: Buffer): Promise<void> =>
    until(
      () => `to hear ${what.length} bytes; heard ${out.length}`,
      () => out.includes(what),
    );

  beforeEach(async () => {
    await pieces.write(music(60, 3), 8000);
    writeFileSync(join(folder, 'plain.raw'), music(60, 3));
    execFileSync('mkfifo', ['-m', '600', fifo()]);
    announce(folder);
  });
  afterEach(() => reader.kill('SIGKILL'));

  /** It is read as Asterisk does, but as fast as it comes. */
  function start(program = READER, args: readonly string[] = [folder, '1.1']): void {
    out = Buffer.alloc(0);
    reader = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    owned({ close: () => void reader.kill('SIGKILL') });
    reader.stdout!.on('data', (chunk: Buffer) => (out = Buffer.concat([out, chunk])));
  }

  /** One that has begun, and whose true pipe nobody reads: Node's own pipes are sockets. */
  async function heldUp(): Promise<Readers> {
    start('/bin/sh', ['-c', `${READER} ${folder} 1.1 | cat`]);
    reader.stdout!.pause();
    const readers = new Readers({ folder, clock: systemClock(), log: silentLogger });
    await until(
      () => 'its mark',
      () => readers.isHeld('1.1'),
    );
    return readers;
  }

  it('goes on with plain music when the hub dies, and with its own when it is called back, and so on, in one process', async () => {
    const own = [music(1, 7), music(1, 8)] as const;
    const first = fill(own[0]);
    start();
    await hears(own[0]);
    closeSync(first);
    await hears(music(20, 3));
    const second = fill(own[1]);
    reader.stdout!.pause();
    const end = await pieces.callBack();
    reader.stdout!.resume();
    await hears(own[1]);
    await end!();
    closeSync(second);
    out = Buffer.alloc(0);
    await hears(music(20, 3));
    expect(reader.exitCode).toBeNull();
  });

  it('has nothing of the plain music before its own when its pipe is emptied, but what it had in hand', async () => {
    closeSync(fill(music(1, 7)));
    const readers = await heldUp();
    const own = fill(music(1, 9));
    await pieces.callBack();
    expect(readers.openPipes()()).toBe(1);
    reader.stdout!.resume();
    await hears(music(1, 9));
    closeSync(own);
  });

  it('that has come to the longer pieces is ended when a hub is back, with all that is in its pipe; others are not', async () => {
    closeSync(fill(music(1, 7)));
    const asterisk = join(folder, 'asterisk');
    execFileSync('mkfifo', [asterisk]);
    const ear = new PipeReader(asterisk);
    owned(ear);
    const end = openSync(asterisk, constants.O_WRONLY);
    reader = spawn(READER, [folder, '1.1'], { stdio: ['ignore', end, 'ignore'] });
    closeSync(end);
    const readers = new Readers({ folder, clock: systemClock(), log: silentLogger });
    await until(
      () => 'its mark',
      () => readers.isHeld('1.1'),
    );
    expect(readers.endStrays()).toBe(0);
    await until(
      () => 'the longer pieces',
      () => ear.drain().length >= 0 && ear.heard.length > 41 * 8000,
    );
    await until(
      () => 'one that is ended',
      () => readers.endStrays() === 1,
    );
    await until(
      () => 'its end',
      () => !readers.isHeld('1.1'),
    );
    await sleep(50);
    expect(ear.drain().length).toBe(0);
  });

  it('plays plain music again and again while no hub comes', async () => {
    closeSync(fill(music(1, 7)));
    start();
    await hears(Buffer.concat([music(60, 3).subarray(-16_000), music(60, 3).subarray(0, 16_000)]));
  });
});
