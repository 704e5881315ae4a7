// Processes over one real embedded store that are killed in an outage, or between commit and removal: no choice is lost.
// A file that is removed too early, never taken up, or overwritten by another process would lose what a caller chose.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { exportStore } from '../../src/store/admin';
import { openStore } from '../../src/store/open';
import type { StoreRecord } from '../../src/store/rows';
import { defaultStore } from '../../src/store/settings';
import { WriteBehindStore } from '../../src/store/writeBehindStore';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { packageRoot } from '../../src/util/packageRoot';
import { seededRandom } from '../../src/util/random';
import { storeWorker } from '../support/storeWorker';

const clock = systemClock();
let folder: string;
let child: string;
beforeAll(() => {
  const cache = join(packageRoot(), 'node_modules', '.cache', 'holdcast-tests');
  mkdirSync(cache, { recursive: true });
  child = join(cache, `write-behind-child-${process.pid}.cjs`);
  buildSync({
    ...{ absWorkingDir: packageRoot(), entryPoints: ['test/store/writeBehindChild.ts'], outfile: child },
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', packages: 'external' },
  });
});
afterAll(() => rmSync(child, { force: true }));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdcast-killed-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settingsOf = () => ({
  ...defaultStore,
  file: join(folder, 'holdcast.db'),
  spool: join(folder, 'spool'),
});
const parts = () => ({ clock, log: silentLogger, worker: storeWorker() });
const pause = (): Promise<void> => new Promise((done) => clock.after(5, done));

function begun(how: 'away' | 'mute', first: number, count: number): ChildProcess {
  const args = [child, folder, storeWorker(), how, String(first), String(count)];
  return spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function killed(process: ChildProcess): Promise<void> {
  const ended = new Promise((done) => process.on('exit', done));
  process.kill('SIGKILL');
  await ended;
}

const waiting = (): string[] => {
  try {
    return readdirSync(settingsOf().spool).filter((name) => name.endsWith('.jsonl'));
  } catch {
    return [];
  }
};

async function records(): Promise<StoreRecord[]> {
  const all: StoreRecord[] = [];
  for await (const record of exportStore(settingsOf(), parts())) all.push(record);
  return all;
}

const choices = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await records()).flatMap((one) =>
      one.type === 'choice' && 'track' in one ? [[one.phone, one.track]] : [],
    ),
  );

/** Resolves when two processes have written all that was left. */
async function drained(): Promise<void> {
  const settings = settingsOf();
  const stores = [1, 2].map(
    (seed) =>
      new WriteBehindStore({
        settings,
        open: () => openStore(settings, parts()),
        ...parts(),
        random: seededRandom(seed),
      }),
  );
  for (const store of stores) store.start();
  while (readdirSync(settings.spool).length > 0) await pause();
  await Promise.all(stores.map((store) => store.close()));
}

/** The latest of each of three processes with 400 callers; the last one has chosen for the caller whom they share. */
const LATEST = Object.fromEntries([
  ['0', 'music/2001-2.wav'],
  ...[1, 1001, 2001].flatMap((first) =>
    Array.from({ length: 400 }, (_, n) => [String(first + n), `music/${first}-2.wav`]),
  ),
]) as Record<string, string>;

test('three processes that are killed in an outage leave a file each, and the next ones write the latest of each caller', async () => {
  const processes = [1, 1001, 2001].map((first) => begun('away', first, 400));
  while (waiting().length < 3) await pause();
  await Promise.all(processes.map(killed));
  const sizes = waiting().map(
    (name) => readFileSync(join(settingsOf().spool, name), 'utf8').split('\n').length,
  );
  expect(sizes).toEqual([402, 402, 402]);
  await drained();
  expect(await choices()).toEqual(LATEST);
});

test('processes that are killed between the commit of what they found and its removal leave it to two others', async () => {
  for (const first of [1, 1001, 2001]) {
    const process = begun('away', first, 400);
    const before = waiting().length;
    while (waiting().length === before) await pause();
    await killed(process);
  }
  for (let round = 0; round < 3; round++) {
    const process = begun('mute', 2001, 0);
    await new Promise((done) => process.stdout!.once('data', done));
    await killed(process);
  }
  expect(waiting()).toHaveLength(3);
  await drained();
  expect(await choices()).toEqual(LATEST);
});

test('what the version before left in its spool is in the store after the upgrade, the journal, too', async () => {
  cpSync(join(__dirname, 'oldSpool'), settingsOf().spool, { recursive: true });
  for (const name of readdirSync(settingsOf().spool))
    if (/refused|draft/.test(name)) rmSync(join(settingsOf().spool, name));
  await drained();
  const types = (await records()).map(({ type }) => type);
  expect(types.sort()).toEqual(['choice', 'choice', 'heard', 'key']);
  expect(await choices()).toEqual({ '0049': 'music/first-light.wav', '49': 'music/ü.wav' });
});
