// What the media commands print, and their exit codes; without ffmpeg, since shipped media need none.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { mediaCheck, mediaList, mediaPrepare, type MediaPrepareOptions } from '../../src/cli/mediaCommand';
import { lengthText } from '../../src/cli/mediaTable';
import { typoOf } from '../../src/media/check';
import type { MediaSettings } from '../../src/media/settings';
import { ADVICE_SLOTS } from '../../src/program/adviceSlots';
import { languageFor } from '../../src/speech/languages';
import { silentLogger } from '../../src/util/log';
import { filesUnder, program, put, rampWav, settingsIn, ship, tempFolder } from '../media/fixtures';
import { testAsRoot } from '../support/otherUser';

function setUp() {
  const settings = settingsIn(tempFolder());
  put(settings, 'music/one.wav', rampWav(8000));
  put(settings, 'advices/first/hello.en.wav', rampWav(800));
  ship(settings, {
    'music/one.wav': { title: 'One', loudness: -24, peakDb: -6.5 },
    'advices/first/hello.en.wav': {},
  });
  return settings;
}

async function run(
  command: (options: MediaPrepareOptions) => Promise<number>,
  settings: MediaSettings,
  more: Partial<MediaPrepareOptions> = {},
): Promise<{ code: number; text: string }> {
  let text = '';
  const out = { write: (part: string) => void (text += part), isTTY: false, columns: 80 };
  const signal = new AbortController().signal;
  const code = await command({ settings, out, log: silentLogger, signal, ...more });
  return { code, text };
}

test('prepare: shipped media need no ffmpeg; the table has a line a file', async () => {
  const settings = setUp();
  const missing = { ...settings, ffmpeg: '/nowhere/ffmpeg' };
  const { code, text } = await run(mediaPrepare, missing);
  expect(code).toBe(0);
  expect(text).toMatch(/^file +length +LUFS before +→ after +peak dBTP +licence +problem or note\n/);
  expect(text).toMatch(/music\/one\.wav +0:01\.0 +— +-24\.0 +-6\.5 +CC0-1\.0 +shipped ready to play\n/);
  expect(text).toContain('0 prepared, 2 ready before, 0 with a problem');
  const json = JSON.parse((await run(mediaPrepare, missing, { json: true })).text) as { files: object[] };
  expect(json.files[0]).toMatchObject({ id: 'music/one.wav', status: 'shipped', durationMs: 1000 });
});

test('prepare: no ffmpeg is told in the foreground, and is 69 in the background', async () => {
  const settings = { ...setUp(), ffmpeg: '/nowhere/ffmpeg' };
  put(settings, 'music/two.mp3', 'x');
  await expect(run(mediaPrepare, settings)).rejects.toMatchObject({ code: 'HC_FFMPEG_BROKEN' });
  // A process of its own: in the background it takes the lowest priority, which would stay with the tests that follow.
  const source = `
    import { mediaPrepare } from 'src/cli/mediaCommand';
    import { silentLogger as log } from 'src/util/log';
    const { signal } = new AbortController();
    const options = { settings: JSON.parse(process.argv[2]!), background: true, out: process.stdout, log, signal };
    void mediaPrepare(options as never).then((code) => (process.exitCode = code));`;
  const ended = spawnSync(process.execPath, [program(source), JSON.stringify(settings)], {
    encoding: 'utf8',
  });
  expect([ended.status, ended.stdout, ended.stderr]).toEqual([69, '', '']);
});

test('prepare: an empty folder is no error and says where it looked', async () => {
  const settings = settingsIn(tempFolder());
  const { code, text } = await run(mediaPrepare, settings, { prune: true });
  expect(code).toBe(0);
  expect(text).toContain(settings.folder);
});

