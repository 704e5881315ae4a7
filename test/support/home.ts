// A home for a test: folders, media, a config and the environment of `holdcast`, all removed after the test.
// A stream that ended by itself fails the test that started it: Asterisk would start it again and again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { wavHeader } from '../../src/audio/wav';
import { HOLDCAST, processesWith, run, signalTo, type Outcome } from './process';
import { Stream, type ListenerOptions } from './stream';

/** Variable that tells the processes of one home from all others. */
const MARK = 'HOLDCAST_TEST';

const homes: Home[] = [];
afterEach(() => {
  const died = homes.splice(0).flatMap((home) => home.close());
  expect(died).toEqual([]);
});

/** A user's home with a working folder, a cache and a temporary folder; its processes are found by a mark. */
export class Home {
  readonly path = mkdtempSync(join(tmpdir(), 'holdcast-home-'));
  readonly cache = join(this.path, 'cache');
  readonly media = join(this.path, 'media');
  readonly #streams: Stream[] = [];

  constructor() {
    mkdirSync(join(this.path, 'tmp'));
    homes.push(this);
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const folders = {
      HOME: this.path,
      TMPDIR: join(this.path, 'tmp'),
      HOLDCAST_CACHE: this.cache,
      HOLDCAST_DATA: join(this.path, 'data'),
    };
    // Root takes no ./config.ts that is not named, and tests run as root too.
    const config = join(this.path, 'config.ts');
    const named = existsSync(config) ? { HOLDCAST_CONFIG: config } : {};
    return { PATH: process.env['PATH'], TZ: 'UTC', [MARK]: this.path, ...folders, ...named, ...more };
  }

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** A config whose media are this home's; `more` is put into it as it stands. */
  config(more = ''): string {
    const media = `media: { folder: ${JSON.stringify(this.media)}, scanMs: 500 }`;
    return this.file(
      'config.ts',
      `import { defineConfig } from 'holdcast';\nexport default defineConfig({ ${media}, ${more} });\n`,
    );
  }

  /** Has the config compiled and kept, as it is after the first call. */
  async warmUp(path?: string): Promise<void> {
    const { code, stdout } = await this.run(
      'config',
      'check',
      ...(path === undefined ? [] : ['--config', path]),
    );
    if (code !== 0) throw new Error(stdout);
  }

  /** Media that are ready to play, by id ("music/a.wav"), as the manifest promises it. */
  ship(files: Record<string, Int16Array>, rate = 8000): void {
    const entries = Object.entries(files).map(([id, pcm]) => {
      const bytes = Buffer.concat([wavHeader(rate, pcm.length), Buffer.from(pcm.buffer)]);
      this.file(`media/${id}`, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return [id, { prepared: true, bytes: bytes.length, sha256, licence: 'CC0-1.0' }] as const;
    });
    this.file('media/manifest.json', JSON.stringify({ files: Object.fromEntries(entries) }));
  }

  /** A stream as Asterisk starts it. */
  stream(args: string[] = [], options: ListenerOptions & { env?: NodeJS.ProcessEnv } = {}): Stream {
    const stream = new Stream(this.path, this.env(options.env), args, options);
    this.#streams.push(stream);
    return stream;
  }

  run(...args: string[]): Promise<Outcome> {
    return run(HOLDCAST, args, { cwd: this.path, env: this.env() });
  }

  /** Pids of all that was started with this home's environment and still runs. */
  processes(): number[] {
    return processesWith(MARK, this.path);
  }

  /** Ends what runs, removes the home. @returns streams that ended by themselves though nothing ended them */
  close(): string[] {
    const died = this.#streams.filter((stream) => stream.endedByItself).map((stream) => stream.stderr);
    for (const stream of this.#streams) stream.close();
    for (const pid of this.processes()) signalTo(pid, 'SIGKILL');
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    return died;
  }
}
