// bin/holdcast keeps a hub's heap small: the flags that it sets must still count when the hub's threads run.
// Would catch: flags that come too late, that V8 has set back, or that a newer Node knows no more; nothing else would tell.
import { spawn } from 'node:child_process';
import { Home } from '../support/home';
import { HOLDCAST, until } from '../support/process';

const MB = 1 << 20;
/** A space for new objects at its first size; else it grows to 16 MiB and more. */
const MOST_BYTES = 4 * MB;

/** In the main thread, when it is told to: makes what lives for a moment, as much of it as a hub never does, and says the size. */
const PRELOAD = `
  const { isMainThread } = require('node:worker_threads');
  const { getHeapSpaceStatistics } = require('node:v8');
  let threads = 0;
  function measure() {
    let some = [];
    for (let i = 0; i < 4_000_000; i++) {
      some.push({ i });
      if (some.length === 50_000) some = [];
    }
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    require('node:fs').writeSync(2, 'new space: ' + space_size + ', threads: ' + threads + '\\n');
  }
  if (isMainThread) {
    process.on('worker', () => threads++);
    if (process.argv[2] === 'hub') process.on('SIGUSR2', measure);
    else if (process.argv[2] === 'config') process.on('exit', measure);
  }`;

interface Measured {
  readonly bytes: number;
  readonly threads: number;
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
  const [, bytes, threads] = /new space: (\d+), threads: (\d+)/.exec(errors)!;
  return { bytes: Number(bytes), threads: Number(threads) };
}

test('the space for new objects of a hub does not grow, also behind the start of its threads', async () => {
  const { bytes, threads } = await measured(['hub', '--config', 'config.ts'], 'is ready');
  expect(threads).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});

test('that of other commands does: the same work makes it larger', async () => {
  const { bytes } = await measured(['config', 'check']);
  expect(bytes).toBeGreaterThan(MOST_BYTES);
});
