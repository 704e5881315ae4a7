// `holdcast render` from a shell: the file it writes, and that no half of one is ever left where it was to go.
// A script of an operator runs it; what counts are the exit code, the message and what lies on the disk afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseWavHeader } from '../../src/audio/wav';
import { Home } from '../support/home';
import { HOLDCAST, run, signalTo, sleep } from '../support/process';

const wavOf = (path: string) => {
  const bytes = readFileSync(path);
  return { info: parseWavHeader(bytes, bytes.length)!, bytes };
};
/** What lies in a home beside what was put there. */
const left = (home: Home): string[] =>
  readdirSync(home.path).filter((name) => !['tmp', 'cache', 'call.json'].includes(name));

test('--seconds and --seed overrule the script, and the same seed gives the same file', async () => {
  const home = new Home();
  home.file('call.json', '{ "seconds": 70, "seed": 5, "start": "2026-01-05T12:00:00Z" }');
  const render = (out: string, ...more: string[]) =>
    home.run('render', '--script', 'call.json', '--seconds', '30.5', '--out', out, ...more);
  const outcomes = await Promise.all([
    render('a.wav'),
    render('b.wav', '--seed', '5'),
    render('c.wav', '--seed', '6'),
    render('d.wav', '--seed', '7'),
    render('e.wav', '--seed', '8'),
  ]);
  for (const { code, stderr } of outcomes) expect([code, stderr]).toEqual([0, '']);
  const { info, bytes } = wavOf(join(home.path, 'a.wav'));
  expect(info).toMatchObject({ rate: 8000, channels: 1, bits: 16 });
  expect(Math.abs(info.samples - 30.5 * 8000)).toBeLessThan(320);
  expect(wavOf(join(home.path, 'b.wav')).bytes.equals(bytes)).toBe(true);
  const others = ['c', 'd', 'e'].map((name) => wavOf(join(home.path, `${name}.wav`)).bytes);
  expect(others.some((other) => !other.equals(bytes))).toBe(true);
});

test.each([
  ['2026-01-05T20:30:00+03:00', 'firstDay'],
  ['2026-01-05T21:30:00+03:00', 'firstEvening'],
])('a call at %s hears %s whatever the time zone of the machine', (start, shelf) => {
  const home = new Home();
  home.file('call.json', JSON.stringify({ seconds: 110, start }));
  const [here, there] = ['UTC', 'Asia/Tokyo'].map((TZ) => {
    const out = join(home.path, `${TZ.replace('/', '-')}.wav`);
    const args = ['render', '--script', join(home.path, 'call.json'), '--out', out];
    const { stdout } = spawnSync(HOLDCAST, args, {
      env: { ...process.env, TZ },
      encoding: 'utf8',
      cwd: home.path,
    });
    expect(stdout).toContain(`(${shelf}`);
    return wavOf(out).bytes;
  });
  expect(here!.equals(there!)).toBe(true);
});

test('the timeline is printed, with where the file is', async () => {
  const home = new Home();
  home.file(
    'call.json',
    '{ "seconds": 30, "events": [{ "at": "00:05", "key": "3" }, { "at": 8, "position": 2 }] }',
  );
  const { stdout } = await home.run('render', '-s', 'call.json', '-o', 'call.wav');
  expect(stdout).toMatch(/^00:00 +music +"/m);
  expect(stdout).toMatch(/^00:05 +key +3/m);
  expect(stdout).toMatch(/^00:08 +position +2/m);
  expect(stdout).toMatch(/^00:20 +advice +"/m);
  expect(stdout).toMatch(/call\.wav.*30\.0 s/);
});

test('--picture draws it', async () => {
  const home = new Home();
  await home.run('render', '--seconds', '10', '--out', 'a.wav', '--picture', 'a.png');
  expect(readFileSync(join(home.path, 'a.png')).subarray(1, 4).toString()).toBe('PNG');
});

test.each([
  ['a script that is wrong', '{ "seconds": -1 }', [], 2, /seconds.*>\s*0/],
  [
    'an advice that is not there',
    '{ "events": [{ "at": 50, "advice": "advices/first/no.wav" }] }',
    [],
    2,
    /no\.wav/,
  ],
  [
    'a folder that is not there',
    '{}',
    ['--out', 'no/such/call.wav'],
    2,
    /no\/such\/call\.wav.*ENOENT[^]*folder/,
  ],
  ['a script that is not there', '{}', ['--script', 'none.json'], 2, /none\.json.*ENOENT/],
  ['a config that is not there', '{}', ['--config', 'none.ts'], 1, /none\.ts[^]*HC_CONFIG_NOT_FOUND/],
  ['a length that is none', '{}', ['--seconds', 'ten'], 2, /--seconds[^]*number of seconds/],
  ['a seed that is none', '{}', ['--seed', '-1'], 2, /--seed[^]*whole number/],
])('%s: an exit code, what to do, and no file', async (_, script, args, exit, told) => {
  const home = new Home();
  home.file('call.json', script);
  const base = ['render', '--script', 'call.json'];
  const { code, stderr, stdout } = await home.run(
    ...base,
    ...(args[0] === '--out' ? [] : ['-o', 'x.wav']),
    ...args,
  );
  expect(stderr).toMatch(told);
  expect([code, stdout]).toEqual([exit, '']);
  expect(left(home)).toEqual([]);
});

test('a file that is there is replaced by a whole one, and kept when rendering fails', async () => {
  const home = new Home();
  const file = home.file('call.wav', 'what was there before');
  home.file('call.json', '{ "events": [{ "at": 50, "advice": "advices/first/no.wav" }] }');
  await home.run('render', '--script', 'call.json', '--out', 'call.wav');
  expect(readFileSync(file, 'utf8')).toBe('what was there before');
  await home.run('render', '--seconds', '1', '--out', 'call.wav');
  expect(wavOf(file).info.samples).toBe(8000);
});

test('a device such as /dev/null stays what it is', async () => {
  const home = new Home();
  // One of our own where that is possible: root would lose the machine's if this failed.
  const own = join(home.path, 'null');
  const device = spawnSync('mknod', [own, 'c', '1', '3']).status === 0 ? own : '/dev/null';
  const { code } = await home.run('render', '--seconds', '5', '--out', device);
  expect(code).toBe(0);
  const stat = statSync(device);
  expect(stat.isCharacterDevice()).toBe(true);
  expect(stat.rdev).toBe(0x103);
});

test('a disk that is full is told', async () => {
  const { code, stderr } = await new Home().run('render', '--seconds', '5', '--out', '/dev/full');
  expect(code).not.toBe(0);
  expect(stderr).toContain('ENOSPC');
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while it renders: it ends, and no file is left',
  async (signal) => {
    const home = new Home();
    const args = ['render', '--seconds', '86400', '--out', 'day.wav'];
    const outcome = await run(HOLDCAST, args, {
      cwd: home.path,
      env: home.env(),
      onStart: (pid) => void sleep(1200).then(() => signalTo(pid, signal)),
    });
    expect(outcome.code).toBe(130);
    expect(existsSync(join(home.path, 'day.wav'))).toBe(false);
    expect(left(home)).toEqual([]);
  },
);
