// CallStateCache: what is known of a thousand calls is on the disk soon, and a disk that refuses harms nothing else.
// They write behind the hub's back, so what they must not do is lose the newest state, or keep one of a call that is over.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallStateCache } from '../../src/hub/callStateCache';
import { StateFile } from '../../src/store/stateFile';
import { SharedStateFile, stateIn } from '../../src/store/sharedStateFile';
import { ManualClock } from '../../src/util/clock';
import { createLogger, type LogLevel } from '../../src/util/log';

/** The real files, and a disk that can be full and slow. */
class Disk extends SharedStateFile {
  full = false;
  writes = 0;
  /** While set, nothing ends. */
  held: Promise<void> | undefined;
  busy = 0;
  override async write(states: ReadonlyMap<string, string>): Promise<void> {
    this.writes++;
    this.busy++;
    try {
      await this.held;
      if (this.full) throw new Error('no space left');
      await super.write(states);
    } finally {
      this.busy--;
    }
  }
}

const text = (heardSamples: number): string => JSON.stringify({ version: 1, heardSamples });

let folder: string;
let clock: ManualClock;
let disk: Disk;
let states: StateFile;
let lines: [LogLevel, string][];
let snapshots: CallStateCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdcast-snapshots-'));
  clock = new ManualClock();
  disk = new Disk(folder);
  states = new StateFile(folder);
  lines = [];
  snapshots = made();
});
afterEach(async () => {
  await snapshots.close();
  rmSync(folder, { recursive: true, force: true });
});

function made(): CallStateCache {
  const log = createLogger((level, _, message) => void lines.push([level, message]), clock.wall);
  return new CallStateCache({ shared: disk, states, clock, log });
}

/** Time passes, and the disk answers. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    clock.advance(Math.min(50, left));
    do await new Promise((resolve) => setTimeout(resolve, 1));
    while (disk.busy > 0 && !disk.held);
  }
}

const onDisk = (uniqueid: string): unknown => stateIn(new SharedStateFile(folder).read().get(uniqueid));

test('a thousand states are written at once, and what follows not before half a second has passed', async () => {
  for (let i = 0; i < 1000; i++) snapshots.keep(`1.${i}`, text(i));
  expect(disk.writes).toBe(0);
  await pass(50);
  expect(disk.writes).toBe(1);
  for (const i of [0, 1, 500, 999]) expect(onDisk(`1.${i}`)).toMatchObject({ heardSamples: i });
  snapshots.keep('1.1', text(7));
  await pass(450);
  expect(disk.writes).toBe(1);
  await pass(50);
  expect(disk.writes).toBe(2);
  expect(onDisk('1.1')).toMatchObject({ heardSamples: 7 });
  expect(clock.pending).toBe(0);
});

test('of two states of a call only the newer one is written, also while an older one is being written', async () => {
  let go = (): void => {};
  disk.held = new Promise((resolve) => (go = resolve));
  snapshots.keep('1.1', text(1));
  await pass(50);
  snapshots.keep('1.1', text(2));
  await pass(500);
  expect(disk.writes).toBe(1);
  disk.held = undefined;
  go();
  await pass(500);
  expect(disk.writes).toBe(2);
  expect(onDisk('1.1')).toMatchObject({ heardSamples: 2 });
});

test('of a call that is over nothing is kept, and the file without calls goes', async () => {
  snapshots.keep('1.1', text(1));
  await pass(100);
  expect(readdirSync(folder)).toHaveLength(1);
  snapshots.forget('1.1');
  await pass(500);
  expect(readdirSync(folder)).toEqual([]);
});

test('at the end everything that waits is written', async () => {
  for (let i = 0; i < 100; i++) snapshots.keep(`1.${i}`, text(i));
  await snapshots.close();
  for (let i = 0; i < 100; i++) expect(onDisk(`1.${i}`)).toMatchObject({ heardSamples: i });
});

test('the next hub goes on from what was kept, or from what a stream has left since', async () => {
  states.write('1.1', { heardSamples: 3 });
  snapshots.keep('1.1', text(7));
  snapshots.keep('1.3', text(8));
  await snapshots.close();
  states.write('1.2', { heardSamples: 4 });
  states.write('1.3', { heardSamples: 9 });
  snapshots = made();
  expect(snapshots.read('1.1')).toBeUndefined();
  snapshots.inherit();
  expect(snapshots.read('1.1')).toMatchObject({ heardSamples: 7 });
  expect(snapshots.read('1.2')).toEqual({ heardSamples: 4 });
  expect(snapshots.read('1.3')).toEqual({ heardSamples: 9 });
  snapshots.keep('1.3', text(10));
  expect(snapshots.read('1.3')).toMatchObject({ heardSamples: 10 });
});

test('a state of half a line is none, and costs no other call its own', async () => {
  const [first, second] = ['1.1', '2.1'];
  snapshots.keep(first, text(1));
  await snapshots.close();
  const [file = ''] = readdirSync(folder);
  writeFileSync(join(folder, file), `${first} {"version":1,"hea\n\n${second} ${text(9)}\n`);
  snapshots = made();
  snapshots.inherit();
  expect(snapshots.read(first)).toBeUndefined();
  expect(snapshots.read(second)).toMatchObject({ heardSamples: 9 });
});

test('calls of an earlier hub that ended meanwhile are forgotten; those that are heard of again are not', async () => {
  for (const id of ['1.1', '1.2', '1.3']) snapshots.keep(id, text(1));
  await snapshots.close();
  snapshots = made();
  snapshots.inherit();
  snapshots.keep('1.2', text(2));
  snapshots.sweep(new Set(['1.3']));
  await snapshots.close();
  expect(['1.1', '1.2', '1.3'].map((id) => onDisk(id) !== undefined)).toEqual([false, true, true]);
});

test('where Asterisk cannot be asked, they go after four hours', async () => {
  snapshots.keep('1.1', text(1));
  await snapshots.close();
  snapshots = made();
  snapshots.inherit();
  clock.advance(3 * 3_600_000);
  snapshots.sweep(undefined);
  expect(snapshots.read('1.1')).toBeDefined();
  clock.advance(3_600_001);
  snapshots.sweep(undefined);
  expect(snapshots.read('1.1')).toBeUndefined();
});

test('a full disk is told of once, and once when it has room again; nothing is lost by it', async () => {
  disk.full = true;
  for (let i = 0; i < 50; i++) snapshots.keep(`1.${i}`, text(i));
  await pass(2000);
  const tries = disk.writes;
  // Once a second, not each 50 ms.
  expect(tries).toBeLessThan(5);
  disk.full = false;
  await pass(3000);
  expect(lines.map(([level]) => level)).toEqual(['warn', 'info']);
  for (let i = 0; i < 50; i++) expect(onDisk(`1.${i}`)).toMatchObject({ heardSamples: i });
});
