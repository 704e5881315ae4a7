// Keepers of several processes over one real embedded store, killed between commit and removal: nothing is lost or doubled.
// A claim that is removed too early, or never taken back, would lose what a caller chose.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { exportStore } from '../../src/store/admin';
import { StoreKeeper } from '../../src/store/keeper';
import { openStore } from '../../src/store/open';
import { defaultStore } from '../../src/store/settings';
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
  child = join(cache, `keeper-child-${process.pid}.cjs`);
  buildSync({
    ...{ absWorkingDir: packageRoot(), entryPoints: ['test/store/keeperChild.ts'], outfile: child },
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

/** Runs a keeper until its store has committed something, and kills it there. */
async function killedAfterCommit(where: 'spool' | 'memory', first: number, count: number): Promise<void> {
  const args = [child, folder, storeWorker(), where, String(first), String(count)];
  const process = spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => process.on('exit', done));
  process.stdout.once('data', () => process.kill('SIGKILL'));
  await ended;
}

async function uniqueids(): Promise<string[]> {
  const ids: string[] = [];
  for await (const record of exportStore(settingsOf(), { clock, log: silentLogger, worker: storeWorker() }))
    if (record.type === 'key') ids.push(record.uniqueid);
  return ids.sort();
}

/** Resolves when nothing is in the spool any more. */
async function drained(): Promise<void> {
  const settings = settingsOf();
  const parts = { clock, log: silentLogger, worker: storeWorker() };
  const keepers = [1, 2].map(
    (seed) =>
      new StoreKeeper({
        settings,
        open: () => openStore(settings, parts),
        ...parts,
        random: seededRandom(seed),
      }),
  );
  for (const keeper of keepers) keeper.start();
  while (readdirSync(settings.spool).length > 0) await new Promise((done) => clock.after(5, () => done(0)));
  await Promise.all(keepers.map((keeper) => keeper.close()));
}

test.each(['spool', 'memory'] as const)(
  'processes killed after the commit of what was in the %s leave the rest to two others, and each entry is there once',
  async (where) => {
    for (let round = 0; round < 3; round++) await killedAfterCommit(where, round * 1200, 1200);
    expect(readdirSync(settingsOf().spool)).not.toEqual([]);
    await drained();
    const expected = Array.from({ length: 3600 }, (_, n) => `17.${n}`).sort();
    expect(await uniqueids()).toEqual(expected);
  },
);
