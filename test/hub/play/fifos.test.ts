// CallFifos with real FIFOs: bursts, what an earlier hub left, what is reused, and folders that cannot be used.
// Would catch: one call hearing another's pipe, an arrival that waits for ever, rights too wide, files that stay.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CallFifos } from '../../../src/hub/play/fifos';
import { ManualClock } from '../../../src/util/clock';
import { errnoOf } from '../../../src/util/errors';
import { processStart } from '../../../src/util/processStart';
import { keptLog, owned, tempFolder, until } from '../fixtures';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

const rig = (batch?: number, folder = join(tempFolder(), 'play')) => {
  const clock = new ManualClock();
  const { log, messages } = keptLog();
  const fifos = owned(new CallFifos({ folder, clock, log, ...(batch !== undefined && { batch }) }));
  return { fifos, folder, clock, messages };
};
const names = (folder: string, prefix: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith(prefix));
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
/** What a read gives at once: bytes, 'nothing' while somebody could write, 'end' where nobody can. */
const readNow = (path: string): string => {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(100);
    return buffer.toString('latin1', 0, readSync(fd, buffer)) || 'end';
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? 'nothing' : String(error);
  } finally {
    closeSync(fd);
  }
};

test('a folder and FIFOs are made that are for nobody else', async () => {
  const { fifos, folder } = rig(8);
  await fifos.start();
  expect(modeOf(folder)).toBe(0o700);
  expect(names(folder, 'spare.')).toHaveLength(8);
  const path = await fifos.take('1.1');
  expect(path).toBe(join(folder, 'fifo.1.1'));
  expect(lstatSync(path).isFIFO()).toBe(true);
  expect(modeOf(path)).toBe(0o600);
});

test('a call that arrives while there are spares does not wait, and gets the same FIFO until it is forgotten', async () => {
  const { fifos } = rig(8);
  await fifos.start();
  const path = fifos.take('1.1');
  expect(typeof path).toBe('string');
  expect(fifos.take('1.1')).toBe(path);
});

test('200 calls in the same instant all get one, each its own', async () => {
  const { fifos } = rig(64);
  await fifos.start();
  const taken = Array.from({ length: 200 }, (_, i) => fifos.take(`1.${i}`));
  expect(taken.filter((path) => typeof path === 'string')).toHaveLength(64);
  expect(fifos.take('1.199')).toBe(taken[199]);
  const paths = await Promise.all(taken.map((path) => Promise.resolve(path)));
  expect(new Set(paths.map((path) => lstatSync(path).ino)).size).toBe(200);
});

test('the pool is filled again before it runs dry', async () => {
  const { fifos, folder } = rig(32);
  await fifos.start();
  for (let i = 0; i < 17; i++) await fifos.take(`1.${i}`);
  await until('spares for the next', () => names(folder, 'spare.').length === 32);
  for (let i = 17; i < 32; i++) expect(typeof fifos.take(`1.${i}`)).toBe('string');
});

test('while a call has its FIFO a reader does not see its end, and nobody else reads it', async () => {
  const { fifos } = rig(8);
  await fifos.start();
  const path = await fifos.take('1.1');
  expect(readNow(path)).toBe('nothing');
  expect(() => openSync(path, O_WRONLY | O_NONBLOCK)).toThrow('ENXIO'); // a mixer can tell whether somebody reads
  fifos.release('1.1');
  fifos.release('1.1');
  expect(readNow(path)).toBe('end');
});

test('what was released can be held again, one or all, as often as one likes', async () => {
  const { fifos } = rig(8);
  await fifos.start();
  const paths = ['1.1', '1.2'].map((uniqueid) => fifos.take(uniqueid) as string);
  const heard = (): string[] => paths.map(readNow);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  fifos.release('1.1');
  fifos.hold('1.1');
  expect(heard()).toEqual(['nothing', 'nothing']);
  for (let i = 0; i < 2; i++) fifos.releaseAll();
  expect([heard(), open()]).toEqual([['end', 'end'], before - 2]);
  for (let i = 0; i < 2; i++) fifos.holdAll();
  fifos.hold('1.1');
  fifos.hold('9.9');
  expect([heard(), open()]).toEqual([['nothing', 'nothing'], before]);
  fifos.forget('1.2');
  fifos.holdAll();
  expect(open()).toBe(before - 1);
});

test('of FIFOs that cannot be held again it is told once, and the others are held', async () => {
  const { fifos, messages } = rig(8);
  await fifos.start();
  const [gone, there] = ['1.1', '1.2', '1.3'].map((uniqueid) => fifos.take(uniqueid) as string).slice(1);
  fifos.releaseAll();
  rmSync(gone!);
  rmSync(gone!.replace('1.2', '1.1'));
  fifos.holdAll();
  expect(readNow(there!)).toBe('nothing');
  expect(messages()).toEqual(['FIFOs cannot be held']);
});

