// A whole folder prepared: once each, by one at a time, whole or not at all, and what happens when things break.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CacheWriter } from '../../src/media/cacheWriter';
import { FfmpegFailure } from '../../src/media/ffmpeg';
import { findFfmpeg } from '../../src/media/ffmpegBinary';
import { Library } from '../../src/media/library';
import { PrepareLock } from '../../src/media/lock';
import type { PrepareOutcome } from '../../src/media/outcome';
import { prepareAll, pruneCache, type PreparationOptions } from '../../src/media/preparation';
import type { MediaSettings } from '../../src/media/settings';
import { systemClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { describeWithFfmpeg, installedFfmpeg, makeAudio } from '../support/ffmpeg';
import { filesUnder, program, put, rampWav, settingsIn, ship, tempFolder, until } from './fixtures';

const clock = systemClock();

function prepare(settings: MediaSettings, more: Partial<PreparationOptions> = {}): Promise<PrepareOutcome[]> {
  const own = { settings, log: silentLogger, clock, findFfmpeg: installedFfmpeg, parallel: 2 };
  return prepareAll({ ...own, ...more });
}

function noFfmpeg(): never {
  throw new HoldcastError('HC_FFMPEG_MISSING', 'none');
}

/** An audio file in the media folder that is an hour old. */
function sound(settings: MediaSettings, id: string, source = 'sine=500:d=4'): string {
  const file = put(settings, id, '');
  makeAudio(source, file);
  const seconds = Date.now() / 1000 - 3600;
  utimesSync(file, seconds, seconds);
  return file;
}

const statuses = (outcomes: PrepareOutcome[]): string[] =>
  outcomes.map((o) => `${o.id} ${o.problem?.code ?? o.status}`);
const temporaries = (settings: MediaSettings): string[] =>
  filesUnder(settings.cache).filter((f) => f.endsWith('.tmp'));

async function music(settings: MediaSettings): Promise<string[]> {
  const library = new Library({ settings, log: silentLogger, readMode: 'sync' });
  await library.scan();
  return library.music().map((t) => t.id);
}

/** `media prepare` in a process of its own. */
const command = program(`
  import { mediaPrepare } from 'src/cli/mediaCommand';
  import { silentLogger } from 'src/util/log';
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const [settings, flags] = process.argv.slice(2).map((text) => JSON.parse(text));
  const out = { write: (text) => void process.stdout.write(text), isTTY: false, columns: 80 };
  void mediaPrepare({ settings, out, log: silentLogger, signal: abort.signal, ...flags }).then(
    (code) => process.exit(code),
    (error) => { console.error(error); process.exit(99); });`);

function start(
  settings: MediaSettings,
  flags: object = {},
): ChildProcess & { text: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [command, JSON.stringify(settings), JSON.stringify(flags)], {
    stdio: 'pipe',
  });
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  return Object.assign(child, { text: () => text, ended });
}

/** Ffmpeg processes that work for a media folder; its cache lies beside it. */
function ffmpegsOn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`file:${dirname(folder)}`)
      );
    } catch {
      return false;
    }
  });
}

/** A sound that takes ffmpeg long enough to be interrupted at. */
const LONG = 'anoisesrc=d=300:r=48000';

