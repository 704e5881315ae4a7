// Which ffmpeg would be used now, as far as that can be told without starting it: its path, size and time.
// A problem that one ffmpeg had with a file is looked at again with another one.
import { promises } from 'node:fs';
import { delimiter, join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Changes when another ffmpeg is installed, named or removed. Never throws; asynchronous, a few looks.
 * @param configured from the config; goes before FFMPEG_PATH
 */
export async function toolStamp(configured: string | undefined, env: Env = process.env): Promise<string> {
  const named = configured ?? env['FFMPEG_PATH'];
  const places = named
    ? [named]
    : (env['PATH'] ?? '')
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => join(folder, 'ffmpeg'));
  for (const place of places) {
    const stats = await promises.stat(place).catch(() => undefined);
    if (stats?.isFile()) return [place, stats.size, stats.mtimeMs, stats.ino].join(' ');
  }
  return 'packaged';
}
