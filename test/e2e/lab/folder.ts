// LabFolder: all that a lab has on disk. Configuration, media, logs, recordings, and commands run in their midst.
// Nothing runs here for longer than a command; it stays when a test fails, so that people can look at it.
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { wavHeader } from '../../../src/audio/wav';
import { packageRoot } from '../../../src/util/packageRoot';
import type { Sources } from '../judge/exact';
import { writeAsteriskFiles, type AsteriskPorts } from './asteriskFiles';
import type { Caller } from './caller';
import { melody, RATE, ship } from './media';
import { giveToAsterisk, placeOf, searchPath, spawnIn, type Place } from './place';
import { MARK } from './processes';

/** The announcement of the loud queue, by its name among the sources: 2 s that are no track's and no prompt's. */
export const ANNOUNCEMENT = 'announcement';
export const QUEUE_ANNOUNCEMENT = melody(4242, 2 * RATE, -22);

const FOLDERS = [
  ...['tmp', 'cache', 'data', 'holdcast'],
  ...['db', 'keys', 'spool', 'run', 'log', 'sounds', 'recordings'],
];

export class LabFolder {
  readonly place: Place = placeOf();
  readonly folder = mkdtempSync(join(this.place.work, 'lab-'));
  readonly holdcast = join(packageRoot(), 'bin/holdcast');
  /** Folder of the hub's socket and of the calls' states. */
  readonly runFolder = join(this.folder, 'holdcast');
  readonly #lines: Record<string, unknown>[] = [];
  /** Bytes of the log file that are in `#lines`. */
  #read = 0;

  /** The environment of Asterisk and of the hub. */
  get env(): Record<string, string> {
    return {
      PATH: searchPath(),
      HOME: this.folder,
      TMPDIR: join(this.folder, 'tmp'),
      TZ: 'UTC',
      LC_ALL: 'C',
      HOLDCAST_CONFIG: join(this.folder, 'config.ts'),
      HOLDCAST_CACHE: join(this.folder, 'cache'),
      HOLDCAST_DATA: join(this.folder, 'data'),
      HOLDCAST_RUN: this.runFolder,
      [MARK]: this.folder,
    };
  }

  /** Lines of all streams and of the hub so far, oldest first. */
  get log(): readonly Record<string, unknown>[] {
    const size = statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#read) return this.#lines;
    const text = readFileSync(this.#logFile);
    const whole = text.subarray(this.#read, text.lastIndexOf(0x0a) + 1);
    this.#read += whole.length;
    const lines = whole.toString('utf8').split('\n');
    for (const line of lines) if (line !== '') this.#lines.push(JSON.parse(line) as Record<string, unknown>);
    return this.#lines;
  }

  /** The same as it was written. */
  get logText(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Files of calls' states. The draft of a process that was killed while it wrote goes when the hub next sweeps. */
  get states(): string[] {
    const folder = join(this.runFolder, 'calls');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  }

  /** What is noted of look-ups whose calls hear them. */
  get pipes(): string[] {
    const folder = this.playFolder;
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('owner.')) : [];
  }

  /** Where the hub's pipes are. */
  get playFolder(): string {
    return join(this.runFolder, 'play');
  }

  /** Another config from now on, compiled and kept, as it is after the first call. @throws Error when it is wrong */
  async configure(body: string): Promise<void> {
    this.writeConfig(body);
    const { code, output } = await this.run(this.holdcast, 'config', 'check');
    if (code !== 0) throw new Error(`the lab's config is wrong:\n${output}`);
  }

  /** Runs a command where Asterisk runs, as its user, to its end. */
  async run(...argv: [string, ...string[]]): Promise<{ code: number | null; output: string }> {
    const child = spawnIn(this.place, argv, this.env, ['ignore', 'pipe', 'pipe']);
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  protected get asteriskConf(): string {
    return join(this.folder, 'etc/asterisk.conf');
  }

  /** Everything that Asterisk and the product read. */
  protected async prepare(
    ports: AsteriskPorts,
    { media, config, systemName }: { media: Sources; config: string; systemName?: string | undefined },
  ): Promise<void> {
    for (const name of FOLDERS) mkdirSync(join(this.folder, name));
    const { modules, data } = this.place;
    writeAsteriskFiles({ own: this.folder, modules, data, systemName }, ports);
    this.#writeWav('sounds/announcement.wav', QUEUE_ANNOUNCEMENT);
    ship(join(this.folder, 'media'), media);
    this.writeConfig(config);
    giveToAsterisk(this.place, this.folder);
    await this.configure(config);
  }

  /** What a caller heard, for people. */
  protected keepRecording({ phone, uniqueid, ear }: Caller): void {
    this.#writeWav(`recordings/${phone}-${uniqueid.replaceAll('/', '_')}.wav`, ear.samples);
  }

  get #logFile(): string {
    return join(this.folder, 'log/holdcast.log');
  }

  #writeWav(name: string, samples: Int16Array): void {
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    writeFileSync(join(this.folder, name), Buffer.concat([wavHeader(RATE, samples.length), bytes]));
  }

  /** The same as an operator's editor writes it: nobody has looked at it yet. */
  writeConfig(body: string): void {
    const text = `import * as holdcast from 'holdcast';
export default holdcast.defineConfig({
  media: { folder: ${JSON.stringify(join(this.folder, 'media'))} },
  log: { file: ${JSON.stringify(this.#logFile)}, level: 'debug' },
  ${body}
});
`;
    writeFileSync(join(this.folder, 'config.ts'), text);
  }
}
