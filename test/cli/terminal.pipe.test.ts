// What a command prints arrives whole, however slowly it is read; a reader that goes away is no error.
// Shells and pipes are real: a pipe takes 64 KiB, and what a process has not handed over when it ends is lost.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Home } from '../support/home';
import { HOLDCAST, run, type Outcome } from '../support/process';

/** Reads nothing for a while, then everything. */
const SLOW = '(sleep 1; cat)';
/** Enough for several pipes. */
const ENTRIES = 1500;

/** `holdcast <args> | <reader>`; the last line of stderr is the exit code of holdcast. */
async function piped(home: Home, args: string, reader: string): Promise<Outcome & { status: number }> {
  const script = `'${HOLDCAST}' ${args} | ${reader}; echo "\${PIPESTATUS[0]}" >&2`;
  const outcome = await run('/bin/bash', ['-c', script], { cwd: home.path, env: home.env() });
  const lines = outcome.stderr.trimEnd().split('\n');
  return { ...outcome, stderr: lines.slice(0, -1).join('\n'), status: Number(lines.at(-1)) };
}

async function fullStore(): Promise<Home> {
  const home = new Home();
  home.config();
  const records = Array.from({ length: ENTRIES }, (_, at) => ({
    ...{ type: 'heard', uniqueid: `1795225281.${at}`, wallMs: 1_795_225_281_000 + at },
    ...{ kind: 'track', id: `music/a-long-name-of-a-piece-${at}.wav`, phone: '442079460018', queue: 'sales' },
  }));
  home.file('all.jsonl', `${records.map((record) => JSON.stringify(record)).join('\n')}\n`);
  const { code, stderr } = await home.run('store', 'import', 'all.jsonl');
  expect([code, stderr]).toEqual([0, '']);
  return home;
}

const manyFiles = (count = 900): Home => {
  const home = new Home();
  home.config();
  for (let i = 0; i < count; i++)
    home.file(`media/music/a-piece-with-quite-a-long-name-${i}.wav`, 'no audio');
  return home;
};

test('a store is exported whole to a slow reader', async () => {
  const home = await fullStore();
  const { stdout, status, stderr } = await piped(home, 'store export', SLOW);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.endsWith('\n')).toBe(true);
  expect(stdout.trimEnd().split('\n')).toHaveLength(ENTRIES);
});

test('so are lists, also with another exit code than 0', async () => {
  const home = manyFiles();
  const [list, check] = await Promise.all([
    piped(home, 'media list --json', SLOW),
    piped(home, 'media check --json', SLOW),
  ]);
  for (const { stdout } of [list, check]) {
    expect(stdout.length).toBeGreaterThan(65_536);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
  }
  expect([list.status, check.status]).toEqual([0, 1]);
});

test('a reader that has seen enough ends nothing but what only prints, quietly', async () => {
  const store = await fullStore();
  const exported = await piped(store, 'store export', 'head -n 1');
  expect([exported.stdout.split('\n').length, exported.status, exported.stderr]).toEqual([2, 0, '']);
  const home = manyFiles(60);
  const checked = await piped(home, 'media check --json', 'head -c 1');
  expect([checked.stdout, checked.status, checked.stderr]).toEqual(['{', 1, '']);
  const none = await piped(home, 'config check --json', 'true');
  expect([none.status, none.stderr]).toEqual([0, '']);
});

test('a disk that is full is told, with an exit code of its own', async () => {
  const home = new Home();
  home.config();
  for (const command of ['config check', 'media --help', '--version', 'help']) {
    const script = `'${HOLDCAST}' ${command} > /dev/full`;
    const { code, stderr } = await run('/bin/bash', ['-c', script], { cwd: home.path, env: home.env() });
    expect([code, stderr]).toEqual([74, 'holdcast: standard output cannot be written: ENOSPC\n']);
  }
});

test('a reader that takes nothing does not keep a command that is interrupted', async () => {
  const home = await fullStore();
  const script = `mkfifo p; sleep 30 < p & exec 3> p
    '${HOLDCAST}' store export >&3 & pid=$!
    exec 3>&-; while [ ! -e /proc/$pid ]; do :; done; sleep 1.5; kill -INT $pid; wait $pid; echo $? >code; kill %1`;
  await run('/bin/bash', ['-mc', script], { cwd: home.path, env: home.env() });
  expect(readFileSync(join(home.path, 'code'), 'utf8')).toBe('130\n');
});
