// Media that are missing, broken or cannot be prepared never silence a call: other music, else a soft chord is heard.
// Operators copy, cut and delete files while calls run, and find out from the log.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sine } from '../support/audio';
import { describeWithFfmpeg } from '../support/ffmpeg';
import { Home } from '../support/home';
import { until } from '../support/process';
import type { LogLine } from '../support/stream';
import { complaints, expectComplaint, expectMusic } from '../support/trouble';

const tone = (hz: number): Int16Array => Int16Array.from(sine(hz, 8000, 240_000, 8000), Math.round);
describe('media', () => {
  test('whose folder is not there', async () => {
    const home = new Home();
    home.config();
    const stream = home.stream();
    const line = await expectComplaint(stream, 'HC_MEDIA_UNREADABLE');
    expect(JSON.stringify(line)).toContain(home.media);
    await expectMusic(stream, 1200);
  });

  test('whose folder is empty: legal, and not silent', async () => {
    const home = new Home();
    mkdirSync(home.media);
    home.config();
    const stream = home.stream();
    await expectMusic(stream, 1500);
    expect(stream.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('whose folder is a file', async () => {
    const home = new Home();
    home.file('media', 'not a folder');
    home.config();
    await expectMusic(home.stream(), 1200);
  });

  test('that are shorter than their manifest promises, while they are heard', async () => {
    const home = new Home();
    home.ship({ 'music/a.wav': tone(440), 'music/b.wav': tone(600) });
    home.config("music: { order: 'order' }");
    await home.warmUp();
    const stream = home.stream();
    await stream.hear(400);
    home.file('media/music/a.wav', readFileSync(join(home.media, 'music/a.wav')).subarray(0, 4000));
    await expectMusic(stream, 2500);
  });
});

describeWithFfmpeg('a file that is broken', () => {
  test('is named with what is wrong, and other music is heard', async () => {
    const home = new Home();
    home.ship({ 'music/good.wav': tone(440) });
    home.file('media/music/broken.mp3', 'this is no mp3 at all, it only has the name of one\n'.repeat(100));
    home.config();
    await home.warmUp();
    const stream = home.stream();
    const named = (): LogLine | undefined => complaints(stream).find((l) => l['file'] === 'music/broken.mp3');
    await until(
      () => `a complaint; the log is ${stream.stderr}`,
      () => named() !== undefined,
      20_000,
    );
    expect(named()!['code']).toMatch(/^HC_MEDIA_/);
    await expectMusic(stream);
  });

  test('cannot be prepared either where the cache cannot be written: told, and other music is heard', async () => {
    const home = new Home();
    home.ship({ 'music/good.wav': tone(440) });
    home.file('media/music/new.mp3', readFileSync(join(home.media, 'music/good.wav')));
    const cache = join(home.file('no-folder', ''), 'cache');
    const media = `media: { folder: '${home.media}', cache: '${cache}', scanMs: 500 }`;
    home.file('config.ts', `export default { ${media} };`);
    const stream = home.stream([], { env: { HOLDCAST_CACHE: cache } });
    await expectComplaint(stream, 'HC_CACHE_UNWRITABLE');
    await expectMusic(stream);
  });
});
