// Where a hub may listen: a dead hub's socket is taken over, a living one's never, and nobody else gets in.
// Two hubs at once would each have half of the streams, and nobody would see why.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { addressOf, listen } from '../../../src/util/http/listening';
import { owned, RawClient, tempFolder } from '../../hub/fixtures';

/** Before anything listens. */
const UMASK = process.umask();
const OPTION = { option: 'hub.socket' };

/** A server that says its name to whoever connects. */
function named(name: string): Server {
  const server = createServer((socket) => socket.on('error', () => {}).end(name));
  owned({ close: () => new Promise<void>((resolve) => void server.close(() => resolve())) });
  return server;
}

async function whoAnswers(path: string): Promise<string> {
  const client = new RawClient({ path });
  await client.closed;
  return client.text;
}

/** The file that a hub leaves behind when it is killed. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer();
  await listen(server, { path: `${path}.dying` }, OPTION);
  renameSync(`${path}.dying`, path);
  await new Promise((done) => server.close(done));
  expect(statSync(path).isSocket()).toBe(true);
}

const addressError = (hint: string) => ({
  name: 'HoldcastError',
  code: 'HC_HUB_ADDRESS',
  hint: expect.stringContaining(hint) as string,
});

test('the socket is this user’s alone, and so is a folder that was not there', async () => {
  const path = join(tempFolder(), 'run/holdcast/hub.sock');
  await listen(named('hub'), { path }, OPTION);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(await whoAnswers(path)).toBe('hub');
});

test('a folder that is there keeps its rights, and files made meanwhile get theirs', async () => {
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const listening = listen(named('hub'), { path: join(folder, 'hub.sock') }, OPTION);
  writeFileSync(join(folder, 'other'), '', { mode: 0o644 });
  await listening;
  expect(statSync(folder).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, 'other')).mode & 0o777).toBe(0o644 & ~UMASK);
});

test('closing removes the socket, and the next hub listens there', async () => {
  const path = join(tempFolder(), 'hub.sock');
  const first = createServer();
  await listen(first, { path }, OPTION);
  await new Promise((done) => first.close(done));
  expect(existsSync(path)).toBe(false);
  await listen(named('second'), { path }, OPTION);
  expect(await whoAnswers(path)).toBe('second');
});

test('the socket of a dead hub is replaced', async () => {
  const path = join(tempFolder(), 'hub.sock');
  await leaveStale(path);
  await listen(named('new'), { path }, OPTION);
  expect(await whoAnswers(path)).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(path))).toEqual(['hub.sock']);
});

test('the socket of a living hub is not: the second says so, the first goes on', async () => {
  const path = join(tempFolder(), 'hub.sock');
  await listen(named('first'), { path }, OPTION);
  await expect(listen(named('second'), { path }, OPTION)).rejects.toMatchObject({
    ...addressError('end that one first'),
    message: expect.stringContaining(path) as string,
  });
  expect(await whoAnswers(path)).toBe('first');
});

test('of hubs that find a dead one’s socket in the same instant, exactly one has it', async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(tempFolder(), 'hub.sock');
    await leaveStale(path);
    const names = ['a', 'b', 'c'];
    const ends = await Promise.allSettled(names.map((name) => listen(named(name), { path }, OPTION)));
    const winners = names.filter((_, i) => ends[i]!.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await whoAnswers(path)).toBe(winners[0]);
    expect(readdirSync(dirname(path))).toEqual(['hub.sock']);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'HC_HUB_ADDRESS' });
  }
});

describe('what is no socket is left alone', () => {
  test.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link to nothing', (path: string) => symlinkSync('/nowhere/at/all', path)],
  ])('%s', async (_, make) => {
    const path = join(tempFolder(), 'hub.sock');
    make(path);
    await expect(listen(named('hub'), { path }, OPTION)).rejects.toMatchObject(addressError('hub.socket'));
    expect(readdirSync(dirname(path))).toEqual(['hub.sock']);
  });
});

/** Of another user than this process's, where this one may become one; Node's own child. */
const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? test : test.skip;

asRoot(
  'a port that another user has is an error that names them, since Asterisk would run what they answer',
  async () => {
    const squat =
      "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
    const child = spawn(process.execPath, ['-e', squat], {
      uid: NOBODY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    owned({ close: () => void child.kill() });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const where = { host: '127.0.0.1', port: Number(said.toString()) };
    await expect(listen(createServer(), where, { option: 'hub.listen' })).rejects.toMatchObject({
      code: 'HC_HUB_ADDRESS',
      message: expect.stringMatching(/a program of uid 65534( \(nobody\))? listens there/) as string,
      hint: expect.stringContaining('Asterisk runs what is answered there') as string,
    });
  },
);

test('a port that this user has is perhaps another hub', async () => {
  const other = named('hub');
  await listen(other, { host: '127.0.0.1', port: 0 }, OPTION);
  const { port } = other.address() as { port: number };
  await expect(listen(createServer(), { host: '127.0.0.1', port }, OPTION)).rejects.toMatchObject(
    addressError('is it another hub?'),
  );
});

test('a path that the system would cut is refused', async () => {
  const path = join(tempFolder(), 'x'.repeat(120));
  await expect(listen(named('hub'), { path }, OPTION)).rejects.toMatchObject(addressError('shorter'));
  expect(readdirSync(dirname(path))).toEqual([]);
});

test('a folder that cannot be made is said', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'file'), '');
  const path = join(folder, 'file/hub.sock');
  await expect(listen(named('hub'), { path }, OPTION)).rejects.toMatchObject(addressError('hub.socket'));
});

test.each([
  [{ host: '127.0.0.1', port: 8099 }, '127.0.0.1:8099'],
  [{ host: '::1', port: 8099 }, '[::1]:8099'],
  [{ path: '/run/x.sock' }, '/run/x.sock'],
])('%j reads %s', (where, text) => {
  expect(addressOf(where)).toBe(text);
});
