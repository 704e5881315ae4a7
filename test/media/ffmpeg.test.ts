// One ffmpeg job through fluent-ffmpeg: ended by a limit or a signal at any moment, also before ffmpeg is there.
import { join } from 'node:path';
import { FfmpegFailure, runFfmpeg } from '../../src/media/ffmpeg';
import { findFfmpeg, type FfmpegBinary } from '../../src/media/ffmpegBinary';
import { systemClock } from '../../src/util/clock';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { tempFolder } from './fixtures';

const clock = systemClock();
const input = join(tempFolder(), 'long.wav');
let binary: FfmpegBinary;

const job = (more: object) =>
  runFfmpeg({ binary, input, graph: '[0:a:0]arealtime[out]', limitMs: 30_000, clock, ...more });

describeWithFfmpeg('one job', () => {
  beforeAll(async () => {
    makeAudio('sine=500:d=60', input);
    binary = await findFfmpeg({ env: process.env });
  });

  // The first one falls into fluent-ffmpeg's own questions to ffmpeg, during which its kill() does nothing.
  test.each([1, 0, 30, 400])('is killed by a signal after %i ms, at once', async (ms) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), ms);
    const began = clock.now();
    await expect(job({ signal: abort.signal })).rejects.toMatchObject({ blame: 'stopped' });
    expect(clock.now() - began).toBeLessThan(ms + 1500);
  });

  test('takes no longer than its limit, and is blamed on the input', async () => {
    const began = clock.now();
    await expect(job({ limitMs: 700 })).rejects.toMatchObject({ blame: 'input' });
    expect(clock.now() - began).toBeLessThan(3000);
  });

  test('does not begin when it is stopped already, or the binary is gone', async () => {
    await expect(job({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(FfmpegFailure);
    const gone = { path: '/nowhere/ffmpeg', version: '1', soxr: false };
    await expect(job({ binary: gone })).rejects.toMatchObject({ code: 'HC_FFMPEG_BROKEN' });
  });
});
