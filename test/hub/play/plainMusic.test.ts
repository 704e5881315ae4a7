// Plain music: what lies in the file, how it joins itself, and that the thread is let go while it is made.
// Would catch: a click at each repetition, half a Frame, silence where music is broken, a file that others may read.
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleRate } from '../../../src/audio/frame';
import { writePlainMusic, type PlainMusicOptions, type PlainTrack } from '../../../src/hub/play/plainMusic';
import { defaultProgramSettings } from '../../../src/program/settings';
import { ManualClock, systemClock } from '../../../src/util/clock';
import { seededRandom } from '../../../src/util/random';
import { largestStep, peak, RATES, rms, sine } from '../../support/audio';
import { keptLog, tempFolder } from '../fixtures';

const HEADER = 44;
const pcm = (wav: string, seconds: number, rate: number, level = 0.2): PlainTrack => {
  const tone = Int16Array.from(sine(400, level * 32767, seconds * rate, rate), Math.round);
  writeFileSync(wav, Buffer.concat([Buffer.alloc(HEADER), Buffer.from(tone.buffer)]));
  return { id: wav, pcm: { wav, dataOffset: HEADER, samples: tone.length } };
};
const rig = (tracks: readonly PlainTrack[], rate: SampleRate = 8000, folder = tempFolder()) => {
  const path = join(folder, 'plain.raw');
  const { log, lines, messages } = keptLog();
  const options: PlainMusicOptions = {
    settings: { ...defaultProgramSettings, rate },
    music: () => tracks,
    random: seededRandom(1),
    clock: systemClock(),
    log,
    seconds: 6,
  };
  const samples = (): Int16Array => {
    const bytes = readFileSync(path);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  return { folder, path, options, samples, lines, messages };
};

test.each(RATES)('a minute at %d Hz is whole Frames of music, for nobody else', async (rate) => {
  const { path, options, samples, folder } = rig([pcm(join(tempFolder(), 'a.wav'), 20, rate)], rate);
  const made = await writePlainMusic(path, { ...options, seconds: rate === 8000 ? 60 : 6 });
  expect(made).toEqual({ bytes: (rate === 8000 ? 60 : 6) * rate * 2, sounds: 'music' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).size).toBe(made.bytes);
  expect(readdirSync(folder)).toEqual(['plain.raw']);
  for (let at = rate; at < samples().length - rate; at += rate)
    expect(rms(samples(), at, at + rate)).toBeGreaterThan(1000);
});

test('repeated, it has no step larger than its own', async () => {
  const { path, options, samples } = rig([pcm(join(tempFolder(), 'a.wav'), 20, 8000)]);
  await writePlainMusic(path, options);
  const once = samples();
  const twice = new Int16Array(once.length * 2);
  twice.set(once);
  twice.set(once, once.length);
  const own = largestStep(once, 8000, 16_000);
  expect(largestStep(twice, once.length - 4000, once.length + 4000)).toBeLessThanOrEqual(own);
  expect(Math.abs(once[0]!)).toBeLessThan(10);
  expect(Math.abs(once.at(-1)!)).toBeLessThan(10);
});

test('it is at full level within 50 ms: who hears it begins to wait no longer', async () => {
  const { path, options, samples } = rig([pcm(join(tempFolder(), 'a.wav'), 20, 8000)]);
  await writePlainMusic(path, options);
  expect(peak(samples(), 0, 400)).toBeGreaterThan(0.9 * peak(samples(), 8000, 16_000));
});

test('a broken track is left out, and the others are played', async () => {
  const folder = tempFolder();
  const gone: PlainTrack = { id: 'gone', pcm: { wav: join(folder, 'gone'), dataOffset: 0, samples: 9e6 } };
  const short: PlainTrack = {
    id: 'short',
    pcm: { ...pcm(join(folder, 's.wav'), 1, 8000).pcm, samples: 9e6 },
  };
  const { path, options, lines } = rig([gone, short, pcm(join(folder, 'a.wav'), 20, 8000)]);
  options.settings = { ...options.settings, music: { ...options.settings.music, order: 'order' } };
  expect(await writePlainMusic(path, options)).toMatchObject({ sounds: 'music' });
  expect(lines.map(({ fields }) => fields['file'])).toEqual(['gone', 'short']);
});

test.each([
  ['none', (): PlainTrack[] => []],
  [
    'a broken one',
    (): PlainTrack[] => [{ id: 'x', pcm: { wav: '/nowhere', dataOffset: 0, samples: 80_000 } }],
  ],
  ['a silent one', (): PlainTrack[] => [pcm(join(tempFolder(), 'a.wav'), 20, 8000, 0)]],
])('without music that can be played (%s) it is the soft chord', async (_what, tracks) => {
  const { path, options, samples } = rig(tracks());
  expect(await writePlainMusic(path, options)).toMatchObject({ sounds: 'chord' });
  for (let at = 8000; at < 40_000; at += 8000) expect(rms(samples(), at, at + 8000)).toBeGreaterThan(300);
});

test('an older one is replaced whole, and stays when the new one cannot be written', async () => {
  const { path, options, folder } = rig([]);
  await writePlainMusic(path, options);
  const before = readFileSync(path);
  writeFileSync(join(folder, `plain.raw.${process.pid}`), 'half of one');
  chmodSync(join(folder, `plain.raw.${process.pid}`), 0o644);
  await writePlainMusic(path, options);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(writePlainMusic(join(folder, 'no/plain.raw'), options)).rejects.toMatchObject({
    code: 'HC_HUB_FIFO',
  });
  expect(readFileSync(path)).toHaveLength(before.length);
  expect(readdirSync(folder)).toEqual(['plain.raw']);
});

test('others have their turn after each slice of 4 ms', async () => {
  const { path, options } = rig([]);
  const clock = new ManualClock();
  const slices: number[] = [];
  let frames = 0;
  // Each look at the clock is one Frame, of a millisecond.
  const ticking = {
    ...clock,
    wall: clock.wall,
    now: () => {
      frames++;
      clock.advance(1);
      return clock.now();
    },
    after: (_delayMs: number, task: () => void) => {
      slices.push(frames);
      frames = 0;
      setImmediate(task);
      return () => {};
    },
  };
  await writePlainMusic(path, { ...options, clock: ticking });
  expect(slices.length).toBeGreaterThan(20);
  expect(Math.max(...slices)).toBeLessThanOrEqual(6);
});
