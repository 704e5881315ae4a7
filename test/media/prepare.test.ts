// Preparation with the real ffmpeg: level, peak, band and length of what comes out, and what is refused.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWavHeader } from '../../src/audio/wav';
import { endsInsideOggPage, missingFromWav } from '../../src/media/claimedLength';
import { claimedSeconds, parseLoudness } from '../../src/media/ffmpegOutput';
import { peak, rms } from '../support/audio';
import { describeWithFfmpeg, makeAudio, measure } from '../support/ffmpeg';
import { rampWav, tempFolder } from './fixtures';
import { prepare, samplesOf } from './preparing';

const folder = tempFolder();
const at = (name: string): string => join(folder, name);

/** Power around a frequency (Goertzel over windows), dB. */
function powerAt(samples: Int16Array, rate: number, hz: number): number {
  const size = rate / 8;
  const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let power = 0;
  for (let from = 0; from + size <= samples.length; from += size) {
    let [a, b] = [0, 0];
    for (let i = 0; i < size; i++) {
      const window =
        0.42 - 0.5 * Math.cos((2 * Math.PI * i) / size) + 0.08 * Math.cos((4 * Math.PI * i) / size);
      [a, b] = [samples[from + i]! * window + c * a - b, a];
    }
    power += a * a + b * b - c * a * b;
  }
  return 10 * Math.log10(power + 1e-9);
}

/** Noise with swells, as unlike a steady tone as music is. */
const MUSIC =
  "aevalsrc='0.3*sin(2*PI*440*t)*(0.3+0.7*abs(sin(t)))+0.1*random(0)|0.2*sin(2*PI*660*t)+0.1*random(1)':d=8:s=44100";
/** Bursts with gaps and high peaks, silence around: as speech has them. */
const SPEECH =
  "aevalsrc='if(between(t,1,5),pow(abs(sin(2*PI*1.7*t)),4)*(0.5*sin(2*PI*150*t)*sin(2*PI*900*t)+0.2*random(0)),0)':d=6:s=48000";

