// Laws of PagedMedia: the samples of the clip over every border, what is late silent in step and without a click, each
// page asked for once and given back, and the same answers as the Library has.
import fc from 'fast-check';
import { SoftEndReader } from '../../src/audio/softEnd';
import type { Clip, Reader } from '../../src/audio/source';
import { PAGE_SAMPLES, type CatalogClip, type Page } from '../../src/pcm/page';
import { PagedMedia } from '../../src/pcm/pagedMedia';
import { Library } from '../../src/media/library';
import { seededRandom } from '../../src/util/random';
import { SharedCatalog } from '../../src/pcm/catalog';
import { PageCache } from '../../src/pcm/pageCache';
import { keptLog, put, rampAt, rampWav, settingsIn, ship, tempFolder } from '../media/fixtures';

/** Smooth, so that a click shows: 50 Hz at half of full scale. */
const sineAt = (i: number): number => Math.round(16384 * Math.sin((2 * Math.PI * 50 * i) / 8000));

function shared(count: number, at: (i: number) => number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(2 * count);
  new Int16Array(buffer).forEach((_, i, samples) => (samples[i] = at(i)));
  return buffer;
}

/** Media with one music clip, whose pages come when `answer` is called. */
function setUp(samples: number, at: (i: number) => number = rampAt) {
  const asked: number[] = [];
  const lent: Int32Array[] = [];
  const media = new PagedMedia((_, index) => asked.push(index));
  const page = (index: number): Page => {
    const count = Math.min(PAGE_SAMPLES, samples - index * PAGE_SAMPLES);
    const holds = new Int32Array(new SharedArrayBuffer(4)).fill(1);
    lent.push(holds);
    return { key: 1, index, samples: shared(count, (i) => at(index * PAGE_SAMPLES + i)), holds };
  };
  const head = shared(Math.min(PAGE_SAMPLES, samples), at);
  const clip: CatalogClip = { key: 1, id: 'music/a.wav', title: 'A', samples, kind: 'music', head };
  media.setCatalog([clip]);
  let answered = 0;
  const answer = (): void => {
    for (; answered < asked.length; answered++) media.put(page(asked[answered]!));
  };
  const held = (): number => lent.reduce((sum, holds) => sum + Atomics.load(holds, 0), 0);
  return { media, clip, asked, page, answer, held, track: media.music()[0]! };
}

function take(reader: Reader, length: number): Float32Array {
  const out = new Float32Array(length);
  return out.subarray(0, reader.read(out, 0, length));
}

const floats = (from: number, to: number, at = rampAt): Float32Array =>
  Float32Array.from({ length: to - from }, (_, i) => at(from + i) / 32768);

/** Whether both hold the same, without a diff of a hundred thousand lines. */
const same = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

const largestStep = (samples: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 1; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i]! - samples[i - 1]!));
  return most;
};

test('from any sample, in reads of any length, come exactly the samples that are there', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 320, PAGE_SAMPLES, PAGE_SAMPLES + 1, 3 * PAGE_SAMPLES, 3 * PAGE_SAMPLES + 777),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat(1000),
      (samples, where, seed) => {
        const { track, answer, media, held } = setUp(samples);
        const random = seededRandom(seed);
        const from = Math.floor(where * samples);
        media.put({ key: 1, index: 0, samples: undefined });
        // What the main thread sends before a call begins.
        const index = Math.floor(from / PAGE_SAMPLES);
        const reader = ((): Reader => {
          if (index > 0) track.open(from).close();
          answer();
          return track.open(from);
        })();
        const out = new Float32Array(samples - from + 10);
        for (let at = 0; ;) {
          answer();
          const length = Math.min(out.length - at, 1 + Math.floor(random() * 5000));
          const count = reader.read(out, at, length);
          at += count;
          if (count < length || at === out.length) {
            expect(at).toBe(samples - from);
            break;
          }
        }
        expect(same(out.subarray(0, samples - from), floats(from, samples))).toBe(true);
        expect([take(reader, 10).length, media.pagesLate]).toEqual([0, 0]);
        reader.close();
        media.sweep(0);
        media.sweep(10_000);
        expect([held(), media.pages]).toEqual([0, 0]);
      },
    ),
    { numRuns: 60, seed: 5 },
  );
});

test('a read touches only its part of the buffer, over a border too', () => {
  const { track, answer } = setUp(2 * PAGE_SAMPLES);
  const reader = track.open(PAGE_SAMPLES - 7);
  answer();
  const out = new Float32Array(30).fill(9);
  expect(reader.read(out, 5, 20)).toBe(20);
  expect([...out.subarray(0, 5), ...out.subarray(25)].every((v) => v === 9)).toBe(true);
  expect(same(out.subarray(5, 25), floats(PAGE_SAMPLES - 7, PAGE_SAMPLES + 13))).toBe(true);
});

