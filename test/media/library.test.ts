// The Library over time, with a clock that is moved by hand: what is heard, what is left alone, what is told.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookup, pcmFolder, recordedSource } from '../../src/media/cache';
import { CacheWriter } from '../../src/media/cacheWriter';
import { Library, type LibraryChange } from '../../src/media/library';
import { readManifest } from '../../src/media/manifest';
import type { MediaSettings } from '../../src/media/settings';
import { listSources } from '../../src/media/sources';
import { toolStamp } from '../../src/media/toolStamp';
import { ManualClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';
import { keptLog, openFiles, put, rampWav, settingsIn, ship, tempFolder } from './fixtures';

const NOW = Date.UTC(2026, 0, 5, 12);
const OLD = NOW - 3_600_000;

function setUp(change: Partial<MediaSettings> = {}) {
  const settings = settingsIn(tempFolder(), change);
  const { log, lines } = keptLog();
  let requests = 0;
  const library = new Library({ settings, log, readMode: 'ahead', requestPreparation: () => requests++ });
  const clock = new ManualClock(NOW);
  const changes: LibraryChange[] = [];
  const watch = () => library.watch(clock, (change) => changes.push(change));
  /** Lets one look at the folders happen. */
  const look = async (): Promise<void> => {
    clock.advance(1250);
    await library.scan();
    await new Promise(setImmediate);
  };
  return { settings, library, clock, lines, changes, watch, look, requests: () => requests };
}

/** Prepares a file without ffmpeg: as if it had been. */
async function pretendPrepared(settings: MediaSettings, id: string, samples = 1000): Promise<void> {
  const writer = await CacheWriter.open(settings.cache);
  const source = (await listSources(settings.folder)).files.find((file) => file.id === id)!;
  const temporary = writer.temporary();
  writeFileSync(temporary, rampWav(samples));
  const wav = `${samples.toString(16).padStart(40, '0')}.wav`;
  await writer.publish(temporary, wav);
  const figures = { durationMs: samples / 8, loudnessBefore: -20, loudnessAfter: -24, peakDb: -6 };
  await writer.writeRecord({
    source: recordedSource(source, settings),
    wav,
    samples,
    rate: 8000,
    ...figures,
  });
}

const ids = (tracks: readonly { id: string }[]): string[] => tracks.map((t) => t.id);

test('missing and empty folders are legal, silent, and cost nothing', async () => {
  const { library, settings, lines, requests } = setUp();
  expect(await library.firstTrack('shuffle', seededRandom(1))).toBeUndefined();
  expect(await library.scan()).toEqual({ added: [], removed: [] });
  mkdirSync(join(settings.folder, 'music'), { recursive: true });
  await library.scan();
  expect([library.music(), library.advices('first', 'en'), library.problems, library.unprepared]).toEqual([
    [],
    [],
    [],
    [],
  ]);
  expect([lines.length, requests()]).toEqual([0, 0]);
});

test('shipped files are played as they are; the first track stays the same object', async () => {
  const { library, settings } = setUp();
  put(settings, 'music/a.wav', rampWav(500));
  put(settings, 'music/b.wav', rampWav(600));
  ship(settings, { 'music/a.wav': { title: 'Alpha' }, 'music/b.wav': {} });
  const first = (await library.firstTrack('order', seededRandom(1)))!;
  expect(first).toMatchObject({
    id: 'music/a.wav',
    title: 'Alpha',
    samples: 500,
    durationMs: 62.5,
  });
  await library.scan();
  expect(ids(library.music())).toEqual(['music/a.wav', 'music/b.wav']);
  expect(library.music()[0]).toBe(first);
  expect(await library.firstTrack('loop', seededRandom(2))).toBe(first);
  await library.scan();
  expect(library.music()[0]).toBe(first);
});

test('the first track is the next one that is ready, and shuffled by the seed alone', async () => {
  const { library, settings } = setUp();
  for (let i = 1; i <= 9; i++) put(settings, `music/${i}.wav`, rampWav(100 + i));
  put(settings, 'music/0 not ready.mp3', 'x');
  ship(settings, Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`music/${i + 1}.wav`, {}])));
  expect((await library.firstTrack('order', seededRandom(1)))?.id).toBe('music/1.wav');
  const picked = (): Promise<(string | undefined)[]> =>
    Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        return (await library.firstTrack('shuffle', seededRandom(seed)))?.id;
      }),
    );
  const picks = await picked();
  expect(picks).toEqual(await picked());
  expect(new Set(picks).size).toBeGreaterThan(4);
});

