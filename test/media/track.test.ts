// Laws of a Track: it yields exactly its samples from any offset, in both modes, and leaves no descriptor open.
import { readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PAGE_SAMPLES } from '../../src/audio/page';
import type { Reader } from '../../src/audio/source';
import { Track, type ReadMode } from '../../src/media/track';
import { silentLogger } from '../../src/util/log';
import { keptLog, openFiles, rampAt, rampWav, tempFolder, until } from './fixtures';

const folder = tempFolder();
const purpose = { kind: 'music' } as const;

function track(samples: number, readMode: ReadMode, more: object = {}, log = silentLogger): Track {
  const wav = join(folder, `${samples}-${Math.random()}.wav`);
  writeFileSync(wav, rampWav(samples));
  const pcm = { wav, dataOffset: 44, samples, ...more };
  return new Track({ id: 'music/ramp.wav', title: 'Ramp', rate: 8000, purpose, pcm, readMode, log });
}

/** Gives the disk its time between reads, as the pace of a call does. */
const breathe = (): Promise<void> => new Promise((done) => setTimeout(done, 2));

/** All samples from `from`, read at leisure; read again if this machine was too busy for its disk. */
async function readAll(t: Track, from: number, length: number): Promise<number[]> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const late = t.lateReads;
    const got = await readOnce(t, from, length, true);
    if (t.lateReads === late) return got;
  }
  throw new Error('the disk was late ten times');
}

async function readOnce(t: Track, from: number, length: number, leisurely: boolean): Promise<number[]> {
  const reader = t.open(from);
  const got: number[] = [];
  const out = new Float32Array(length);
  let pauseAt = 0;
  for (let count = length; count === length;) {
    if (leisurely && got.length >= pauseAt) {
      await breathe();
      pauseAt = got.length + PAGE_SAMPLES / 4;
    }
    count = reader.read(out, 0, length);
    for (let i = 0; i < count; i++) got.push(Math.round(out[i]! * 32768));
  }
  reader.close();
  return got;
}

/** Reads a ramp at leisure; how many samples came. */
async function readToItsEnd(reader: Reader): Promise<number> {
  const out = new Float32Array(1000);
  let count = 0;
  for (let got = 1000; got === 1000; await breathe()) {
    got = reader.read(out, 0, 1000);
    for (let i = 0; i < got; i++) expect(Math.round(out[i]! * 32768)).toBe(rampAt(count + i));
    count += got;
  }
  return count;
}

const expected = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => rampAt(from + i));

