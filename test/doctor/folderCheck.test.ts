// Folders that Asterisk's user must be able to write.
// Each one that it cannot is named, with the command that puts it right.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderChecks } from '../../src/doctor/folderCheck';
import { folder, put, configured, siteWith, rowsOf } from './doctorSite';

describe('folders', () => {
  test('those that Asterisk’s user cannot write are named, with the command that puts it right', async () => {
    const top = folder();
    mkdirSync(join(top, 'cache'), { mode: 0o755 });
    mkdirSync(join(top, 'open'));
    chmodSync(join(top, 'open'), 0o777);
    const config = configured({
      media: { cache: join(top, 'cache') },
      calls: { folder: join(top, 'open/calls') },
      log: { file: put(join(top, 'holdcast.log'), '', 0o644) },
    });
    const rows = await rowsOf(folderChecks(siteWith({ config })));
    expect(rows.map(({ check, result, todo }) => [check, result, todo])).toEqual([
      ['cache', 'problem', `install -d -o asterisk -g asterisk -m 0700 ${top}/cache`],
      ['state of calls', 'ok', undefined],
      ['log', 'problem', `chown asterisk ${top}/holdcast.log`],
    ]);
  });
});