test('a shipped file of another size, rate or layout is not played as it is', async () => {
  const { library, settings } = setUp();
  put(settings, 'music/size.wav', rampWav(100));
  put(settings, 'music/rate.wav', rampWav(100, 16000));
  put(settings, 'music/text.wav', 'not a wav');
  put(settings, 'music/unlisted.wav', rampWav(100));
  ship(settings, { 'music/size.wav': { bytes: 1 }, 'music/rate.wav': {}, 'music/text.wav': {} });
  await library.scan();
  expect(library.music()).toEqual([]);
  expect(library.unprepared).toEqual([
    'music/rate.wav',
    'music/size.wav',
    'music/text.wav',
    'music/unlisted.wav',
  ]);
});

test('advices: by shelf, by language, in the order of their names', async () => {
  const { library, settings } = setUp();
  const names = ['10 b.wav', '9 a.wav', 'c.en.wav', 'c.ru.wav', 'd.pt-BR.wav', 'e.wav'];
  for (const name of names) put(settings, `advices/first/${name}`, rampWav(100));
  put(settings, 'advices/last/z.wav', rampWav(100));
  put(settings, 'prompts/en/position-3.wav', rampWav(100));
  const all = [...names.map((n) => `advices/first/${n}`), 'advices/last/z.wav', 'prompts/en/position-3.wav'];
  ship(settings, {
    ...Object.fromEntries(all.map((id) => [id, {}])),
    'advices/first/e.wav': { language: 'ru' },
  });
  await library.scan();
  const first = (language: string) => ids(library.advices('first', language)).map((id) => id.slice(14));
  expect(first('en')).toEqual(['9 a.wav', '10 b.wav', 'c.en.wav']);
  expect(first('ru_RU')).toEqual(['9 a.wav', '10 b.wav', 'c.ru.wav', 'e.wav']);
  expect(first('pt')).toEqual(['9 a.wav', '10 b.wav', 'd.pt-BR.wav']);
  expect(first('')).toEqual(['9 a.wav', '10 b.wav']);
  expect(ids(library.advices('last', 'en'))).toEqual(['advices/last/z.wav']);
  expect(['en', 'en-GB', 'ru', 'en_US_f_Allison'].map((tag) => library.speaks(tag))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(library.prompt('position-3', 'en-GB')?.id).toBe('prompts/en/position-3.wav');
  expect([library.prompt('position-3', 'ru'), library.prompt('position', 'en')]).toEqual([
    undefined,
    undefined,
  ]);
});

test('what is no media is not looked at; a FIFO is never opened, but told', async () => {
  const { library, settings } = setUp();
  put(settings, 'music/song.mp3', 'x');
  for (const name of ['.hidden.mp3', 'song.mp3.license', 'list.json', 'read.md', 'new.mp3.part'])
    put(settings, `music/${name}`, 'x');
  mkdirSync(join(settings.folder, 'music/folder.mp3'));
  execFileSync('mkfifo', [join(settings.folder, 'music/pipe.wav')]);
  symlinkSync(join(settings.folder, 'music/pipe.wav'), join(settings.folder, 'music/link.wav'));
  symlinkSync('/nowhere', join(settings.folder, 'music/dangling.wav'));
  symlinkSync(join(settings.folder, 'music/song.mp3'), join(settings.folder, 'music/linked.mp3'));
  await library.firstTrack('order', seededRandom(1));
  await library.scan();
  expect(library.unprepared).toEqual(['music/linked.mp3', 'music/song.mp3']);
  expect(library.problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
    'music/dangling.wav: it is a link that leads nowhere',
    'music/link.wav: it is no regular file',
    'music/pipe.wav: it is no regular file',
  ]);
});

test('names are the same in either form of Unicode: ids, titles, prompts, what was chosen before', async () => {
  const { library, settings } = setUp();
  const [nfc, nfd] = ['\u00e9t\u00e9', 'e\u0301te\u0301'];
  const files = [`music/${nfd}.wav`, `advices/first/${nfd}.wav`, `prompts/en/${nfd}.wav`];
  for (const id of files) put(settings, id, rampWav(100));
  ship(settings, Object.fromEntries(files.map((id) => [id, { title: `of ${id.slice(0, 5)}` }])));
  for (const form of [nfc, nfd])
    expect((await library.firstTrack('order', seededRandom(1), `music/${form}.wav`))?.id).toBe(
      `music/${nfc}.wav`,
    );
  await library.scan();
  for (const form of [nfc, nfd]) {
    expect(library.find(`music/${form}.wav`)).toMatchObject({ id: `music/${nfc}.wav`, title: 'of music' });
    expect(library.prompt(form, 'en')?.id).toBe(`prompts/en/${nfc}.wav`);
  }
  put(settings, `music/${nfc}.wav`, rampWav(200));
  await library.scan();
  expect(ids(library.music())).toEqual([`music/${nfc}.wav`]);
  expect(library.problems).toMatchObject([{ file: `music/${nfc}.wav`, hint: 'Rename one of them.' }]);
});

