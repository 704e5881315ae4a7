// Readers seen from the hub: which are there, and that no process is ever signalled that is no reader of that call.
// Would catch: a stranger killed because it got a reader's number, a cat that plays on when its shell is gone.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { announce, withdraw } from '../../../src/hub/play/presence';
import { Readers } from '../../../src/hub/play/readers';
import { systemClock } from '../../../src/util/clock';
import { keptLog, owned, until } from '../fixtures';
import { FakeHub, makeFifo, mix, playing, Started } from './asterisk';

const rig = () => {
  const folder = playing();
  const { log, messages } = keptLog();
  return { folder, readers: new Readers({ folder: folder.folder, clock: systemClock(), log }), messages };
};
const start = ({ folder }: ReturnType<typeof playing>, id: string): Started => new Started([folder, id]);
const plainReader = async (folder: ReturnType<typeof playing>, id: string): Promise<Started> => {
  const reader = start(folder, id);
  await reader.read();
  return reader;
};

test('the last reader that lives is told, whatever else may stand there', async () => {
  const { folder, readers } = rig();
  expect(readers.pidOf('1.1')).toBeUndefined();
  const { pid } = await plainReader(folder, '1.1');
  expect(readers.pidOf('../hub')).toBeUndefined();
  for (const [text, expected] of [
    [`${pid}\n`, { pid, plain: false }],
    [`${pid} plain\n`, { pid, plain: true }],
    [`1\n${pid} plain\n4194999\n${process.pid}\n`, { pid, plain: true }],
    [`${pid} plain\n4194999\n${pid}\n`, { pid, plain: false }],
    [`${pid}\nhm\n`, { pid, plain: false }],
    ['', undefined],
    ['0\n', undefined],
    ['4194999 plain\n', undefined],
    [`-${pid}\n`, undefined],
    [`${pid}`, undefined],
    [`${pid} plainer\n`, undefined],
  ] as const) {
    writeFileSync(folder.reader('1.1'), text);
    expect(readers.pidOf('1.1')).toEqual(expected);
  }
});

test('readers that play plain music end with their cat, all or one, and go to the hub when they are started again', async () => {
  const { folder, readers } = rig();
  const plain = [
    await plainReader(folder, '1.1'),
    await plainReader(folder, '1.2'),
    await plainReader(folder, '1.3'),
  ];
  const fifo = makeFifo(folder.fifo('1.1'));
  await new FakeHub(folder, [fifo]).announce();
  expect(readers.endPlain('1.2')).toBe(1);
  await plain[1]!.nobodyLeft();
  expect(plain[0]!.over).toBe(false);
  expect(readers.endPlain()).toBe(2);
  for (const reader of plain) await reader.nobodyLeft();
  expect(readers.endPlain()).toBe(0);
  mix(fifo, 'H');
  const again = start(folder, '1.1');
  expect(await again.read()).toBe('H');
  expect(readers.pidOf('1.1')).toEqual({ pid: again.pid, plain: false });
  expect(readers.endPlain()).toBe(0);
  expect(again.over).toBe(false);
});

test('a reader whose hub comes between its first look and its mark does not stay with plain music', async () => {
  // All orders: it finds the hub at its second look or behind plain music, or the hub finds its mark.
  for (let i = 0; i < 20; i++) {
    const { folder, readers } = rig();
    const fifo = makeFifo(folder.fifo('1.1'));
    const held = await new FakeHub(folder, [fifo]).announce();
    rmSync(folder.hub);
    const reader = start(folder, '1.1');
    await new Promise((done) => setImmediate(done));
    mix(fifo, 'H');
    announce(folder.folder);
    let ended = readers.endPlain('1.1');
    let heard = false;
    await until('it has decided', () => {
      const now = readers.pidOf('1.1');
      ended += now?.plain ? readers.endPlain('1.1') : 0;
      heard = now?.plain === false;
      return heard || ended > 0 || reader.over;
    });
    if (heard) expect(await reader.read()).toBe('H');
    else await reader.nobodyLeft();
    withdraw(folder.folder);
    reader.signal('SIGKILL');
    await held.kill();
  }
});

test('no other process is signalled, though it has the number, or is the script for another call', async () => {
  const { folder, readers } = rig();
  const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  owned({ close: () => void stranger.kill('SIGKILL') });
  const other = await plainReader(folder, '1.1');
  for (const pid of [stranger.pid, other.pid, process.pid, 1, 4_194_999]) {
    writeFileSync(folder.reader('1.2'), `${pid} plain\n`);
    expect(readers.endPlain('1.2')).toBe(0);
    readers.endOf('1.2');
  }
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  expect(readFileSync(`/proc/${stranger.pid}/comm`, 'utf8')).toBe('sleep\n');
  expect(other.over).toBe(false);
});

test('the reader of a call that is over ends though its pipe is full, with signals ignored, or its FIFO gone', async () => {
  const { folder, readers } = rig();
  const fifo = makeFifo(folder.fifo('1.1'));
  await new FakeHub(folder, [fifo]).announce();
  const deaf = new Started([folder.folder, '1.1'], { shell: ['/usr/bin/nohup'] });
  await until('cat', () => readFileSync(`/proc/${deaf.pid}/comm`, 'utf8') === 'cat\n');
  // Nobody reads: cat hangs as soon as its pipe is full, and the FIFO fills up behind it.
  const full = (): boolean => {
    try {
      mix(fifo, 'H'.repeat(4096));
      return false;
    } catch {
      return true;
    }
  };
  await until('both are full', full);
  rmSync(fifo);
  readers.endOf('1.1');
  expect(await deaf.ended).toMatchObject({ signal: 'SIGKILL' });
  await deaf.nobodyLeft();

  const plain = await plainReader(folder, '1.2');
  readers.endOf('1.2');
  await plain.nobodyLeft();
  readers.endOf('1.2');
});

test('all readers of one call end, and which of them play plain music is known of each', async () => {
  const { folder, readers } = rig();
  const fifo = makeFifo(folder.fifo('1.1'));
  const plain = [await plainReader(folder, '1.1'), await plainReader(folder, '1.1')];
  await new FakeHub(folder, [fifo]).announce();
  const cats = [start(folder, '1.1'), start(folder, '1.1')];
  for (const { pid } of cats) await until('cat', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'cat\n');
  // One that looks for the hub just now leaves by itself.
  readers.endPlain('1.1');
  for (const reader of plain) await reader.nobodyLeft();
  expect(cats.map(({ over }) => over)).toEqual([false, false]);
  readers.endOf('1.1');
  for (const reader of cats) await reader.nobodyLeft();
});

test('one that has gone over to the hub is not ended as one that plays plain music', async () => {
  const { folder, readers } = rig();
  const { pid } = await plainReader(folder, '1.1');
  writeFileSync(folder.reader('1.1'), `${pid} plain\n${pid}\n`);
  expect(readers.endPlain()).toBe(0);
});

test('a call is held by a reader that lives', async () => {
  const { folder, readers } = rig();
  expect(readers.isHeld('1.1')).toBe(false);
  const reader = await plainReader(folder, '1.1');
  expect(readers.isHeld('1.1')).toBe(true);
  reader.signal('SIGKILL');
  await reader.nobodyLeft();
  expect(readers.isHeld('1.1')).toBe(false);
});

test('a folder that is gone has no readers, and says so', () => {
  const { folder, readers, messages } = rig();
  rmSync(folder.folder, { recursive: true });
  expect(readers.endPlain()).toBe(0);
  expect(messages()).toEqual(['readers cannot be listed']);
});
