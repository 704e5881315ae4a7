// Laws of the PageCache: the file's samples, read once for all who ask, within the limit, the least recently used gone
// first, and never a page filled anew under the hands of who holds it.
import { promises, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_SAMPLES } from '../../src/pcm/page';
import { PageCache, type LentPage } from '../../src/pcm/pageCache';
import { keptLog, openFiles, rampAt, rampWav, tempFolder, until } from '../media/fixtures';

const PAGE = 2 * PAGE_SAMPLES;
const folder = tempFolder();
const caches: PageCache[] = [];
let files = 0;

afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
});

function setUp(limitPages: number) {
  const { log, lines } = keptLog();
  const cache = new PageCache({ limitBytes: limitPages * PAGE, log });
  caches.push(cache);
  /** A file of so many samples whose first one is `rampAt(0, seed)`. */
  const source = (samples: number, more: object = {}) => {
    const seed = files++;
    const wav = join(folder, `${seed}.wav`);
    writeFileSync(wav, rampWav(samples, 8000, seed));
    return { key: cache.nextKey(), seed, pcm: { wav, dataOffset: 44, samples, ...more } };
  };
  return { cache, folder, lines, source };
}

/** Counts how often files were opened for reading. */
function countedOpens(): jest.SpyInstance {
  return jest.spyOn(promises, 'open');
}

const first = (page: LentPage | undefined): number => new Int16Array(page!.samples)[0]!;
const giveBack = (...pages: (LentPage | undefined)[]): void => {
  for (const page of pages) Atomics.sub(page!.holds, 0, 1);
};

test('pages have the samples of the file, the last one up to its end', async () => {
  const { cache, source } = setUp(8);
  const clip = source(2 * PAGE_SAMPLES + 1000);
  for (const index of [0, 1, 2]) {
    const page = await cache.page(clip, index);
    const count = Math.min(PAGE_SAMPLES, clip.pcm.samples - index * PAGE_SAMPLES);
    const samples = new Int16Array(page!.samples, 0, count);
    expect(samples.every((v, i) => v === rampAt(index * PAGE_SAMPLES + i, clip.seed))).toBe(true);
  }
});

test('who ask for a page at once share one read and one copy; each holds it', async () => {
  const { cache, source } = setUp(8);
  const clip = source(2 * PAGE_SAMPLES);
  const opens = countedOpens();
  const pages = await Promise.all(Array.from({ length: 50 }, () => cache.page(clip, 1)));
  const again = await cache.page(clip, 1);
  expect(new Set([...pages, again]).size).toBe(1);
  expect(Atomics.load(again!.holds, 0)).toBe(51);
  expect(opens).toHaveBeenCalledTimes(1);
  expect(cache.usedBytes).toBe(PAGE);
});

test('the least recently used page goes, and is filled anew', async () => {
  const { cache, source } = setUp(3);
  const [a, b, c, d] = [source(9), source(9), source(9), source(9)];
  const [pa, pb, pc] = [await cache.page(a, 0), await cache.page(b, 0), await cache.page(c, 0)];
  giveBack(pa, pb, pc, await cache.page(a, 0)); // `a` was used last
  const pd = await cache.page(d, 0);
  expect(pd!.samples).toBe(pb!.samples);
  expect([first(pd), first(await cache.page(a, 0))]).toEqual([rampAt(0, d.seed), rampAt(0, a.seed)]);
  expect((await cache.page(a, 0))!.samples).toBe(pa!.samples);
  expect(cache.usedBytes).toBe(3 * PAGE);
});

test('a page that somebody holds is never filled anew, though the limit be passed; told once, and once when over', async () => {
  const { cache, source, lines } = setUp(2);
  const clips = Array.from({ length: 6 }, () => source(9));
  const pages = [];
  for (const clip of clips) pages.push(await cache.page(clip, 0));
  expect(pages.map(first)).toEqual(clips.map(({ seed }) => rampAt(0, seed)));
  expect(cache.usedBytes).toBe(6 * PAGE);
  giveBack(...pages);
  for (let round = 0; round < 6; round++) giveBack(await cache.page(source(9), 0));
  expect(cache.usedBytes).toBe(2 * PAGE);
  expect(lines.map((line) => line.message)).toEqual([
    'audio being played exceeds the cache',
    'audio being played fits in the cache again',
  ]);
});

test('the limit holds while a thousand pages are asked for and given back', async () => {
  const { cache, source } = setUp(40);
  const clip = source(100 * PAGE_SAMPLES);
  let most = 0;
  const ask = async (index: number): Promise<void> => {
    const page = await cache.page(clip, index);
    most = Math.max(most, cache.usedBytes);
    expect(first(page)).toBe(rampAt(index * PAGE_SAMPLES, clip.seed));
    giveBack(page);
  };
  await Promise.all(Array.from({ length: 1000 }, (_, i) => ask((i * 37) % 100)));
  expect(most).toBe(40 * PAGE);
});

