// The picture of a call: that it draws any call, and that what it says about the fade is measured.
// Whether it is beautiful, a person judges; that it is well-formed, legible and complete is checked here.
import { writeFileSync } from 'node:fs';
import { callPicture, callSvg, type CallPicture } from '../../src/render/picture';
import type { TimelineEvent } from '../../src/render/timeline';
import { seededRandom } from '../../src/util/random';

const RATE = 8000;
const PER_FRAME = 320;

interface Synthetic {
  seconds: number;
  /** [from, to] of each voice in seconds. */
  voices?: [number, number][];
  events?: TimelineEvent[];
  attackMs?: number;
  holdMs?: number;
  releaseMs?: number;
}

/** A call with chords as music and babble as voice, ducked as the engine would. */
function synthetic({
  seconds,
  voices = [],
  events = [],
  attackMs = 300,
  holdMs = 800,
  releaseMs = 1000,
}: Synthetic) {
  const frames = Math.ceil((seconds * RATE) / PER_FRAME);
  const duckGainDb = new Float32Array(frames);
  const curve = (share: number): number =>
    -20 * (0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, Math.max(0, share))));
  for (let frame = 0; frame < frames; frame++) {
    const ms = frame * 40;
    for (const [from, to] of voices) {
      const down = curve((ms - (from * 1000 - attackMs)) / attackMs);
      const up = curve(1 - (ms - (to * 1000 + holdMs)) / releaseMs);
      duckGainDb[frame] = Math.min(duckGainDb[frame]!, Math.max(down, up));
    }
  }
  const random = seededRandom(7);
  const samples = new Int16Array(Math.round(seconds * RATE));
  for (let i = 0; i < samples.length; i++) {
    const t = i / RATE;
    const gain = 10 ** (duckGainDb[Math.floor(i / PER_FRAME)]! / 20);
    const beat = 0.45 + 0.55 * Math.exp(-3 * (t % 0.8));
    let value = gain * 0.09 * beat * (Math.sin(1382 * t) + Math.sin(1741 * t) + Math.sin(2073 * t));
    for (const [from, to] of voices)
      if (t >= from && t < to) value += 0.3 * Math.abs(Math.sin(9 * t)) * (random() - 0.5) * 1.6;
    samples[i] = Math.round(value * 32767);
  }
  return { samples, rate: RATE, events, duckGainDb, title: 'A call' } satisfies CallPicture;
}

const voices: [number, number][] = [
  [20, 24.2],
  [44.2, 47.9],
  [67.9, 73.5],
];
const events: TimelineEvent[] = [
  { atMs: 0, kind: 'music', title: 'First Light', untilMs: 41_000 },
  { atMs: 38_000, kind: 'music', title: 'Harbour at Noon & After', untilMs: 79_000 },
  { atMs: 76_000, kind: 'music', title: 'Slow Train', untilMs: 90_000 },
  { atMs: 20_000, kind: 'advice', title: 'InitialTrack', detail: 'first', untilMs: 24_200 },
  { atMs: 44_200, kind: 'advice', title: 'Спасибо за ожидание', detail: 'firstDay', untilMs: 47_900 },
  { atMs: 67_900, kind: 'announcement', title: 'You are number 2', detail: 'position', untilMs: 73_500 },
  { atMs: 33_000, kind: 'position', title: '3' },
  { atMs: 66_500, kind: 'key', title: '3', detail: 'say my position' },
];

function sizeOf(png: Uint8Array): [width: number, height: number] {
  const view = new DataView(png.buffer, png.byteOffset);
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  return [view.getUint32(16), view.getUint32(20)];
}

/** Text of the picture as a person reads it. */
function words(svg: string): string {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]).join('\n');
}

test('a call of 90 s becomes a PNG of 1600 × 900', async () => {
  const png = await callPicture({
    ...synthetic({ seconds: 90, voices, events }),
  });
  expect(sizeOf(png)).toEqual([1600, 900]);
  expect(png.length).toBeGreaterThan(30_000);
  if (process.env.PICTURE_OUT) writeFileSync(process.env.PICTURE_OUT, png);
});

