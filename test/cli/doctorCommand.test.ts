// `holdcast doctor` as it is run: its exit code and the report of all checks.
// A check that is left out of the list is a mistake that nobody is told of.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Row } from '../../src/doctor/check';
import { NOBODY, OTHER, testWithOther } from '../support/otherUser';
import { HOLDCAST } from '../support/process';
import { folder, put } from '../doctor/doctorSite';

function doctor(words: readonly string[], as: { uid?: number; gid?: number } = {}) {
  const env = { PATH: process.env['PATH'], HOME: folder(), HOLDCAST_CACHE: folder() };
  const { status, stdout, stderr } = spawnSync(
    HOLDCAST,
    ['doctor', '--asterisk-etc', folder(), '--json', ...words],
    { encoding: 'utf8', env, ...as },
  );
  expect(stderr).toBe('');
  return { status, report: JSON.parse(stdout) as { ok: boolean; checks: Row[] } };
}

test('exit code 1 and every check in the report when something is wrong', () => {
  const written = { hub: { listen: '127.0.0.1:1' }, media: { folder: folder() } };
  const config = put(join(folder(), 'config.ts'), `export default ${JSON.stringify(written)};\n`);
  const { status, report } = doctor(['--config', config, '--user', 'nobody-here']);
  expect([status, report.ok]).toEqual([1, false]);
  expect(report.checks.length).toBeGreaterThan(18);
  for (const { result, todo, check } of report.checks)
    expect([check, todo !== undefined]).toEqual([
      check,
      result === 'warning' || result === 'problem' || todo !== undefined,
    ]);
  expect(report.checks.find(({ check }) => check === 'media')).toMatchObject({ result: 'problem' });
});

testWithOther('a user who is neither root nor the one that runs Asterisk gets a report too', () => {
  const { report } = doctor(['--user', NOBODY.name], { uid: OTHER, gid: OTHER });
  expect(report.checks.length).toBeGreaterThan(18);
});
