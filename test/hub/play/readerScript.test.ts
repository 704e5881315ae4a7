// bin/holdcast-reader itself, with real processes and pipes, in each shell that may be /bin/sh.
// Would catch: a caller left in silence for ever, a reader that takes another process for the hub, one that outlives its
// caller, one that Asterisk would start again without end.
import { spawn } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PlayFolder } from '../../../src/hub/play/folder';
import { Pieces } from '../../../src/hub/play/pieces';
import { processStart } from '../../../src/util/processStart';
import { owned, until } from '../fixtures';
import { FakeHub, groupOf, makeFifo, mix, pathWith, playing, SCRIPT, Started } from './asterisk';

const ID = '1795225281.1';
const H = 'H'.repeat(640);
const programOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
const linesIn = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const wordsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
const isCat = (pid: number): boolean => programOf(pid) === 'cat';

/** A process that was killed and whose parent does not look. */
async function zombie(): Promise<number> {
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owned({ close: () => void parent.kill('SIGKILL') });
  const pid = Number(await new Promise((done) => parent.stdout.once('data', done)));
  await until('a parent that does not look', () => programOf(parent.pid!) === 'sleep');
  process.kill(pid, 'SIGKILL');
  await until('a zombie', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
  return pid;
}

/** Plain music in pieces too, which differs ("Q…"). */
async function inPieces(): Promise<PlayFolder> {
  const folder = playing();
  await new Pieces(folder.folder).write(Buffer.alloc(640 * 200, 'Q'), 8000);
  return folder;
}

const shells: readonly (readonly [string, readonly string[]])[] = [
  ['its first line', []],
  ['dash', ['/bin/dash']],
  ['bash --posix', ['/bin/bash', '--posix']],
].map(([name, shell]) => [name as string, shell as string[]]);

describe.each(shells)('started by %s', (_name, shell) => {
  const start = (folder: PlayFolder, id: string[] = [ID], env = {}): Started =>
    new Started([folder.folder, ...id], { shell, env });
  const withHub = async (folder = playing()): Promise<{ folder: PlayFolder; fifo: string; hub: FakeHub }> => {
    const fifo = makeFifo(folder.fifo(ID));
    return { folder, fifo, hub: await new FakeHub(folder, [fifo]).announce() };
  };

  test('a call whose hub lives hears its FIFO, through cat alone', async () => {
    const { folder, fifo } = await withHub();
    mix(fifo, H);
    const reader = start(folder);
    expect(await reader.read()).toBe(H);
    expect(isCat(reader.pid)).toBe(true);
    expect(groupOf(reader.pid)).toEqual([reader.pid]);
    expect(readlinkSync(`/proc/${reader.pid}/fd/0`)).toBe(fifo);
    const open = readdirSync(`/proc/${reader.pid}/fd`).map((fd) =>
      readlinkSync(`/proc/${reader.pid}/fd/${fd}`),
    );
    expect(open.filter((path) => path.startsWith(folder.folder))).toEqual([fifo]);
    expect(readFileSync(folder.reader(ID), 'utf8')).toBe(`${reader.pid}\n`);
    expect(statSync(folder.reader(ID)).mode & 0o777).toBe(0o600);
  });

  test('it stands behind the other readers of its call; a long list is begun anew', async () => {
    const { folder, fifo } = await withHub();
    const listed = (): string[] => linesIn(folder.reader(ID));
    const others = Array.from({ length: 18 }, (_, i) => `${4_194_900 + i} plain`);
    writeFileSync(folder.reader(ID), others.map((line) => `${line}\n`).join(''));
    const pids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { pid } = start(folder);
      pids.push(String(pid));
      await until('cat', () => isCat(pid));
      expect(listed()).toEqual(i < 2 ? [...others, ...pids] : ['', ...pids.slice(2)]);
    }
    mix(fifo, H);
  });

  test('it waits for a mixer that has not written yet', async () => {
    const { folder, fifo } = await withHub();
    const reader = start(folder);
    await until('cat', () => isCat(reader.pid));
    mix(fifo, H);
    expect(await reader.read()).toBe(H);
  });

  test('when the hub is killed, the next start plays plain music; when it is back, its own again', async () => {
    const { folder, fifo, hub } = await withHub();
    mix(fifo, H);
    const first = start(folder);
    expect(await first.read()).toBe(H);
    await hub.kill();
    expect(await first.drain()).toBe('');
    const second = start(folder);
    expect(await second.read()).toMatch(/^P+$/);
    await until('its mark', () => linesIn(folder.reader(ID)).at(-1) === `${second.pid} plain`);
    await new FakeHub(folder, [fifo]).announce();
    second.signal('SIGHUP');
    expect(await second.drain()).toMatch(/^P*$/);
    const third = start(folder);
    mix(fifo, H);
    expect(await third.read()).toBe(H);
    expect(linesIn(folder.reader(ID)).at(-1)).toBe(`${third.pid}`);
    third.signal('SIGHUP');
    for (const each of [first, second, third]) await each.nobodyLeft();
  });

  test.each([
    ['no hub has ever been here', () => {}],
    [
      'another process has the number',
      (folder: PlayFolder) => writeFileSync(folder.hub, `${process.pid} 1\n`),
    ],
    ['its file is broken', (folder: PlayFolder) => writeFileSync(folder.hub, '\n')],
    ['its file has no time', (folder: PlayFolder) => writeFileSync(folder.hub, `${process.pid}\n`)],
    ['its file names no process', (folder: PlayFolder) => writeFileSync(folder.hub, '../1 1\n')],
  ])('plain music when %s', async (_what, prepare) => {
    const folder = playing();
    const fifo = makeFifo(folder.fifo(ID));
    const holder = new FakeHub(folder, [fifo]);
    prepare(folder);
    mix(fifo, H);
    const reader = start(folder);
    expect(await reader.read()).toMatch(/^P+$/);
    await holder.kill();
  });

  test('plain music when the hub is dead and nobody has noticed', async () => {
    const folder = playing();
    makeFifo(folder.fifo(ID));
    const pid = await zombie();
    writeFileSync(folder.hub, `${pid} ${processStart(pid).ticks}\n`);
    expect(await start(folder).read()).toMatch(/^P+$/);
  });

  test('a hub whose name tries to look like a process’s figures is known all the same', async () => {
    const folder = playing();
    const fifo = makeFifo(folder.fifo(ID));
    const script = join(folder.folder, 'a) Z 1 (b');
    writeFileSync(script, `#!/bin/sh\nexec 3<>'${fifo}' 4>'${fifo}' 3>&-\necho\nread -r x\n`, {
      mode: 0o755,
    });
    const hub = spawn(script, { stdio: ['pipe', 'pipe', 'inherit'] });
    owned({ close: () => void hub.kill('SIGKILL') });
    await new Promise((done) => hub.stdout.once('data', done));
    expect(programOf(hub.pid!)).toContain(') Z');
    writeFileSync(folder.hub, `${hub.pid} ${processStart(hub.pid!).ticks}\n`);
    mix(fifo, H);
    expect(await start(folder).read()).toBe(H);
  });

  describe('where plain music is in pieces', () => {
    test('a call whose hub lives hears its FIFO, through a cat that has the pieces behind it', async () => {
      const { folder, fifo } = await withHub(await inPieces());
      mix(fifo, H);
      const reader = start(folder);
      expect(await reader.read()).toBe(H);
      const [first, ...words] = wordsOf(reader.pid).slice(1);
      expect(first).toBe('-');
      const turn = words.slice(0, words.length / 3);
      expect(words).toEqual([...turn, ...turn, ...turn]);
      // Numbers come first, in their order: the names that the hub gives its files.
      const pieces = readdirSync(join(folder.folder, 'p')).filter((name) => !['rest', 'all'].includes(name));
      const names = [...pieces.sort(), 'rest', 'all'].map((name) => `p/${name}`);
      expect([...new Set(turn)]).toEqual([...names, `fifo.${ID}`]);
      expect(isCat(reader.pid)).toBe(true);
      expect(readlinkSync(`/proc/${reader.pid}/cwd`)).toBe(folder.folder);
      expect(groupOf(reader.pid)).toEqual([reader.pid]);
      expect(linesIn(folder.reader(ID))).toEqual([`${reader.pid}`]);
    });

    // Whether it is the hub is not asked then: that nobody writes to the FIFO is enough.
    test.each([
      ['is another’s by now', () => Promise.resolve([process.pid, '1'])],
      [
        'is a zombie’s',
        async () => {
          const pid = await zombie();
          return [pid, processStart(pid).ticks];
        },
      ],
    ])(
      'plain music within moments when the hub’s number %s, and nobody writes to the FIFO',
      async (_, line) => {
        const folder = await inPieces();
        makeFifo(folder.fifo(ID));
        writeFileSync(folder.hub, `${(await line()).join(' ')}\n`);
        const reader = start(folder);
        let heard = '';
        const listen = async (): Promise<void> => {
          for (let text = await reader.read(); text !== ''; text = await reader.read()) heard += text;
        };
        void listen();
        await until('music', () => heard !== '');
        await until('more pieces of it', () => heard.length >= 20 * 6400);
        expect(heard).toMatch(/^Q+$/);
        // The hub finds it, and can call it back.
        expect(isCat(reader.pid)).toBe(true);
        expect(linesIn(folder.reader(ID))).toEqual([`${reader.pid}`]);
      },
    );
  });

  test('a call that the hub has no FIFO for plays plain music, and leaves its place to the hub when it gets one', async () => {
    const folder = playing();
    writeFileSync(folder.plain, 'P'.repeat(6400));
    await new FakeHub(folder).announce();
    const reader = start(folder);
    expect(await reader.read()).toMatch(/^P+$/);
    mix(makeFifo(folder.fifo(ID)), H);
    expect(await reader.drain()).toMatch(/^P*$/); // no byte of the hub behind four seconds of plain music
    expect(await reader.ended).toEqual({ code: 0, signal: null });
  });

  test('it never waits for a FIFO that nobody can write to', async () => {
    const folder = playing();
    makeFifo(folder.fifo(ID));
    await new FakeHub(folder).announce();
    const reader = start(folder);
    expect(await reader.drain()).toBe('');
    await reader.nobodyLeft();
  });

  test.each(['SIGHUP', 'SIGTERM'] as const)('%s ends it at once, whatever it plays', async (signal) => {
    const { folder, fifo } = await withHub();
    mix(fifo, H);
    const hub = start(folder);
    await hub.read();
    const plain = start(folder, []);
    await plain.read();
    for (const reader of [hub, plain]) {
      reader.signal(signal);
      expect(await reader.ended).toEqual({ code: null, signal });
      await reader.nobodyLeft();
    }
  });

  test('it ends when nobody reads any more, plain music too, and with SIGPIPE ignored', async () => {
    const { folder, fifo } = await withHub();
    mix(fifo, H);
    const hub = start(folder);
    await hub.read();
    const plain = start(folder, []);
    await plain.read();
    const deaf = new Started([folder.folder], {
      shell: ['/bin/sh', '-c', `trap '' PIPE; exec ${SCRIPT} "$1"`],
    });
    await deaf.read();
    for (const reader of [hub, plain, deaf]) reader.closePipe();
    mix(fifo, H);
    for (const reader of [hub, plain, deaf]) await reader.nobodyLeft();
  });

  test.each(['../x', 'a/b', '.hidden', 'a..b', 'a;b', '*', 'é', 'x'.repeat(65), ''])(
    'a name like %p comes into no path: plain music',
    async (id) => {
      const folder = playing();
      await new FakeHub(folder).announce();
      const before = readdirSync(folder.folder).sort();
      expect(await start(folder, [id]).read()).toMatch(/^P+$/);
      expect(readdirSync(folder.folder).sort()).toEqual(before);
    },
  );

  test('without a uniqueid it plays plain music again and again, though the hub lives', async () => {
    const { folder } = await withHub();
    writeFileSync(folder.plain, 'P'.repeat(6400));
    const reader = start(folder, []);
    let heard = 0;
    while (heard < 40 * 6400) heard += (await reader.read()).length;
    expect(reader.over).toBe(false);
    expect(existsSync(folder.reader(''))).toBe(false);
  });

  test.each(['no', 'empty', 'a folder as'])(
    'with %s plain music it looks for a minute, then ends',
    async (what) => {
      const folder = playing({ plain: false });
      if (what === 'empty') writeFileSync(folder.plain, '');
      if (what === 'a folder as') rmSync(folder.plain, { force: true });
      const log = join(folder.folder, 'slept');
      const PATH = pathWith('sleep', `echo "$1" >>'${log}'`);
      const reader = start(folder, [ID], { PATH });
      await reader.nobodyLeft();
      expect(readFileSync(log, 'utf8').split('\n').filter(Boolean)).toEqual(
        Array.from({ length: 61 }, () => '1'),
      );
    },
  );

  test('without plain music it takes the hub when that comes', async () => {
    const folder = playing({ plain: false });
    const reader = start(folder);
    await until('its mark', () => existsSync(folder.reader(ID)));
    const { fifo } = await withHub(folder);
    mix(fifo, H);
    expect(await reader.read()).toBe(H);
    await until('the mark of a hub’s reader', () => linesIn(folder.reader(ID)).at(-1) === `${reader.pid}`);
  });
});

test('the command line of a long uniqueid and folder stays below what Asterisk takes', () => {
  expect(`${SCRIPT} /run/holdcast/play ${'x'.repeat(64)}`.length).toBeLessThan(255);
});