test('it names what was heard and what was pressed', () => {
  const text = words(callSvg(synthetic({ seconds: 90, voices, events })));
  for (const title of [
    'First Light',
    'Slow Train',
    'InitialTrack',
    'Спасибо за ожидание',
    'say my position',
    '01:00',
  ])
    expect(text).toContain(title);
});

test.each([
  [300, 1000, '−20 dB in 300 ms', 'back up in 1.0 s'],
  [500, 2000, '−20 dB in 500 ms', 'back up in 2.0 s'],
])('the fade is measured: attack %d ms, release %d ms', (attackMs, releaseMs, down, up) => {
  const text = words(callSvg(synthetic({ seconds: 60, voices: [[20, 24]], events, attackMs, releaseMs })));
  expect(text).toContain(down);
  expect(text).toContain(up);
});

test('no voice, no close-up', () => {
  const text = words(callSvg(synthetic({ seconds: 30, events: events.slice(0, 1) })));
  expect(text).not.toContain('close up');
  expect(text).toContain('First Light');
});

test('a duck that is still down when the call ends is drawn, not measured', () => {
  const text = words(callSvg(synthetic({ seconds: 22, voices: [[20, 24]], events })));
  expect(text).not.toContain('close up');
});

test('a call of no length says so', async () => {
  const input = synthetic({ seconds: 0, events: [{ atMs: 0, kind: 'note', title: 'hung up' }] });
  expect(words(callSvg(input))).toContain('Nothing was played');
  expect(sizeOf(await callPicture(input))).toEqual([1600, 900]);
});

test('a call of two hours with 300 voices', async () => {
  const many = Array.from({ length: 300 }, (_, i): [number, number] => [20 + i * 23.9, 24 + i * 23.9]);
  const spoken = many.map(([from, to], i): TimelineEvent => {
    return { atMs: from * 1000, untilMs: to * 1000, kind: 'advice', title: `Advice ${i}` };
  });
  const played = Array.from({ length: 60 }, (_, i): TimelineEvent => {
    return { atMs: i * 120_000, untilMs: i * 120_000 + 123_000, kind: 'music', title: `Track ${i}` };
  });
  const base = synthetic({ seconds: 120, voices: many.slice(0, 4) });
  const samples = new Int16Array(7200 * RATE);
  const duckGainDb = new Float32Array(7200 * 25);
  for (let i = 0; i < 60; i++) {
    samples.set(base.samples, i * base.samples.length);
    duckGainDb.set(base.duckGainDb, i * base.duckGainDb.length);
  }
  const input = { ...base, samples, duckGainDb, events: [...played, ...spoken] };
  expect(words(callSvg(input))).toContain('1:50:00');
  const png = await callPicture(input);
  expect(sizeOf(png)).toEqual([1600, 900]);
  if (process.env.PICTURE_OUT) writeFileSync(`${process.env.PICTURE_OUT}.long.png`, png);
});

test('names with XML specials, controls and no end are escaped and cut', async () => {
  const title = `<script>&"'\u0000\ud800 ${'very long '.repeat(200)}`;
  const input: CallPicture = {
    ...synthetic({ seconds: 10, voices: [[3, 5]] }),
    title,
    events: [
      { atMs: 0, kind: 'music', title },
      { atMs: 3000, untilMs: 5000, kind: 'advice', title, detail: title },
      { atMs: 6000, kind: 'key', title, detail: title },
    ],
  };
  const svg = callSvg(input);
  if (process.env.PICTURE_OUT)
    writeFileSync(`${process.env.PICTURE_OUT}.names.png`, await callPicture(input));
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script&gt;&amp;&quot;&#39;');
  expect(
    words(svg)
      .split('\n')
      .every((text) => text.length < 200),
  ).toBe(true);
  expect(words(svg)).toContain('…');
  expect(sizeOf(await callPicture(input))).toEqual([1600, 900]);
});

test('the same call gives the same picture', () => {
  const input = synthetic({ seconds: 10, voices: [[3, 5]] });
  expect(callSvg(input)).toBe(callSvg(input));
});
