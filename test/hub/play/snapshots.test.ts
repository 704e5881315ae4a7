// Snapshots: what is known of a thousand calls is on the disk soon, and a disk that refuses harms nothing else.
// They write behind the hub's back, so what they must not do is lose the newest state, or write for a call that is over.
import { Snapshots } from '../../../src/hub/play/snapshots';
import { ManualClock } from '../../../src/util/clock';
import { HoldcastError } from '../../../src/util/errors';
import { createLogger, type LogLevel } from '../../../src/util/log';
import type { CallState } from '../../../src/session/state';

class Disk {
  readonly files = new Map<string, CallState>();
  full = false;
  write(uniqueid: string, state: unknown): void {
    if (this.full) throw new HoldcastError('HC_STATE_UNWRITABLE', 'no space left');
    this.files.set(uniqueid, state as CallState);
  }
  forget(uniqueid: string): void {
    this.files.delete(uniqueid);
  }
}

const state = (heardSamples: number): CallState => ({
  version: 1,
  rate: 8000,
  heardSamples,
  heard: [],
  bag: [],
  quiet: false,
  hushed: false,
  pressed: {},
});

let clock: ManualClock;
let disk: Disk;
let lines: [LogLevel, string][];
let snapshots: Snapshots;
beforeEach(() => {
  clock = new ManualClock();
  disk = new Disk();
  lines = [];
  const log = createLogger((level, _, message) => void lines.push([level, message]), clock.wall);
  snapshots = new Snapshots({ states: disk, clock, log });
});
afterEach(() => snapshots.close());

test('a thousand states are written within a second, a few at a time', () => {
  for (let i = 0; i < 1000; i++) snapshots.keep(`1.${i}`, state(i));
  expect(disk.files.size).toBe(0);
  clock.advance(10);
  expect(disk.files.size).toBe(20);
  clock.advance(990);
  expect(disk.files.size).toBe(1000);
  expect(clock.pending).toBe(0);
});

test('of two states of a call only the newer one is written', () => {
  snapshots.keep('1.1', state(1));
  snapshots.keep('1.1', state(2));
  clock.advance(20);
  expect(disk.files.get('1.1')?.heardSamples).toBe(2);
});

test('a call that is over is not written any more', () => {
  snapshots.keep('1.1', state(1));
  snapshots.forget('1.1');
  clock.advance(100);
  expect(disk.files.size).toBe(0);
});

test('at the end everything that waits is written at once', () => {
  for (let i = 0; i < 100; i++) snapshots.keep(`1.${i}`, state(i));
  snapshots.close();
  expect(disk.files.size).toBe(100);
});

test('a full disk is told of once, and once when it has room again', () => {
  disk.full = true;
  for (let i = 0; i < 50; i++) snapshots.keep(`1.${i}`, state(i));
  clock.advance(100);
  disk.full = false;
  for (let i = 0; i < 50; i++) snapshots.keep(`1.${i}`, state(i));
  clock.advance(100);
  expect(lines.map(([level]) => level)).toEqual(['warn', 'info']);
  expect(disk.files.size).toBe(50);
});
