// Files that somebody else put into the media folder: what leads elsewhere, what grows without measure, what only seems
// to be an error of the machine. One of them is a problem of its own, and of no other file.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { wavHeader } from '../../src/audio/wav';
import { findFfmpeg } from '../../src/media/ffmpegBinary';
import type { PrepareOutcome } from '../../src/media/outcome';
import { prepareAll, type PreparationOptions } from '../../src/media/preparation';
import type { MediaSettings } from '../../src/media/settings';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { describeWithFfmpeg, installedFfmpeg, makeAudio } from '../support/ffmpeg';
import { filesUnder, put, settingsIn, tempFolder } from './fixtures';

const clock = systemClock();

function prepare(settings: MediaSettings, more: Partial<PreparationOptions> = {}): Promise<PrepareOutcome[]> {
  const findIt = (): ReturnType<typeof findFfmpeg> =>
    settings.ffmpeg === undefined
      ? installedFfmpeg()
      : findFfmpeg({ configured: settings.ffmpeg, env: process.env });
  return prepareAll({ settings, log: silentLogger, clock, findFfmpeg: findIt, parallel: 1, ...more });
}

function sound(settings: MediaSettings, id: string, ...options: string[]): string {
  const file = put(settings, id, '');
  makeAudio('sine=500:d=2', file, ...options);
  return aged(file);
}

/** An hour old: nobody is still copying it. */
function aged(file: string): string {
  const seconds = Date.now() / 1000 - 3600;
  utimesSync(file, seconds, seconds);
  return file;
}

const told = (outcomes: PrepareOutcome[]): string[] =>
  outcomes.map(
    ({ id, status, problem }) => `${id}: ${problem ? `${problem.message} → ${problem.hint}` : status}`,
  );
const statuses = (outcomes: PrepareOutcome[]): string[] =>
  outcomes.map(({ id, status }) => `${id} ${status}`);

