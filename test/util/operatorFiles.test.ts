// What lies in an operator's folder is opened only if it is a regular file of a sane size inside it; what hangs is left.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, promises, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ManualClock } from '../../src/util/clock';
import { lookInside, listInside, openInside, PatientFolders, readInside } from '../../src/util/operatorFiles';
import { openFiles, program, tempFolder } from '../media/fixtures';
import { canHang, HungDrive } from '../support/hungDrive';

const whereHanging = canHang ? test : test.skip;
const REFUSED = { code: 'HC_FILE_REFUSED' };
const SLOW = { code: 'HC_FILE_SLOW' };

function setUp() {
  const root = join(tempFolder(), 'media');
  mkdirSync(join(root, 'music'), { recursive: true });
  const at = (name: string): string => join(root, name);
  writeFileSync(at('music/a.txt'), 'content');
  writeFileSync(join(root, '../outside.txt'), 'secret');
  const read = (name: string): Promise<string> => readInside(root, at(name), 100).then(String);
  return { root, at, read };
}

test('a regular file is read, also by a link inside the folder, and a folder that is itself a link', async () => {
  const { root, at, read } = setUp();
  symlinkSync('a.txt', at('music/link.txt'));
  symlinkSync('music', at('other'));
  symlinkSync(root, join(root, '../linked'));
  expect([await read('music/a.txt'), await read('music/link.txt'), await read('other/a.txt')]).toEqual([
    'content',
    'content',
    'content',
  ]);
  const linked = join(root, '../linked');
  expect(String(await readInside(linked, join(linked, 'music/a.txt'), 100))).toBe('content');
  expect((await listInside(linked, join(linked, 'music'))).length).toBe(2);
  expect(openFiles(root)).toEqual([]);
});

test.each([
  ['a link to a file outside', (path: string) => symlinkSync('../../outside.txt', path)],
  ['a link to a folder outside', (path: string) => symlinkSync('/etc', path)],
  [
    'a link by way of another link',
    (path: string) => (symlinkSync('..', `${path}.up`), symlinkSync(`${path}.up/../outside.txt`, path)),
  ],
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  [
    'a link to a FIFO',
    (path: string) => (execFileSync('mkfifo', [`${path}.fifo`]), symlinkSync(`${path}.fifo`, path)),
  ],
  ['a link to a device', (path: string) => symlinkSync('/dev/zero', path)],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a file that is too large', (path: string) => (writeFileSync(path, ''), truncateSync(path, 2 ** 33))],
])('%s is refused, and not opened', async (_, make) => {
  const { root, at, read } = setUp();
  make(at('music/b.txt'));
  await expect(read('music/b.txt')).rejects.toMatchObject(REFUSED);
  expect(openFiles(root)).toEqual([]);
});

test('a link to its own descriptors is not opened, whatever they lead to', async () => {
  const { root, at, read } = setUp();
  symlinkSync('/proc/self/fd/0', at('music/b.txt'));
  // A pipe has no path: there the link leads nowhere.
  await expect(read('music/b.txt')).rejects.toMatchObject({
    code: expect.stringMatching(/^(HC_FILE_REFUSED|ENOENT)$/) as string,
  });
  expect(openFiles(root)).toEqual([]);
});

