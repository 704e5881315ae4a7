// `holdcast doctor` as a command: its exit code and the report of all checks.
// A check that is left out of the list is a mistake that nobody is told of.
import { type Row } from '../../src/doctor/check';
import { doctorCommand } from '../../src/cli/doctorCommand';
import { folder, configured } from '../doctor/doctorSite';

test('exit code 1 and every check in the report when something is wrong', async () => {
  let text = '';
  const code = await doctorCommand(
    { asteriskEtc: folder(), user: 'nobody-here', json: true },
    {
      out: { write: (piece) => (text += piece), isTTY: false, columns: 80 },
      signal: new AbortController().signal,
      env: {},
      proc: folder(),
      environmentFile: '/nowhere',
      load: () =>
        Promise.resolve(configured({ hub: { listen: '127.0.0.1:1' }, media: { folder: folder() } })),
    },
  );
  const report = JSON.parse(text) as { ok: boolean; checks: Row[] };
  expect([code, report.ok]).toEqual([1, false]);
  expect(report.checks.length).toBeGreaterThan(18);
  for (const { result, todo, check } of report.checks)
    expect([check, todo !== undefined]).toEqual([
      check,
      result === 'warning' || result === 'problem' || todo !== undefined,
    ]);
  expect(report.checks.find(({ check }) => check === 'media')).toMatchObject({ result: 'problem' });
});
