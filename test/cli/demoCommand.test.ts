// `holdcast demo`, the first thing that anybody runs: a call of 90 s to hear, a picture of it, and its story in lines.
// It needs no Asterisk, no ffmpeg and no config, and is made by the code that plays to callers.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWavHeader } from '../../src/audio/wav';
import { windowLevels } from '../support/audio';
import { Home } from '../support/home';
import { HOLDCAST, run, signalTo, sleep } from '../support/process';

test('writes 90 s of sound and a picture, and tells what happened', async () => {
  const home = new Home();
  const { code, stdout, stderr } = await home.run('demo', '--out', 'made/here');
  expect([code, stderr]).toEqual([0, '']);

  const wav = readFileSync(join(home.path, 'made/here/call.wav'));
  const info = parseWavHeader(wav, wav.length)!;
  expect(info).toMatchObject({ rate: 8000, channels: 1, bits: 16, samples: 720_000 });
  expect(wav).toHaveLength(info.dataOffset + 1_440_000);
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + info.dataOffset));
  for (const level of windowLevels(samples, 8000)) expect(level).toBeGreaterThan(20);

  const png = readFileSync(join(home.path, 'made/here/call.png'));
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(png.toString('latin1', 12, 16)).toBe('IHDR');
  expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(800);
  expect(png.readUInt32BE(20)).toBeGreaterThanOrEqual(300);
  expect(png.length).toBeGreaterThan(20_000);

  expect(stdout).toMatch(/^00:00 +music +"\w/m);
  const advices = [...stdout.matchAll(/^(\d\d:\d\d) +advice +"/gm)].map(([, at]) => at);
  expect(advices[0]).toBe('00:20');
  expect(advices.length).toBeGreaterThanOrEqual(2);
  expect(stdout).toMatch(/^\d\d:\d\d +key +2 \(balance\)$/m);
  expect(stdout).toMatch(/announcement +"Balance" \(\d/);
  expect(stdout).not.toContain('12.50');
  expect(stdout).toMatch(/^\d\d:\d\d +key +3/m);
  expect(stdout).toMatch(/^\d\d:\d\d +position +/m);
  for (const file of ['call.wav', 'call.png']) expect(stdout).toContain(`made/here/${file}`);
  expect(stdout).toMatch(/try next/i);
});

test('does the same each time', async () => {
  const home = new Home();
  await Promise.all([home.run('demo', '--out', 'a'), home.run('demo', '--out', 'b')]);
  const [a, b] = ['a', 'b'].map((folder) => readFileSync(join(home.path, folder, 'call.wav')));
  expect(a!.equals(b!)).toBe(true);
});

test('interrupted, it leaves no file', async () => {
  const home = new Home();
  const { code } = await run(HOLDCAST, ['demo', '--out', 'out'], {
    cwd: home.path,
    env: home.env(),
    onStart: (pid) => {
      const temporary = (): boolean =>
        existsSync(join(home.path, 'out')) && readdirSync(join(home.path, 'out')).length > 0;
      void (async () => {
        while (!temporary()) await sleep(5);
        signalTo(pid, 'SIGINT');
      })();
    },
  });
  expect(code).toBe(130);
  expect(readdirSync(join(home.path, 'out'))).toEqual([]);
});

test('a folder that cannot be made is told, with an exit code', async () => {
  const home = new Home();
  home.file('taken', 'a file');
  const { code, stderr } = await home.run('demo', '--out', 'taken/here');
  expect(code).not.toBe(0);
  expect(stderr).toContain('taken');
});