test('the next page is asked for when one begins, once for all readers, and held no longer than it is read', () => {
  const { track, asked, answer, media, held } = setUp(4 * PAGE_SAMPLES);
  const readers = Array.from({ length: 100 }, () => track.open());
  expect(asked).toEqual([1]);
  answer();
  for (const reader of readers) take(reader, PAGE_SAMPLES);
  expect(asked).toEqual([1]);
  for (const reader of readers) take(reader, 1);
  expect(asked).toEqual([1, 2]);
  answer();
  for (const reader of readers) take(reader, PAGE_SAMPLES + PAGE_SAMPLES / 2);
  answer();
  expect([asked.join(), held()]).toEqual(['1,2,3', 2]); // page 1 is gone
  for (const reader of readers) reader.close();
  for (const reader of readers) reader.close();
  media.sweep(1000);
  media.sweep(10_999);
  expect(media.pages).toBe(2);
  media.sweep(11_000);
  expect([media.pages, held()]).toEqual([0, 0]);
});

test('the page before is given back in the middle of the next one, however the samples are taken', () => {
  const { track, answer, held } = setUp(6 * PAGE_SAMPLES);
  const reader = track.open(PAGE_SAMPLES);
  answer();
  const frames = (count: number): void => {
    for (let i = 0; i < count; i++) {
      take(reader, 320);
      answer();
    }
  };
  frames(110);
  expect(held()).toBe(3);
  frames(50);
  expect(held()).toBe(2);
  take(reader, 2 * PAGE_SAMPLES);
  answer();
  expect(held()).toBe(2);
});

test('callers who come and go at one place do not push out its page', () => {
  const { track, answer, media, held } = setUp(2 * PAGE_SAMPLES);
  for (let i = 0; i < 3000; i++) {
    const reader = track.open(PAGE_SAMPLES);
    answer();
    take(reader, 320);
    reader.close();
  }
  expect([held(), media.pages, media.pagesLate]).toEqual([1, 1, 0]);
});

test('a caller who goes back a little, in a new reader, finds the page at hand', () => {
  const { track, answer, asked, media } = setUp(3 * PAGE_SAMPLES);
  const reader = track.open(2 * PAGE_SAMPLES - 100);
  answer();
  take(reader, 3000);
  reader.close();
  const again = track.open(2 * PAGE_SAMPLES - 1000);
  const out = take(again, 2000);
  expect(same(out, floats(2 * PAGE_SAMPLES - 1000, 2 * PAGE_SAMPLES + 1000))).toBe(true);
  expect(media.pagesLate).toBe(0);
  expect(asked).toEqual([1, 2]);
});

test('a page that came ahead of need is there for its reader, and goes if none comes', () => {
  const { track, media, page, asked, held } = setUp(5 * PAGE_SAMPLES);
  media.put(page(2));
  media.put(page(4));
  media.sweep(0);
  media.sweep(9999);
  const reader = track.open(2 * PAGE_SAMPLES + 9);
  expect(same(take(reader, 500), floats(2 * PAGE_SAMPLES + 9, 2 * PAGE_SAMPLES + 509))).toBe(true);
  expect([asked, held()]).toEqual([[3], 2]);
  media.sweep(10_000);
  expect(held()).toBe(1);
});

test('a page that comes twice is given back at once; pages that nobody reads do not pile up', () => {
  const { media, page, held } = setUp(5 * PAGE_SAMPLES);
  media.put(page(2));
  media.put(page(2));
  media.put(page(0));
  expect(held()).toBe(1);
  const samples = new SharedArrayBuffer(2);
  for (let index = 3; index < 5000; index++) media.put({ key: 7, index, samples });
  expect(media.pages).toBe(1024);
});

test('a late page is silence in step, counted, and begins and ends without a click', () => {
  const samples = 4 * PAGE_SAMPLES;
  const { track, media, answer } = setUp(samples, sineAt);
  const reader = track.open(PAGE_SAMPLES - 1070);
  const out = new Float32Array(PAGE_SAMPLES);
  const read = (from: number, frames: number): void => {
    for (let i = 0; i < frames; i++) expect(reader.read(out, from + i * 320, 320)).toBe(320);
  };
  read(0, 10);
  expect(media.pagesLate).toBe(7);
  expect(out.subarray(1400, 3200).every((v) => v === 0)).toBe(true);
  answer();
  read(3200, 10);
  const from = PAGE_SAMPLES - 1070;
  expect(same(out.subarray(0, 1070), floats(from, PAGE_SAMPLES, sineAt))).toBe(true);
  expect(same(out.subarray(3360, 6400), floats(from + 3360, from + 6400, sineAt))).toBe(true);
  expect(largestStep(out.subarray(0, 6400))).toBeLessThan(1.3 * largestStep(floats(0, 8000, sineAt)));
  expect(media.pagesLate).toBe(7);
});

