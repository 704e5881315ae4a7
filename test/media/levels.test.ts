// Two channels become one, and nothing that is heard in either is lost: antiphase of every kind, and none.
import { join } from 'node:path';
import { chooseMix, SUM, type StereoWindows } from '../../src/media/levels';
import { correlation, toneLevel } from '../support/audio';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { tempFolder } from './fixtures';
import { prepare, samplesOf } from './preparing';

const folder = tempFolder();
let count = 0;

/** Speech as a formula: bursts of two tones. */
const VOICE = '0.3*pow(abs(sin(2*PI*1.3*t)),3)*(sin(2*PI*350*t)+0.7*sin(2*PI*1210*t))';
const MUSIC = '(0.06*sin(2*PI*520*t)+0.05*sin(2*PI*2100*t))';
const noise = (seed: number, level = 0.001): string => `${level}*(2*random(${seed})-1)`;

async function prepared(...channels: string[]): Promise<Int16Array> {
  const file = join(folder, `${count++}.wav`);
  makeAudio(`aevalsrc='${channels.join('|')}':d=6:s=44100`, file, '-c:a', 'pcm_s24le');
  return samplesOf((await prepare(file, 'speech')).wav);
}

/** How much of a prepared file is another one, but for its level: 1 is all. */
function likeness(a: Int16Array, b: Int16Array): number {
  const length = Math.min(a.length, b.length) - 200;
  const shifts = Array.from({ length: 201 }, (_, k) => k - 100);
  return Math.max(...shifts.map((k) => Math.abs(correlation(a, b, Math.max(0, k), Math.max(0, -k), length))));
}

describeWithFfmpeg('what is heard in either channel is heard', () => {
  let voice: Int16Array;
  beforeAll(async () => {
    voice = await prepared(VOICE);
  });

  test.each([
    ['the same in both', [VOICE, VOICE]],
    ['antiphase', [VOICE, `-${VOICE}`]],
    [
      'antiphase, with a little noise of each channel’s own',
      [`${VOICE}+${noise(0)}`, `-${VOICE}+${noise(1)}`],
    ],
    ['antiphase at another level', [`0.6*${VOICE}+${noise(0)}`, `-${VOICE}+${noise(1)}`]],
    ['antiphase for the second half', [`${VOICE}+${noise(0)}`, `${VOICE}*if(lt(t,3),1,-1)+${noise(1)}`]],
    [
      'antiphase, with a hum below the telephone’s band',
      [`${VOICE}+0.4*sin(2*PI*50*t)`, `-${VOICE}+0.4*sin(2*PI*50*t)`],
    ],
    ['only left', [`${VOICE}+${noise(0)}`, noise(1)]],
    ['only right', ['0', VOICE]],
    ['left, then right', [`${VOICE}*lt(t,3)`, `${VOICE}*gte(t,3)`]],
    ['5.1: only in the middle', ['0', '0', VOICE, '0', '0', '0']],
    ['5.1: antiphase in front', [VOICE, `-${VOICE}`, noise(2), noise(3), noise(4), noise(5)]],
    ['5.1: antiphase behind', [noise(2), noise(3), noise(4), noise(5), VOICE, `-${VOICE}`]],
    ['quad: the back against the front', [VOICE, VOICE, `-${VOICE}+${noise(1)}`, `-${VOICE}+${noise(2)}`]],
  ])('%s', async (_, channels) => {
    const mixed = await prepared(...channels);
    expect(Math.abs(mixed.length - voice.length)).toBeLessThan(1600);
    expect(likeness(mixed, voice)).toBeGreaterThan(0.98);
  });

  test('a voice in antiphase over music that is not', async () => {
    const [left, right] = [`${VOICE}+${MUSIC}`, `-${VOICE}+${MUSIC}`];
    const mixed = await prepared(left, right);
    const either = [await prepared(left), await prepared(right)].map((one) => likeness(mixed, one));
    expect(Math.max(...either)).toBeGreaterThan(0.98);
  });

  test('of wide music both sides are kept', async () => {
    const mixed = await prepared(
      `0.2*sin(2*PI*440*t)+${noise(0, 0.02)}`,
      `0.2*sin(2*PI*660*t)+${noise(1, 0.02)}`,
    );
    const [left, right] = [440, 660].map((hz) => toneLevel(mixed, hz, 8000));
    expect(left! / right!).toBeGreaterThan(0.8);
    expect(left! / right!).toBeLessThan(1.25);
  });
});

describe('the choice', () => {
  const windows = (n: number, of: (k: number) => [number, number, number]): StereoWindows => {
    const all = Array.from({ length: n }, (_, k) => of(k));
    const column = (c: 0 | 1 | 2): Float32Array => Float32Array.from(all, (w) => w[c]);
    return { left: column(0), right: column(1), both: column(2) };
  };

  test('the sum, where it loses nothing or only for moments', () => {
    expect(chooseMix(windows(100, () => [1, 1, 0]))).toBe(SUM);
    expect(chooseMix(windows(100, () => [1, 0, 0]))).toBe(SUM);
    expect(chooseMix(windows(1000, (k) => [1, 1, k < 40 ? -1 : 0.5]))).toBe(SUM);
    expect(chooseMix(windows(0, () => [0, 0, 0]))).toBe(SUM);
    expect(chooseMix(windows(50, () => [0, 0, 0]))).toBe(SUM);
  });

  test('the louder channel, and the difference where each channel is silent for a while', () => {
    expect(chooseMix(windows(100, () => [1, 0.5, -0.7]))).toEqual([1, 0]);
    expect(chooseMix(windows(100, () => [0.5, 1, -0.7]))).toEqual([0, 1]);
    const swapped = (k: number): [number, number, number] =>
      k < 30 ? [1, 0, 0] : k < 60 ? [0, 1, 0] : [1, 1, -1];
    expect(chooseMix(windows(100, swapped))).toEqual([0.5, -0.5]);
  });
});
