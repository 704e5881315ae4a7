// What lies between a caller's reader and Asterisk: a real cat between two of the kernel's pipes, on a clock moved by hand.
// Would catch: keys that come late for the rest of a call once Asterisk has stood still, a sample lost or twice where that is
// made good, a new reader who hears nothing meanwhile, a file or another's pipe that is read and written to.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AsteriskPipe } from '../../../src/hub/mixer/asteriskPipe';
import { pipeBytes } from '../../../src/util/descriptors';
import { statFields } from '../../../src/util/processStart';
import { MixerRig, PipeReader } from '../../support/mixer';

const ID = '1795225281.7';
const BYTES_A_MS = 16;
/** The lead, a Frame, and what Asterisk's own reading makes it go up and down. */
const MOST_UNREAD_MS = 160 + 40 + 120 + 40;

let rig: MixerRig;
const cats: ChildProcess[] = [];
const asterisks: PipeReader[] = [];
beforeEach(() => {
  rig = new MixerRig();
  rig.begin([ID]);
});
afterEach(async () => {
  for (const cat of cats.splice(0)) await ended(cat);
  for (const asterisk of asterisks.splice(0)) asterisk.close();
  rig.close();
});

const file = (): string => join(rig.folder, `reader.${ID}`);

async function ended(cat: ChildProcess): Promise<void> {
  if (cat.exitCode !== null || cat.signalCode !== null) return;
  cat.kill('SIGKILL');
  await once(cat, 'close');
}

/** A cat that writes itself down, and Asterisk at its other end. */
class Line {
  readonly cat: ChildProcess;
  readonly asterisk: PipeReader;
  private constructor(readonly out: string) {
    execFileSync('mkfifo', [out]);
    this.asterisk = new PipeReader(out);
    asterisks.push(this.asterisk);
    const script = 'echo $$ >>"$2"; exec cat <"$0" >"$1"';
    this.cat = spawn('/bin/sh', ['-c', script, rig.fifo(ID), out, file()], { stdio: 'ignore' });
    cats.push(this.cat);
  }

  static async open(name: string): Promise<Line> {
    const line = new Line(join(rig.folder, name));
    while (!existsSync(file()) || !readFileSync(file(), 'utf8').includes(`${line.cat.pid}\n`)) await sleep(1);
    while (readFileSync(`/proc/${line.cat.pid}/comm`, 'utf8') !== 'cat\n') await sleep(1);
    return line;
  }

  /** What Asterisk has not read, milliseconds. */
  get unreadMs(): number {
    return pipeBytes(this.out) / BYTES_A_MS;
  }

  /** @param reads whether Asterisk reads meanwhile */
  async pass(ms: number, reads: boolean): Promise<void> {
    for (let done = 0; done < ms; done += 40) {
      rig.pass(40);
      await this.#passedOn();
      if (reads) this.asterisk.read(640);
    }
  }

  /** Cat sleeps: what it has taken it has written, and there is no more; or its pipe is full. */
  async #passedOn(): Promise<void> {
    for (let before: number | undefined; ; await sleep(1)) {
      const left = pipeBytes(rig.fifo(ID));
      const sleeps = statFields(this.cat.pid!)?.[0] === 'S';
      if (sleeps && (left === 0 || left === before)) return;
      before = sleeps ? left : undefined;
    }
  }
}

/** Asterisk has stood still for 3 s, and the hub waits until it has read what it has missed. */
async function behind(): Promise<Line> {
  const line = await Line.open('out.1');
  await line.pass(1000, true);
  await line.pass(3000, false);
  const before = line.unreadMs;
  while (line.unreadMs > before - 400) await line.pass(40, true);
  return line;
}

test('Asterisk stands still for two seconds: within ten what it has not read is the lead again, and no sample is lost', async () => {
  const line = await Line.open('out.1');
  await line.pass(3000, true);
  await line.pass(2000, false);
  expect(line.unreadMs).toBeGreaterThan(2000);
  const { underruns } = line.asterisk;
  await line.pass(11_000, true);
  expect(line.unreadMs).toBeLessThan(MOST_UNREAD_MS);
  await line.pass(10_000, true);
  expect(line.unreadMs).toBeGreaterThan(80);
  expect(line.unreadMs).toBeLessThan(MOST_UNREAD_MS);
  expect(line.asterisk.underruns).toBe(underruns);
  const { heard } = line.asterisk;
  expect(heard.length).toBeGreaterThan(23.5 * 8000);
  expect(
    Buffer.from(heard.buffer).equals(Buffer.from(rig.offline(ID, 700).buffer, 0, heard.length * 2)),
  ).toBe(true);
});

test('another reader comes before Asterisk has caught up: he hears at once', async () => {
  const first = await behind();
  await ended(first.cat);
  const second = await Line.open('out.2');
  await second.pass(480, false);
  expect(second.unreadMs).toBeGreaterThanOrEqual(160);
});

test('the reader goes before that: it is known at once', async () => {
  const line = await behind();
  await ended(line.cat);
  rig.pass(480);
  expect(rig.of('reader').at(-1)?.status).toBe('away');
});

describe('is not known', () => {
  const bytes = (): number | undefined => new AsteriskPipe(rig.fifo(ID), ID).bytes();

  test('of a reader that has not written itself down, and where its number is another process by now', async () => {
    expect(bytes()).toBeUndefined();
    const line = await Line.open('out.1');
    expect(bytes()).toBeDefined();
    appendFileSync(file(), `${process.pid}\n`);
    expect(bytes()).toBeUndefined();
    appendFileSync(file(), `${line.cat.pid}\n`);
    expect(bytes()).toBeDefined();
  });

  test('of one whose output is a file, which stays as it is', async () => {
    const out = join(rig.folder, 'out.raw');
    writeFileSync(out, 'as it is');
    const script = 'echo $$ >>"$2"; exec cat <"$0" >>"$1"';
    const cat = spawn('/bin/sh', ['-c', script, rig.fifo(ID), out, file()], { stdio: 'ignore' });
    cats.push(cat);
    while (readFileSync(out).length <= 8) await sleep(1);
    const before = readFileSync(out);
    expect(bytes()).toBeUndefined();
    expect(readFileSync(out).equals(before)).toBe(true);
  });
});
