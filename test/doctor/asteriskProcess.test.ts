// The process that runs under the name of Asterisk: believed only when it is wholly that user's and its program is root's.
// A process of another user's would choose the environment in which the doctor starts programs.
import { execFileSync } from 'node:child_process';
import { chownSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findAsterisk } from '../../src/doctor/asteriskProcess';
import { isRoot } from '../support/otherUser';
import { folder, put } from './doctorSite';

describe('what runs under the name of Asterisk', () => {
  const uid = process.getuid!();
  /** A process as /proc shows it; by default one that is believed where root owns `true`. */
  function running(proc: string, pid: string, change: Record<string, string> = {}): void {
    const shown = {
      comm: 'asterisk\n',
      status: `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
      environ: 'PATH=/opt/node/bin\0HOLDCAST_CONFIG=/srv/c.ts\0LD_PRELOAD=/tmp/x.so\0NODE_OPTIONS=-r x\0',
      ...change,
    };
    const { root = '/', exe, ...files } = shown as Record<string, string>;
    for (const [name, content] of Object.entries(files)) put(join(proc, pid, name), content);
    symlinkSync(root, join(proc, pid, 'root'));
    symlinkSync(exe ?? program(), join(proc, pid, 'exe'));
  }
  /** A program of this user's; of root's where the tests run as root. */
  function program(name = 'asterisk', mode = 0o755): string {
    return put(join(folder(), name), '', mode);
  }
  const asRoot = isRoot ? test : test.skip;

  asRoot('it is believed when it is wholly that user’s and its program is root’s', async () => {
    const proc = folder();
    running(proc, '8', { root: '/var/lib/container' });
    expect(await findAsterisk(proc, uid)).toEqual({});
    running(proc, '9');
    expect(await findAsterisk(proc, uid)).toEqual({
      pid: 9,
      env: { PATH: '/opt/node/bin', HOLDCAST_CONFIG: '/srv/c.ts' },
    });
  });

  asRoot.each([
    ['another user’s', () => ({ status: 'Uid:\t1001\t1001\t1001\t1001\n' }), 'it runs as uid 1001'],
    ['another user’s by its real uid', () => ({ status: 'Uid:\t1001\t0\t0\t0\n' }), 'uids 1001, 0'],
    ['another user’s by its saved uid', () => ({ status: 'Uid:\t0\t0\t1001\t0\n' }), 'uids 0, 1001'],
    ['a program of another name', () => ({ exe: program('python3') }), 'it is the program'],
    ['a program that anybody may write', () => ({ exe: program('asterisk', 0o777) }), 'others than root may'],
    [
      'a program of another user’s',
      () => {
        const exe = program();
        chownSync(exe, 1001, 1001);
        return { exe };
      },
      'others than root may',
    ],
    [
      'a program of root’s in a folder of another user’s',
      () => {
        const exe = program();
        chownSync(dirname(exe), 1001, 1001);
        return { exe };
      },
      'belongs to another user',
    ],
  ])('it is not believed when it is %s', async (_, change, why) => {
    const proc = folder();
    running(proc, '7', change());
    expect(await findAsterisk(proc, uid)).toEqual({
      stranger: { pid: 7, why: expect.stringContaining(why) as string },
    });
  });

  test('nor what has ended, nor anything where there is no such user; a pipe holds nobody up', async () => {
    const proc = folder();
    running(proc, '7');
    rmSync(join(proc, '7/exe'));
    expect(await findAsterisk(proc, uid)).toEqual({});
    const other = folder();
    running(other, '7');
    rmSync(join(other, '7/status'));
    execFileSync('mkfifo', [join(other, '7/status')]);
    expect((await findAsterisk(other, undefined)).pid).toBeUndefined();
  });
});