test('opened where no page is: silence in step, then the music rises', () => {
  const { track, media, answer } = setUp(3 * PAGE_SAMPLES, sineAt);
  const reader = track.open(PAGE_SAMPLES + 40);
  expect(take(reader, 1000).every((v) => v === 0)).toBe(true);
  answer();
  const out = take(reader, 1000);
  expect(largestStep([0, ...out])).toBeLessThan(largestStep(floats(0, 8000, sineAt)) * 1.1);
  const from = PAGE_SAMPLES + 1040;
  expect(same(out.subarray(160), floats(from + 160, from + 1000, sineAt))).toBe(true);
  expect(media.pagesLate).toBe(1);
});

test('a whole page late stays in step over the next border', () => {
  const { track, page, media } = setUp(4 * PAGE_SAMPLES);
  const reader = track.open(PAGE_SAMPLES - 10);
  media.put(page(2));
  take(reader, PAGE_SAMPLES + 10 - 5);
  expect(take(reader, 5).every((v) => v === 0)).toBe(true);
  take(reader, 160);
  const from = 2 * PAGE_SAMPLES + 160;
  expect(same(take(reader, 400), floats(from, from + 400))).toBe(true);
});

test('a page that cannot be read ends the clip early, softly under a SoftEndReader', () => {
  const { track, media } = setUp(3 * PAGE_SAMPLES, sineAt);
  const from = PAGE_SAMPLES - 130;
  const reader = new SoftEndReader(track.open(from), track.samples - from, 80);
  media.put({ key: 1, index: 1, samples: undefined });
  const out = take(reader, 320);
  expect([out.length, reader.endedEarly]).toEqual([210, true]);
  expect(largestStep([...out, 0])).toBeLessThan(0.03);
  reader.close();
  expect(media.pages).toBe(0);
  const plain = track.open(PAGE_SAMPLES);
  media.put({ key: 1, index: 1, samples: new SharedArrayBuffer(8) }); // shorter than it says
  expect([take(plain, 320).length, take(plain, 320).length]).toEqual([0, 0]);
});

test('a page whose answer is lost is asked for again', () => {
  const { track, media, asked } = setUp(3 * PAGE_SAMPLES);
  const reader = track.open();
  for (let ms = 0; ms < 4000; ms += 1000) media.sweep(ms);
  expect(asked).toEqual([1, 1]);
  reader.close();
  for (let ms = 4000; ms < 60_000; ms += 1000) media.sweep(ms);
  expect([asked, media.pages]).toEqual([[1, 1], 0]);
});

test('a clip that leaves the catalog goes on for its readers; one that stays is the same object', () => {
  const { track, media, clip, asked, answer } = setUp(3 * PAGE_SAMPLES);
  media.setCatalog([clip]);
  expect(media.music()[0]).toBe(track);
  const reader = track.open();
  media.setCatalog([]);
  expect(media.music()).toEqual([]);
  let got = 0;
  for (let i = 0; i < 9; i++) {
    answer();
    got += take(reader, PAGE_SAMPLES / 2).length;
  }
  expect([got, asked, media.pagesLate]).toEqual([3 * PAGE_SAMPLES, [1, 2], 0]);
});

test('a read over a closed reader gives nothing', () => {
  const { track } = setUp(1000);
  const reader = track.open();
  reader.close();
  expect(take(reader, 320).length).toBe(0);
});

test('it answers as the Library does, for callers of any language', async () => {
  const settings = settingsIn(tempFolder());
  const ids = [
    'music/2.wav',
    'music/10.wav',
    'advices/first/a.en.wav',
    'advices/first/b.de.wav',
    'advices/first/c.wav',
    'advices/last/d.fr.wav',
    'prompts/en/position-3.wav',
    'prompts/de/position-3.wav',
    'prompts/de/only.german.wav',
  ];
  for (const id of ids) put(settings, id, rampWav(500));
  ship(settings, Object.fromEntries(ids.map((id) => [id, {}])));
  const { log } = keptLog();
  const library = new Library({ settings, log, readMode: 'ahead' });
  await library.scan();
  const pages = new PageCache({ limitBytes: 1e7, log });
  const media = new PagedMedia(() => {});
  const clips = await new SharedCatalog({ library, pages, log }).refresh();
  media.setCatalog(clips);
  await pages.close();

  const idsOf = (clips: readonly Clip[]): string[] => clips.map(({ id }) => id);
  expect(idsOf(media.music())).toEqual(['music/2.wav', 'music/10.wav']);
  for (const language of ['en', 'de', 'de-AT', 'en_US', 'fr', '', '../x', 'zz'])
    for (let round = 0; round < 2; round++) {
      for (const shelf of ['first', 'middle', 'last'] as const)
        expect(idsOf(media.advices(shelf, language))).toEqual(idsOf(library.advices(shelf, language)));
      for (const name of ['position-3', 'only.german', 'none'])
        expect(media.prompt(name, language)?.id).toBe(library.prompt(name, language)?.id);
      expect(media.speaks(language)).toBe(library.speaks(language));
    }
  media.setCatalog([]);
  expect(media.advices('first', 'en')).toEqual([]);
  media.setCatalog(clips);
  for (const id of [...ids, 'music/none.wav']) expect(media.find(id)?.id).toBe(library.find(id)?.id);
});
