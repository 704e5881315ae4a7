// The cache on disk: whole files only, nothing left over, and only what is needed.
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostname } from 'node:os';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { parseRecord, recordedSource, recordName, settingsDigest, textKey } from '../../src/media/cache';
import { CacheWriter, contentKey } from '../../src/media/cacheWriter';
import type { MediaSettings } from '../../src/media/settings';
import { listSources } from '../../src/media/sources';
import { openInside } from '../../src/util/operatorFiles';
import { filesUnder, put, rampWav, settingsIn, tempFolder } from './fixtures';

const DAY = 24 * 60 * 60_000;

async function prepared(settings: MediaSettings, id: string, wav: string): Promise<void> {
  const writer = await CacheWriter.open(settings.cache);
  const source = (await listSources(settings.folder)).files.find((file) => file.id === id)!;
  const temporary = writer.temporary();
  writeFileSync(temporary, rampWav(100));
  await writer.publish(temporary, wav);
  const figures = { durationMs: 12.5, loudnessBefore: -20, loudnessAfter: -24, peakDb: -6 };
  const about = recordedSource(source, settings);
  await writer.writeRecord({ source: about, wav, samples: 100, rate: settings.rate, ...figures });
}

function age(path: string, ms: number): void {
  const seconds = (Date.now() - ms) / 1000;
  utimesSync(path, seconds, seconds);
}

const digests = (s: MediaSettings): string[] => [settingsDigest(s, 'music'), settingsDigest(s, 'speech')];

test('keys differ when anything differs, and are the same for the same', async () => {
  const settings = settingsIn(tempFolder());
  const keys = new Set<string>();
  for (let i = 0; i < 20_000; i++) keys.add(textKey(`/media/music/${i}.mp3`));
  expect(keys.size).toBe(20_000);
  expect(textKey('a')).toBe(textKey('a'));
  const file = put(settings, 'music/a.mp3', 'content');
  const same = put(settings, 'music/b.mp3', 'content');
  const key = async (path: string, digest: string): Promise<string> => {
    const opened = await openInside(settings.folder, path, 100);
    return contentKey(opened, digest).finally(() => opened.close());
  };
  expect(await key(file, 'x')).toBe(await key(same, 'x'));
  expect(await key(file, 'x')).not.toBe(await key(file, 'y'));
});

test('a record that is cut off, of another file, or senseless counts for nothing', () => {
  const source = { file: '/a', size: 1, mtimeMs: 2, ctimeMs: 3, inode: 4, settings: 's', rate: 8000 };
  const good = JSON.stringify({ source, wav: 'ab.wav', samples: 5, rate: 8000 });
  expect(parseRecord(good, source)).toMatchObject({ samples: 5 });
  expect(parseRecord(good.slice(0, -3), source)).toBeUndefined();
  expect(parseRecord(good, { ...source, file: '/b' })).toBeUndefined();
  expect(parseRecord(good.replace('ab.wav', '../../etc/x.wav'), source)).toBeUndefined();
  expect(parseRecord(good.replace('"samples":5', '"samples":0'), source)).toBeUndefined();
  expect(parseRecord('null')).toBeUndefined();
  for (const change of [{ mtimeMs: 3 }, { ctimeMs: 4 }, { inode: 5 }, { size: 2 }])
    expect(recordName(source)).not.toBe(recordName({ ...source, ...change }));
});

test('a cache that cannot be written says so, with what to do', async () => {
  const root = tempFolder();
  writeFileSync(join(root, 'file'), '');
  const failure = CacheWriter.open(join(root, 'file/cache'));
  await expect(failure).rejects.toMatchObject({
    code: 'HC_CACHE_UNWRITABLE',
    hint: expect.any(String) as string,
  });
});

test('sweeping removes what dead writers left, and nothing of the living', async () => {
  const settings = settingsIn(tempFolder());
  const writer = await CacheWriter.open(settings.cache);
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  const at = (name: string): string => join(settings.cache, 'pcm', name);
  const own = writer.temporary();
  const files = {
    dead: at(`.${host}-${dead}-0.tmp`),
    alive: at(`.${host}-${process.ppid}-0.tmp`),
    elsewhere: at(`.00000000-${dead}-0.tmp`),
    elsewhereOld: at(`.00000000-${dead}-1.tmp`),
    foreign: at('.keep'),
    own,
  };
  for (const file of Object.values(files)) writeFileSync(file, '');
  age(files.elsewhereOld, DAY);
  await writer.sweep(Date.now());
  const left = Object.entries(files).filter(([, file]) => existsSync(file));
  expect(left.map(([name]) => name)).toEqual(['alive', 'elsewhere', 'foreign', 'own']);
});

test('pruning keeps what is used, young, or of another rate', async () => {
  const settings = settingsIn(tempFolder());
  for (const id of ['music/kept.mp3', 'music/gone.mp3', 'music/young.mp3', 'music/changed.mp3'])
    put(settings, id, id);
  await prepared(settings, 'music/kept.mp3', '0a.wav');
  await prepared(settings, 'music/gone.mp3', '0b.wav');
  await prepared(settings, 'music/young.mp3', '0c.wav');
  await prepared(settings, 'music/changed.mp3', '0d.wav');
  await prepared({ ...settings, rate: 16000 }, 'music/kept.mp3', '0e.wav');
  await prepared({ ...settings, musicLufs: -20 }, 'music/kept.mp3', '0f.wav');
  for (const file of filesUnder(settings.cache)) age(join(settings.cache, file), 2 * DAY);
  age(join(settings.cache, 'pcm/0c.wav'), 1000);
  rmSync(join(settings.folder, 'music/gone.mp3'));
  rmSync(join(settings.folder, 'music/young.mp3'));
  put(settings, 'music/changed.mp3', 'other content');
  const writer = await CacheWriter.open(settings.cache);
  expect(await writer.prune(Date.now(), 8000, digests(settings))).toBe(7);
  expect(filesUnder(join(settings.cache, 'pcm'))).toEqual(['0a.wav', '0c.wav', '0e.wav']);
  expect(filesUnder(join(settings.cache, 'records')).length).toBe(2);
});

test('two files with the same content share their samples', async () => {
  const settings = settingsIn(tempFolder());
  put(settings, 'music/a.mp3', 'x');
  await prepared(settings, 'music/a.mp3', '0a.wav');
  const writer = await CacheWriter.open(settings.cache);
  expect(await writer.findByWav('0a.wav')).toMatchObject({ samples: 100 });
  expect(await writer.findByWav('0b.wav')).toBeUndefined();
  writeFileSync(join(settings.cache, 'pcm/0a.wav'), 'short');
  expect(await writer.findByWav('0a.wav')).toBeUndefined();
});

test('a cache behind a link works', async () => {
  const root = tempFolder();
  mkdirSync(join(root, 'real'));
  symlinkSync(join(root, 'real'), join(root, 'cache'));
  const writer = await CacheWriter.open(join(root, 'cache'));
  const temporary = writer.temporary();
  writeFileSync(temporary, 'x');
  await writer.publish(temporary, '0a.wav');
  expect(statSync(join(root, 'real/pcm/0a.wav')).size).toBe(1);
});
