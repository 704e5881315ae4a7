// Fallback music: what is rendered, how it joins itself, that the thread is let go meanwhile, and the pieces on disk.
// Would catch: a click at each repetition, half a Frame, silence where music is broken, a piece that others may read.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleRate } from '../../src/audio/frame';
import { renderFallbackMusic, type FallbackOptions, type FallbackTrack } from '../../src/pipe/fallbackMusic';
import { FallbackPieces, writePieces } from '../../src/pipe/fallbackPieces';
import { defaultProgramSettings } from '../../src/program/settings';
import { ManualClock, systemClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';
import { largestStep, peak, RATES, rms, sine } from '../support/audio';
import { keptLog, tempFolder } from '../hub/fixtures';

const HEADER = 44;
const pcm = (wav: string, seconds: number, rate: number, level = 0.2): FallbackTrack => {
  const tone = Int16Array.from(sine(400, level * 32767, seconds * rate, rate), Math.round);
  writeFileSync(wav, Buffer.concat([Buffer.alloc(HEADER), Buffer.from(tone.buffer)]));
  return { id: wav, pcm: { wav, dataOffset: HEADER, samples: tone.length } };
};
const rig = (tracks: readonly FallbackTrack[], rate: SampleRate = 8000) => {
  const { log, lines, messages } = keptLog();
  const options: FallbackOptions = {
    settings: { ...defaultProgramSettings, rate },
    music: () => tracks,
    random: seededRandom(1),
    clock: systemClock(),
    log,
    seconds: 6,
  };
  const render = async (): Promise<Int16Array> => {
    const { bytes } = await renderFallbackMusic(options);
    return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  };
  return { options, render, lines, messages };
};

test.each(RATES)('it is whole Frames of music at %d Hz', async (rate) => {
  const { options } = rig([pcm(join(tempFolder(), 'a.wav'), 20, rate)], rate);
  const { bytes, sounds } = await renderFallbackMusic({ ...options, seconds: rate === 8000 ? 60 : 6 });
  expect(sounds).toBe('music');
  expect(bytes).toHaveLength((rate === 8000 ? 60 : 6) * rate * 2);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  for (let at = rate; at < samples.length - rate; at += rate)
    expect(rms(samples, at, at + rate)).toBeGreaterThan(1000);
});

test('repeated, it has no step larger than its own', async () => {
  const { render } = rig([pcm(join(tempFolder(), 'a.wav'), 20, 8000)]);
  const once = await render();
  const twice = new Int16Array(once.length * 2);
  twice.set(once);
  twice.set(once, once.length);
  const own = largestStep(once, 8000, 16_000);
  expect(largestStep(twice, once.length - 4000, once.length + 4000)).toBeLessThanOrEqual(own);
  expect(Math.abs(once[0]!)).toBeLessThan(10);
  expect(Math.abs(once.at(-1)!)).toBeLessThan(10);
});

test('it is at full level within 50 ms: who hears it begins to wait no longer', async () => {
  const { render } = rig([pcm(join(tempFolder(), 'a.wav'), 20, 8000)]);
  const samples = await render();
  expect(peak(samples, 0, 400)).toBeGreaterThan(0.9 * peak(samples, 8000, 16_000));
});

test('a broken track is left out, and the others are played', async () => {
  const folder = tempFolder();
  const gone: FallbackTrack = { id: 'gone', pcm: { wav: join(folder, 'gone'), dataOffset: 0, samples: 9e6 } };
  const short: FallbackTrack = {
    id: 'short',
    pcm: { ...pcm(join(folder, 's.wav'), 1, 8000).pcm, samples: 9e6 },
  };
  const { options, lines } = rig([gone, short, pcm(join(folder, 'a.wav'), 20, 8000)]);
  options.settings = { ...options.settings, music: { ...options.settings.music, order: 'order' } };
  expect(await renderFallbackMusic(options)).toMatchObject({ sounds: 'music' });
  expect(lines.map(({ fields }) => fields['file'])).toEqual(['gone', 'short']);
});

test.each([
  ['none', (): FallbackTrack[] => []],
  [
    'a broken one',
    (): FallbackTrack[] => [{ id: 'x', pcm: { wav: '/nowhere', dataOffset: 0, samples: 80_000 } }],
  ],
  ['a silent one', (): FallbackTrack[] => [pcm(join(tempFolder(), 'a.wav'), 20, 8000, 0)]],
])('without music that can be played (%s) it is the soft chord', async (_what, tracks) => {
  const { options, render } = rig(tracks());
  expect(await renderFallbackMusic(options)).toMatchObject({ sounds: 'chord' });
  const samples = await render();
  for (let at = 8000; at < 40_000; at += 8000) expect(rms(samples, at, at + 8000)).toBeGreaterThan(300);
});

describe('the pieces', () => {
  const SHORT = Array.from({ length: 300 }, (_, i) => String(i).padStart(3, '0'));
  const LONG = [...'abcdefghijklmno'];
  const joined = (folder: string, names: readonly string[]): Buffer =>
    Buffer.concat(names.map((name) => readFileSync(join(folder, name))));

  test.each(RATES)(
    'short and long ones are the same minute at %d Hz, each of whole Frames, for nobody else',
    async (rate) => {
      const folder = join(tempFolder(), 'fallback');
      const music = Buffer.from(Int16Array.from({ length: 10 * rate }, (_, i) => i).buffer);
      await writePieces(folder, music, rate);
      expect(readdirSync(folder).sort()).toEqual([...SHORT, ...LONG]);
      for (const [names, ms] of [
        [SHORT, 200],
        [LONG, 4000],
      ] as const)
        for (const name of names) {
          const { size, mode } = statSync(join(folder, name));
          expect([size, mode & 0o777]).toEqual([(ms / 40) * (rate / 25) * 2, 0o600]);
        }
      const minute = joined(folder, SHORT);
      expect(minute.equals(joined(folder, LONG))).toBe(true);
      expect(minute.equals(Buffer.concat(Array.from({ length: 6 }, () => music)))).toBe(true);
    },
  );

  const pieces = (folder: string, tracks: readonly FallbackTrack[] = []) => {
    const { options, lines } = rig(tracks);
    const { clock, log } = options;
    return { lines, pieces: new FallbackPieces({ folder, material: () => options, clock, log }) };
  };

  test('are there before the first caller; those of an earlier hub are, and are renewed only once', async () => {
    const folder = tempFolder();
    const fallback = join(folder, 'fallback');
    const first = pieces(folder).pieces;
    await first.prepare();
    const chord = joined(fallback, SHORT);
    expect(rms(new Int16Array(chord.buffer.slice(0, 160_000)), 8000, 80_000)).toBeGreaterThan(300);
    await first.renew();
    const next = pieces(folder, [pcm(join(folder, 'a.wav'), 20, 8000)]).pieces;
    await next.prepare();
    expect(joined(fallback, SHORT).equals(chord)).toBe(true);
    await next.renew();
    expect(joined(fallback, SHORT).equals(chord)).toBe(false);
  });

  test('stay as they are where they cannot be written, and that is said with what to do', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'fallback/draft'), { recursive: true });
    const { pieces: stuck, lines } = pieces(folder);
    await stuck.write();
    expect(lines.map(({ fields }) => fields['code'])).toEqual(['HC_HUB_FIFO']);
    expect(lines[0]!.fields['hint']).toMatch(/disk/);
  });

  test('are not written any more by a hub that has ended', async () => {
    const folder = tempFolder();
    const { pieces: closed } = pieces(folder);
    void closed.write();
    await closed.close();
    await closed.write();
    expect(readdirSync(folder)).not.toContain('fallback');
  });
});

test('others have their turn after each slice of 4 ms', async () => {
  const { options } = rig([]);
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
  await renderFallbackMusic({ ...options, clock: ticking });
  expect(slices.length).toBeGreaterThan(20);
  expect(Math.max(...slices)).toBeLessThanOrEqual(6);
});