test('what a lost thread held is not waited for', async () => {
  const { cache, source } = setUp(2);
  await cache.page(source(9), 0);
  await cache.page(source(9), 0);
  cache.threadEnded();
  expect(cache.usedBytes).toBe(0);
});

test('a page that is still being read when a thread is lost is not waited for, and is heard by the others', async () => {
  const { cache, source } = setUp(2);
  const clip = source(9);
  const flight = cache.page(clip, 0);
  cache.threadEnded();
  expect(first(await flight)).toBe(rampAt(0, clip.seed));
  expect(cache.usedBytes).toBe(0);
  const again = await cache.page(clip, 0);
  expect([cache.usedBytes, await cache.page(clip, 0)]).toEqual([PAGE, again]);
});

test('a page that was not sent is given back, and filled anew', async () => {
  const { cache, source } = setUp(1);
  const clips = [source(9), source(9), source(9)];
  for (const clip of clips) {
    const page = await cache.page(clip, 0);
    giveBack(page);
  }
  expect(cache.usedBytes).toBe(PAGE);
});

test('heads are exactly as long as they are, and count until they are dropped', async () => {
  const { cache, source, lines } = setUp(4);
  const [long, short] = [source(2 * PAGE_SAMPLES), source(700)];
  const heads = [await cache.head(long), await cache.head(short)];
  expect(heads.map((head) => head!.byteLength)).toEqual([PAGE, 1400]);
  for (let round = 0; round < 8; round++) giveBack(await cache.page(source(9), 0));
  expect(cache.usedBytes).toBeLessThanOrEqual(4 * PAGE);
  await cache.head(source(PAGE_SAMPLES));
  expect(cache.usedBytes).toBeLessThanOrEqual(4 * PAGE);
  await cache.head(source(PAGE_SAMPLES));
  expect(lines.map((line) => line.message)).toEqual(['first pages of clips fill the cache']);
  for (const head of heads) cache.dropHead(head!);
  expect(lines).toHaveLength(2);
});

test('a file that was written over is not believed; trouble is told once, and once when it is over', async () => {
  const { cache, folder, source, lines } = setUp(4);
  const seconds = 1_700_000_000;
  const clip = source(3 * PAGE_SAMPLES, { own: { within: folder, mtimeMs: seconds * 1000 } });
  utimesSync(clip.pcm.wav, seconds, seconds);
  expect(await cache.page(clip, 0)).toBeDefined();
  utimesSync(clip.pcm.wav, seconds + 1, seconds + 1);
  expect([await cache.page(clip, 1), await cache.page(clip, 2)]).toEqual([undefined, undefined]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 'error', fields: { code: 'HC_MEDIA_UNREADABLE' } });
  utimesSync(clip.pcm.wav, seconds, seconds);
  expect(await cache.page(clip, 1)).toBeDefined();
  expect(lines[1]).toMatchObject({ level: 'info' });
  expect(cache.usedBytes).toBe(2 * PAGE);
});

test('a file that is gone or too short cannot be read; one that went while it was open goes on', async () => {
  const { cache, source } = setUp(4);
  const [gone, heard, short] = [source(9), source(2 * PAGE_SAMPLES), source(9)];
  await cache.page(heard, 0);
  rmSync(gone.pcm.wav);
  rmSync(heard.pcm.wav);
  expect(await cache.page(gone, 0)).toBeUndefined();
  expect(first(await cache.page(heard, 1))).toBe(rampAt(PAGE_SAMPLES, heard.seed));
  expect(await cache.page({ ...short, pcm: { ...short.pcm, samples: 10 } }, 0)).toBeUndefined();
});

test('few files are held open, and none after closing', async () => {
  const { cache, source } = setUp(4);
  const clips = Array.from({ length: 100 }, () => source(9));
  await Promise.all(clips.map((clip) => cache.head(clip)));
  await until(() => openFiles(folder).length <= 32);
  expect(openFiles(folder).length).toBe(32);
  await cache.close();
  expect(openFiles(folder)).toEqual([]);
});

test('what is read over and over takes no more memory than the limit', async () => {
  const { cache, source } = setUp(20);
  const clip = source(100 * PAGE_SAMPLES);
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 20; round++)
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => giveBack(await cache.page(clip, index))),
    );
  // 2,000 pages of 64 KiB were read: 125 MiB. Without collecting garbage, 20 pages and what else happens.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
});

const { gc } = globalThis as { gc?: () => void };
(gc ? test : test.skip)('what was evicted for good is freed', async () => {
  const { cache, source } = setUp(400);
  const clips = Array.from({ length: 200 }, () => source(PAGE_SAMPLES));
  let heads: (SharedArrayBuffer | undefined)[] = [];
  for (const clip of clips) heads.push(await cache.head(clip));
  const full = process.memoryUsage().arrayBuffers;
  for (const head of heads) cache.dropHead(head!);
  heads = [];
  await until(() => {
    gc!();
    return full - process.memoryUsage().arrayBuffers > 150 * PAGE;
  });
  expect(cache.usedBytes).toBe(0);
});