test('a reader sees its end when the call is over', async () => {
  const { fifos, folder } = rig(1);
  await fifos.start();
  const reader = openSync(await fifos.take('1.1'), O_RDONLY | O_NONBLOCK);
  writeFileSync(join(folder, 'reader.1.1'), '1\n');
  fifos.forget('1.1');
  expect(readSync(reader, Buffer.alloc(1))).toBe(0);
  closeSync(reader);
  expect(names(folder, 'fifo.')).toEqual([]);
  expect(names(folder, 'reader.')).toEqual([]);
});

test('10,000 calls leave no file and no descriptor', async () => {
  const { fifos, folder } = rig();
  await fifos.start();
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 10_000; i++) {
    await fifos.take(`7.${i}`);
    fifos.forget(`7.${i}`);
  }
  expect(names(folder, 'fifo.')).toEqual([]);
  expect(names(folder, 'spare.').length).toBeLessThanOrEqual(512);
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 8);
  await fifos.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a FIFO that nobody has open is used again; one that somebody still reads or writes never is', async () => {
  const { fifos, folder } = rig(4);
  await fifos.start();
  const inode = (uniqueid: string): number => lstatSync(join(folder, `fifo.${uniqueid}`)).ino;
  const spares = (): number[] => names(folder, 'spare.').map((name) => lstatSync(join(folder, name)).ino);
  const paths = ['1.1', '1.2', '1.3'].map((uniqueid) => fifos.take(uniqueid) as string);
  const [free, read, written] = ['1.1', '1.2', '1.3'].map(inode);
  const reader = openSync(paths[1]!, O_RDONLY | O_NONBLOCK);
  const both = openSync(paths[2]!, O_RDONLY | O_NONBLOCK);
  const writer = openSync(paths[2]!, O_WRONLY | O_NONBLOCK);
  writeSync(writer, 'a balance');
  closeSync(both);
  // As it is before the pool is filled again.
  for (const uniqueid of ['1.1', '1.2', '1.3']) fifos.forget(uniqueid);
  expect(spares()).toContain(free);
  expect(spares()).not.toContain(read);
  expect(spares()).not.toContain(written);
  closeSync(reader);
  closeSync(writer);
});

test('what an earlier hub has left is listed, taken up or removed; its spares go', async () => {
  const { fifos, folder } = rig(4);
  await fifos.start();
  await fifos.take('1.1');
  await fifos.take('1.2');
  await fifos.close();
  writeFileSync(join(folder, 'spare.99'), '');
  writeFileSync(join(folder, 'reader.1.3'), '12 plain\n');
  const next = rig(4, folder).fifos;
  await next.start();
  expect(names(folder, 'spare.')).toHaveLength(4);
  expect(names(folder, 'spare.99')).toEqual([]);
  expect(next.left().sort()).toEqual(['1.1', '1.2', '1.3']);
  const { ino } = lstatSync(join(folder, 'fifo.1.1'));
  expect(lstatSync(await next.take('1.1')).ino).toBe(ino);
  expect(readNow(join(folder, 'fifo.1.1'))).toBe('nothing');
  for (const uniqueid of ['1.2', '1.3']) next.forget(uniqueid);
  expect(next.left()).toEqual([]);
  expect(readdirSync(folder).filter((name) => !name.startsWith('spare.'))).toEqual(['fifo.1.1']);
});

test('what readers wrote after their call was over goes with them', async () => {
  const { fifos, folder } = rig(1);
  await fifos.start();
  const late = fifos.take('1.1');
  const waits = fifos.take('1.2') as Promise<string>;
  for (const uniqueid of ['1.1', '1.2', '1.3', '1.4', '1.5'])
    writeFileSync(join(folder, `reader.${uniqueid}`), '12 plain\n');
  writeFileSync(join(folder, 'fifo.1.5'), '');
  fifos.sweep((token) => token === '1.3' || token === '1.4');
  expect(lstatSync(await late).isFIFO()).toBe(true);
  expect(lstatSync(await waits).isFIFO()).toBe(true);
  expect(names(folder, 'reader.').sort()).toEqual(['reader.1.1', 'reader.1.2', 'reader.1.3', 'reader.1.4']);
  expect(names(folder, 'fifo.').sort()).toEqual(['fifo.1.1', 'fifo.1.2']);
});

test('at the start all goes that has the name of a FIFO and is none', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'fifo.1.1'), 'a balance');
  symlinkSync('/etc/passwd', join(folder, 'fifo.1.2'));
  execFileSync('mkfifo', [join(folder, 'fifo.1.3')]);
  const { fifos } = rig(1, folder);
  await fifos.start();
  expect(names(folder, 'fifo.')).toEqual(['fifo.1.3']);
  expect(fifos.left()).toEqual(['1.3']);
});

test('something else under the name of a FIFO is replaced', async () => {
  const { fifos, folder } = rig(4);
  await fifos.start();
  symlinkSync('/etc/passwd', join(folder, 'fifo.1.1'));
  expect(lstatSync(await fifos.take('1.1')).isFIFO()).toBe(true);
});

test('FIFOs of calls stay when the hub closes, unless all are to go', async () => {
  const { fifos, folder } = rig(4);
  await fifos.start();
  const path = await fifos.take('1.1');
  await fifos.close();
  expect(readdirSync(folder)).toEqual(['fifo.1.1']);
  expect(readNow(path)).toBe('end');
  const next = rig(4, folder).fifos;
  await next.start();
  await next.take('1.1');
  await next.close({ all: true });
  expect(readdirSync(folder)).toEqual([]);
});

