// Asterisk's formats without a header: each is read as Asterisk reads it, by its ending, unless the file says otherwise.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RAW_ENDINGS, rawOptions } from '../../src/media/rawFormats';
import { correlation } from '../support/audio';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { tempFolder } from './fixtures';
import { prepare, samplesOf } from './preparing';

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const SOUND = "aevalsrc='0.4*sin(2*PI*500*t)*(0.2+0.8*abs(sin(3*t)))':d=3:s=8000";

function encode(file: string, ...options: string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', at('sound.wav'), ...options, file]);
  return file;
}

/** Dialogic's ADPCM as its paper has it (4 bits a sample, 12 bits of sound), which ffmpeg can read but not write. */
function oki(samples: Int16Array): Buffer {
  const steps = Array.from({ length: 49 }, (_, k) => Math.floor(16 * 1.1 ** k));
  let [index, signal] = [0, 0];
  const codes = Array.from(samples, (sample) => {
    const step = steps[index]!;
    const difference = (sample >> 4) - signal;
    const size = Math.min(7, Math.floor((4 * Math.abs(difference)) / step));
    const change = (step >> 3) + [4, 2, 1].reduce((sum, bit, k) => sum + (size & bit ? step >> k : 0), 0);
    signal = Math.max(-2047, Math.min(2047, signal + (difference < 0 ? -change : change)));
    index = Math.max(0, Math.min(48, index + [-1, -1, -1, -1, 2, 4, 6, 8][size]!));
    return size | (difference < 0 ? 8 : 0);
  });
  return Buffer.from(
    Array.from({ length: codes.length >> 1 }, (_, k) => (codes[2 * k]! << 4) | codes[2 * k + 1]!),
  );
}

function likeness(a: Int16Array, b: Int16Array): number {
  const length = Math.min(a.length, b.length) - 400;
  const shifts = Array.from({ length: 401 }, (_, k) => k - 200);
  return Math.max(...shifts.map((k) => correlation(a, b, Math.max(0, k), Math.max(0, -k), length)));
}

describeWithFfmpeg('is prepared at its own rate and codec', () => {
  let sound: Int16Array;

  beforeAll(async () => {
    makeAudio(SOUND, at('sound.wav'));
    sound = samplesOf((await prepare(at('sound.wav'), 'music')).wav);
  });

  const expectTheSound = async (file: string): Promise<void> => {
    const made = samplesOf((await prepare(file, 'music')).wav);
    expect(Math.abs(made.length - sound.length)).toBeLessThan(400);
    expect(likeness(made, sound)).toBeGreaterThan(0.99);
  };

  const slin = (rate: number): string[] => ['-f', 's16le', '-ar', String(rate)];
  test.each([
    ['ul', ['-f', 'mulaw']],
    ['pcm', ['-f', 'mulaw']],
    ['ULAW', ['-f', 'mulaw']],
    ['alw', ['-f', 'alaw']],
    ['raw', slin(8000)],
    ['sln12', slin(12_000)],
    ['sln16', slin(16_000)],
    ['sln44', slin(44_100)],
    ['sln192', slin(192_000)],
    ['g722', ['-f', 'g722', '-ar', '16000']],
    ['gsm', ['-f', 'gsm']],
    ['g726-32', ['-f', 'g726le', '-c:a', 'g726le', '-b:a', '32k']],
    ['au', ['-f', 'au', '-c:a', 'pcm_mulaw']],
    ['WAV', ['-f', 'wav', '-c:a', 'libgsm_ms']],
    ['wav16', [...slin(16_000), '-f', 'wav']],
  ])('.%s', async (ending, options) => {
    await expectTheSound(encode(at(`a.${ending}`), ...options));
  });

  test('.vox', async () => {
    const wav = readFileSync(at('sound.wav')).subarray(78);
    writeFileSync(at('a.vox'), oki(new Int16Array(Uint8Array.from(wav).buffer, 0, wav.length >> 1)));
    await expectTheSound(at('a.vox'));
  });

  test('an AU whose length is left open, as Asterisk leaves it', async () => {
    const bytes = readFileSync(encode(at('open.au'), '-f', 'au', '-c:a', 'pcm_mulaw'));
    const header = Buffer.from([
      0x2e, 0x73, 0x6e, 0x64, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x1f, 0x40, 0, 0, 0, 1,
    ]);
    writeFileSync(at('open.au'), Buffer.concat([header, bytes.subarray(bytes.readUInt32BE(4))]));
    await expectTheSound(at('open.au'));
  });

  test('what has a header is what that says, whatever its ending says', async () => {
    encode(at('b.mp3'), '-id3v2_version', '3', '-metadata', 'title=a');
    encode(at('b.ogg'));
    for (const [name, ending] of [
      ['sound.wav', 'sln16'],
      ['b.mp3', 'ulaw'],
      ['b.ogg', 'g722'],
      ['sound.wav', 'siren7'],
    ]) {
      copyFileSync(at(name!), at(`c.${ending}`));
      await expectTheSound(at(`c.${ending}`));
    }
  });

  test('what no ffmpeg reads is named, with a way out', async () => {
    writeFileSync(at('a.siren14'), Buffer.alloc(4000, 7));
    const refused = { code: 'HC_MEDIA_UNREADABLE', message: expect.stringContaining('siren14') as string };
    await expect(prepare(at('a.siren14'), 'music')).rejects.toMatchObject({
      ...refused,
      hint: expect.stringContaining('file convert') as string,
    });
  });
});

test('every ending that Asterisk gives to files without a header is known', () => {
  // `.exts` in Asterisk 22's formats/, less video, ogg, wav and what nobody can read.
  const asterisk =
    'alaw|al|alw|pcm|ulaw|ul|mu|ulw|g722|sln|slin|raw|sln12|sln16|sln24|sln32|sln44|sln48|sln96|sln192|gsm|vox|g729|g726-32';
  expect([...RAW_ENDINGS].sort()).toEqual(asterisk.split('|').sort());
  const head = new Uint8Array(12);
  for (const ending of RAW_ENDINGS) expect(rawOptions(`a.b.${ending}`, head)[0]).toBe('-f');
  for (const name of ['a.mp3', 'ulaw', 'a.wav', 'a.sln.wav', '.ulaw.mp3'])
    expect(rawOptions(name, head)).toEqual([]);
});
