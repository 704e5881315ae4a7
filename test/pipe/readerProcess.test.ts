// Which process is a reader, and which pipe is Asterisk's: real processes that are, and such that only look so.
// Would catch: a caller's sound, with balances in it, written into a file, a socket or another process's pipe; another process ended.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, fchownSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { SHORT_PIECES } from '../../src/pipe/fallbackPieces';
import { endReader, holdsMusic, openAsteriskPipe, readerAt, readersOf } from '../../src/pipe/readerProcess';
import { startTicks } from '../../src/util/processStart';
import { owned, tempFolder, until } from '../hub/fixtures';
import { OTHER, testAsRoot } from '../support/otherUser';
import { ROOT } from '../support/process';
import { realPipe } from '../../bench/realPipe';
import { commandOf, FakeHub, moment, prepared, SCRIPT, Started, TOKEN } from './asterisk';

const isCat = (reader: Started): boolean => !reader.over && commandOf(reader.pid) === 'cat';

/** A program that looks like a reader's cat by its environment; its descriptor 3 is what `redirect` says. */
async function likeReader(folder: string, redirect: string, { uid }: { uid?: number } = {}) {
  const child = spawn('sh', ['-c', `exec ${redirect}; echo; exec sleep 600`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, HOLDCAST_READER: `${folder}/${TOKEN}` },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  owned({ close: () => void child.kill('SIGKILL') });
  const pid = await new Promise<number>((done) => child.stdout.once('data', () => done(child.pid!)));
  // While the shell becomes `sleep`, the process has no environment for a moment.
  const isWhole = (): boolean =>
    commandOf(pid) === 'sleep' && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(TOKEN);
  await until('sleep', isWhole);
  return pid;
}

test('a reader is known as a script and as a cat, by its folder and token', async () => {
  const folder = await prepared();
  await FakeHub.start(folder);
  const reader = new Started([folder.folder, TOKEN]);
  const known = { pid: reader.pid, started: startTicks(reader.pid), token: TOKEN, deaf: false };
  expect(readerAt(reader.pid, folder.folder)).toEqual(known);
  await until('cat', () => isCat(reader));
  expect(readerAt(reader.pid, folder.folder)).toEqual(known);
  expect(readersOf(folder.folder)).toEqual([known]);
  expect(readersOf(tempFolder())).toEqual([]);
  expect(readersOf(folder.folder.slice(0, -1))).toEqual([]);
});

test('one without a token is none, nor is another program, one that has ended, or one of another folder', async () => {
  const folder = await prepared();
  const plain = new Started([folder.folder]);
  await until('music', () => plain.read().length === 640);
  const gone = new Started([folder.folder, TOKEN]);
  gone.signal('SIGKILL');
  await gone.ended;
  const editor = spawn('sleep', ['600', 'holdcast-reader'], { stdio: 'ignore' });
  owned({ close: () => void editor.kill('SIGKILL') });
  for (const pid of [plain.pid, gone.pid, editor.pid!, process.pid, 1, 4_999_999])
    expect(readerAt(pid, folder.folder)).toBeUndefined();
  expect(readersOf(folder.folder)).toEqual([]);
});

testAsRoot('another user’s process is none, whatever it says of itself', async () => {
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const pid = await likeReader(folder, '3>&1', { uid: OTHER });
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain(TOKEN);
  expect(readerAt(pid, folder)).toBeUndefined();
});

test('one that waits on the life of a folder that was removed is deaf', async () => {
  const folder = await prepared();
  const other = await prepared();
  await FakeHub.start(other);
  const reader = new Started([other.folder, TOKEN], { env: {} });
  await until('cat', () => isCat(reader));
  expect(readerAt(reader.pid, other.folder)).toMatchObject({ deaf: false });
  const pid = await likeReader(folder.folder, '3>&1');
  expect(readerAt(pid, folder.folder)).toMatchObject({ token: TOKEN, deaf: true });
});

describe('its pipe', () => {
  test('is opened for writing, and what is written there Asterisk reads', async () => {
    const folder = await prepared();
    await FakeHub.start(folder);
    const reader = new Started([folder.folder, TOKEN]);
    await until('cat', () => isCat(reader));
    const fd = openAsteriskPipe(readerAt(reader.pid, folder.folder)!);
    owned({ close: () => closeSync(fd) });
    writeSync(fd, Buffer.alloc(640, 9));
    expect(reader.read()).toEqual(Buffer.alloc(640, 9));
  });

  test('a file, a FIFO, a socket, or nothing is none: nothing is written', async () => {
    const folder = tempFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const fifo = join(folder, 'fifo');
    await new Promise((done) => spawn('mkfifo', [fifo]).once('exit', done));
    for (const redirect of [`3>>${file}`, `3<>${fifo}`, '3>/dev/null', '3>&-']) {
      const pid = await likeReader(folder, redirect);
      const reader = readerAt(pid, folder)!;
      expect(() => openAsteriskPipe(reader)).toThrow(
        expect.objectContaining({ code: 'HC_HUB_FIFO' }) as Error,
      );
    }
    const server = createServer().listen(join(folder, 's'));
    owned({ close: () => void server.close() });
    // Node gives a child sockets where it is asked for pipes.
    const socket = spawn('sleep', ['600'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOLDCAST_READER: `${folder}/${TOKEN}` },
    });
    owned({ close: () => void socket.kill('SIGKILL') });
    await until('sleep', () => readerAt(socket.pid!, folder) !== undefined);
    expect(() => openAsteriskPipe(readerAt(socket.pid!, folder)!)).toThrow(/no pipe/);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('of a process that has the number of one that has ended is not opened, and that process is not ended', async () => {
    const folder = await prepared();
    await FakeHub.start(folder);
    const reader = new Started([folder.folder, TOKEN]);
    await until('cat', () => isCat(reader));
    const before = { pid: reader.pid, started: String(Number(startTicks(reader.pid)) - 1) };
    expect(() => openAsteriskPipe(before)).toThrow(/it has ended/);
    endReader(before);
    await moment(50);
    expect(reader.over).toBe(false);
    endReader(readerAt(reader.pid, folder.folder)!);
    await reader.ended;
  });
});

test('a piece that it has open is music that comes yet; once it waits there is none', async () => {
  const folder = await prepared();
  const reader = new Started([folder.folder, TOKEN]);
  await until(
    'a piece in hand',
    () => isCat(reader) && holdsMusic({ pid: reader.pid, started: '' }, folder.folder),
  );
  const hub = await FakeHub.start(folder);
  await until('the end of it', () => {
    reader.read(65_536);
    return !holdsMusic({ pid: reader.pid, started: '' }, folder.folder);
  });
  expect(reader.over).toBe(false);
  await hub.kill();
});

test('the script is where the hub says that it is, and knows as many pieces as there are', () => {
  expect(readFileSync(SCRIPT, 'utf8')).toContain(`$music/${SHORT_PIECES - 1}`);
});

testAsRoot('a pipe that another user has made, or of a process with more rights, cannot be reached', () => {
  const program = join(tempFolder(), 'reachable.cjs');
  buildSync({
    stdin: {
      contents:
        "import { isReachable } from './src/pipe/readerProcess'; console.log(isReachable({ pid: Number(process.argv[2]), started: '' }));",
      resolveDir: ROOT,
    },
    outfile: program,
    ...{ bundle: true, platform: 'node', packages: 'external' },
  });
  chmodSync(dirname(program), 0o755);
  const them = { uid: OTHER, gid: OTHER };
  const isReachedByThem = (pid: number): string =>
    execFileSync(process.execPath, [program, String(pid)], { ...them, cwd: '/', encoding: 'utf8' }).trim();
  const waiting = (writing: number, user: { uid?: number; gid?: number }): number => {
    const child = spawn('sleep', ['600'], { ...user, stdio: ['ignore', 'ignore', 'ignore', writing] });
    owned({ close: () => void child.kill('SIGKILL') });
    return child.pid!;
  };
  const { reading, writing } = realPipe();
  owned({ close: () => [reading, writing].forEach((fd) => closeSync(fd)) });
  const theirs = waiting(writing, them);
  expect(isReachedByThem(theirs)).toBe('false');
  fchownSync(writing, OTHER, OTHER);
  expect(isReachedByThem(theirs)).toBe('true');
  expect(isReachedByThem(waiting(writing, {}))).toBe('false');
  // One that has ended is no fault of the rights.
  expect(isReachedByThem(4_000_000)).toBe('true');
});
