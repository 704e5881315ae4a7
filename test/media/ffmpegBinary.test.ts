// Which ffmpeg is taken, and what is said when there is none. The ffmpegs here are scripts.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFfmpeg } from '../../src/media/ffmpegBinary';
import { tempFolder } from './fixtures';

function fake(folder: string, script: string, name = 'ffmpeg'): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const works = (version: string, more = ''): string =>
  `echo "ffmpeg version ${version} Copyright"; echo "configuration: ${more}"`;
const root = tempFolder();
const onPath = fake(join(root, 'bin'), works('9.9', '--enable-libsoxr'));
const env = { PATH: `${join(root, 'bin')}:/bin` };
const none = { PATH: join(root, 'empty') };
const noPackage = (): Promise<undefined> => Promise.resolve(undefined);

test('the config goes before FFMPEG_PATH, that before PATH, that before ffmpeg-static', async () => {
  const configured = fake(join(root, 'a dir'), works('1'));
  const named = fake(join(root, 'named'), works('2'));
  const packaged = fake(join(root, 'packaged'), works('3'));
  const all = { configured, env: { ...env, FFMPEG_PATH: named }, packaged: () => Promise.resolve(packaged) };
  expect(await findFfmpeg(all)).toEqual({ path: configured, version: '1', soxr: false });
  expect(await findFfmpeg({ ...all, configured: undefined })).toMatchObject({ path: named });
  expect(await findFfmpeg({ env, packaged: all.packaged })).toEqual({
    path: 'ffmpeg',
    version: '9.9',
    soxr: true,
  });
  expect(await findFfmpeg({ env: none, packaged: all.packaged })).toMatchObject({ path: packaged });
  expect(onPath).toContain('/bin/');
});

test.each([
  ['missing', join(root, 'nothing')],
  ['failing', fake(join(root, 'failing'), 'exit 1')],
  ['something else', fake(join(root, 'else'), 'echo hello')],
  ['not executable', __filename],
])('one that was named and is %s is an error, though PATH has one', async (_, path) => {
  const broken = { code: 'HC_FFMPEG_BROKEN', message: expect.stringContaining(path) as string };
  await expect(findFfmpeg({ configured: path, env })).rejects.toMatchObject(broken);
  await expect(findFfmpeg({ env: { ...env, FFMPEG_PATH: path } })).rejects.toMatchObject(broken);
});

test('without any the error names the package to install', async () => {
  const missing = findFfmpeg({ env: none, packaged: noPackage });
  await expect(missing).rejects.toMatchObject({
    code: 'HC_FFMPEG_MISSING',
    hint: expect.stringContaining('apt-get install ffmpeg') as string,
  });
});

test('ffmpeg-static is believed only if its file is there and runs', async () => {
  for (const path of [join(root, 'not downloaded'), fake(join(root, 'half'), 'exit 127')]) {
    const packaged = (): Promise<string> => Promise.resolve(path);
    await expect(findFfmpeg({ env: none, packaged })).rejects.toMatchObject({ code: 'HC_FFMPEG_MISSING' });
  }
});

test('a broken one on PATH is passed over for ffmpeg-static, else told', async () => {
  const broken = { PATH: `${join(root, 'failing')}:/bin` };
  const packaged = fake(join(root, 'packaged2'), works('3'));
  expect(await findFfmpeg({ env: broken, packaged: () => Promise.resolve(packaged) })).toMatchObject({
    path: packaged,
  });
  await expect(findFfmpeg({ env: broken, packaged: noPackage })).rejects.toMatchObject({
    code: 'HC_FFMPEG_BROKEN',
  });
});
