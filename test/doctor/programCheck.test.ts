// Whether Asterisk's user can start Holdcast: its node, its path, and what it says when it is started.
// Each mistake is made once, and must be found and named.
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { programChecks } from '../../src/doctor/programCheck';
import type { Site } from '../../src/doctor/site';
import { isRoot } from '../support/otherUser';
import { ASTERISK, NOBODY_ACCOUNT, folder, put, siteWith, rowsOf } from './doctorSite';

describe('the program', () => {
  /** An installation whose program is a shell script. */
  function installed(script = '#!/usr/bin/env node\n'): string {
    const top = folder();
    put(join(top, 'dist/stream.cjs'), '');
    put(join(top, 'bin/holdcast-reader'), '#!/bin/sh\n', 0o755);
    return put(join(top, 'bin/holdcast'), script, 0o755);
  }
  const found = async (site: Site, check: string) =>
    (await rowsOf(programChecks(site))).find((r) => r.check === check);

  test('a node that only its owner may run is no node', async () => {
    const home = folder();
    const node = put(join(home, '.nvm/node'), '', 0o700);
    const site = siteWith({ program: installed(), asterisk: { env: { PATH: dirname(node) }, known: true } });
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({
      result: 'problem',
      found: expect.stringContaining(`${node} may not be run by asterisk`) as string,
    });
    chmodSync(node, 0o755);
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({ result: 'ok' });
  });

  test('a node that the program names by its path needs no PATH', async () => {
    const node = put(join(folder(), 'node'), '', 0o755);
    const site = siteWith({ program: installed(`#!${node}\n`) });
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({ result: 'ok' });
  });

  test.each([
    ['not executable', 0o644, 'problem', /may not be run by asterisk/],
    ['anybody may change it', 0o777, 'warning', /every user may change/],
    ['as it should be', 0o755, 'ok', /for asterisk too/],
  ])('%s', async (_, mode, result, text) => {
    const program = installed();
    chmodSync(program, mode);
    expect(await found(siteWith({ program }), 'program')).toMatchObject({
      result,
      found: expect.stringMatching(text) as string,
    });
  });

  test('a path that Asterisk would cut', async () => {
    const site = siteWith({ program: `/${'long/'.repeat(50)}bin/holdcast` });
    expect(await found(site, 'program')).toMatchObject({ result: 'problem' });
  });

  test('it is started as that user, never as root, and what it says is told', async () => {
    const account = isRoot ? NOBODY_ACCOUNT : { ...ASTERISK, uid: process.getuid!(), gid: process.getgid!() };
    const script = `#!/bin/sh\nid -u >&2\nexit 1\n`;
    expect(await found(siteWith({ account, program: installed(script) }), 'start as Asterisk')).toMatchObject(
      {
        result: 'problem',
        found: `it does not start as ${account.name}: ${account.uid}`,
      },
    );
    const good = siteWith({ account, program: installed('#!/bin/sh\n[ "$1" = --version ]\n') });
    expect(await found(good, 'start as Asterisk')).toMatchObject({ result: 'ok' });
  });

  test('where Asterisk is root, nothing is started', async () => {
    const account = { ...ASTERISK, uid: 0 };
    const site = siteWith({ account, program: installed('#!/bin/sh\nexit 1\n') });
    expect(await found(site, 'start as Asterisk')).toMatchObject({ result: 'not checked' });
  });
});