test('a file that is being copied is left alone until it has been still for two looks', async () => {
  const { library, settings, clock, watch, look, requests } = setUp();
  const watching = watch();
  const file = put(settings, 'music/new.mp3', 'one', NOW + 1000);
  await look();
  expect([library.unprepared, requests()]).toEqual([[], 0]);
  for (let i = 0; i < 3; i++) {
    writeFileSync(file, 'x'.repeat(10 + i));
    utimesSync(file, clock.wall() / 1000 + 1, clock.wall() / 1000 + 1);
    await look();
    expect([library.unprepared, requests()]).toEqual([[], 0]);
  }
  await look();
  await look();
  expect([library.unprepared, requests()]).toEqual([['music/new.mp3'], 1]);
  void watching.close();
});

test('preparation is asked for when the waiting files change, else once a minute', async () => {
  const { library, settings, clock, watch, look, requests } = setUp();
  put(settings, 'music/a.mp3', 'x', OLD);
  await library.scan();
  const watching = watch();
  expect(requests()).toBe(1);
  for (let i = 0; i < 20; i++) await look();
  expect(requests()).toBe(1);
  put(settings, 'music/b.mp3', 'x', OLD);
  await look();
  expect(requests()).toBe(2);
  clock.advance(60_000);
  await look();
  expect(requests()).toBe(3);
  await watching.close();
});

test('prepared meanwhile: heard; replaced: the old one until the new one is ready; removed: gone', async () => {
  const { library, settings, changes, lines, watch, look } = setUp();
  put(settings, 'music/a.mp3', 'x', OLD);
  await library.scan();
  const watching = watch();
  await pretendPrepared(settings, 'music/a.mp3', 1000);
  await look();
  const first = library.music()[0]!;
  expect(ids(changes[0]!.added)).toEqual(['music/a.mp3']);
  put(settings, 'music/a.mp3', 'other', OLD + 1000);
  await look();
  await look();
  expect(library.unprepared).toEqual(['music/a.mp3']);
  expect(library.music()).toEqual([first]);
  await pretendPrepared(settings, 'music/a.mp3', 2000);
  await look();
  const second = library.music()[0]!;
  expect([second.samples, second === first, library.music().length]).toEqual([2000, false, 1]);
  expect(changes.at(-1)).toEqual({ added: [second], removed: [first] });
  const reader = second.open();
  rmSync(join(settings.folder, 'music/a.mp3'));
  await look();
  expect(library.music()).toEqual([]);
  expect(reader.read(new Float32Array(320), 0, 320)).toBe(320);
  reader.close();
  const told = changes.length;
  await look();
  expect(changes.length).toBe(told);
  expect(lines.filter((l) => l.fields.file === 'music/a.mp3').map((l) => l.message)).toEqual([
    'media file is new',
    'media file has changed',
    'media file is gone',
  ]);
  await watching.close();
});

test('a shipped file that is written over is not heard any more', async () => {
  const { library, settings, look } = setUp();
  put(settings, 'music/a.wav', rampWav(500), OLD);
  ship(settings, { 'music/a.wav': {} });
  await library.scan();
  expect(library.music().length).toBe(1);
  put(settings, 'music/a.wav', 'something else', OLD + 1);
  const before = library.music()[0]!;
  await look();
  expect(library.music()).toEqual([]);
  expect(() => before.open()).toThrow('changed');
});

test('a broken file is told once, with code and reason, and again only when it changes', async () => {
  const { library, settings, lines, look } = setUp();
  put(settings, 'music/bad.mp3', 'x', OLD);
  const writer = await CacheWriter.open(settings.cache);
  const record = async (): Promise<void> => {
    const source = (await listSources(settings.folder)).files[0]!;
    const problem = { code: 'HC_MEDIA_TRUNCATED', message: 'cut off' };
    const tool = await toolStamp(settings.ffmpeg);
    await writer.writeRecord({ source: recordedSource(source, settings), problem, tool });
  };
  await record();
  await look();
  await look();
  const problem = { file: 'music/bad.mp3', code: 'HC_MEDIA_TRUNCATED', message: 'cut off' };
  expect(library.problems).toEqual([problem]);
  expect(lines.filter((l) => l.level === 'warn').map((l) => l.fields)).toEqual([problem]);
  put(settings, 'music/bad.mp3', 'y', OLD + 5000);
  await look();
  expect(library.problems).toEqual([]);
  await record();
  await look();
  expect(lines.filter((l) => l.level === 'warn').length).toBe(2);
});

