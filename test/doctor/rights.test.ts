// What a user may do with a file, and which folder is in the way.
// Rights are reckoned for a user that is nobody here, so the tests run as root and as anybody.
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { accountOf, obstacle, obstacleText, permits } from '../../src/doctor/rights';
import { ASTERISK, folder, put } from './doctorSite';

describe('what Asterisk’s user may do', () => {
  const stats = (uid: number, gid: number, mode: number) => ({ uid, gid, mode });
  test.each([
    ['its own', stats(ASTERISK.uid, 0, 0o400), true],
    ['its own, though all others may', stats(ASTERISK.uid, 0, 0o044), false],
    ['its group’s', stats(0, ASTERISK.gid, 0o040), true],
    ['its group’s, though all others may', stats(0, ASTERISK.gid, 0o004), false],
    ['everybody’s', stats(0, 0, 0o004), true],
    ['nobody’s', stats(0, 0, 0o440), false],
  ])('%s', (_, file, may) => {
    expect(permits(file, ASTERISK, 'r')).toBe(may);
  });

  test('root may all but run what nobody may', () => {
    const root = { ...ASTERISK, uid: 0 };
    expect([permits(stats(5, 5, 0), root, 'w'), permits(stats(5, 5, 0o100_644), root, 'x')]).toEqual([
      true,
      false,
    ]);
  });

  test('a user is found with all its groups', () => {
    const passwd = 'root:x:0:0::/root:/bin/sh\nasterisk:x:101:102::/var/lib/asterisk:/bin/false\n';
    const group = 'asterisk:x:102:\naudio:x:29:pulse,asterisk\ndialout:x:20:\n';
    const account = { name: 'asterisk', uid: 101, gid: 102, groups: [102, 29], home: '/var/lib/asterisk' };
    expect(accountOf('asterisk', passwd, group)).toEqual(account);
    expect(accountOf(101, passwd, group)).toEqual(account);
    expect(accountOf('nobody', passwd, group)).toBeUndefined();
  });

  test('a folder above that may not be entered is in the way, also above what a link leads to', async () => {
    const top = folder();
    const closed = join(top, 'closed');
    put(join(closed, 'node'), '', 0o755);
    chmodSync(closed, 0o700);
    symlinkSync(join(closed, 'node'), join(top, 'link'));
    const found = await obstacle(join(top, 'link'), ASTERISK, ['x']);
    expect(obstacleText(found!, ASTERISK)).toBe(`${closed} may not be entered by asterisk`);
    expect(await obstacle(top, ASTERISK, ['r', 'x'])).toBeUndefined();
    expect(await obstacle(join(top, 'none'), ASTERISK, ['r'])).toMatchObject({ lacks: 'missing' });
  });
});
