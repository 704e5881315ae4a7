// What is shipped is what the manifest says: nothing missing, nothing extra, nothing too loud or too big.
// Loudness is measured again by ffmpeg where there is one, since that is the meter that operators have.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limited, loudnessLufs, samplePeakDb, truePeakDb } from '../../media/make/level';
import { readManifest, readSamples, sha256 } from '../../media/make/manifest';
import { speeches, speechFile } from '../../media/make/texts';
import { parseWavHeader } from '../../src/audio/wav';
import { describeWithFfmpeg } from '../support/ffmpeg';

const MEDIA = join(__dirname, '../../media');
const RATE = 8000;
const entries = Object.entries(readManifest(MEDIA).files);

function wavFiles(): string[] {
  return ['music', 'advices', 'prompts'].flatMap((folder) =>
    readdirSync(join(MEDIA, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.wav'))
      .map((name) => `${folder}/${name}`),
  );
}

test('the manifest lists every file that is shipped, and each is shipped', () => {
  expect(entries.map(([file]) => file).sort()).toEqual(wavFiles().sort());
  const spoken = speeches.flatMap((speech) => [speechFile(speech, 'en'), speechFile(speech, 'ru')]);
  expect(entries.flatMap(([file, entry]) => (entry.kind === 'speech' ? [file] : [])).sort()).toEqual(
    spoken.sort(),
  );
});

test('everything together is under 9 MB', () => {
  expect(entries.reduce((sum, [, entry]) => sum + entry.bytes, 0)).toBeLessThan(9_000_000);
});

describe.each(entries)('%s', (file, entry) => {
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
    expect(Math.abs(loudnessLufs(samples, RATE) - (entry.kind === 'music' ? -24 : -19))).toBeLessThan(0.3);
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

describeWithFfmpeg("ffmpeg's ebur128", () => {
  test.each(entries)('hears %s as the manifest says', (file, entry) => {
    const loop = entry.kind === 'speech' ? ['-stream_loop', '3'] : [];
    const args = [
      '-hide_banner',
      '-nostats',
      ...loop,
      '-i',
      join(MEDIA, file),
      '-af',
      'ebur128=peak=true',
      '-f',
      'null',
      '-',
    ];
    const summary = spawnSync('ffmpeg', args, { encoding: 'utf8' }).stderr.split('Summary:').at(-1)!;
    const figure = (name: string): number => Number(new RegExp(`${name}:\\s+(-?[\\d.]+)`).exec(summary)?.[1]);
    expect(Math.abs(figure('I') - entry.loudness)).toBeLessThanOrEqual(entry.kind === 'music' ? 0.3 : 0.5);
    expect(figure('Peak')).toBeLessThanOrEqual(-3);
    if (entry.kind === 'music') expect(figure('LRA')).toBeLessThan(6);
  });
});