describeWithFfmpeg('a folder', () => {
  test('is prepared once; then everything is found by name, without ffmpeg', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/a.mp3');
    sound(settings, 'advices/first/b.ogg');
    put(settings, 'music/c.mp3', 'no sound');
    put(settings, 'music/shipped.wav', rampWav(500));
    ship(settings, { 'music/shipped.wav': { loudness: -24, peakDb: -9 } });
    put(settings, 'music/a.mp3.license', 'CC-BY-4.0\nmore');
    const done: string[] = [];
    const first = await prepare(settings, { onFile: (o) => done.push(o.id) });
    expect(statuses(first)).toEqual(
      [
        'music/a.mp3 prepared',
        'music/c.mp3 HC_MEDIA_UNREADABLE',
        'music/shipped.wav shipped',
        'advices/first/b.ogg prepared',
      ].sort(
        (a, b) => first.findIndex((o) => a.startsWith(o.id)) - first.findIndex((o) => b.startsWith(o.id)),
      ),
    );
    expect(done.sort()).toEqual(['advices/first/b.ogg', 'music/a.mp3', 'music/c.mp3']);
    expect(first.find((o) => o.id === 'music/a.mp3')).toMatchObject({
      licence: 'CC-BY-4.0',
      loudnessAfter: -24,
    });
    const again = await prepare(settings, { findFfmpeg: noFfmpeg });
    expect(
      statuses(again)
        .map((s) => s.replace('already', 'prepared'))
        .sort(),
    ).toEqual(statuses(first).sort());
    expect((await music(settings)).sort()).toEqual(['music/a.mp3', 'music/shipped.wav']);
    expect(temporaries(settings)).toEqual([]);
  });

  test('the same content under two names, or renamed, is decoded once', async () => {
    const settings = settingsIn(tempFolder());
    const file = sound(settings, 'music/a.mp3');
    put(settings, 'music/b.mp3', readFileSync(file));
    const path = join(settings.folder, 'counting');
    writeFileSync(
      path,
      `#!/bin/sh\ncase "$*" in *firequalizer*) echo >>'${path}.runs';; esac\nexec ffmpeg "$@"\n`,
    );
    chmodSync(path, 0o755);
    await prepare(settings, { findFfmpeg: () => Promise.resolve({ path, version: '1', soxr: false }) });
    expect(readFileSync(`${path}.runs`, 'utf8')).toBe('\n');
    expect(filesUnder(join(settings.cache, 'pcm')).length).toBe(1);
    renameSync(file, file.replace('a.mp3', 'renamed.mp3'));
    expect(statuses(await prepare(settings, { findFfmpeg: noFfmpeg }))).toContain(
      'music/renamed.mp3 prepared',
    );
  });

  test('the same bytes under another ending are read anew', async () => {
    const settings = settingsIn(tempFolder());
    const bytes = readFileSync(sound(settings, 'music/b.al'));
    put(settings, 'music/a.siren7', bytes);
    put(settings, 'music/c.ulaw', bytes);
    put(settings, 'music/d.g726-32', bytes);
    const outcomes = await prepare(settings);
    expect(statuses(outcomes)).toEqual([
      'music/a.siren7 HC_MEDIA_UNREADABLE',
      'music/b.al prepared',
      'music/c.ulaw prepared',
      'music/d.g726-32 prepared',
    ]);
    const [, alaw, ulaw, g726] = outcomes;
    expect(g726!.durationMs).toBeGreaterThan(1.5 * alaw!.durationMs!);
    expect(alaw!.loudnessBefore).not.toBeCloseTo(ulaw!.loudnessBefore!, 1);
    expect(filesUnder(join(settings.cache, 'pcm')).length).toBe(3);
  });

  test('a problem is remembered until the file changes, or force', async () => {
    const settings = settingsIn(tempFolder());
    put(settings, 'music/a.mp3', 'no sound');
    await prepare(settings);
    let asked = 0;
    const findIt = (): ReturnType<typeof findFfmpeg> => (asked++, findFfmpeg({ env: process.env }));
    await prepare(settings, { findFfmpeg: findIt });
    expect(asked).toBe(0);
    await prepare(settings, { findFfmpeg: findIt, force: true });
    expect(asked).toBe(1);
    sound(settings, 'music/a.mp3');
    expect(statuses(await prepare(settings, { findFfmpeg: findIt }))).toEqual(['music/a.mp3 prepared']);
  });

  test('other settings make other samples, and the old ones stay for who uses them', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/a.mp3');
    await prepare(settings);
    const wide = { ...settings, rate: 16000 as const, lowHz: 80, highHz: 7000 };
    expect(statuses(await prepare(wide))).toEqual(['music/a.mp3 prepared']);
    expect([await music(settings), await music(wide)]).toEqual([['music/a.mp3'], ['music/a.mp3']]);
  });

  test('a file that is being copied is not touched', async () => {
    const settings = settingsIn(tempFolder());
    const file = sound(settings, 'music/a.mp3');
    const growing = put(settings, 'music/b.mp3', 'x', Date.now());
    const timer = setInterval(() => writeFileSync(growing, `${Date.now()}`), 50);
    const outcomes = await prepare(settings).finally(() => clearInterval(timer));
    expect(statuses(outcomes)).toEqual(['music/a.mp3 prepared', 'music/b.mp3 arriving']);
    expect(filesUnder(join(settings.cache, 'records')).length).toBe(1);
    expect(existsSync(file)).toBe(true);
  });

  test('a file that changes while it is prepared is not recorded as it was', async () => {
    const settings = settingsIn(tempFolder());
    const file = sound(settings, 'music/a.mp3');
    const findIt = async (): ReturnType<typeof findFfmpeg> => {
      utimesSync(file, 1, 1);
      return findFfmpeg({ env: process.env });
    };
    expect(statuses(await prepare(settings, { findFfmpeg: findIt }))).toEqual(['music/a.mp3 arriving']);
    expect(await music(settings)).toEqual([]);
  });

  test('no ffmpeg is no fault of the files', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/a.mp3');
    await expect(prepare(settings, { findFfmpeg: noFfmpeg })).rejects.toMatchObject({
      code: 'HC_FFMPEG_MISSING',
    });
    expect(filesUnder(settings.cache)).toEqual([]);
    expect(statuses(await prepare(settings))).toEqual(['music/a.mp3 prepared']);
  });

  test('an ffmpeg that is killed over one file is told, nothing half is left, and the other files go on', async () => {
    const root = tempFolder();
    const settings = settingsIn(root);
    sound(settings, 'music/a.flac');
    sound(settings, 'music/b.mp3');
    const path = join(root, 'dying');
    writeFileSync(path, '#!/bin/sh\ncase "$*" in *file:*.flac*) kill -9 $$;; *) exec ffmpeg "$@";; esac\n');
    chmodSync(path, 0o755);
    const findIt = (): ReturnType<typeof findFfmpeg> => Promise.resolve({ path, version: '1', soxr: true });
    const outcomes = await prepare(settings, { findFfmpeg: findIt });
    expect(statuses(outcomes)).toEqual(['music/a.flac HC_FFMPEG_FAILED', 'music/b.mp3 prepared']);
    expect(temporaries(settings)).toEqual([]);
    expect(statuses(await prepare(settings))).toEqual(['music/a.flac prepared', 'music/b.mp3 already']);
  });

  test('stopped: ffmpeg is gone at once and nothing half is left', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/long.wav', LONG);
    const abort = new AbortController();
    const running = prepare(settings, { signal: abort.signal });
    await until(() => temporaries(settings).length > 0);
    abort.abort();
    await expect(running).rejects.toBeInstanceOf(FfmpegFailure);
    await until(() => ffmpegsOn(settings.folder).length === 0, 1000);
    expect(filesUnder(settings.cache)).toEqual([]);
  });

  test('a full disk stops the work, blames no file, and leaves nothing half', async () => {
    const root = tempFolder();
    const settings = settingsIn(root);
    mkdirSync(settings.cache);
    const mounted =
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', settings.cache]).status === 0;
    if (!mounted) return console.warn('skipped: no right to mount a tmpfs');
    try {
      sound(settings, 'music/a.wav', 'anoisesrc=d=30');
      await expect(prepare(settings)).rejects.toMatchObject({ code: 'HC_CACHE_UNWRITABLE' });
      expect(filesUnder(settings.cache)).toEqual([]);
      expect(await music(settings)).toEqual([]);
    } finally {
      spawnSync('umount', [settings.cache]);
    }
  });
});

