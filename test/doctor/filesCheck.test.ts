// Mistakes in musiconhold.conf, queues.conf and extensions.conf, and in the system name, which Asterisk puts before each Uniqueid.
// Each one is made once, and must be found and named; what is right must pass.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConf } from '../../src/doctor/confFile';
import { fileChecks } from '../../src/doctor/filesCheck';
import type { Config } from '../../src/config/types';
import { folder, configured, siteWith, told } from './doctorSite';

describe('mistakes in Asterisk’s files', () => {
  const DEFAULT = '[default]\nmode=quietmp3\n';
  const findings = async (files: Record<string, string>, config = configured()): Promise<string[]> => {
    const texts = await told(fileChecks(siteWith({ files, config })).slice(1)); // without the system name
    return texts.filter((text) => !text.includes(': not checked: '));
  };

  test.each([
    [
      '[hold]\nmode=custom\napplication=/opt/holdcast/bin/holdcast stream\n',
      /problem: \[hold\] starts Holdcast once/,
    ],
    ['[h]\napplication=holdcast stream\n', /problem: \[h\] starts Holdcast once/],
    ['[general]\ncachertclasses=yes\n', /problem: cachertclasses=yes \(.*musiconhold\.conf:2\)/],
    ['[general]\npreferchannelclass=no\n', /warning: preferchannelclass=no/],
  ])('musiconhold.conf: %j', async (text, expected) => {
    const [found, ...others] = await findings({ 'musiconhold.conf': `${text}${DEFAULT}` });
    expect([found, others]).toEqual([expect.stringMatching(expected), []]);
  });

  test('musiconhold.conf: others’ classes and a template are no mistake', async () => {
    const text = `[general]\ncachertclasses=no\n[radio]\nmode=custom\napplication=/usr/bin/mpg123 x\n[t](!)\napplication=holdcast\n${DEFAULT}`;
    expect(await findings({ 'musiconhold.conf': text })).toEqual([
      'musiconhold.conf: ok: nothing wrong was found',
    ]);
  });

  test('musiconhold.conf: nothing to hear while the hub is down', async () => {
    expect(await findings({ 'musiconhold.conf': '[general]\n' })).toEqual([
      expect.stringMatching(/^class \[default\]: warning: there is none/),
    ]);
    const empty = `[default]\nmode=files\ndirectory=${folder()}\n`;
    expect(await findings({ 'musiconhold.conf': empty })).toEqual([
      expect.stringMatching(/^class \[default\]: warning: no music in its directory/),
    ]);
  });

  test('queues.conf: native announcements, and keys that leave the queue', async () => {
    const files = {
      'queues.conf':
        '[general]\n[calm]\nannounce-frequency=0\n[base](!)\nannounce-frequency=15\n[loud](base)\nperiodic-announce-frequency=60\ncontext=out\n',
      'extensions.conf':
        '[out]\nexten => 3,1,Hangup()\nexten => _[24-5],1,Hangup()\nexten => _XX,1,Hangup()\n',
    };
    const texts = (await findings(files)).filter((text) => text.startsWith('queues'));
    expect(texts).toEqual([
      expect.stringMatching(/warning: \[loud\] has announce-frequency=15, periodic-announce-frequency=60/),
      expect.stringMatching(/warning: \[loud\]: key 2, 3, 4 leaves the queue for context=out/),
    ]);
  });

  test.each([
    ['exten => 3,1,Hangup()\n', /context=out: 3$/],
    ['exten => 4711,1,Hangup()\nexten => _[24-5],1,Hangup()\n', /context=out: 4711, _\[24-5\]$/],
    ['include => more\n[more]\ninclude => out\nexten => *9/555,1,Hangup()\n', /context=out: \*9$/],
    ['exten => _X!,1,Hangup()\n', /context=out: _X!$/],
    ['exten => h,1,Hangup()\nexten => i,1,Hangup()\n', undefined],
  ])('queues.conf: a PIN that leaves the queue, where its context has %j', async (lines, expected) => {
    const files = {
      'queues.conf': '[q]\ncontext=out\n[plain]\n',
      'extensions.conf': `[in]\nexten => 7,1,Queue(q)\n[out]\n${lines}`,
    };
    const warnings = async (config: Config): Promise<string[]> => {
      const texts = await findings(files, configured({ keys: {}, ...config }));
      return texts.filter((text) => text.startsWith('queues'));
    };
    expect(await warnings({ billing: { ask: () => [], pin: {} } })).toEqual([
      expected ? expect.stringMatching(expected) : 'queues.conf: ok: nothing wrong was found',
    ]);
    expect(await warnings({ billing: { ask: () => [] } })).toEqual([
      'queues.conf: ok: nothing wrong was found',
    ]);
  });

  test('queues.conf: a PIN, and a context that is not there', async () => {
    const config = configured({ billing: { ask: () => [], pin: {} } });
    const texts = await findings({ 'queues.conf': '[q]\ncontext=elsewhere\n' }, config);
    expect(texts).toContainEqual(
      expect.stringMatching(/every digit belongs to the PIN.*were not found in extensions\.conf/),
    );
  });

  test('extensions.conf: the race of the old way, and calls without a class', async () => {
    const old = '[x]\nexten => 1,1,Set(ENV(PHONE)=${CALLERID(num)})\n same => n,Queue(q)\n';
    expect(await findings({ 'extensions.conf': old })).toEqual([
      expect.stringMatching(/warning: .*extensions\.conf:2 sets the environment of all of Asterisk/),
      expect.stringMatching(/warning: no call is given a class hold-/),
    ]);
    const right = '[x]\nexten => 1,1,Set(CHANNEL(musicclass)=hold-${UNIQUEID})\n';
    expect(await findings({ 'extensions.conf': right })).toEqual([
      'extensions.conf: ok: nothing wrong was found',
    ]);
  });

  test.each([
    ['[general]\n', /problem: \[general\] has no enabled=yes/],
    ['[general]\nenabled=yes\n', /problem: there is no user \[holdcast\]/],
    ['[general]\nenabled=yes\n[holdcast]\nsecret=x\n', /warning: Asterisk listens on 0\.0\.0\.0/],
    [
      '[general]\nenabled=yes\nbindaddr=127.0.0.1\n[holdcast]\neventfilter=Event: (DTMFBegin|Hangup)\n',
      /problem: eventfilter keeps back DTMFEnd, QueueCallerJoin/,
    ],
    [
      '[general]\nenabled=yes\nbindaddr=127.0.0.1\n[holdcast]\nsecret=x\n[holdcast]\n',
      /warning: \[holdcast\] is there twice/,
    ],
  ])('manager.conf: %j', async (text, expected) => {
    const config = configured({ ami: { secret: 'x' } });
    expect((await findings({ 'manager.conf': text }, config))[0]).toMatch(expected);
  });

  test('a file that cannot be read is not called right', async () => {
    const texts = await told(fileChecks(siteWith()).slice(1));
    expect(texts.every((text) => /not checked: .*ENOENT/.test(text))).toBe(true);
  });
});

describe('the system name', () => {
  const asked = async (text: string | Buffer): Promise<string> => {
    const etc = folder();
    writeFileSync(
      join(etc, 'asterisk.conf'),
      Buffer.concat([Buffer.from('[options]\n'), Buffer.from(text as string)]),
    );
    const [row] = await told(fileChecks(siteWith({ conf: (file) => readConf(etc, file) })).slice(0, 1));
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