describeWithFfmpeg('what comes out', () => {
  test.each([
    ['a.mp3', ['-ar', '44100']],
    ['a.ogg', ['-ar', '48000']],
    ['a.opus', ['-ar', '24000', '-ac', '1']],
    ['a.flac', ['-ar', '96000', '-ac', '6']],
    ['a.m4a', ['-ar', '32000']],
    ['a.wav', ['-ar', '11025', '-c:a', 'pcm_u8']],
    ['b.wav', ['-ar', '192000', '-c:a', 'pcm_s24le']],
    ['c.wav', ['-ar', '8000', '-ac', '1', '-c:a', 'pcm_mulaw']],
    ['d.wav', ['-ar', '37800', '-ac', '3', '-c:a', 'pcm_f32le']],
  ])('%s is at −24 LUFS, peaks at most −3 dBTP, as long as it was', async (name, options) => {
    const made = await prepare(makeAudio(MUSIC, at(name), ...options), 'music');
    const { lufs, peakDb } = measure(made.wav);
    expect(Math.abs(lufs + 24)).toBeLessThanOrEqual(0.5);
    expect(peakDb).toBeLessThanOrEqual(-3);
    // ffmpeg's filter weighs 8 kHz a little differently from the same sound at 48 kHz, at which it was measured.
    expect(Math.abs(made.loudnessAfter - lufs)).toBeLessThanOrEqual(0.3);
    expect(Math.abs(made.peakDb - peakDb)).toBeLessThanOrEqual(0.3);
    expect(Math.abs(made.durationMs - 8000)).toBeLessThan(60);
    const info = parseWavHeader(readFileSync(made.wav).subarray(0, 44), statSync(made.wav).size);
    expect(info).toEqual({ rate: 8000, channels: 1, bits: 16, dataOffset: 44, samples: made.samples });
    expect(statSync(made.wav).size).toBe(44 + 2 * made.samples);
  });

  test('speech is at −19 LUFS, limited, without the silence around it', async () => {
    const made = await prepare(makeAudio(SPEECH, at('speech.wav')), 'speech');
    const { lufs, peakDb } = measure(made.wav);
    expect(Math.abs(lufs + 19)).toBeLessThanOrEqual(0.5);
    expect(peakDb).toBeLessThanOrEqual(-3);
    expect(made.durationMs).toBeGreaterThan(3500);
    expect(made.durationMs).toBeLessThan(4150);
    const quiet = samplesOf(made.wav).findIndex((s) => Math.abs(s) > 300);
    expect(quiet / 8).toBeGreaterThan(20);
    expect(quiet / 8).toBeLessThan(250);
  });

  test('sound that is nearly all peaks is limited, made up for, and limited again', async () => {
    const source = "aevalsrc='if(lt(mod(t,0.25),0.004),0.9*random(0),0.01*random(1))':d=5:s=48000";
    const { lufs, peakDb } = measure((await prepare(makeAudio(source, at('peaks.wav')), 'speech')).wav);
    expect(Math.abs(lufs + 19)).toBeLessThanOrEqual(0.5);
    expect(peakDb).toBeLessThanOrEqual(-3);
  });

  test.each([-8, -11, -13])(
    'where %i LUFS and the peak cannot both be had, the peak is kept',
    async (lufs) => {
      const noise = makeAudio('anoisesrc=d=6:c=white:r=48000:a=0.3:seed=3', at('loud.wav'));
      const made = await prepare(noise, 'speech', { soxr: true, speechLufs: lufs });
      expect(measure(made.wav).peakDb).toBeLessThanOrEqual(-3);
      expect(made.loudnessAfter).toBeGreaterThan(-15);
    },
  );

  test('music keeps the silence in its middle, to the sample', async () => {
    const source =
      "aevalsrc='if(between(t,2,2.01),0.5*sin(2*PI*1000*t),0)+if(between(t,7,9),0.2*sin(2*PI*500*t),0)':d=10:s=48000";
    const samples = samplesOf((await prepare(makeAudio(source, at('gap.wav')), 'music')).wav);
    const first = samples.findIndex((s) => Math.abs(s) > 500);
    const second = samples.findIndex((s, i) => i > first + 8000 && Math.abs(s) > 500);
    expect(Math.abs(second - first - 5 * 8000)).toBeLessThan(16);
  });

  test.each([
    ['digital silence', ''],
    ['hiss that a telephone does not carry', '+0.00003*random(9)'],
  ])('dead air at the ends of music is left out: %s', async (_, hiss) => {
    const source = `aevalsrc='if(between(t,3,7),0.3*sin(2*PI*440*t),0)${hiss}|if(between(t,3,7),0.2*sin(2*PI*660*t),0)':d=15:s=44100`;
    const made = await prepare(makeAudio(source, at('dead.flac')), 'music');
    expect(made.durationMs).toBeGreaterThan(4000);
    expect(made.durationMs).toBeLessThan(4260);
  });

  // From 4 s on, for 10 s; where it is 60 dB down follows from the curve's formula.
  test.each([
    ['tri', 13.99],
    ['qua', 13.68],
    ['exp', 10],
  ])('a fade-out is kept as far as it can be heard: %s', async (curve, untilS) => {
    const sound = 'sine=500:d=14:r=48000,volume=12dB';
    const fade = `${sound},afade=t=out:st=4:d=10:curve=${curve},apad=pad_dur=8`;
    const made = await prepare(makeAudio(fade, at('faded.flac')), 'music');
    expect(made.durationMs / 1000).toBeGreaterThan(untilS);
    expect(made.durationMs / 1000).toBeLessThan(untilS + 0.25);
    const samples = samplesOf(made.wav);
    const end = Math.floor(untilS * 8000);
    expect(20 * Math.log10(rms(samples, end - 400, end) / rms(samples, 800, 16_000))).toBeLessThan(-35);
    expect(peak(samples, samples.length - 400)).toBeLessThanOrEqual(4);
  });

  test('a word of a quarter second has its level too', async () => {
    const made = await prepare(
      makeAudio('sine=600:d=0.25,adelay=500,apad=pad_dur=1,volume=-20dB', at('word.wav')),
      'speech',
    );
    expect(Math.abs(made.loudnessAfter + 19)).toBeLessThanOrEqual(0.5);
    expect(made.durationMs).toBeGreaterThan(300);
    expect(made.durationMs).toBeLessThan(420);
  });

  test.each([
    [8000, true, [60, 3700], [300, 1000, 3300]],
    [8000, false, [60, 3700], [300, 1000, 3300]],
    [16000, true, [20, 7300], [200, 1000, 6800]],
    [48000, true, [10, 21000], [100, 1000, 19000]],
  ] as const)('at %i Hz (soxr: %s) only the band is left', async (rate, soxr, outside, inside) => {
    const noise = makeAudio('anoisesrc=d=6:c=white:r=96000:a=0.3:seed=7', at('noise.wav'));
    const made = await prepare(noise, 'music', { rate, soxr });
    const samples = samplesOf(made.wav);
    const middle = powerAt(samples, rate, 1000);
    for (const hz of inside) expect(Math.abs(powerAt(samples, rate, hz) - middle)).toBeLessThan(4);
    for (const hz of outside) expect(middle - powerAt(samples, rate, hz)).toBeGreaterThan(30);
    expect(Math.abs(measure(made.wav).lufs + 24)).toBeLessThanOrEqual(0.5);
  });

  test('nothing above the new rate folds down into the band', async () => {
    const made = await prepare(
      makeAudio(
        'sine=5300:d=4:r=48000,volume=-6dB[a];sine=500:d=4:r=48000,volume=-40dB[b];[a][b]amix=normalize=0',
        at('alias.wav'),
      ),
      'music',
    );
    const samples = samplesOf(made.wav);
    expect(powerAt(samples, 8000, 500) - powerAt(samples, 8000, 2700)).toBeGreaterThan(40);
  });

  test('a cover picture and a film do not disturb', async () => {
    const cover = at('cover.png');
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      'color=red:s=64x64:d=1',
      '-frames:v',
      '1',
      cover,
    ]);
    const sound = makeAudio('sine=500:d=3', at('plain.mp3'));
    const withCover = at('cover.mp3');
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      sound,
      '-i',
      cover,
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      '-disposition:v',
      'attached_pic',
      withCover,
    ]);
    expect((await prepare(withCover, 'music')).durationMs).toBeGreaterThan(2900);
    const film = at('film.mkv');
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      sound,
      '-f',
      'lavfi',
      '-i',
      'color=red:s=64x64:d=9:r=5',
      '-map',
      '0:a',
      '-map',
      '1:v',
      film,
    ]);
    expect((await prepare(film, 'music')).durationMs).toBeGreaterThan(2900);
  });

  test.each([
    "it's a file.mp3",
    'a "quoted" one.mp3',
    'été ☎ 待.mp3',
    '-leading.mp3',
    'http:x.mp3',
    '100%d, [a];b=c.mp3',
    'new\nline.mp3',
  ])('the name %j is only a name', async (name) => {
    const source = at('name.mp3');
    if (!existsSync(source)) makeAudio('sine=500:d=3', source);
    copyFileSync(source, at(name));
    expect((await prepare(at(name), 'music')).durationMs).toBeGreaterThan(2900);
  });
});

