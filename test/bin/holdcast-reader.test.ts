// bin/holdcast-reader itself, with real processes and pipes, in each shell that may be /bin/sh.
// Would catch: a caller left in silence for ever, one who does not come back to the hub or comes late, one that Asterisk would
// start again without end, a line in `arrivals` that is half another's.
import {
  closeSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { openFifo, type PipeFolder } from '../../src/pipe/folder';
import { openAsteriskPipe, readerAt } from '../../src/pipe/readerProcess';
import { errnoOf } from '../../src/util/errors';
import { owned, until } from '../hub/fixtures';
import {
  commandOf,
  FakeHub,
  fallbackSample,
  groupOf,
  moment,
  PIECE_BYTES,
  prepared,
  samplesOf,
  Started,
  TOKEN,
} from '../pipe/asterisk';

/** Two pages of pieces, and one in hand. */
const ATTACHED_BYTES = 8192;

function arrivals({ arrivals: path }: PipeFolder): { fd: number; text: () => string } {
  const fd = openFifo(path);
  owned({ close: () => closeSync(fd) });
  const text = (): string => {
    const buffer = Buffer.alloc(4096);
    try {
      return buffer.toString('latin1', 0, readSync(fd, buffer));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return '';
      throw error;
    }
  };
  return { fd, text };
}
const isCat = (reader: Started): boolean => !reader.over && commandOf(reader.pid) === 'cat';

const shells: readonly (readonly [string, readonly string[]])[] = [
  ['its first line', []],
  ['dash', ['/bin/dash']],
  ['bash --posix', ['/bin/bash', '--posix']],
];

describe.each(shells)('started by %s', (_name, shell) => {
  const start = (folder: PipeFolder, token: string[] = [TOKEN]): Started =>
    new Started([folder.folder, ...token], { shell });

  test('it announces itself, and becomes one cat that waits on life, with Asterisk’s pipe and nothing else of the folder', async () => {
    const folder = await prepared();
    const { text } = arrivals(folder);
    await FakeHub.start(folder);
    const reader = start(folder);
    await until('cat', () => isCat(reader));
    expect(text()).toBe(`${reader.pid} ${TOKEN}\n`);
    expect(groupOf(reader.pid)).toEqual([reader.pid]);
    const fds = `/proc/${reader.pid}/fd`;
    // A test's own environment may leave it some.
    const open = (): string[] => readdirSync(fds).filter((fd) => Number(fd) < 10);
    // A `cat` that begins reads its language first.
    await until('it waits', () => open().length === 4);
    const pipe = expect.stringMatching(/^pipe:/) as string;
    expect(open().map((fd) => [fd, readlinkSync(join(fds, fd))])).toEqual([
      ['0', folder.life],
      ['1', pipe],
      ['2', '/dev/null'],
      ['3', pipe],
    ]);
    await moment(100);
    expect(reader.read()).toHaveLength(0);
  });

  test('without a hub it plays fallback music; with one it waits within a piece and what the pipe holds; and again', async () => {
    const folder = await prepared();
    const reader = start(folder);
    const heard: Buffer[] = [];
    const hear = (): void => void heard.push(reader.read());
    await until('music', () => {
      hear();
      return heard.at(-1)!.length === 640;
    });
    for (let outage = 0; outage < 3; outage++) {
      const hub = await FakeHub.start(folder);
      await moment(50);
      let left = 0;
      for (let read = reader.read(); read.length > 0; read = reader.read()) {
        heard.push(read);
        left += read.length;
        await moment(1);
      }
      // Nobody has set the size of this pipe: 64 KiB, of which a piece takes a page, and one in hand.
      expect(left).toBeLessThanOrEqual(17 * PIECE_BYTES);
      await moment(50);
      expect(reader.read()).toHaveLength(0);
      await hub.kill();
      await until('music again', () => {
        hear();
        return heard.at(-1)!.length === 640;
      });
    }
    expect(heard.map(({ length }) => length).every((length) => length % 640 === 0)).toBe(true);
    // One piece behind the other, in the same process.
    const samples = samplesOf(Buffer.concat(heard));
    expect(samples.findIndex((sample, at) => sample !== fallbackSample(at))).toBe(-1);
    expect(isCat(reader)).toBe(true);
  });

  test('no token, over the limit: fallback music whether a hub lives or not, and nobody is told', async () => {
    const folder = await prepared();
    const { text } = arrivals(folder);
    await FakeHub.start(folder);
    const reader = start(folder, []);
    await until('music', () => reader.read().length === 640);
    await until('cat', () => isCat(reader));
    expect(text()).toBe('');
  });

  test.each(['../x', '*', '', 'a..b', 'x'.repeat(65), 'ä', 'a\nb'])(
    'a token that is none (%j) is none',
    async (token) => {
      const folder = await prepared();
      const { text } = arrivals(folder);
      await FakeHub.start(folder);
      const reader = start(folder, [token]);
      await until('music', () => reader.read().length === 640);
      expect(text()).toBe('');
    },
  );

  test('while it announces itself its descriptor 1 is that FIFO: the hub opens descriptor 3, and Asterisk hears it', async () => {
    const folder = await prepared();
    const { fd } = arrivals(folder);
    expect(() => {
      for (;;) writeSync(fd, Buffer.alloc(4096));
    }).toThrow('EAGAIN');
    const reader = start(folder);
    const one = (): string => readlinkSync(`/proc/${reader.pid}/fd/1`);
    await until('the trap', () => one() === folder.arrivals);
    const found = readerAt(reader.pid, folder.folder)!;
    expect(found).toMatchObject({ token: TOKEN, deaf: false });
    const pipe = openAsteriskPipe(found);
    writeSync(pipe, Buffer.alloc(640, 7));
    closeSync(pipe);
    expect(reader.read()).toEqual(Buffer.alloc(640, 7));
    expect(one()).toBe(folder.arrivals);
  });

  test.each([
    ['nothing of it', ({ arrivals: path, life }: PipeFolder) => [path, life].forEach((one) => rmSync(one))],
    [
      'files instead of FIFOs',
      ({ arrivals: path, life }: PipeFolder) => {
        for (const one of [path, life]) rmSync(one);
        for (const one of [path, life]) writeFileSync(one, '');
      },
    ],
  ])('where the folder has %s: fallback music', async (_what, spoil) => {
    const folder = await prepared();
    spoil(folder);
    const reader = start(folder);
    await until('music', () => reader.read().length === 640);
    if (_what !== 'nothing of it') expect(readFileSync(folder.arrivals, 'utf8')).toBe('');
  });

  test('without fallback music it does not end at once: it waits for a hub, and for the music', async () => {
    const folder = await prepared({ pieces: false });
    const hub = await FakeHub.start(folder);
    const reader = start(folder);
    await until('cat', () => groupOf(reader.pid).length === 2);
    expect(readerAt(reader.pid, folder.folder)).toMatchObject({ token: TOKEN, deaf: false });
    await hub.kill();
    await moment(200);
    expect(reader.over).toBe(false);
    mkdirSync(folder.fallback, { recursive: true });
    for (let i = 0; i < 300; i++)
      writeFileSync(join(folder.fallback, String(i).padStart(3, '0')), Buffer.alloc(PIECE_BYTES, 5));
    await until('music', () => reader.read().length === 640);
  });

  test.each(['SIGHUP', 'SIGTERM', 'SIGKILL'] as const)('%s to its group ends all of it', async (signal) => {
    const folder = await prepared();
    await FakeHub.start(folder);
    const reader = start(folder);
    await until('cat', () => isCat(reader));
    reader.signal(signal);
    await reader.ended;
    expect(groupOf(reader.pid)).toEqual([]);
  });
});

test('announcements of many at the same time are whole lines', async () => {
  const folder = await prepared();
  const { text } = arrivals(folder);
  await FakeHub.start(folder);
  const readers = Array.from({ length: 20 }, (_, i) => new Started([folder.folder, `${TOKEN}${i}`]));
  let told = '';
  await until('all lines', () => (told += text()).split('\n').length > 20);
  expect(told.split('\n').sort()).toEqual(['', ...readers.map(({ pid }, i) => `${pid} ${TOKEN}${i}`)].sort());
});

test('in a pipe of two pages, as the hub makes it, less than 0.7 s is heard before the hub', async () => {
  const folder = await prepared();
  const reader = new Started([folder.folder, TOKEN]);
  await until('music', () => reader.read(65_536).length > 0);
  const { setPipeBytes } = await import('../../src/util/libc');
  await until('cat', () => isCat(reader));
  const fd = openAsteriskPipe(readerAt(reader.pid, folder.folder)!);
  let small = false;
  await until('a small pipe', () => {
    reader.read(65_536);
    return (small ||= setPipeBytes(fd, ATTACHED_BYTES));
  });
  closeSync(fd);
  await until('full', () => {
    reader.read();
    return true;
  });
  await moment(300);
  await FakeHub.start(folder);
  let left = 0;
  for (let read = reader.read(); read.length > 0; read = reader.read()) {
    left += read.length;
    await moment(2);
  }
  expect(left).toBeGreaterThan(0);
  expect(left / 16).toBeLessThan(700);
});