test('a socket, and a folder by way of a link that leads out, are refused; what is not there is not there', async () => {
  const { root, at, read } = setUp();
  const server = createServer().listen(at('music/socket'));
  await new Promise((done) => server.once('listening', done));
  await expect(read('music/socket')).rejects.toMatchObject(REFUSED);
  server.close();
  symlinkSync('..', join(root, 'up'));
  await expect(read('up/outside.txt')).rejects.toMatchObject(REFUSED);
  await expect(listInside(root, at('up'))).rejects.toMatchObject(REFUSED);
  await expect(read('music/none')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(lookInside(root, at('up/none'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a file that is swapped while it is looked at is never read from outside', async () => {
  const { at, read } = setUp();
  writeFileSync(at('music/b.txt'), 'content');
  let [swaps, wrong] = [0, 0];
  const swap = setInterval(() => {
    rmSync(at('music/b.txt'), { force: true });
    if (swaps++ % 2) writeFileSync(at('music/b.txt'), 'content');
    else symlinkSync('../../outside.txt', at('music/b.txt'));
  }, 0);
  for (let i = 0; i < 300; i++) if ((await read('music/b.txt').catch(() => 'content')) !== 'content') wrong++;
  clearInterval(swap);
  expect([swaps > 0, wrong]).toEqual([true, 0]);
});

describe('a folder that does not answer', () => {
  const never = new Promise<never>(() => {});
  const begun = (): Promise<void> => new Promise(setImmediate);

  test('holds up one step for as long as the limit, the others not at all, other folders never', async () => {
    const clock = new ManualClock();
    const folders = new PatientFolders(clock, 3000);
    const first = folders.step('/nas', () => never);
    const second = folders.step('/nas', () => Promise.resolve('second'));
    expect(await folders.step('/local', () => Promise.resolve('local'))).toBe('local');
    clock.advance(3000);
    await expect(first).rejects.toMatchObject(SLOW);
    await expect(second).rejects.toMatchObject(SLOW);
    await expect(folders.step('/nas', () => Promise.resolve('third'))).rejects.toMatchObject(SLOW);
    expect(await folders.step('/local', () => Promise.resolve('local'))).toBe('local');
  });

  test('is asked again when it has answered, and what it brings too late is let go', async () => {
    const clock = new ManualClock();
    const folders = new PatientFolders(clock, 3000);
    let answer: (what: string) => void;
    const late: string[] = [];
    const step = folders.step(
      '/nas',
      () => new Promise<string>((done) => (answer = done)),
      (what) => late.push(what),
    );
    await begun();
    clock.advance(3000);
    await expect(step).rejects.toMatchObject(SLOW);
    answer!('a handle');
    await begun();
    expect(late).toEqual(['a handle']);
    expect(await folders.step('/nas', () => Promise.resolve('there'))).toBe('there');
  });

  test('takes no more than three of the four threads, however many folders there are', async () => {
    const clock = new ManualClock();
    const folders = new PatientFolders(clock, 3000);
    let taken = 0;
    const steps = Array.from({ length: 3 }, (_, i) => folders.step(`/nas${i}`, () => (taken++, never)));
    await begun();
    clock.advance(3000);
    for (const step of steps) await expect(step).rejects.toMatchObject(SLOW);
    await expect(folders.step('/nas4', () => (taken++, never))).rejects.toMatchObject(SLOW);
    expect(taken).toBe(3);
  });

  whereHanging(
    'is a real one: everything else of the process goes on, and it ends when it is to',
    async () => {
      const folder = join(tempFolder(), 'media');
      mkdirSync(folder);
      const drive = await HungDrive.over(folder);
      const source = `
      import { promises } from 'node:fs';
      import { readInside, lookInside, endProcess } from 'src/util/operatorFiles';
      const [folder] = process.argv.slice(2);
      const ask = (name) => readInside(folder, folder + '/' + name, 100).catch((error) => console.log(error.code));
      process.on('SIGTERM', () => void endProcess());
      void Promise.all(Array.from({ length: 20 }, (_, i) => ask('file' + i))).then(async () => {
        console.log(String(await promises.readFile('/proc/self/comm')).length > 0);
        process.kill(process.pid, 'SIGTERM');
      });
      setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, [program(source), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const signal = await new Promise((done) => child.once('close', (_, by) => done(by)));
      await drive.back();
      expect(said).toBe(`${'HC_FILE_SLOW\n'.repeat(20)}true\n`);
      expect(signal).toBe('SIGTERM');
      await promises.rmdir(folder);
    },
  );
});

test('a folder that was moved away between two looks is found out by what is open', async () => {
  const { root, at } = setUp();
  const file = await openInside(root, at('music/a.txt'), 100);
  renameSync(at('music'), join(root, '../moved'));
  expect(String(await file.read(100, 0))).toBe('content');
  await file.close();
});
