// What a caller hears from a real `holdcast stream`: music from the first byte, without a hole or a step, and only music.
// A sine tells all of it: a sample lost, doubled or foreign is a step that a sine of that level cannot make.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { largestStep, rms, sine, toneLevel, windowLevels } from '../support/audio';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { Home } from '../support/home';
import { until } from '../support/process';
import type { Stream } from '../support/stream';

const PEAK = 8000;
const tone = (hz: number, seconds: number, rate = 8000): Int16Array =>
  Int16Array.from(sine(hz, PEAK, seconds * rate, rate), Math.round);
/** The largest step of a sine, and one more for rounding. */
const stepOf = (hz: number, rate = 8000): number => 2 * PEAK * Math.sin((Math.PI * hz) / rate) + 1;
/** The chord that is heard while a config is compiled is no rougher than this (see `roughness`). */
const CHORD_ROUGHNESS = 150;

/** A home whose music is one long sine; its config is compiled already. */
async function sineHome(more = '', hz = 440, rate = 8000): Promise<Home> {
  const home = new Home();
  home.ship({ 'music/sine.wav': tone(hz, 30, rate) }, rate);
  home.config(`advice: { firstAfterMs: 3_600_000 }, ${more}`);
  await home.warmUp();
  return home;
}

/** The sine is there in every 40 ms, at its level, and nothing else is. */
function expectSine({ samples, bytes }: Stream, hz = 440, rate = 8000): void {
  expect(bytes % ((rate / 25) * 2)).toBe(0);
  expect(largestStep(samples)).toBeLessThanOrEqual(stepOf(hz, rate));
  const levels = windowLevels(samples.subarray(rate / 25), rate / 25);
  const expected = 20 * Math.log10(PEAK / Math.SQRT2);
  for (const level of levels) expect(Math.abs(level - expected)).toBeLessThan(0.5);
}

test('the first bytes are music already', async () => {
  const home = await sineHome();
  const stream = home.stream();
  await stream.hear(400);
  expect(rms(stream.samples, 0, 320)).toBeGreaterThan(1000);
  expect(stream.samples.findIndex((sample) => Math.abs(sample) > 100)).toBeLessThan(160);
});

