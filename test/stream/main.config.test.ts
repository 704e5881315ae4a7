// A config that is wrong never silences a call: one line in the log says what and what to do, the music goes on.
// Each kind of mistake that an operator can make in it, met by a real process from its first byte.
import { join } from 'node:path';
import { sine } from '../support/audio';
import { Home } from '../support/home';
import { until } from '../support/process';
import type { Stream } from '../support/stream';
import { complaints, expectComplaint, expectMusic } from '../support/trouble';

const tone = (hz: number): Int16Array => Int16Array.from(sine(hz, 8000, 240_000, 8000), Math.round);
describe('a config', () => {
  const start = (home: Home, text?: string): Stream => {
    if (text !== undefined) home.file('config.ts', text);
    return home.stream(['--config', join(home.path, 'config.ts')]);
  };

  type Case = [name: string, text: string | undefined, code: string, told: RegExp];
  const cases: Case[] = [
    ['that is not there', undefined, 'HC_CONFIG_NOT_FOUND', /config\.ts/],
    ['with a syntax error', 'export default {\n  music: {,\n};', 'HC_CONFIG_SYNTAX', /config\.ts:2:1/],
    [
      'with a wrong value',
      'export default { stream: { leadMs: 9000 } };',
      'HC_CONFIG_INVALID',
      /leadMs.*9000/s,
    ],
    ['with a wrong key', 'export default { musik: {} };', 'HC_CONFIG_INVALID', /musik/],
    ['that exports nothing', 'const a = 1;', 'HC_CONFIG_INVALID', /default export/],
    ['that is empty', '', 'HC_CONFIG_INVALID', /default export/],
    ['that exports something else', 'export default 42;', 'HC_CONFIG_INVALID', /42/],
    ['that throws', "throw new Error('no such table');", 'HC_CONFIG_INVALID', /no such table/],
    ['that throws anything', "throw 'a tantrum';", 'HC_CONFIG_INVALID', /a tantrum/],
    ['that throws nothing', 'throw undefined;', 'HC_CONFIG_INVALID', /threw/],
    [
      'that imports what is not there',
      "import 'no-such-package'; export default {};",
      'HC_CONFIG_SYNTAX',
      /no-such/,
    ],
  ];

  // All at once, since each takes seconds; what fails says which it was.
  test('that is wrong: one line tells the place, the code and what to do, and the music goes on', async () => {
    const meet = async ([, text, code, told]: Case): Promise<void> => {
      const stream = start(new Home(), text);
      const line = await expectComplaint(stream, code, 20_000);
      expect(line['error']).toMatch(told);
      await expectMusic(stream, 800, 20_000);
    };
    const fails = await Promise.all(
      cases.map((each) =>
        meet(each).then(
          () => undefined,
          (error: Error) => `${each[0]}: ${error.message}`,
        ),
      ),
    );
    expect(fails.filter(Boolean)).toEqual([]);
  });

  test('that waits for ever', async () => {
    const stream = start(new Home(), 'await new Promise(() => {});\nexport default {};');
    await expectComplaint(stream, 'HC_CONFIG_INVALID');
    await expectMusic(stream);
  });

  test('that waits for ever does not delay the end of the call', async () => {
    const stream = start(
      new Home(),
      'await new Promise(() => setInterval(() => {}, 10));\nexport default {};',
    );
    await expectMusic(stream, 1000);
  });

  test('that loops for ever', async () => {
    const stream = start(new Home(), 'for (;;);\nexport default {};');
    await expectMusic(stream, 2000);
  });

  test('that wants to end the process', async () => {
    const stream = start(new Home(), 'process.exit(3);\nexport default {};');
    const line = await expectComplaint(stream, 'HC_CONFIG_INVALID');
    expect(line['error']).toContain('process.exit');
    await expectMusic(stream, 1500);
  });

  test('that fails later, out of reach', async () => {
    const home = new Home();
    const later = `setTimeout(() => { throw new Error('too late'); }, 100);
      setTimeout(() => Promise.reject(new Error('forgotten')), 150);
      export default {};`;
    const stream = start(home, later);
    await until(
      () => 'both failures',
      () => complaints(stream).length >= 2,
    );
    expect(
      complaints(stream)
        .map((line) => line['error'])
        .sort(),
    ).toEqual(['forgotten', 'too late']);
    await expectMusic(stream);
  });

  test('that became wrong after a call had used it', async () => {
    const home = new Home();
    home.ship({ 'music/a.wav': tone(440) });
    home.config();
    await home.warmUp();
    const stream = start(home, 'export default { stream: { leadMs: -1 } };');
    await expectComplaint(stream, 'HC_CONFIG_INVALID');
    await until(
      () => `the operator's own music; the log is ${stream.stderr}`,
      () => stream.log.some((line) => line['track'] === 'music/a.wav'),
    );
    await expectMusic(stream);
  });
});

test('words that are no options are told (of values only how many) and stop nothing', async () => {
  const stream = new Home().stream(['--bogus', 'word', '--uniqueid', '7.7']);
  await until(
    () => 'a complaint',
    () => complaints(stream).length > 0,
  );
  expect(complaints(stream)).toMatchObject([
    { level: 'warn', unknown: ['--bogus'], words: 2, uniqueid: '7.7' },
  ]);
  await expectMusic(stream);
});

test('no home, no temporary folder, nothing that can be written', async () => {
  const home = new Home();
  const no = home.file('no-folder', '');
  const nowhere = { HOME: no, TMPDIR: no, HOLDCAST_CACHE: join(no, 'cache') };
  home.ship({ 'music/a.wav': tone(440) });
  home.config();
  const stream = home.stream([], { env: nowhere });
  await until(
    () => 'its music',
    () => stream.log.some((line) => line['track'] === 'music/a.wav'),
  );
  await expectMusic(stream, 1000);
});
