// The lock: one at a time, freed by closing and by any death of its owner.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PrepareLock } from '../../src/media/lock';
import { program, tempFolder, until } from './fixtures';

const linux = process.platform === 'linux' ? test : test.skip;

/** A process that holds the lock until it is killed. */
async function holder(cache: string): Promise<ChildProcess> {
  const source = `import { PrepareLock } from 'src/media/lock';
    void new PrepareLock(process.argv[2]!).acquire().then((taken) => console.log(taken ? 'taken' : 'busy'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [program(source), cache], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done) => child.stdout?.once('data', done));
  return child;
}

linux('one has it at a time; closing lets it go', async () => {
  const cache = tempFolder();
  const [a, b] = [new PrepareLock(cache), new PrepareLock(cache)];
  expect(await a.owner()).toBeUndefined();
  const taken = await a.acquire();
  expect(taken).toBeDefined();
  expect([await b.acquire(), await b.owner()]).toEqual([undefined, process.pid]);
  expect(await new PrepareLock(join(cache, 'other')).owner()).toBeUndefined();
  expect(await new PrepareLock(cache, 'spawn').owner()).toBeUndefined();
  await taken!.close();
  expect(await b.owner()).toBeUndefined();
  const again = await b.acquire();
  expect(again).toBeDefined();
  await again!.close();
});

linux('a cache has one lock, whatever path leads to it, there or not yet', async () => {
  const root = tempFolder();
  mkdirSync(join(root, 'real'));
  symlinkSync(join(root, 'real'), join(root, 'link'));
  const before = await new PrepareLock(join(root, 'link/cache')).acquire();
  expect(await new PrepareLock(join(root, 'real/cache')).owner()).toBe(process.pid);
  await before!.close();
});

linux('it is freed when its owner is SIGKILLed', async () => {
  const cache = tempFolder();
  const child = await holder(cache);
  const lock = new PrepareLock(cache);
  expect([await lock.acquire(), await lock.owner()]).toEqual([undefined, child.pid]);
  child.kill('SIGKILL');
  await until(async () => (await lock.owner()) === undefined);
  const taken = await lock.acquire();
  expect(taken).toBeDefined();
  await taken!.close();
});

const asRoot = linux === test && process.getuid?.() === 0 ? test : test.skip;
const NOBODY = 65534;

asRoot('another user cannot take it, nor keep anybody from taking it', async () => {
  const cache = tempFolder();
  chmodSync(cache, 0o755);
  const lock = new PrepareLock(cache);
  await (await lock.acquire())!.close();
  const squatter = join(tempFolder(), 'squat.cjs');
  chmodSync(dirname(squatter), 0o755);
  // All that was ever a name of this lock: the file, and the abstract socket of earlier versions.
  writeFileSync(
    squatter,
    `const { createHash } = require('node:crypto');
     const { spawnSync } = require('node:child_process');
     const { createServer } = require('node:net');
     const cache = process.argv[2];
     const hash = createHash('sha256').update(cache).digest('hex').slice(0, 32);
     createServer().listen('\\0holdcast-prepare-' + hash + '-0', () => {
       const tries = ['.prepare-0.lock', '.other'].map((name) => spawnSync('flock', ['-n', cache + '/' + name, 'true']).status);
       console.log(tries.every((status) => status !== 0) ? 'nothing' : 'got it');
     });`,
  );
  const child = spawn(process.execPath, [squatter, cache], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise((done) => child.stdout.once('data', (text: Buffer) => done(String(text))));
  expect(said).toBe('nothing\n');
  expect(await lock.owner()).toBeUndefined();
  const taken = await lock.acquire();
  expect(taken).toBeDefined();
  await taken!.close();
  child.kill('SIGKILL');
});
