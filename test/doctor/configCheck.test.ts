// The config: a wrong one, one that streams would not find, one whose password everybody may read.
// Each mistake is made once, and must be found and named.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { configChecks } from '../../src/doctor/configCheck';
import { HoldcastError } from '../../src/util/errors';
import { folder, put, configured, siteWith, rowsOf, told } from './doctorSite';

describe('the config', () => {
  test('a wrong one is told with what to do', async () => {
    const error = new HoldcastError('HC_CONFIG_INVALID', 'x.ts: one value is not allowed\n  a', 'correct it');
    const [row] = await rowsOf(configChecks(siteWith({ config: { error } })));
    expect(row).toMatchObject({ result: 'problem', found: 'x.ts: one value is not allowed' });
    expect(row!.todo).toContain('correct it');
  });

  test('streams that would find another one', async () => {
    const mine = put(join(folder(), 'config.ts'), '');
    const theirs = put(join(folder(), 'config.ts'), '');
    const env = { HOLDCAST_CONFIG: theirs };
    const config = configured({}, mine);
    const site = siteWith({ config, asterisk: { env, known: true } });
    expect(await told(configChecks(site))).toContain(
      `config for streams: problem: this command takes ${mine}, streams take ${theirs}`,
    );
    const same = siteWith({ config: configured({}, theirs), asterisk: { env, known: true } });
    expect(await told(configChecks(same))).toContain(
      `config for streams: ok: ${theirs}, which asterisk may read`,
    );
  });

  test('a password that everybody may read', async () => {
    const path = put(join(folder(), 'config.ts'), "secret: 'hush-hush'", 0o644);
    const config = configured({ ami: { secret: 'hush-hush' } }, path);
    const told644 = await told(configChecks(siteWith({ config })));
    expect(told644).toContain(
      `password in config: warning: every user of this machine may read ami.secret in ${path}`,
    );
    chmodSync(path, 0o640);
    expect(await told(configChecks(siteWith({ config })))).toContain(
      'password in config: ok: not everybody may read it',
    );
  });
});