describeWithFfmpeg('what is refused', () => {
  const refused = (file: string, code: string): Promise<void> =>
    expect(prepare(file, 'music')).rejects.toMatchObject({ code });

  test.each([
    ['mp3', []],
    ['flac', []],
    ['wav', []],
    ['ogg', []],
    ['opus', []],
    ['m4a', ['-movflags', 'faststart']],
  ])('half of a %s', async (ending, options) => {
    const file = makeAudio(MUSIC, at(`whole.${ending}`), ...options);
    await prepare(file, 'music');
    truncateSync(file, Math.round(statSync(file).size / 2));
    await refused(file, 'HC_MEDIA_TRUNCATED');
  });

  test('half of an m4a whose index was at its end', async () => {
    const file = makeAudio(MUSIC, at('index.m4a'));
    truncateSync(file, Math.round(statSync(file).size / 2));
    await expect(prepare(file, 'music')).rejects.toMatchObject({ name: 'FfmpegFailure', blame: 'input' });
  });

  test('an mp3 without a header is as long as it is', async () => {
    const file = makeAudio(MUSIC, at('headless.mp3'), '-write_xing', '0');
    expect(Math.abs((await prepare(file, 'music')).durationMs - 8000)).toBeLessThan(200);
  });

  test.each([
    ['text.mp3', 'hello, this is a letter\n'.repeat(50)],
    ['empty.wav', ''],
    ['header.wav', rampWav(0)],
    ['noise.ogg', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))],
  ])('%s', async (name, content) => {
    writeFileSync(at(name), content);
    await expect(prepare(at(name), 'music')).rejects.toBeDefined();
  });

  test('a film without sound', async () => {
    const film = at('mute.mkv');
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', film]);
    await expect(prepare(film, 'music')).rejects.toMatchObject({ blame: 'input' });
  });

  test('near silence with one burst, and clicks that no gain brings to their loudness', async () => {
    const burst = "aevalsrc='if(between(t,3,3.2),20000*random(0),0.001*sin(2*PI*500*t))':d=8:s=44100";
    await refused(makeAudio(burst, at('burst.wav'), '-c:a', 'pcm_f32le'), 'HC_MEDIA_DAMAGED');
    await refused(
      makeAudio("aevalsrc='0.5*random(0)*between(t,3,3.05)':d=8:s=44100", at('zeros.wav')),
      'HC_MEDIA_DAMAGED',
    );
    writeFileSync(at('clicks.wav'), rampWav(16_000));
    await refused(at('clicks.wav'), 'HC_MEDIA_DAMAGED');
  });

  test('silence, and what only dogs or elephants hear', async () => {
    await refused(makeAudio('anullsrc=d=3', at('silent.wav')), 'HC_MEDIA_SILENT');
    await refused(makeAudio('sine=18000:d=3:r=48000', at('dog.wav')), 'HC_MEDIA_SILENT');
  });
});