test('list: shelves in the order in which they are heard', async () => {
  const settings = setUp();
  put(settings, 'advices/middle/new.mp3', 'x');
  const { code, text } = await run(mediaList, settings);
  expect(code).toBe(0);
  expect(text.match(/^\S+\/(?=:)/gm)).toEqual([
    'music/',
    ...ADVICE_SLOTS.map((shelf) => `advices/${shelf}/`),
  ]);
  expect(text).toMatch(/1 +hello\.en\.wav +Hello +0:00\.1 +en +ready/);
  expect(text).toMatch(/· +new\.mp3 +New +— +all +not prepared/);
  expect(text).toMatch(/advices\/last\/: last, in this order\n {2}\(empty\)/);
  expect(JSON.parse((await run(mediaList, settings, { json: true })).text)).toMatchObject({
    folder: settings.folder,
  });
});

test('check: all good is 0 and changes nothing', async () => {
  const settings = setUp();
  expect(await run(mediaCheck, settings)).toEqual({ code: 0, text: `${settings.folder}: all good.\n` });
  expect(filesUnder(settings.cache)).toEqual([]);
});

test('check: every kind of trouble is found, with what to do', async () => {
  const settings = setUp();
  put(settings, 'music/changed.wav', rampWav(100));
  put(settings, 'music/short.wav', rampWav(100));
  put(settings, 'music/free.wav', rampWav(100));
  put(settings, 'music/lost.wav', rampWav(100));
  put(settings, 'music/waiting.mp3', 'x');
  ship(settings, {
    'music/changed.wav': {},
    'music/short.wav': { bytes: 5 },
    'music/free.wav': { licence: 5 },
    'music/lost.wav': {},
  });
  put(settings, 'music/changed.wav', rampWav(100, 8000, 1));
  for (const folder of ['advices/Midle', 'advices/other', 'musik', 'music/inner'])
    mkdirSync(join(settings.folder, folder), { recursive: true });
  put(settings, 'stray.wav', 'x');
  put(settings, 'advices/stray.mp3', 'x');
  rmSync(join(settings.folder, 'music/lost.wav'));
  const { code, text } = await run(mediaCheck, settings, { json: true });
  expect(code).toBe(1);
  const { findings } = JSON.parse(text) as { findings: { file: string; code: string; hint: string }[] };
  expect(findings.map((f) => `${f.file} ${f.code}`).sort()).toEqual(
    [
      'music/changed.wav HC_MEDIA_CHANGED',
      'music/short.wav HC_MEDIA_CHANGED',
      'music/short.wav HC_MEDIA_UNPREPARED',
      'music/free.wav HC_MEDIA_NO_LICENCE',
      'music/lost.wav HC_MEDIA_MISSING',
      'music/waiting.mp3 HC_MEDIA_UNPREPARED',
      'music/one.wav HC_MEDIA_UNPREPARED',
      'advices/first/hello.en.wav HC_MEDIA_UNPREPARED',
      'advices/Midle HC_MEDIA_FOLDER_UNKNOWN',
      'advices/other HC_MEDIA_FOLDER_UNKNOWN',
      'musik HC_MEDIA_FOLDER_UNKNOWN',
      'music/inner HC_MEDIA_FOLDER_UNKNOWN',
      'stray.wav HC_MEDIA_MISPLACED',
      'advices/stray.mp3 HC_MEDIA_MISPLACED',
    ].sort(),
  );
  expect(findings.find((f) => f.file === 'advices/Midle')?.hint).toBe('Did you mean advices/middle?');
  expect((await run(mediaCheck, settings)).text).toContain('  → Did you mean music?');
});