describeWithFfmpeg('processes', () => {
  test('two at once prepare each file once: the second waits and says for whom', async () => {
    const settings = settingsIn(tempFolder());
    for (let i = 0; i < 4; i++) sound(settings, `music/${i}.mp3`, `sine=${400 + i}:d=20`);
    const [a, b] = [start(settings), start(settings)];
    expect([await a.ended, await b.ended]).toEqual([0, 0]);
    const texts = [a.text(), b.text()].sort((x, y) => x.indexOf('Process') - y.indexOf('Process'));
    expect(texts[0]).toContain('4 prepared, 0 ready before');
    expect(texts[1]).toContain('0 prepared, 4 ready before');
    expect(texts[1]).toMatch(/^Process \d+ is preparing media/);
  });

  test('in the background: silent, lowest priority, and gone at once when another is at work', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/long.wav', LONG);
    const first = start(settings, { background: true });
    await until(() => ffmpegsOn(settings.folder).length > 0);
    const [pid] = ffmpegsOn(settings.folder);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[16]).toBe('19');
    const second = start(settings, { background: true });
    expect(await second.ended).toBe(0);
    expect(existsSync(`/proc/${first.pid}`)).toBe(true);
    sound(settings, 'music/later.mp3');
    expect(await first.ended).toBe(0);
    expect((await music(settings)).sort()).toEqual(['music/later.mp3', 'music/long.wav']);
    expect([first.text(), second.text()]).toEqual(['', '']);
  });

  test('killed by SIGKILL in the middle: nothing partial is seen, and the next one tidies up and goes on', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/a.mp3');
    sound(settings, 'music/long.wav', LONG);
    for (let i = 0; i < 4; i++) {
      const child = start(settings);
      await until(() => temporaries(settings).length > 0 || child.exitCode !== null);
      await new Promise((done) => setTimeout(done, i * 150));
      child.kill('SIGKILL');
      await child.ended;
      for (const id of await music(settings)) expect(id).toMatch(/^music\/(a.mp3|long.wav)$/);
      for (const file of filesUnder(join(settings.cache, 'pcm')).filter((f) => f.endsWith('.wav'))) {
        const bytes = readFileSync(join(settings.cache, 'pcm', file));
        expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
      }
      for (const file of filesUnder(join(settings.cache, 'records')).filter((f) => f.endsWith('.json')))
        JSON.parse(readFileSync(join(settings.cache, 'records', file), 'utf8'));
    }
    expect(await new PrepareLock(settings.cache).owner()).toBeUndefined();
    await until(() => ffmpegsOn(settings.folder).length === 0, 30_000);
    expect(await start(settings).ended).toBe(0);
    expect((await music(settings)).length).toBe(2);
    expect(temporaries(settings)).toEqual([]);
  });

  test('Ctrl-C ends it with nothing left behind', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/long.wav', LONG);
    const child = start(settings);
    await until(() => ffmpegsOn(settings.folder).length > 0);
    child.kill('SIGINT');
    expect(await child.ended).toBe(130);
    expect([ffmpegsOn(settings.folder), filesUnder(settings.cache)]).toEqual([
      [],
      [`.prepare-${process.getuid?.()}.lock`],
    ]);
  });

  test('many who ask at once start one preparation', async () => {
    const settings = settingsIn(tempFolder());
    sound(settings, 'music/long.wav', LONG);
    const log = join(tempFolder(), 'started');
    const asker = program(`
      import { appendFileSync } from 'node:fs';
      import { spawnPreparation } from 'src/media/background';
      import { silentLogger } from 'src/util/log';
      const [cache, log, ...command] = process.argv.slice(2);
      void spawnPreparation({ command, env: process.env, cache, log: silentLogger }).then((started) => {
        if (started) appendFileSync(log, 'started ');
        setTimeout(() => process.exit(0), 1500);
      });`);
    const args = [
      settings.cache,
      log,
      process.execPath,
      command,
      JSON.stringify(settings),
      '{"background":true}',
    ];
    const askers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, [asker, ...args], { stdio: 'pipe' }),
    );
    let heard = '';
    for (const child of askers) child.stdout.on('data', (part: Buffer) => (heard += part.toString()));
    await Promise.all(askers.map((child) => new Promise((done) => child.on('close', done))));
    expect(readFileSync(log, 'utf8')).toBe('started ');
    await until(async () => (await music(settings)).length === 1, 30_000);
    expect(heard).toBe('');
  });
});