describe('what is read from ffmpeg and files', () => {
  test('a length that is only an estimate is none', () => {
    const lines = [
      '  Duration: 00:01:02.50, start: 0.0',
      '  Stream #0:0: Audio: mp3, 44100 Hz, stereo, fltp, 64 kb/s',
    ];
    expect(claimedSeconds(lines)).toBe(62.5);
    expect(
      claimedSeconds(['[mp3] Estimating duration from bitrate, this may be inaccurate', ...lines]),
    ).toBeUndefined();
    expect(claimedSeconds(['  Duration: N/A, start: 0.0'])).toBeUndefined();
    const picture = '  Stream #0:1: Video: png, rgb24, 64x64 (attached pic)';
    expect(claimedSeconds([...lines, picture])).toBe(62.5);
    expect(claimedSeconds([...lines, picture.replace(' (attached pic)', '')])).toBeUndefined();
  });

  test('the last summary counts, and silence is −70', () => {
    const summary = (i: string): string[] => [
      '[Parsed_ebur128_2 @ 0x1] Summary:',
      `    I:  ${i} LUFS`,
      '    Peak:  -inf dBFS',
    ];
    expect(parseLoudness([...summary('-70.0'), ...summary('-21.1')])).toEqual({
      lufs: -21.1,
      peakDb: -Infinity,
    });
    expect(parseLoudness(summary('-inf'))?.lufs).toBe(-70);
    expect(parseLoudness(['nothing'])).toBeUndefined();
  });

  test('a WAV claims its length, unless it was streamed', () => {
    const wav = rampWav(1000);
    expect(missingFromWav(wav, wav.length).bytes).toBe(0);
    expect(missingFromWav(wav, wav.length - 500)).toEqual({ bytes: 500, claimed: 2000 });
    // The second is what espeak-ng claims when it writes into a pipe.
    for (const open of [
      0, 0x7ffff000, 1e9, 0x40000000, 2e9, 0x7fffffff, 0x80000000, 0xffffffdb, 0xffffffff,
    ]) {
      wav.writeUInt32LE(open, 40);
      expect(missingFromWav(wav, wav.length).bytes).toBe(0);
    }
    expect(missingFromWav(Buffer.from('RIFF'), 4).bytes).toBe(0);
  });

  test('an Ogg page claims its length', () => {
    const page = Buffer.alloc(27 + 2 + 300);
    page.write('OggS');
    page.set([2, 255, 45], 26);
    expect(endsInsideOggPage(page)).toBe(false);
    expect(endsInsideOggPage(Buffer.concat([page, page]))).toBe(false);
    for (const cut of [1, 200, 310])
      expect(endsInsideOggPage(Buffer.concat([page, page.subarray(0, -cut)]))).toBe(true);
    expect(endsInsideOggPage(Buffer.from('no ogg'))).toBe(false);
  });
});
