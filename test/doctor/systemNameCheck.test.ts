// The system name, which Asterisk puts before each Uniqueid.
// Each mistake is made once, and must be found and named.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConf } from '../../src/doctor/confFile';
import { systemNameChecks } from '../../src/doctor/systemNameCheck';
import { folder, siteWith, told } from './doctorSite';

describe('the system name', () => {
  const asked = async (text: string | Buffer): Promise<string> => {
    const etc = folder();
    writeFileSync(
      join(etc, 'asterisk.conf'),
      Buffer.concat([Buffer.from('[options]\n'), Buffer.from(text as string)]),
    );
    const [row] = await told(systemNameChecks(siteWith({ conf: (file) => readConf(etc, file) })));
    return row!;
  };

  test.each([
    ['', /ok: not set/],
    ['systemname = pbx-1', /ok: "pbx-1"/],
    ['systemname = Büro West/2', /ok: "Büro West\/2"/],
    [Buffer.from('systemname = Büro', 'latin1'), /problem: .* is no UTF-8: /],
    [`systemname = ${'x'.repeat(18)}ü`, /problem: .* where Asterisk cuts it, after 19 bytes/],
    ['systemname = a\u00019', /problem: .* control characters/],
    ['systemname = a(b)', /ok: "a\(b\)"/],
  ])('%s', async (text, pattern) => {
    expect(await asked(text)).toMatch(pattern);
  });
});