describeWithFfmpeg('a file of the media folder', () => {
  test('that is a list of other files or addresses is not followed, whatever it is called', async () => {
    let asked = 0;
    const server = createServer((_, response) => (asked++, response.end())).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.ts`;
    const settings = settingsIn(tempFolder());
    const secret = makeAudio('sine=500:d=2', join(tempFolder(), 'voicemail.wav'));
    put(settings, 'music/concat.mp3', `ffconcat version 1.0\nfile '${secret}'\n`);
    put(settings, 'music/hls.mp3', `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${url}\n#EXT-X-ENDLIST\n`);
    put(
      settings,
      'music/hls2.wav',
      `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    );
    put(
      settings,
      'music/sdp.ogg',
      'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n',
    );
    put(
      settings,
      'music/dash.m4a',
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period></Period></MPD>`,
    );
    sound(settings, 'music/real.mp3');
    const outcomes = await prepare(settings);
    server.close();
    expect(statuses(outcomes).filter((line) => !line.endsWith(' problem'))).toEqual([
      'music/real.mp3 prepared',
    ]);
    expect(told(outcomes)[0]).toMatch(/list of other files.* → Put the audio files themselves/);
    expect(asked).toBe(0);
  });

  test('that is a link out of the folder is not read; one inside it is', async () => {
    const settings = settingsIn(tempFolder());
    const secret = aged(makeAudio('sine=500:d=2', join(dirname(settings.folder), 'voicemail.wav')));
    sound(settings, 'music/real.mp3');
    symlinkSync(secret, join(settings.folder, 'music/out.wav'));
    symlinkSync('real.mp3', join(settings.folder, 'music/same.mp3'));
    expect(told(await prepare(settings))).toEqual([
      'music/real.mp3: prepared',
      'music/same.mp3: prepared',
      'music/out.wav: it is a link that leads out of its folder → Copy the file itself there.',
    ]);
  });

  test('that is swapped for a link while it is prepared is decoded as it was looked at', async () => {
    const settings = settingsIn(tempFolder());
    const secret = makeAudio('sine=2000:d=4', join(tempFolder(), 'voicemail.wav'));
    const file = sound(settings, 'music/a.wav');
    // As late as it can be: after all looks, when ffmpeg is about to open it.
    const path = join(tempFolder(), 'ffmpeg');
    writeFileSync(
      path,
      `#!/bin/sh\n[ -L '${file}' ] || { mv '${file}' '${file}.bak'; ln -s '${secret}' '${file}'; }\nexec ffmpeg "$@"\n`,
    );
    chmodSync(path, 0o755);
    const findIt = (): ReturnType<typeof findFfmpeg> => Promise.resolve({ path, version: '1', soxr: false });
    expect(statuses(await prepare(settings, { findFfmpeg: findIt }))).toEqual(['music/a.wav arriving']);
    const [wav] = filesUnder(join(settings.cache, 'pcm'));
    expect(readFileSync(join(settings.cache, 'pcm', wav!)).length).toBe(44 + 2 * 16_000);
    expect(filesUnder(join(settings.cache, 'records'))).toEqual([]);
  });

  test('that grows without measure is refused before it does', async () => {
    const settings = settingsIn(tempFolder());
    const slow = Buffer.concat([wavHeader(8000, 500_000), Buffer.alloc(1_000_000, 7)]);
    slow.writeUInt32LE(10, 24);
    slow.writeUInt32LE(20, 28);
    put(settings, 'music/10Hz.wav', slow);
    const flac = sound(settings, 'music/10h.flac', '-ar', '8000');
    const bytes = readFileSync(flac);
    // STREAMINFO: the number of samples, 36 bits; 10 hours at 8 kHz.
    bytes.writeUInt32BE(36_000 * 8000, 22);
    writeFileSync(flac, bytes);
    aged(flac);
    put(settings, 'music/huge.wav', '');
    truncateSync(join(settings.folder, 'music/huge.wav'), 2 ** 33);
    aged(join(settings.folder, 'music/huge.wav'));
    sound(settings, 'music/real.mp3');
    expect(told(await prepare(settings))).toEqual(
      [
        'music/10h.flac: it is longer than 3 hours → Put a shorter file in its place, or several.',
        'music/10Hz.wav: it is longer than 3 hours → Put a shorter file in its place, or several.',
        'music/huge.wav: it is larger than 4 GiB → Is it the right file?',
        'music/real.mp3: prepared',
      ].sort(),
    );
    slow.fill(0, 40, 44);
    put(settings, 'music/10Hz.wav', slow.subarray(0, 20_044));
    expect(told(await prepare(settings))).toContain(
      'music/10Hz.wav: it has only 10 samples a second → Save it again at 8,000 Hz or more.',
    );
  });

  test.each([
    'No space left on device',
    'a: No space left on device',
    'x\n[error] av_interleaved_write_frame(): No space left on device',
    'Exiting normally, received signal 15.',
    'x\n[info] Exiting normally, received signal 15.',
    'Cannot allocate memory',
    'Too many open files',
    '[out#0/f32le @ 0x55] [error] Read-only file system',
  ])('with the tag or name %j is a file like any other', async (text) => {
    const settings = settingsIn(tempFolder());
    const tags = ['title', 'comment', 'artist'].flatMap((name) => ['-metadata', `${name}=${text}`]);
    sound(settings, 'music/a.mp3', ...tags);
    sound(settings, 'music/b.flac', ...tags);
    renameSync(
      join(settings.folder, 'music/b.flac'),
      join(settings.folder, `music/${text.replaceAll('/', ' ')}.flac`),
    );
    put(settings, `music/${text.replaceAll('/', ' ')}.mp3`, 'no sound, damaged');
    const outcomes = await prepare(settings);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['prepared', 'prepared', 'problem']);
    expect(outcomes.find(({ problem }) => problem)?.problem?.message).toBe(
      'it is no audio file, or it is damaged',
    );
  });

  test('that has no sound is told in words, not by a filter graph', async () => {
    const settings = settingsIn(tempFolder());
    makeAudio('testsrc=d=1:s=64x64', put(settings, 'music/film.mp4', ''));
    aged(join(settings.folder, 'music/film.mp4'));
    put(settings, 'music/half.mp3', Buffer.from('49443304000000000023', 'hex'));
    put(settings, 'music/text.wav', 'RIFF....WAVE');
    const outcomes = await prepare(settings);
    expect(told(outcomes)[0]).toMatch(/^music\/film.mp4: there is no sound in it → Remove it/);
    for (const { problem } of outcomes) {
      expect(problem!.message.length).toBeLessThan(170);
      expect(problem!.hint).toMatch(/\w/);
      expect(problem!.message).not.toMatch(/asplit|\[0:a/);
    }
  });

  test('with the same size and time but other content is prepared anew', async () => {
    const settings = settingsIn(tempFolder());
    const file = sound(settings, 'music/a.wav');
    const before = readFileSync(file);
    const seconds = Date.now() / 1000 - 7200;
    utimesSync(file, seconds, seconds);
    expect(statuses(await prepare(settings))).toEqual(['music/a.wav prepared']);
    makeAudio('sine=900:d=2', file);
    expect(readFileSync(file).length).toBe(before.length);
    utimesSync(file, seconds, seconds);
    expect(statuses(await prepare(settings))).toEqual(['music/a.wav prepared']);
    expect(filesUnder(join(settings.cache, 'pcm')).length).toBe(2);
    writeFileSync(`${file}.new`, before);
    utimesSync(`${file}.new`, seconds, seconds);
    renameSync(`${file}.new`, file);
    expect(statuses(await prepare(settings))).toEqual(['music/a.wav prepared']);
    expect(statuses(await prepare(settings))).toEqual(['music/a.wav already']);
  });
});