test('a call waits no longer than 500 ms; what is made for it is the next one’s', async () => {
  const { fifos, folder, clock } = rig(1);
  await fifos.start();
  await fifos.take('1.0');
  const late = fifos.take('1.1') as Promise<string>;
  clock.advance(500);
  await expect(late).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  await until('a spare', () => names(folder, 'spare.').length > 0);
  await until('all are made', () => typeof fifos.take('1.2') === 'string');
  expect(names(folder, 'fifo.').sort()).toEqual(['fifo.1.0', 'fifo.1.2']);
  await until('nobody waits, and nothing is made', () => clock.pending === 0);
});

test('a call whose FIFO is made in the last moment gets it', async () => {
  const { fifos, clock } = rig(1);
  await fifos.start();
  await fifos.take('1.0');
  const taken = fifos.take('1.1') as Promise<string>;
  clock.advance(149);
  expect(lstatSync(await taken).isFIFO()).toBe(true);
  await until('nobody waits, and nothing is made', () => clock.pending === 0);
});

test('a call that is over before its FIFO is made is told so, and so is one at the hub’s end', async () => {
  const { fifos, folder } = rig(1);
  await fifos.start();
  await fifos.take('1.0');
  const over = fifos.take('1.1') as Promise<string>;
  const cut = fifos.take('1.2') as Promise<string>;
  fifos.forget('1.1');
  const closed = fifos.close();
  await expect(over).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  await expect(cut).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  await closed;
  expect(readdirSync(folder)).toEqual(['fifo.1.0']);
  expect(() => fifos.take('1.3')).toThrow('closing');
});

test.each(['', '../x', 'a/b', '.hidden', 'a b', 'x'.repeat(65)])('%p names no call', async (uniqueid) => {
  const { fifos, folder } = rig(1);
  await fifos.start();
  expect(() => fifos.take(uniqueid)).toThrow(expect.objectContaining({ code: 'HC_HUB_FIFO' }) as Error);
  fifos.forget(uniqueid);
  expect(readdirSync(folder)).toHaveLength(1);
});

describe('a folder that cannot be used is refused with what to do', () => {
  const refusal = async (folder: string): Promise<unknown> =>
    rig(1, folder)
      .fifos.start()
      .catch((error: unknown) => error);

  test.each([
    ['others may write', 0o722],
    ['the group may write', 0o770],
  ])('%s', async (_what, mode) => {
    const folder = tempFolder();
    chmodSync(folder, mode);
    expect(await refusal(folder)).toMatchObject({
      code: 'HC_HUB_FIFO',
      hint: expect.stringContaining('chmod') as string,
    });
  });

  test('it is somebody else’s', async () => {
    const uid = jest.spyOn(process, 'getuid').mockReturnValue(12_345);
    const error = await refusal(tempFolder());
    uid.mockRestore();
    expect(error).toMatchObject({ code: 'HC_HUB_FIFO', hint: expect.stringContaining('chown') as string });
  });

  test('it is no folder', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    expect(await refusal(file)).toMatchObject({
      code: 'HC_HUB_FIFO',
      hint: expect.stringContaining('hub.folder') as string,
    });
  });

  test('no FIFO can be made there', async () => {
    // sysfs takes nothing new, also from root.
    const error = await refusal('/sys/holdcast');
    expect(error).toMatchObject({ code: 'HC_HUB_FIFO' });
  });

  test('another hub plays from it', async () => {
    const folder = tempFolder();
    const { ticks } = processStart(process.ppid);
    writeFileSync(join(folder, 'hub'), `${process.ppid} ${ticks}\n`);
    expect(await refusal(folder)).toMatchObject({
      code: 'HC_HUB_FIFO',
      message: expect.stringContaining(`${process.ppid}`) as string,
    });
    writeFileSync(join(folder, 'hub'), `${process.ppid} 1\n`);
    expect(await refusal(folder)).toBeUndefined();
  });
});

test('when none can be made, calls are told at once, it is logged once, and after a second it is tried again', async () => {
  const { fifos, folder, clock, messages } = rig(1);
  await fifos.start();
  await fifos.take('1.0');
  await until('a spare', () => names(folder, 'spare.').length === 1);
  rmSync(folder, { recursive: true });
  await expect(async () => fifos.take('1.1')).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  await expect(async () => fifos.take('1.2')).rejects.toMatchObject({
    hint: expect.stringContaining(folder) as string,
  });
  await expect(async () => fifos.take('1.3')).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  expect(messages()).toEqual(['no FIFOs for new callers']);
  mkdirSync(folder, { mode: 0o700 });
  await expect(async () => fifos.take('1.4')).rejects.toMatchObject({ code: 'HC_HUB_FIFO' });
  clock.advance(1000);
  expect(lstatSync(await fifos.take('1.5')).isFIFO()).toBe(true);
  expect(messages()).toEqual(['no FIFOs for new callers', 'FIFOs for new callers again']);
});
