// StandIn: plain music is there before it is needed, readers are called back when a hub plays, and find it again after that.
// What it leaves in the folder is all that callers have when the hub dies.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StandIn } from '../../../src/hub/play/standIn';
import { defaultProgramSettings } from '../../../src/program/settings';
import { ManualClock } from '../../../src/util/clock';
import { silentLogger } from '../../../src/util/log';
import { tempFolder } from '../fixtures';

let folder: string;
let clock: ManualClock;
let ended: number;
let strays: number;
const standIn = (): StandIn =>
  new StandIn({
    folder,
    readers: { endPlain: () => ++ended, openPipes: () => () => 0, endStrays: () => ++strays },
    material: () => ({ settings: defaultProgramSettings, music: () => [] }),
    clock,
    log: silentLogger,
  });
const sizeOf = (name: string): number => statSync(join(folder, 'p', name)).size;
const isHere = (): boolean => existsSync(join(folder, 'hub'));

/** It lets the thread go in slices, and writes files. */
async function until(condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; Date.now() < limit && !condition();) {
    clock.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}
const written = (): Promise<void> => until(() => existsSync(join(folder, 'p/00')) && sizeOf('00') > 0);

beforeEach(() => {
  folder = join(tempFolder(), 'play');
  mkdirSync(folder, { mode: 0o700 });
  [clock, ended, strays] = [new ManualClock(), 0, 0];
});

/** As a hub starts where there was none. */
async function begun(): Promise<StandIn> {
  const first = standIn();
  const prepared = first.prepare();
  await written();
  await prepared;
  await first.over(false);
  return first;
}

test('the first hub of a machine has plain music before it is announced', async () => {
  const first = standIn();
  const prepared = first.prepare();
  await written();
  await prepared;
  expect([isHere(), ended]).toEqual([false, 0]);
  await first.over(false);
  expect([isHere(), ended]).toEqual([true, 1]);
  expect(sizeOf('all')).toBe(60 * 16_000);
  await first.close();
  expect([isHere(), sizeOf('00')]).toEqual([false, 6400]);
});

test('readers of a hub that died are called back, and find plain music again when they are', async () => {
  await begun();
  clock.advance(8000);
  const second = standIn();
  await second.prepare();
  await second.over(true);
  expect([sizeOf('00'), sizeOf('all'), isHere(), strays]).toEqual([0, 0, true, 1]);
  clock.advance(3000);
  await written();
  await second.close();
});

test('one that ends while it calls readers back leaves plain music', async () => {
  await begun();
  const second = standIn();
  await second.prepare();
  await second.over(true);
  await second.close();
  expect([sizeOf('00'), isHere(), clock.pending]).toEqual([6400, false, 0]);
});
