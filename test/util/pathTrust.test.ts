// Who may change what lies at a path. Root's view needs root; that of a user counts for everybody.
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeableBy, keeperOf } from '../../src/util/pathTrust';
import { OTHER, testAsRoot } from '../support/otherUser';

const own = process.getuid!();
let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdcast-trust-')));
  mkdirSync(join(top, 'a/b'), { recursive: true });
  writeFileSync(join(top, 'a/b/file'), '');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

describe('changeableBy', () => {
  test('nobody else, where all on the way is this user’s or root’s; /tmp is sticky', () => {
    expect(changeableBy(join(top, 'a/b/file'), own)).toBeUndefined();
  });

  test.each([
    ['a/b/file', 0o666, 'may be written by other users'],
    ['a/b/file', 0o664, 'may be written by other users'],
    ['a', 0o777, 'may be written by other users'],
    ['a/b', 0o775, 'may be written by other users'],
    ['a', 0o1777, undefined],
  ])('%s with mode %o', (name, mode, why) => {
    chmodSync(join(top, name), mode);
    const found = changeableBy(join(top, 'a/b/file'), own);
    expect(found).toBe(why && `${join(top, name)} ${why}`);
  });

  test('a sticky folder itself is everybody’s', () => {
    chmodSync(join(top, 'a'), 0o1777);
    expect(changeableBy(join(top, 'a'), own)).toContain('may be written by other users');
  });

  test('a group that nobody else is in does not count', () => {
    chmodSync(join(top, 'a/b'), 0o775);
    expect(changeableBy(join(top, 'a/b/file'), own, process.getgid!())).toBeUndefined();
  });

  testAsRoot('another user’s, on the way too; and links', () => {
    chownSync(join(top, 'a'), OTHER, OTHER);
    expect(changeableBy(join(top, 'a/b/file'), 0)).toBe(`${top}/a belongs to another user (uid ${OTHER})`);
    expect(changeableBy(join(top, 'a/b/file'), OTHER)).toBeUndefined();
    symlinkSync('a', join(top, 'link'));
    expect(changeableBy(join(top, 'link'), 0)).toBe(`${top}/link is a link`);
  });
});

describe('keeperOf', () => {
  const give = (name: string): void => chownSync(join(top, name), OTHER, OTHER);
  const keeper = (name: string): [number, string] => {
    const { uid, because } = keeperOf(join(top, name));
    return [uid, because.replace(`${top}/`, '')];
  };

  testAsRoot('the owner of the first thing that is not root’s, whatever lies below it', () => {
    expect(keeper('a/b/file')).toEqual([0, '']);
    expect(keeper('a/none/yet')).toEqual([0, '']);
    give('a');
    chownSync(join(top, 'a/b'), 12_345, 12_345);
    expect(keeper('a/b/file')).toEqual([OTHER, 'a']);
    expect(keeper('a/none/yet')).toEqual([OTHER, 'a']);
  });

  testAsRoot('a link of root’s is followed, also up and down again; another user’s link is theirs', () => {
    mkdirSync(join(top, 'theirs/in'), { recursive: true });
    give('theirs');
    symlinkSync('../theirs/in', join(top, 'a/down'));
    symlinkSync(join(top, 'theirs'), join(top, 'a/far'));
    symlinkSync('b', join(top, 'a/near'));
    expect(keeper('a/down/x')).toEqual([OTHER, 'theirs']);
    symlinkSync('far/in', join(top, 'a/deep'));
    expect(keeper('a/deep/x')).toEqual([OTHER, 'theirs']);
    expect(keeper('a/near/file')).toEqual([0, '']);
    symlinkSync('/etc', join(top, 'planted'));
    lchownSync(join(top, 'planted'), OTHER, OTHER);
    expect(keeper('planted/holdcast')).toEqual([OTHER, 'planted']);
  });

  testAsRoot('links in a circle end', () => {
    symlinkSync('circle', join(top, 'circle'));
    expect(() => keeperOf(join(top, 'circle/x'))).toThrow(
      expect.objectContaining({ code: 'ELOOP' }) as Error,
    );
  });

  testAsRoot('a folder of root’s that others may write is named, where nobody else’s comes first', () => {
    chmodSync(join(top, 'a'), 0o777);
    expect(keeper('a/b/file')).toEqual([0, 'a']);
    give('a/b');
    expect(keeper('a/b/file')).toEqual([OTHER, 'a/b']);
  });
});
