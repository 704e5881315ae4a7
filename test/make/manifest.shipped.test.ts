// What is shipped is what the manifest says: nothing missing, nothing extra, nothing too loud or too big.
// Loudness is measured again by ffmpeg where there is one, since that is the meter that operators have.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { limited, loudnessLufs, samplePeakDb, truePeakDb } from '../../media/make/level';
import { readManifest, readSamples, sha256 } from '../../media/make/manifest';
import { speeches, speechFile } from '../../media/make/texts';
import { VOICES, wordsOf } from '../../media/make/words';
import { parseWavHeader } from '../../src/audio/wav';
import { describeWithFfmpeg } from '../support/ffmpeg';

const MEDIA = join(__dirname, '../../media');
const RATE = 8000;
const VOICES_FOLDER = join(MEDIA, VOICES);
const entries = Object.entries(readManifest(MEDIA).files);
const words = Object.entries(readManifest(VOICES_FOLDER).files);

function wavFiles(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.wav'))
      .map((name) => `${folder}/${name}`.normalize('NFC')),
  );
}

test('the manifest lists every file that is shipped, and each is shipped', () => {
  expect(entries.map(([file]) => file).sort()).toEqual(
    wavFiles(MEDIA, ['music', 'advices', 'prompts']).sort(),
  );
  const spoken = speeches.flatMap((speech) => [speechFile(speech, 'en'), speechFile(speech, 'ru')]);
  expect(entries.flatMap(([file, entry]) => (entry.kind === 'speech' ? [file] : [])).sort()).toEqual(
    spoken.sort(),
  );
});

test('the voices have every word that the languages may ask for, and no other', () => {
  const wanted = (['en', 'ru'] as const).flatMap(wordsOf).map(({ file }) => file);
  expect(words.map(([file]) => file).sort()).toEqual(wanted.sort());
  expect(wavFiles(VOICES_FOLDER, ['standard']).sort()).toEqual(wanted.sort());
});

test('everything together is under 9 MB, and the voices under 3', () => {
  const bytes = (of: typeof entries): number => of.reduce((sum, [, entry]) => sum + entry.bytes, 0);
  expect(bytes(entries)).toBeLessThan(9_000_000);
  expect(bytes(words)).toBeLessThan(3_000_000);
});

/** Milliseconds at either end that are 34 dB and more below the loudest 10 ms. */
function silentEnds(samples: Float32Array): [number, number] {
  const block = RATE / 100;
  const powers = Array.from({ length: Math.ceil(samples.length / block) }, (_, k) =>
    samples.subarray(k * block, (k + 1) * block).reduce((sum, x) => sum + x * x, 0),
  );
  const heard = (power: number): boolean => power > Math.max(...powers) * 10 ** -3.4;
  return [powers.findIndex(heard) * 10, (powers.length - 1 - powers.findLastIndex(heard)) * 10];
}

test('no two words sound the same', () => {
  expect(new Set(words.map(([, { sha256: hash }]) => hash)).size).toBe(words.length);
});

test('two words that follow each other are 40 to 80 ms apart', () => {
  const ends = words.map(([file]) => silentEnds(readSamples(join(VOICES_FOLDER, file))));
  const at = (end: 0 | 1): number[] => ends.map((both) => both[end]);
  expect(Math.min(...at(0)) + Math.min(...at(1))).toBeGreaterThanOrEqual(40);
  expect(Math.max(...at(0)) + Math.max(...at(1))).toBeLessThanOrEqual(80);
});

const files = [
  ...entries.map(([file, entry]) => [join(MEDIA, file), entry] as const),
  ...words.map(([file, entry]) => [join(VOICES_FOLDER, file), entry] as const),
].map(([path, entry]) => [relative(MEDIA, path), entry] as const);

describe.each(files)('%s', (file, entry) => {
  const bytes = readFileSync(join(MEDIA, file));

  test('is the file of the manifest', () => {
    expect(bytes.length).toBe(entry.bytes);
    expect(sha256(bytes)).toBe(entry.sha256);
    expect(entry.licence).toMatch(/CC0-1\.0/);
  });

  test('is 8 kHz 16-bit mono with a plain header, and no bigger than it may be', () => {
    const info = { rate: RATE, channels: 1, bits: 16, dataOffset: 44, samples: (bytes.length - 44) / 2 };
    expect(parseWavHeader(bytes, bytes.length)).toEqual(info);
    expect(bytes.length).toBeLessThanOrEqual(entry.kind === 'music' ? 590_000 : 120_000);
  });

  test('peaks at or under -3 dB and is as loud as its kind', () => {
    const samples = readSamples(join(MEDIA, file));
    expect(samplePeakDb(samples)).toBeLessThanOrEqual(-3);
    expect(truePeakDb(samples)).toBeLessThanOrEqual(-3);
    // R 128 looks at 400 ms at a time, and a word may be shorter.
    const tolerance = file.startsWith(VOICES) ? 0.6 : 0.3;
    const wanted = entry.kind === 'music' ? -24 : -19;
    expect(Math.abs(loudnessLufs(samples, RATE) - wanted)).toBeLessThan(tolerance);
  });
});

test('the limiter keeps the curve between the samples under its ceiling and leaves the rest alone', () => {
  const tone = Float32Array.from({ length: RATE }, (_, i) => {
    const loud = i > 3000 && i < 3400 ? 0.9 : 0.2;
    return loud * Math.sin((2 * Math.PI * 1999 * i) / RATE + 0.7);
  });
  const result = limited(tone, RATE, 0.5);
  expect(truePeakDb(result)).toBeLessThanOrEqual(-5.9);
  expect(result.subarray(0, 2800)).toEqual(tone.subarray(0, 2800));
});

/** What ebur128 says of each file in its summary; one ffmpeg for all of them, as starting it costs more than a measurement. */
function summaries(): string[] {
  const inputs = entries.flatMap(([file, { kind }]) => [
    ...(kind === 'speech' ? ['-stream_loop', '3'] : []),
    ...['-i', join(MEDIA, file)],
  ]);
  const graph = entries.map((_, k) => `[${k}:a]ebur128=peak=true[m${k}]`).join(';');
  const outputs = entries.flatMap((_, k) => ['-map', `[m${k}]`]);
  const args = [
    '-hide_banner',
    '-nostats',
    ...inputs,
    '-filter_complex',
    graph,
    ...outputs,
    '-f',
    'null',
    '-',
  ];
  const { stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const found = stderr.matchAll(/Parsed_ebur128_(\d+) [^\n]*Summary:(.*?Peak:[^\n]*)/gs);
  const texts = new Map([...found].map(([, k, text]) => [Number(k), text!]));
  return entries.map((_, k) => texts.get(k) ?? '');
}

describeWithFfmpeg("ffmpeg's ebur128", () => {
  let measured: string[];
  beforeAll(() => (measured = summaries()));

  test.each(entries.map(([file, entry], k) => [file, entry, k] as const))(
    'hears %s as the manifest says',
    (_, entry, k) => {
      const figure = (name: string): number =>
        Number(new RegExp(`${name}:\\s+(-?[\\d.]+)`).exec(measured[k]!)?.[1]);
      expect(Math.abs(figure('I') - entry.loudness)).toBeLessThanOrEqual(entry.kind === 'music' ? 0.3 : 0.5);
      expect(figure('Peak')).toBeLessThanOrEqual(-3);
      if (entry.kind === 'music') expect(figure('LRA')).toBeLessThan(6);
    },
  );
});