test('a cache that cannot be made is an error of the machine', async () => {
  const root = tempFolder();
  const settings = settingsIn(root, { cache: join(root, 'file/cache') });
  writeFileSync(join(root, 'file'), '');
  await expect(prepare(settings)).rejects.toMatchObject({ code: 'HC_CACHE_UNWRITABLE' });
  rmSync(join(root, 'file'));
  await CacheWriter.open(settings.cache);
});

describeWithFfmpeg('words of a voice', () => {
  test('are prepared where they lie, more tightly than speech, and stay when unused files are removed', async () => {
    const settings = settingsIn(tempFolder());
    const folder = join(tempFolder(), 'voice');
    const source = "aevalsrc='if(between(t,1,1.5),0.3*sin(2*PI*500*t),0)':d=3:s=16000";
    sound(settings, 'advices/first/one.wav', source);
    const word = sound({ ...settings, folder }, 'en/one.wav', source);
    const packs = [{ folder }, { folder }];
    const outcomes = await prepare(settings, { packs });
    expect(statuses(outcomes)).toEqual(['advices/first/one.wav prepared', `${word} prepared`]);
    expect(outcomes.map(({ words }) => words)).toEqual([undefined, join(folder, 'en')]);
    const [speech, tight] = outcomes.map(({ durationMs }) => durationMs!);
    expect(speech! - tight!).toBe(50);
    const inTwoDays = { ...clock, wall: () => Date.now() + 2 * 24 * 3_600_000 };
    expect(await pruneCache(settings, inTwoDays)).toBe(0);
    expect((await prepare(settings, { packs })).map(({ status }) => status)).toEqual(['already', 'already']);
    rmSync(word);
    expect(await pruneCache(settings, inTwoDays)).toBe(2);
  });
});
