// Finds an ffmpeg that runs, and says what it can do. The only file that knows the package ffmpeg-static.
// The system's own comes before the packaged one, since it gets security patches.
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { tryProgram } from '../util/tryProgram';

export interface FfmpegBinary {
  /** As it is run: an absolute path, or "ffmpeg" found on PATH. */
  readonly path: string;
  readonly version: string;
  /** Whether the better resampler is built in. */
  readonly soxr: boolean;
}

export interface FfmpegSearch {
  /** From the config; goes before FFMPEG_PATH. */
  readonly configured?: string | undefined;
  /** Usually process.env. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path that ffmpeg-static names; absent: the package is asked. */
  readonly packaged?: () => Promise<string | undefined>;
}

/** A binary that does not answer in this time is broken. */
const PROBE_LIMIT_MS = 15_000;
const INSTALL_HINT = 'Install it: `apt-get install ffmpeg` (Debian, Ubuntu), or set FFMPEG_PATH.';

/** Runs `path -version`; rejects with what went wrong. */
async function probe(path: string, env: FfmpegSearch['env']): Promise<FfmpegBinary> {
  const { stdout } = await tryProgram(path, ['-hide_banner', '-version'], { env, limitMs: PROBE_LIMIT_MS });
  const version = /^ffmpeg version (\S+)/m.exec(stdout)?.[1];
  if (version === undefined) throw new Error('it does not answer as ffmpeg does');
  return { path, version, soxr: stdout.includes('--enable-libsoxr') };
}

/** What ffmpeg-static says; its binary may well not be there, since its download is often blocked. */
async function packagedPath(): Promise<string | undefined> {
  try {
    const found = (await import('ffmpeg-static')) as { default?: unknown };
    return typeof found.default === 'string' ? found.default : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds ffmpeg: the config's, FFMPEG_PATH, PATH, ffmpeg-static. Runs it once or twice; ask once a process.
 * @throws HoldcastError HC_FFMPEG_BROKEN when the one that was named does not run, or the one on PATH is broken and
 * there is no other; HC_FFMPEG_MISSING when there is none
 */
export async function findFfmpeg(search: FfmpegSearch): Promise<FfmpegBinary> {
  const named = search.configured ?? search.env.FFMPEG_PATH;
  if (named !== undefined && named !== '') {
    const where = search.configured === undefined ? 'FFMPEG_PATH' : 'the config (media.ffmpeg)';
    return probe(named, search.env).catch((cause: unknown) => {
      const text = `the ffmpeg that ${where} names does not run: ${named}: ${messageOf(cause)}`;
      throw new HoldcastError('HC_FFMPEG_BROKEN', text, `Correct ${where}, or remove it.`, { cause });
    });
  }
  let broken: unknown;
  try {
    return await probe('ffmpeg', search.env);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') broken = error;
  }
  const packaged = await (search.packaged ?? packagedPath)();
  if (packaged !== undefined) {
    const found = await probe(packaged, search.env).catch(() => undefined);
    if (found) return found;
  }
  if (broken === undefined) throw new HoldcastError('HC_FFMPEG_MISSING', 'there is no ffmpeg', INSTALL_HINT);
  const text = `the ffmpeg on PATH does not run: ${messageOf(broken)}`;
  throw new HoldcastError('HC_FFMPEG_BROKEN', text, INSTALL_HINT, { cause: broken });
}