describe.each(['ahead', 'sync'] as const)('%s', (mode) => {
  test('from any offset, in reads of any length, come exactly the samples that are there', async () => {
    const t = track(2 * PAGE_SAMPLES + 777, mode);
    await fc.assert(
      fc.asyncProperty(fc.nat(t.samples - 1), fc.integer({ min: 37, max: 4000 }), async (from, length) => {
        expect(await readAll(t, from, length)).toEqual(expected(from, t.samples));
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  test.each([1, 2, 319, 320, PAGE_SAMPLES - 1, PAGE_SAMPLES, PAGE_SAMPLES + 1, 2 * PAGE_SAMPLES])(
    '%i samples',
    async (samples) => {
      const t = track(samples, mode);
      expect(await readAll(t, 0, 320)).toEqual(expected(0, samples));
      expect(await readAll(t, samples - 1, 320)).toEqual(expected(samples - 1, samples));
    },
  );

  test('a read touches only its part of the buffer', () => {
    const reader = track(1000, mode).open(990);
    const out = new Float32Array(30).fill(9);
    expect(reader.read(out, 5, 20)).toBe(10);
    expect([...out.subarray(0, 5), ...out.subarray(15)].every((v) => v === 9)).toBe(true);
    expect(reader.read(out, 0, 20)).toBe(0);
    reader.close();
  });

  test('a missing file throws a HoldcastError and is marked', () => {
    const pcm = { wav: join(folder, 'none.wav'), dataOffset: 44, samples: 10 };
    const t = new Track({
      id: 'a',
      title: 'a',
      rate: 8000,
      purpose,
      pcm,
      readMode: mode,
      log: silentLogger,
    });
    expect(() => t.open()).toThrow(expect.objectContaining({ code: 'HC_MEDIA_UNREADABLE' }) as Error);
    expect(t.failed).toBe(true);
  });

  test('a file that is shorter than it should be ends before what is missing', async () => {
    const t = track(3 * PAGE_SAMPLES, mode);
    truncateSync(t.pcm.wav, 44 + 3 * PAGE_SAMPLES);
    const reader = t.open();
    expect(await readToItsEnd(reader)).toBe(PAGE_SAMPLES);
    expect(t.failed).toBe(true);
    reader.close();
  });

  test('a file that was written over is not played as noise', () => {
    const t = track(100, mode, { own: { within: folder, mtimeMs: 1 } });
    expect(() => t.open()).toThrow('changed');
    expect(openFiles(folder)).toEqual([]);
  });
});

test('what the disk has not brought is silence, counted, and the rest is in step', async () => {
  const t = track(6 * PAGE_SAMPLES, 'ahead');
  const reader = t.open(0);
  const out = new Float32Array(PAGE_SAMPLES + 100);
  expect(reader.read(out, 0, PAGE_SAMPLES + 100)).toBe(PAGE_SAMPLES + 100);
  const last = rampAt(PAGE_SAMPLES - 1) / 32768;
  expect([out[PAGE_SAMPLES - 1], out[PAGE_SAMPLES]]).toEqual([last, last]);
  expect(Math.abs(out[PAGE_SAMPLES + 99]!)).toBeLessThan(Math.abs(last) / 2);
  expect(t.lateReads).toBe(1);
  await new Promise((done) => setTimeout(done, 30));
  reader.read(out, 0, 500);
  // To the end of the next page and into the one after it.
  for (let position = PAGE_SAMPLES + 600; position < 4 * PAGE_SAMPLES; position += 500) {
    if (position % 4000 < 500) await breathe();
    reader.read(out, 0, 500);
    expect([position, Math.round(out[0]! * 32768)]).toEqual([position, rampAt(position)]);
  }
  reader.close();
});

test('late or not, a reader yields as many samples as the Track has', async () => {
  const t = track(5 * PAGE_SAMPLES + 5, 'ahead');
  expect((await readOnce(t, 3, 1000, false)).length).toBe(t.samples - 3);
  expect(t.lateReads).toBeGreaterThan(0);
});

test('a file removed while it is played is heard to its end', async () => {
  const samples = 4 * PAGE_SAMPLES;
  const wav = join(folder, 'removed.wav');
  writeFileSync(wav, rampWav(samples));
  const pcm = { wav, dataOffset: 44, samples };
  const t = new Track({
    id: 'a',
    title: 'a',
    rate: 8000,
    purpose,
    pcm,
    readMode: 'ahead',
    log: silentLogger,
  });
  const reader = t.open();
  rmSync(wav);
  expect(await readToItsEnd(reader)).toBe(samples);
  reader.close();
});

test.each(['shortened', 'written over'])('a file %s while it is played ends it, told once', async (how) => {
  const samples = 6 * PAGE_SAMPLES;
  const wav = join(folder, `${how}.wav`);
  writeFileSync(wav, rampWav(samples));
  utimesSync(wav, 1000, 1000);
  const { log, lines } = keptLog();
  const pcm = { wav, dataOffset: 44, samples, own: { within: folder, mtimeMs: 1_000_000 } };
  const t = new Track({
    id: 'music/a.wav',
    title: 'a',
    rate: 8000,
    purpose,
    pcm,
    readMode: 'ahead',
    log,
  });
  const readers = [t.open(), t.open()];
  if (how === 'shortened') truncateSync(wav, 44 + PAGE_SAMPLES);
  else writeFileSync(wav, readFileSync(wav).fill(0x55));
  for (const reader of readers) {
    expect(await readToItsEnd(reader)).toBeLessThanOrEqual(2 * PAGE_SAMPLES);
    expect(reader.read(new Float32Array(10), 0, 10)).toBe(0);
    reader.close();
  }
  expect(lines.filter((l) => l.level === 'error').map((l) => l.fields.code)).toEqual(['HC_MEDIA_UNREADABLE']);
  expect(t.failed).toBe(true);
});

test('no descriptor stays open: closed early, late, twice, with a read in flight, never read', async () => {
  const t = track(8 * PAGE_SAMPLES, 'ahead');
  const out = new Float32Array(PAGE_SAMPLES);
  for (let i = 0; i < 50; i++) {
    const reader = t.open(i);
    if (i % 3 > 0) reader.read(out, 0, PAGE_SAMPLES);
    if (i % 5 === 0) await breathe();
    reader.close();
    reader.close();
    expect(reader.read(out, 0, 10)).toBe(0);
  }
  await readAll(t, 0, 1000);
  await until(() => openFiles(folder).length === 0);
});

test('read at once, nothing is ever late', async () => {
  const t = track(5 * PAGE_SAMPLES + 5, 'sync');
  const got = await readOnce(t, 3, PAGE_SAMPLES + 7, false);
  expect(t.lateReads).toBe(0);
  expect(got).toEqual(expected(3, t.samples));
  expect(openFiles(folder)).toEqual([]);
});
