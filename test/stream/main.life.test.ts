// How a stream ends: at once on HUP, TERM, INT, when its reader goes or reads no more; by itself never.
// It leaves nothing behind, whenever it is hit: Asterisk kills and starts one at every queue announcement.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/util/random';
import { Home } from '../support/home';
import { HOLDCAST, run, sleep, until } from '../support/process';
import { record, type Stream } from '../support/stream';

/** The product ends within 100 ms; a busy machine with two cores may need longer. */
const GENEROUS_MS = 1000;
const SIGNALS = ['SIGHUP', 'SIGTERM', 'SIGINT'] as const;

/** Nothing of a home's streams is left: no process, no temporary file. */
async function expectNothingLeft(home: Home): Promise<void> {
  await until(
    () => `no process; there are ${home.processes().join()}`,
    () => home.processes().length === 0,
    2000,
  );
  expect(readdirSync(join(home.path, 'tmp'))).toEqual([]);
  const files = readdirSync(home.path, { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
}

test.each(SIGNALS)('%s ends it', async (signal) => {
  const home = new Home();
  const stream = home.stream();
  await stream.stands();
  const { afterMs, code } = await stream.hangUp(signal);
  record(`ended by ${signal}`, [afterMs]);
  expect(afterMs).toBeLessThan(GENEROUS_MS);
  expect(code).toBe(0);
  expect(stream.bytes % 640).toBe(0);
  expect(stream.log.at(-1)).toMatchObject({ level: 'info', reason: signal });
  await expectNothingLeft(home);
});

test('a second signal, and one of each, change nothing', async () => {
  const stream = new Home().stream();
  await stream.hear(200);
  for (const signal of SIGNALS) stream.kill(signal);
  expect((await stream.hangUp('SIGHUP')).afterMs).toBeLessThan(GENEROUS_MS);
});

test('it ends when its reader closes the pipe', async () => {
  const home = new Home();
  const stream = home.stream();
  await stream.stands();
  const at = performance.now();
  stream.closeReader();
  expect(await stream.ended).toMatchObject({ code: 0 });
  record('ended by EPIPE', [stream.endedAt! - at]);
  expect(stream.endedAt! - at).toBeLessThan(GENEROUS_MS);
  expect(stream.log.at(-1)).toMatchObject({ reason: 'closed' });
  await expectNothingLeft(home);
});

test('it ends when its reader is gone before the first byte', async () => {
  const home = new Home();
  const stream = home.stream([], { deaf: true });
  stream.closeReader();
  await stream.ended;
  await expectNothingLeft(home);
});

test('it ends when the kernel’s own pipe has no reader from the beginning', async () => {
  const home = new Home();
  const line = `"${HOLDCAST}" stream | true; echo done`;
  await run('/bin/bash', ['-c', line], { cwd: home.path, env: home.env() });
  await expectNothingLeft(home);
});

test('it ends when nobody reads any more, with little in the pipe', async () => {
  const home = new Home();
  home.config('stream: { undrainedMs: 1000 }');
  await home.warmUp();
  const stream = home.stream([], { deaf: true });
  await stream.end();
  expect(stream.endedAt! - stream.startedAt).toBeGreaterThan(1000);
  expect(stream.endedAt! - stream.startedAt).toBeLessThan(5000);
  expect(stream.log.at(-1)).toMatchObject({ reason: 'undrained' });
  const unread = stream.readNow(Buffer.alloc(65_536));
  expect(unread % 640).toBe(0);
  expect(unread).toBeLessThanOrEqual(6 * 640);
});

test('it does not end while its reader reads, if slowly', async () => {
  const home = new Home();
  home.config('stream: { undrainedMs: 1000 }');
  await home.warmUp();
  const stream = home.stream([], { deaf: true });
  for (let i = 0; i < 5; i++) {
    await sleep(500);
    stream.readNow(Buffer.alloc(640));
  }
  expect(stream.endedAt).toBeUndefined();
});

test('the kernel’s own pipe: as in Asterisk, `| head` gets whole music and ends it', async () => {
  const home = new Home();
  const line = `"${HOLDCAST}" stream | head -c 32000 > head.raw; echo done`;
  const { stdout, stderr } = await run('/bin/bash', ['-c', line], { cwd: home.path, env: home.env() });
  expect(stdout).toBe('done\n');
  expect(readFileSync(join(home.path, 'head.raw'))).toHaveLength(32_000);
  expect(stderr).toContain('"reason":"closed"');
  await expectNothingLeft(home);
});

test('into a file it writes in real time, whole Frames, until it is told to end', async () => {
  const home = new Home();
  const line = `"${HOLDCAST}" stream > call.raw & sleep 1.5; kill -HUP $!; wait $!; echo "exit $?"`;
  const { stdout } = await run('/bin/bash', ['-c', line], { cwd: home.path, env: home.env() });
  expect(stdout).toBe('exit 0\n');
  const { length } = readFileSync(join(home.path, 'call.raw'));
  expect(length % 640).toBe(0);
  expect(length).toBeGreaterThan(16_000 * 0.5);
  expect(length).toBeLessThan(16_000 * 2);
});

test('on a terminal it says what to do instead of making noise', async () => {
  const home = new Home();
  const args = ['-qec', `"${HOLDCAST}" stream`, '/dev/null'];
  const { code, stdout } = await run('script', args, { cwd: home.path, env: home.env() });
  expect(code).toBe(2);
  expect(stdout).toContain('aplay');
  expect(Buffer.byteLength(stdout)).toBeLessThan(1000);
});

describe('hit at a random moment', () => {
  const random = seededRandom(8);

  async function cycle(home: Home, delayMs: number): Promise<number> {
    const stream = home.stream();
    await sleep(delayMs);
    const signal = SIGNALS[Math.floor(random() * SIGNALS.length)]!;
    const { afterMs } = await stream.hangUp(signal);
    expect(stream.bytes % 640).toBe(0);
    return afterMs;
  }

  test.each([
    ['in its first 50 ms', 50],
    ['while its config is compiled or later', 500],
  ])('%s: nothing is left', async (_, withinMs) => {
    const home = new Home();
    home.config(); // compiled anew by those who live long enough: that is a process and files, too
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const four = Array.from({ length: 4 }, () => cycle(home, random() * withinMs));
      times.push(...(await Promise.all(four)));
    }
    record(`hit within ${withinMs} ms`, times);
    for (const time of times) expect(time).toBeLessThan(GENEROUS_MS);
    await expectNothingLeft(home);
  });
});

test('thirty that arrive within 100 ms all play, and all obey', async () => {
  const home = new Home();
  home.config();
  await home.warmUp();
  const streams: Stream[] = [];
  for (let i = 0; i < 30; i++) {
    streams.push(home.stream(['--uniqueid', `1.${i}`], { deaf: true }));
    await sleep(3);
  }
  for (const stream of streams) stream.listen();
  await Promise.all(streams.map((stream) => stream.hear(1500, 30_000)));
  const firstBytes = streams.map((stream) => stream.firstByteMs!);
  record('first byte, one of thirty', firstBytes);
  for (const { samples, bytes } of streams) {
    expect(bytes % 640).toBe(0);
    expect(Math.max(...samples.subarray(0, 8000))).toBeGreaterThan(100);
  }
  const ends = await Promise.all(streams.map((stream) => stream.hangUp()));
  record(
    'ended, one of thirty',
    ends.map(({ afterMs }) => afterMs),
  );
  for (const { afterMs, code } of ends) {
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(5000);
  }
  await expectNothingLeft(home);
});