describe('check: where nothing can be heard, it is not all good', () => {
  const found = async (settings: MediaSettings): Promise<string[]> => {
    const { code, text } = await run(mediaCheck, settings, { json: true });
    expect(code).toBe(1);
    const { findings } = JSON.parse(text) as {
      findings: { file: string; code: string; message: string; hint: string }[];
    };
    for (const { hint } of findings) expect(hint).toMatch(/\w/);
    return findings.map((f) => `${f.code} ${f.file}: ${f.message}`);
  };
  const nothing = 'HC_MEDIA_NOTHING music: callers hear no music: ';

  test.each([
    ['no folder', (folder: string) => rmSync(folder, { recursive: true }), 'there is no media folder'],
    [
      'a link that leads nowhere',
      (folder: string) => (rmSync(folder, { recursive: true }), symlinkSync('/nowhere', folder)),
      'there is no media folder',
    ],
    [
      'a file',
      (folder: string) => (rmSync(folder, { recursive: true }), writeFileSync(folder, '')),
      'there is no media folder',
    ],
    [
      'no music/',
      (folder: string) => rmSync(join(folder, 'music'), { recursive: true }),
      'the folder is missing or empty',
    ],
    [
      'an empty music/',
      (folder: string) => rmSync(join(folder, 'music/one.wav')),
      'the folder is missing or empty',
    ],
    [
      'a note alone',
      (folder: string) => renameSync(join(folder, 'music/one.wav'), join(folder, 'music/one.txt')),
      'the folder is missing or empty',
    ],
    [
      'nothing prepared',
      (folder: string) => renameSync(join(folder, 'music/one.wav'), join(folder, 'music/two.wav')),
      'none of its files can be played',
    ],
    [
      'music/ a dangling link',
      (folder: string) => (
        rmSync(join(folder, 'music'), { recursive: true }),
        symlinkSync('/nowhere', join(folder, 'music'))
      ),
      'the folder cannot be read',
    ],
  ])('%s', async (_, spoil, why) => {
    const settings = setUp();
    spoil(settings.folder);
    expect((await found(settings)).find((line) => line.startsWith(nothing))).toContain(why);
  });

  test('a link that leads nowhere, or out of the folder, is named', async () => {
    const settings = setUp();
    symlinkSync('/nowhere', join(settings.folder, 'music/gone.mp3'));
    symlinkSync('/etc/hostname', join(settings.folder, 'advices/first/out.mp3'));
    symlinkSync('/nowhere', join(settings.folder, 'advices/last'));
    expect(await found(settings)).toEqual([
      'HC_MEDIA_UNREADABLE advices/first/out.mp3: it is a link that leads out of its folder',
      'HC_MEDIA_UNREADABLE advices/last: it is a link that leads nowhere',
      'HC_MEDIA_UNREADABLE music/gone.mp3: it is a link that leads nowhere',
    ]);
  });

  test('a file where a folder should be, and folders that systems make', async () => {
    const settings = setUp();
    writeFileSync(join(settings.folder, 'advices/last'), '');
    for (const name of ['@eaDir', '#recycle', 'lost+found', '.cache'])
      mkdirSync(join(settings.folder, 'music', name));
    rmSync(join(settings.folder, 'manifest.json'));
    symlinkSync('/nowhere', join(settings.folder, 'manifest.json'));
    const lines = await found(settings);
    expect(lines).toContain('HC_MEDIA_UNREADABLE advices/last: it is no folder');
    expect(lines).toContain('HC_MANIFEST_INVALID manifest.json: it is a link that leads nowhere');
    expect(lines.filter((line) => line.startsWith('HC_MEDIA_FOLDER_UNKNOWN'))).toEqual([]);
  });

  testAsRoot('a cache, or what is prepared in it, that this user cannot read', () => {
    const settings = setUp();
    const source = `
      import { mediaCheck } from 'src/cli/mediaCommand';
      import { silentLogger } from 'src/util/log';
      const settings = JSON.parse(process.argv[2]);
      const out = { write: (text) => void process.stdout.write(text), isTTY: false, columns: 80 };
      void mediaCheck({ settings, out, log: silentLogger, signal: new AbortController().signal });`;
    const check = program(source);
    for (const folder of [dirname(check), dirname(settings.folder)]) chmodSync(folder, 0o755);
    const asNobody = (): string =>
      spawnSync(process.execPath, [check, JSON.stringify(settings)], {
        uid: 65534,
        gid: 65534,
        encoding: 'utf8',
      }).stdout;
    expect(asNobody()).toContain('all good');
    mkdirSync(join(settings.cache, 'records'), { recursive: true });
    chmodSync(settings.cache, 0o700);
    expect(asNobody()).toContain('this user cannot read the cache: it may not be read (HC_CACHE_UNREADABLE)');
    chmodSync(settings.cache, 0o755);
    chmodSync(join(settings.cache, 'records'), 0o700);
    expect(asNobody()).toContain('HC_CACHE_UNREADABLE');
    chmodSync(join(settings.folder, 'music'), 0o700);
    expect(asNobody()).toContain('music: it may not be read (HC_MEDIA_UNREADABLE)');
  });
});