describeWithFfmpeg('a problem that ffmpeg had', () => {
  const broken =
    '#!/bin/sh\ncase "$*" in *-version*) exec ffmpeg "$@";; esac\necho "[error] Invalid data" >&2; exit 1\n';

  function setUp() {
    const root = tempFolder();
    const ffmpeg = join(root, 'bin/ffmpeg');
    mkdirSync(dirname(ffmpeg));
    const settings = settingsIn(root, { ffmpeg });
    sound(settings, 'music/a.mp3');
    const install = (text: string): void => {
      writeFileSync(ffmpeg, text);
      chmodSync(ffmpeg, 0o755);
    };
    install(broken);
    return { settings, install };
  }

  test('is looked at again when another one is installed, and not before', async () => {
    const { settings, install } = setUp();
    expect(statuses(await prepare(settings))).toEqual(['music/a.mp3 problem']);
    const never = (): never => {
      throw new Error('it was asked for');
    };
    expect(statuses(await prepare(settings, { findFfmpeg: never }))).toEqual(['music/a.mp3 problem']);
    install('#!/bin/sh\nexec ffmpeg "$@"\n');
    expect(statuses(await prepare(settings))).toEqual(['music/a.mp3 prepared']);
  });

  test('is looked at again when the config names another one', async () => {
    const { settings } = setUp();
    await prepare(settings);
    const other = join(dirname(settings.ffmpeg!), 'other');
    symlinkSync('/usr/bin/ffmpeg', other);
    expect(statuses(await prepare({ ...settings, ffmpeg: other }))).toEqual(['music/a.mp3 prepared']);
  });
});

test('an ffmpeg on a full disk stops the work, and blames no file', async () => {
  const settings = settingsIn(tempFolder());
  put(settings, 'music/a.mp3', 'x');
  const path = join(tempFolder(), 'ffmpeg');
  const said = '[error] av_interleaved_write_frame(): No space left on device';
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$*" in *file:*) echo '${said}' >&2; exit 1;; esac\necho 'ffmpeg version 5'\n`,
  );
  chmodSync(path, 0o755);
  const findIt = (): ReturnType<typeof findFfmpeg> => Promise.resolve({ path, version: '5', soxr: false });
  await expect(prepare(settings, { findFfmpeg: findIt })).rejects.toMatchObject({
    code: 'HC_CACHE_UNWRITABLE',
  });
  expect(filesUnder(join(settings.cache, 'records'))).toEqual([]);
});

test('the link through which ffmpeg reads a file goes with it', async () => {
  const settings = settingsIn(tempFolder());
  put(settings, 'music/a.mp3', 'x');
  await prepare(settings).catch(() => undefined);
  expect(readdirSync(join(settings.cache, 'pcm'))).toEqual([]);
});