test('samples that vanish from the cache are noticed once they are wanted', async () => {
  const { library, settings, look } = setUp();
  put(settings, 'music/a.mp3', 'x', OLD);
  await pretendPrepared(settings, 'music/a.mp3');
  await look();
  rmSync(pcmFolder(settings.cache), { recursive: true });
  expect(() => library.music()[0]!.open()).toThrow();
  await look();
  expect([library.music(), library.unprepared]).toEqual([[], ['music/a.mp3']]);
  await pretendPrepared(settings, 'music/a.mp3');
  await look();
  library.music()[0]!.open().close();
});

test('a broken manifest is told and costs only what it would say', async () => {
  const { library, settings, lines } = setUp();
  put(settings, 'music/a.mp3', 'x', OLD);
  await pretendPrepared(settings, 'music/a.mp3');
  writeFileSync(join(settings.folder, 'manifest.json'), '{"files": {');
  await library.scan();
  await library.scan();
  expect(ids(library.music())).toEqual(['music/a.mp3']);
  expect(lines.filter((l) => l.level === 'warn').length).toBe(1);
});

test('a manifest that would take hundreds of MB is not read', async () => {
  const { settings } = setUp();
  put(settings, 'manifest.json', `{"files": ${'['.repeat(2 ** 19)}${']'.repeat(2 ** 19)}}`);
  expect(await readManifest(settings.folder)).toMatchObject({ problem: 'it is larger than 1 MiB' });
});

test('a manifest with a byte order mark in front is read', async () => {
  const { library, settings, lines } = setUp();
  put(settings, 'music/a.wav', rampWav(100));
  ship(settings, { 'music/a.wav': { title: 'A' } });
  const manifest = join(settings.folder, 'manifest.json');
  writeFileSync(manifest, `\ufeff${readFileSync(manifest, 'utf8')}`);
  await library.scan();
  expect([library.music()[0]?.title, lines.filter(({ level }) => level === 'warn')]).toEqual(['A', []]);
});

test('a title that changes in the manifest makes a new Track, the others stay', async () => {
  const { library, settings } = setUp();
  put(settings, 'music/a.wav', rampWav(100));
  put(settings, 'music/b.wav', rampWav(100));
  ship(settings, { 'music/a.wav': {}, 'music/b.wav': {} });
  await library.scan();
  const [a, b] = library.music();
  ship(settings, { 'music/a.wav': { title: 'New' }, 'music/b.wav': {} });
  await library.scan();
  expect([library.music()[0]!.title, library.music()[0] === a, library.music()[1] === b]).toEqual([
    'New',
    false,
    true,
  ]);
});

test('a record for other settings or another version of the file counts for nothing', async () => {
  const { settings } = setUp();
  put(settings, 'music/a.mp3', 'x', OLD);
  await pretendPrepared(settings, 'music/a.mp3');
  const source = (await listSources(settings.folder)).files[0]!;
  expect(await lookup(source, settings)).toMatchObject({ samples: 1000 });
  expect(await lookup(source, { ...settings, musicLufs: -23 })).toBeUndefined();
  expect(await lookup(source, { ...settings, speechLufs: -23 })).toMatchObject({ samples: 1000 });
  expect(await lookup({ ...source, mtimeMs: OLD + 1 }, settings)).toBeUndefined();
  expect(await lookup({ ...source, size: 2 }, settings)).toBeUndefined();
});

test('after a watch is closed nothing is looked at and nothing waits', async () => {
  const { library, settings, clock, changes, watch } = setUp();
  const watching = watch();
  expect(clock.pending).toBe(1);
  put(settings, 'music/a.wav', rampWav(100));
  ship(settings, { 'music/a.wav': {} });
  clock.advance(1250);
  await watching.close();
  await library.scan();
  await new Promise(setImmediate);
  expect([clock.pending, changes]).toEqual([0, []]);
  expect(openFiles(settings.folder)).toEqual([]);
});

test('a folder that cannot be read just now keeps what was in it', async () => {
  const { library, settings, lines } = setUp();
  put(settings, 'music/a.wav', rampWav(100));
  ship(settings, { 'music/a.wav': {} });
  await library.scan();
  renameSync(join(settings.folder, 'music'), join(settings.folder, 'away'));
  symlinkSync('music', join(settings.folder, 'music'));
  await library.scan();
  await library.scan();
  expect(ids(library.music())).toEqual(['music/a.wav']);
  expect(lines.filter((l) => l.level === 'warn').length).toBe(1);
});
