// bin/holdcast keeps a hub's heap small: the flags that it sets must still count when the hub's threads run.
// Would catch: flags that come too late, that V8 has set back, or that a newer Node knows no more; nothing else would tell.
import { spawn } from 'node:child_process';
import { Home } from '../support/home';
import { HOLDCAST, until } from '../support/process';

const MB = 1 << 20;
/** A space for new objects at its first size; else it grows to 16 MiB and more. */
const MOST_BYTES = 4 * MB;

/** Of the space for old objects, what may be holes. */
const MOST_HOLES = 0.1;

/**
 * In the main thread, when it is told to: makes what lives for a moment, as much of it as a hub never does, and says how large
 * that space is; then what lives long, of which two of five go, and says how much of their space is holes.
 */
const PRELOAD = `
  const { isMainThread } = require('node:worker_threads');
  const { getHeapSpaceStatistics, setFlagsFromString } = require('node:v8');
  let threads = 0;
  const spaceOf = (name) => getHeapSpaceStatistics().find(({ space_name }) => space_name === name);
  function measure() {
    let some = [];
    for (let i = 0; i < 4_000_000; i++) {
      some.push({ i });
      if (some.length === 50_000) some = [];
    }
    const { space_size: newBytes } = spaceOf('new_space');
    const kept = (globalThis.kept = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i, i, i] })));
    setFlagsFromString('--expose-gc');
    const collect = require('node:vm').runInNewContext('gc');
    collect();
    kept.forEach((_, i) => (i * 7919) % 5 < 2 && (kept[i] = undefined));
    for (let i = 0; i < 10; i++) collect();
    const { space_size, space_used_size } = spaceOf('old_space');
    const holes = 1 - space_used_size / space_size;
    require('node:fs').writeSync(2, 'new space: ' + newBytes + ', holes: ' + holes + ', threads: ' + threads + '\\n');
  }
  if (isMainThread) {
    process.on('worker', () => threads++);
    if (process.argv[2] === 'hub') process.on('SIGUSR2', measure);
    else if (process.argv[2] === 'config') process.on('exit', measure);
  } else require('node:fs').writeSync(2, 'a thread has ' + typeof gc + '\\n');`;

interface Measured {
  readonly bytes: number;
  readonly holes: number;
  readonly threads: number;
  readonly said: string;
}

/** @param signalled when it has said this it is told to measure; absent: it does so at its end */
async function measured(args: readonly string[], signalled?: string): Promise<Measured> {
  const home = new Home();
  home.ship({ 'music/a.wav': new Int16Array(80_000).fill(1000) });
  const places = `listen: '127.0.0.1:0', observe: false, folder: '${home.path}/run/play'`;
  home.config(`hub: { ${places} }, calls: { folder: '${home.path}/run/calls' }`);
  const preload = home.file('preload.cjs', PRELOAD);
  const child = spawn(process.execPath, [HOLDCAST, ...args], {
    cwd: home.path,
    env: home.env({ NODE_OPTIONS: `--require=${preload}` }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const said = (what: string, text: () => string): Promise<void> =>
    until(
      () => `${what}: ${out}${errors}`,
      () => text().includes(what),
      30_000,
    );
  if (signalled !== undefined) {
    await said(signalled, () => out);
    child.kill('SIGUSR2');
  }
  await said('threads: ', () => errors);
  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGTERM');
  await ended;
  const [, bytes, holes, threads] = /new space: (\d+), holes: ([\d.e-]+), threads: (\d+)/.exec(errors)!;
  return { bytes: Number(bytes), holes: Number(holes), threads: Number(threads), said: errors };
}

test('the space for new objects of a hub does not grow, and that for old ones has few holes, also behind the start of its threads', async () => {
  const { bytes, holes, threads, said } = await measured(['hub', '--config', 'config.ts'], 'is ready');
  expect(threads).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  expect(holes).toBeLessThan(MOST_HOLES);
  // The store's, which collects its garbage by itself.
  expect(said).toContain('a thread has function');
});

test('those of other commands do: the same work makes the one larger, and leaves holes in the other', async () => {
  const { bytes, holes } = await measured(['config', 'check']);
  expect(bytes).toBeGreaterThan(MOST_BYTES);
  expect(holes).toBeGreaterThan(2 * MOST_HOLES);
});
