// FifoMaker: a real shell that makes real FIFOs, and what becomes of it when it, its folder or the hub is gone.
// Would catch: rights too wide, a path that the shell takes for words, callers without FIFOs since a shell has died, one that
// stays when the hub was killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { FifoMaker } from '../../../src/hub/play/mkfifo';
import { ManualClock } from '../../../src/util/clock';
import { packageRoot } from '../../../src/util/packageRoot';
import { owned, tempFolder, until } from '../fixtures';

function maker(folder = tempFolder()) {
  const path = join(folder, 'spare.');
  const clock = new ManualClock();
  return { folder, path, clock, fifos: owned(new FifoMaker(path, clock)) };
}

/** Shells that make FIFOs there. */
function shellsOf(path: string): number[] {
  return readdirSync('/proc')
    .filter(
      (pid) => /^\d+$/.test(pid) && textOf(`/proc/${pid}/cmdline`).endsWith(`\0holdcast-fifos\0${path}\0`),
    )
    .map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const isStopped = (pid: number): boolean => / T /.test(textOf(`/proc/${pid}/stat`));
const gone = (pid: number | undefined): Promise<void> =>
  until(`process ${pid} is gone`, () => !existsSync(`/proc/${pid}`));

test.each(['play', 'it is "the hub" $HOME', "a 'b' \\c; `d` *"])(
  'FIFOs are for nobody else, in a folder named %p',
  async (name) => {
    const folder = join(tempFolder(), name);
    mkdirSync(folder);
    const { fifos } = maker(folder);
    const umask = process.umask(0);
    try {
      await fifos.make(1, 3);
    } finally {
      process.umask(umask);
    }
    await fifos.make(9, 11);
    const made = readdirSync(folder).map((file) => {
      const stats = lstatSync(join(folder, file));
      return [file, stats.isFIFO(), stats.mode & 0o777];
    });
    expect(made.sort()).toEqual(
      ['spare.1', 'spare.10', 'spare.11', 'spare.2', 'spare.3', 'spare.9'].map((file) => [file, true, 0o600]),
    );
  },
);

test('one shell makes all of them, a thousand at once too', async () => {
  const { fifos, folder, path } = maker();
  await fifos.make(1, 1024);
  const [shell] = shellsOf(path);
  for (let first = 1025; first < 1100; first += 5) await fifos.make(first, first + 4);
  expect(shellsOf(path)).toEqual([shell]);
  expect(readdirSync(folder)).toHaveLength(1099);
});

test('a shell that is killed between two batches is replaced by another', async () => {
  const { fifos, folder, path } = maker();
  await fifos.make(1, 1);
  const [shell] = shellsOf(path);
  process.kill(shell!, 'SIGKILL');
  await gone(shell);
  await fifos.make(2, 3);
  expect(readdirSync(folder).sort()).toEqual(['spare.1', 'spare.2', 'spare.3']);
  const shells = shellsOf(path);
  expect(shells).toHaveLength(1);
  expect(shells).not.toContain(shell);
});

test('a batch whose shell is killed fails, the next does not', async () => {
  const { fifos, folder, path } = maker();
  await fifos.make(1, 1);
  const [shell] = shellsOf(path);
  process.kill(shell!, 'SIGSTOP');
  const failed = expect(fifos.make(2, 2)).rejects.toThrow('the shell that makes FIFOs has ended');
  process.kill(shell!, 'SIGKILL');
  await failed;
  await fifos.make(3, 3);
  expect(readdirSync(folder).sort()).toEqual(['spare.1', 'spare.3']);
});

test('a batch that hangs is given up after five seconds with its shell, and the next is made', async () => {
  const { fifos, folder, path, clock } = maker();
  await fifos.make(1, 1);
  const [shell] = shellsOf(path);
  process.kill(shell!, 'SIGSTOP');
  await until('a shell that stands still', () => isStopped(shell!));
  const failed = expect(fifos.make(2, 2)).rejects.toThrow('has not ended after 5000 ms');
  clock.advance(4999);
  expect(shellsOf(path)).toEqual([shell]);
  clock.advance(1);
  await failed;
  await gone(shell);
  await fifos.make(3, 3);
  expect(readdirSync(folder).sort()).toEqual(['spare.1', 'spare.3']);
});

describe('when none can be made', () => {
  test.each([
    ['the folder is gone', '/nowhere at all', 'No such file or directory'],
    // sysfs takes nothing new, also from root.
    ['nothing may be put there', '/sys', /denied|not permitted|Read-only/],
  ])('%s: what mkfifo said is told', async (_what, folder, said) => {
    const { fifos } = maker(folder);
    await expect(fifos.make(1, 3)).rejects.toThrow(/^mkfifo: /);
    await expect(fifos.make(4, 4)).rejects.toThrow(said);
  });

  test('one of them is there: the others are made', async () => {
    const { fifos, folder, path } = maker();
    writeFileSync(`${path}2`, '');
    await expect(fifos.make(1, 3)).rejects.toThrow('spare.2');
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test('however much mkfifo says, more than a pipe holds, the next batch has an answer of its own, from the same shell', async () => {
    const { fifos, folder, path } = maker(join(tempFolder(), 'play'));
    await expect(fifos.make(1, 2000)).rejects.toThrow('spare.1');
    const shells = shellsOf(path);
    await expect(fifos.make(2001, 2001)).rejects.toThrow('spare.2001');
    mkdirSync(folder);
    await fifos.make(2002, 2003);
    expect(readdirSync(folder).sort()).toEqual(['spare.2002', 'spare.2003']);
    rmSync(folder, { recursive: true });
    await expect(fifos.make(2004, 2004)).rejects.toThrow('spare.2004');
    expect(shellsOf(path)).toEqual(shells);
  });
});

describe('the shell ends', () => {
  test('when its maker is closed; a batch is told', async () => {
    const { fifos, path } = maker();
    fifos.close();
    await fifos.make(1, 1);
    const [shell] = shellsOf(path);
    fifos.close();
    await gone(shell);
    expect(shellsOf(path)).toEqual([]);
    const cut = expect(fifos.make(2, 2)).rejects.toThrow('the hub is closing');
    fifos.close();
    await cut;
    await until('no shell', () => shellsOf(path).length === 0);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('when the process that started it gets %s', async (signal) => {
    const folder = tempFolder();
    const path = join(folder, 'spare.');
    const hub = await startMaker(path);
    expect(shellsOf(path)).toHaveLength(1);
    hub.kill(signal);
    await until('no shell', () => shellsOf(path).length === 0);
  });
});

/** A process that has made a FIFO, and waits. */
async function startMaker(path: string): Promise<ChildProcess> {
  const program = join(tempFolder(), 'maker.cjs');
  buildSync({
    stdin: {
      contents: `import { FifoMaker } from './src/hub/play/mkfifo';
        import { systemClock } from './src/util/clock';
        void new FifoMaker(${JSON.stringify(path)}, systemClock()).make(1, 1).then(() => console.log('made'));
        setTimeout(() => {}, 60_000);`,
      resolveDir: packageRoot(),
      loader: 'ts',
    },
    outfile: program,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs' },
  });
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  owned({ close: () => void child.kill('SIGKILL') });
  await new Promise((done) => child.stdout.once('data', done));
  return child;
}