test('with nothing but the defaults the shipped music is heard', async () => {
  const stream = new Home().stream();
  const track = (): unknown => stream.log.find((line) => line.msg === 'music')?.['track'];
  // On a busy machine its first sound is fallback music.
  do await stream.hear(2000);
  while (track() === undefined);
  for (const level of windowLevels(stream.samples, 4000)) expect(level).toBeGreaterThan(20);
  expect(track()).toMatch(/^music\//);
});

test('three seconds of a sine come out as three seconds of a sine', async () => {
  const stream = (await sineHome()).stream();
  await stream.hear(3000);
  expectSine(stream);
});

test('after the process stood still for 300 ms the music goes on at the sample where it was', async () => {
  const stream = (await sineHome()).stream();
  await stream.hear(600);
  stream.nudge('SIGSTOP');
  await new Promise((done) => setTimeout(done, 300));
  stream.nudge('SIGCONT');
  await stream.hear(2000);
  expectSine(stream);
});

test('after the caller was not read for 300 ms nothing is missing either', async () => {
  const stream = (await sineHome()).stream();
  await stream.hear(600);
  stream.stopListening();
  await new Promise((done) => setTimeout(done, 300));
  stream.listen();
  await stream.hear(1500);
  expectSine(stream);
});

test.each([16_000, 48_000] as const)('at %d Hz', async (rate) => {
  const home = await sineHome(`sound: { rate: ${rate} }`, 440, rate);
  const stream = home.stream([], { rate });
  await stream.hear(1000);
  expectSine(stream, 440, rate);
});

test('a config that must be compiled first: music at once, and the change to its own has no step', async () => {
  const home = new Home();
  home.ship({ 'music/sine.wav': tone(100, 30) });
  home.config('advice: { firstAfterMs: 3_600_000 }');
  const stream = home.stream();
  await until(
    () => `the sine; the log ends ${stream.stderr.slice(-800)}`,
    () => stream.log.some((line) => line['track'] === 'music/sine.wav'),
  );
  await stream.hear(1000);
  const { samples } = stream;
  for (const level of windowLevels(samples, 1600)) expect(level).toBeGreaterThan(30);
  expect(toneLevel(samples, 100, 8000, samples.length - 4000)).toBeGreaterThan(0.9 * PEAK);
  expect(roughness(samples.subarray(400))).toBeLessThan(CHORD_ROUGHNESS);
});

/** The largest fourth difference: next to nothing for tones below 700 Hz, three times the height of any step. */
function roughness(x: Int16Array): number {
  let most = 0;
  for (let i = 4; i < x.length; i++)
    most = Math.max(most, Math.abs(x[i]! - 4 * x[i - 1]! + 6 * x[i - 2]! - 4 * x[i - 3]! + x[i - 4]!));
  return most;
}

test('whatever is printed, by a config or a library, at once or later, only audio is on stdout', async () => {
  const home = new Home();
  home.ship({ 'music/sine.wav': tone(440, 30) });
  const library = `console.info('library noise');
    setInterval(() => { console.log('later library noise'); process.stdout.write('raw library noise'); }, 50);`;
  home.file('node_modules/noisy/index.js', library);
  home.file('node_modules/noisy/package.json', '{ "name": "noisy", "main": "index.js" }');
  const media = `media: { folder: './media' }, advice: { firstAfterMs: 3_600_000 }`;
  home.file(
    'config.ts',
    `import 'noisy';
    import { execSync } from 'node:child_process';
    import { writeSync } from 'node:fs';
    import { defineConfig } from 'holdcast';
    console.log('config noise');
    process.stdout.write('raw config noise');
    writeSync(1, 'descriptor noise');
    execSync('echo child noise', { stdio: 'inherit' });
    setInterval(() => console.table([['later config noise']]), 70);
    export default defineConfig({ ${media} });`,
  );
  await home.warmUp();
  const stream = home.stream();
  await stream.hear(1500);
  expectSine(stream);
  // What goes round process.stdout is seen only where standard error can be opened twice; heard it is nowhere.
  const said = ['config noise', 'raw config noise', 'later config noise'];
  for (const noise of [...said, 'library noise', 'later library noise', 'raw library noise'])
    expect(stream.stderr).toContain(noise);
});

describeWithFfmpeg('while a call runs', () => {
  test('a file that is added becomes heard, and one that is removed disturbs nothing', async () => {
    const home = new Home();
    home.ship({ 'music/a.wav': tone(440, 2) });
    home.config(`music: { order: 'order', crossfadeMs: 0 }, advice: { firstAfterMs: 3_600_000 }`);
    await home.warmUp();
    const stream = home.stream();
    await stream.hear(300);
    makeAudio('sine=1000:d=2', join(home.media, 'music/b.wav'), '-ar', '8000', '-ac', '1');
    const heard = (id: string): number => stream.log.filter((line) => line['track'] === id).length;
    await until(
      () => `the new file; the log ends ${stream.stderr.slice(-800)}`,
      () => heard('music/b.wav') > 0,
      25_000,
    );
    await stream.hear(1200);
    const { length } = stream.samples;
    expect(toneLevel(stream.samples, 1000, 8000, length - 6400, length)).toBeGreaterThan(500);

    rmSync(join(home.media, 'music/b.wav'));
    const gone = (): boolean => stream.log.some((line) => line.msg === 'media file is gone');
    await until(() => 'that b.wav is gone', gone);
    const before = heard('music/b.wav');
    await stream.hear(2600);
    expect(heard('music/b.wav')).toBeLessThanOrEqual(before + 1);
    expect(largestStep(stream.samples)).toBeLessThanOrEqual(stepOf(1000));
    for (const level of windowLevels(stream.samples, 800)) expect(level).toBeGreaterThan(40);
  });

  test('several calls have what is not prepared prepared once', async () => {
    const home = new Home();
    home.ship({ 'music/a.wav': tone(440, 2) });
    makeAudio('sine=1000:d=2', join(home.media, 'music/b.wav'), '-ar', '8000', '-ac', '1');
    home.config('advice: { firstAfterMs: 3_600_000 }');
    await home.warmUp();
    const calls = Array.from({ length: 5 }, () => home.stream());
    const said = (msg: string): number[] =>
      calls.map((call) => call.log.filter((line) => line.msg === msg).length);
    const all = (): boolean => said('media file is new').every((count) => count > 0);
    await until(
      () => `the new file in every call: ${calls.map((call) => call.stderr.slice(-400)).join()}`,
      all,
      25_000,
    );
    expect(said('media preparation started in the background').reduce((a, b) => a + b)).toBe(1);
    expect(calls.flatMap((call) => call.log.filter((line) => line.level === 'error'))).toEqual([]);
  });
});