test('check and list: what a file name holds does not reach the terminal as it is', async () => {
  const settings = setUp();
  const name = 'a\u001b[2J\u009b1m\r\n\u202egnp.mp3';
  put(settings, `music/${name}`, 'x');
  mkdirSync(join(settings.folder, 'advices/\u001b]0;mine\u0007'));
  for (const command of [mediaCheck, mediaList, mediaPrepare]) {
    const { text } = await run(command, { ...settings, ffmpeg: '/nowhere/ffmpeg' }).catch((error: Error) => ({
      text: error.message,
    }));
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  expect((await run(mediaCheck, settings)).text).toContain(
    'music/a\\x1b[2J\\x9b1m\\x0d\\x0a\\u202egnp.mp3: it is not prepared',
  );
});

test('check: names are equal in either form of Unicode', async () => {
  const settings = settingsIn(tempFolder());
  put(settings, 'music/cafe\u0301.wav', rampWav(8000));
  ship(settings, { 'music/cafe\u0301.wav': {} });
  const manifest = join(settings.folder, 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').normalize('NFC'));
  expect(await run(mediaCheck, settings)).toMatchObject({ code: 0 });
});

test('check: a broken manifest is found', async () => {
  const settings = setUp();
  writeFileSync(join(settings.folder, 'manifest.json'), 'nonsense');
  const { code, text } = await run(mediaCheck, settings);
  expect([code, text.includes('HC_MANIFEST_INVALID')]).toEqual([1, true]);
});

test('a typo has its word, anything else has none', () => {
  expect(
    ['Midle', 'midlle', 'frist', 'firstmorning', 'first_day', 'lasst', 'jingles', ''].map((w) =>
      typoOf(w, ADVICE_SLOTS),
    ),
  ).toEqual(['middle', 'middle', 'first', 'firstMorning', 'firstDay', 'last', undefined, undefined]);
});

test.each([
  [undefined, '—'],
  [0, '0:00.0'],
  [59_949, '0:59.9'],
  [59_960, '1:00.0'],
  [3_600_000, '60:00.0'],
])('%s ms is %s', (ms, text) => expect(lengthText(ms)).toBe(text));

describe('voices', () => {
  const english = (settings: MediaSettings): string[] => {
    const missing = new Set(['dollar', 'cent']);
    const words = languageFor('en')!
      .vocabulary(['USD'])
      .filter((word) => !missing.has(word));
    const ids = words.map((word) => `voices/en/${word}.wav`);
    ids.forEach((id, k) => put(settings, id, rampWav(80, 8000, k)));
    return ids;
  };

  /** The shipped media of `setUp`, and an English voice beside them that lacks two words. */
  function withVoice() {
    const settings = setUp();
    const ids = english(settings);
    const all = ['music/one.wav', 'advices/first/hello.en.wav', ...ids];
    ship(settings, Object.fromEntries(all.map((id) => [id, {}])));
    return { settings, voices: [{ recorded: join(settings.folder, 'voices') }], words: ids.length };
  }

  test('prepare: the words of a pack are one row, and none is prepared that can be played as it is', async () => {
    const { settings, voices, words } = withVoice();
    const { code, text } = await run(mediaPrepare, { ...settings, ffmpeg: '/nowhere/ffmpeg' }, { voices });
    expect([code, text.match(/voices\/en/g)]).toEqual([0, ['voices/en']]);
    expect(text).toContain(`${words} words, 0 of them prepared now`);
    expect(text).toContain(`0 prepared, ${words + 2} ready before`);
  });

  test('list: a line for the words of a language', async () => {
    const { settings, voices, words } = withVoice();
    put(settings, 'voices/en/new.mp3', 'x');
    const { text } = await run(mediaList, settings, { voices });
    expect(text).toContain(
      `voices/en/: words of a voice\n  ${words + 1} recordings: ${words} ready, 1 not prepared\n`,
    );
  });

  test('check: what is not recorded is one finding with all names, in the currency that is said', async () => {
    const { settings, voices } = withVoice();
    const { code, text } = await run(mediaCheck, settings, { voices, currency: 'USD', json: true });
    const { findings } = JSON.parse(text) as { findings: object[] };
    expect([code, findings]).toMatchObject([
      1,
      [{ file: join(settings.folder, 'voices/en'), code: 'HC_VOICE_INCOMPLETE', clips: ['cent', 'dollar'] }],
    ]);
    expect(await run(mediaCheck, settings, { voices })).toMatchObject({ code: 0 });
  });

  test('check: a house whose own language nobody speaks', async () => {
    const { settings, voices } = withVoice();
    const russian = { voices, language: 'ru' };
    expect((await run(mediaCheck, settings, russian)).text).toContain('HC_VOICE_LANGUAGE');
    const program = { command: ['espeak-ng'] as const, languages: ['ru'], limitMs: 1000 };
    const both = { ...russian, voices: [...voices, program] };
    expect((await run(mediaCheck, settings, both)).code).toBe(0);
  });

  test('check: recordings that wait are counted, those that are damaged are named', async () => {
    const { settings, voices } = withVoice();
    put(settings, 'voices/en/new.mp3', 'x');
    put(settings, 'voices/en/other.mp3', 'x');
    put(settings, 'voices/en/one.wav', rampWav(80, 8000, 12345));
    const { text } = await run(mediaCheck, settings, { voices, json: true });
    const { findings } = JSON.parse(text) as { findings: { file: string; code: string; message: string }[] };
    expect(findings.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'voices/en HC_MEDIA_UNPREPARED',
      'voices/en/one.wav HC_MEDIA_CHANGED',
    ]);
    expect(findings[0]!.message).toMatch(/^2 of \d+ recordings are not prepared$/);
  });

  test('two packs with files of the same names are two', async () => {
    const { settings, voices, words } = withVoice();
    const other = { ...settings, folder: join(tempFolder(), 'media') };
    const ids = english(other);
    ship(other, Object.fromEntries(ids.map((id) => [id, {}])));
    const both = [...voices, { recorded: join(other.folder, 'voices') }];
    const { text } = await run(mediaPrepare, settings, { voices: both, json: true });
    const { files } = JSON.parse(text) as { files: { id: string; status: string }[] };
    expect(files.filter(({ status }) => status === 'shipped')).toHaveLength(2 * words + 2);
    expect(new Set(files.map(({ id }) => id)).size).toBe(2 * words + 2);
  });

  test('prepare: what a program spoke more than a day ago is removed', async () => {
    const settings = setUp();
    const old = join(settings.cache, 'speech', `${'a'.repeat(40)}.wav`);
    mkdirSync(dirname(old), { recursive: true });
    writeFileSync(old, 'x');
    utimesSync(old, 1, 1);
    await run(mediaPrepare, settings);
    expect(existsSync(old)).toBe(false);
  });
});
