// Installation: a machine of its own on which the product is installed as docs/install.md says, word by word: the commands
// are read from there. It lies over the root, which stays as it was; what needs a network or systemd is stood in for.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { wavHeader } from '../../../src/audio/wav';
import { packageRoot } from '../../../src/util/packageRoot';
import { melody, RATE } from './media';
import { placeOf, spawnIn, type Place } from './place';
import { signalTo } from './processes';

/** Where the sources lie, and where docs/install.md puts them. */
const SOURCES = '/usr/local/src';
export const INSTALLED = '/usr/local/lib/holdcast';
/** What a clone has of it; packages are looked for beside. */
const PARTS = ['bin', 'dist', 'media', 'sql', 'docs', 'packaging', 'package.json', 'config.example.ts'];

/** Programs of a usual machine that this one has not, each doing what it is called for in docs/install.md. */
const STAND_INS = {
  // Packages come from a network: what is installed here is in the root, or `provide` below.
  'apt-get': '',
  npm: '[ "$1 $2" = "run setup" ] && [ -f dist/cli.cjs ]',
  sudo: `if [ "$1" = -u ]; then
  user=$2
  shift 2
  exec setpriv --reuid="$user" --regid="$user" --init-groups env -i PATH="$PATH" HOME=/ "$@"
fi
exec env -i PATH="$PATH" HOME=/root "$@"`,
  systemctl: 'echo "$@" >>/run/systemctl.asked',
};

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** How the program comes onto the machine; sections 2 to 5 of docs/install.md are the first one's. */
export type FirstStep = (machine: Installation) => void;

export const fromSources: FirstStep = (machine) => {
  const folder = join(machine.folder, SOURCES, 'holdcast');
  mkdirSync(folder, { recursive: true });
  const parts = PARTS.map((part) => join(packageRoot(), part));
  execFileSync('cp', ['-r', '--no-preserve=ownership', ...parts, folder]);
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
  machine.follow('2. The program', SOURCES);
};

export class Installation {
  /** The machine's `/`, as the tests see it. */
  readonly folder: string;
  readonly place: Place;
  readonly #running: ChildProcess[] = [];

  private constructor(under: Place) {
    const top = mkdtempSync(join(under.work, 'install-'));
    this.folder = join(top, 'root');
    const [upper, work] = [join(top, 'upper'), join(top, 'work')];
    for (const folder of [this.folder, upper, work]) mkdirSync(folder);
    const layers = `lowerdir=${under.root},upperdir=${upper},workdir=${work}`;
    mount('-t', 'overlay', '-o', layers, 'overlay', this.folder);
    mount('-t', 'proc', 'proc', join(this.folder, 'proc'));
    mount('--bind', '/dev', join(this.folder, 'dev'));
    this.#show(process.execPath, '/usr/local/bin/node');
    this.#show(join(packageRoot(), 'node_modules'), join(packageRoot(), 'node_modules'));
    this.place = placeOf({ ...process.env, HOLDCAST_E2E_ROOT: this.folder });
  }

  /** Undefined: nothing can be installed on the Asterisk of this machine itself, or there is no ffmpeg to stand in. */
  static open(under = placeOf()): Installation | undefined {
    if (under.root === '' || !works('ffmpeg', ['-version'])) return undefined;
    const machine = new Installation(under);
    machine.#provide();
    return machine;
  }

  #show(from: string, to: string): void {
    const target = join(this.folder, to);
    if (readsAsFile(from)) {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, '');
    } else mkdirSync(target, { recursive: true });
    mount('--bind', from, target);
  }

  /** What `apt-get install` of docs/install.md would bring, and systemd. */
  #provide(): void {
    for (const [name, text] of Object.entries(STAND_INS)) this.#program(name, text);
    this.#show('/', '/host');
    this.#program('ffmpeg', ffmpegOfHost());
    const music = melody(77, 5 * RATE, -24);
    const bytes = Buffer.from(music.buffer, music.byteOffset, music.byteLength);
    const wav = Buffer.concat([wavHeader(RATE, music.length), bytes]);
    this.write('/usr/share/asterisk/moh/melody.wav', wav);
    this.run('install', '-d', '-o', 'asterisk', '-g', 'asterisk', '/run/asterisk');
  }

  #program(name: string, text: string): void {
    this.write(`/usr/local/bin/${name}`, `#!/bin/sh\n${text}\n`);
    this.run('chmod', '0755', `/usr/local/bin/${name}`);
  }

  read(path: string): string {
    const file = join(this.folder, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** As root; the owner of a file that is there stays. */
  write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Changes a file by what `edit` makes of its text. @throws Error when that is the same */
  edit(path: string, edit: (text: string) => string): void {
    const before = this.read(path);
    const after = edit(before);
    if (after === before) throw new Error(`${path} has no place for it`);
    this.write(path, after);
  }

  /** Runs the commands of a section of docs/install.md, as root. @throws Error with their output when one fails */
  follow(section: string, cwd = INSTALLED): string {
    return this.run('bash', '-euc', `cd ${cwd}\n${commandsOf(section)}`);
  }

  /** Runs a command as root to its end. @throws Error with its output when it fails */
  run(...argv: [string, ...string[]]): string {
    const { code, output } = this.try(...argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${output}`);
    return output;
  }

  /** The same, however it ends. Never takes longer than two minutes. */
  try(...argv: [string, ...string[]]): Ended {
    const env = { PATH, HOME: '/root', LC_ALL: 'C.UTF-8', TERM: 'dumb' };
    const options = { encoding: 'utf8', env, timeout: 120_000, input: '' } as const;
    const { status, stdout, stderr, error } = spawnSync('/usr/sbin/chroot', [this.folder, ...argv], options);
    if (error) throw error;
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** Starts Asterisk as its service does. */
  startAsterisk(): void {
    const argv = ['/usr/sbin/asterisk', '-f', '-p', '-U', 'asterisk', '-G', 'asterisk'];
    this.#daemon('asterisk', (stdio) =>
      spawn('/usr/sbin/chroot', [this.folder, ...argv], { env: { PATH, HOME: '/var/lib/asterisk' }, stdio }),
    );
  }

  /** Starts the hub as packaging/systemd says: its user, its environment, the folders that it is given. */
  startHub(): void {
    const unit = this.read('/etc/systemd/system/holdcast-hub.service');
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const environment = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    const secrets = [...this.read('/etc/holdcast/environment').matchAll(/^(\w+)=(.*)$/gm)].map(
      ([, name, value]) => [name, value],
    );
    const env = Object.fromEntries([...environment, ...secrets]) as Record<string, string>;
    for (const [kind, top] of [
      ['Runtime', '/run'],
      ['Cache', '/var/cache'],
      ['State', '/var/lib'],
      ['Logs', '/var/log'],
    ]) {
      const [, name] = new RegExp(`^${kind}Directory=(.*)$`, 'm').exec(unit) ?? [];
      const [, mode = '0755'] = new RegExp(`^${kind}DirectoryMode=(.*)$`, 'm').exec(unit) ?? [];
      if (name) this.run('install', '-d', '-o', 'asterisk', '-g', 'asterisk', '-m', mode, `${top}/${name}`);
    }
    const argv = command.split(' ') as [string, ...string[]];
    this.#daemon('hub', (stdio) => spawnIn(this.place, argv, env, stdio));
  }

  #daemon(name: string, start: (stdio: ['ignore', number, number]) => ChildProcess): void {
    const out = openSync(join(this.folder, '..', `${name}.out`), 'a');
    this.#running.push(start(['ignore', out, out]));
    closeSync(out);
  }

  /** Ends what it has started; the machine goes with the namespace. */
  async close(): Promise<void> {
    for (const child of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      signalTo(child.pid!, 'SIGTERM');
      await ended;
    }
  }
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The blocks of commands of a section. */
function commandsOf(section: string): string {
  const text = readFileSync(join(packageRoot(), 'docs/install.md'), 'utf8');
  const [, body = ''] = text.split(`\n## ${section}\n`);
  const blocks = body.split(/^## /m)[0]!.matchAll(/^```sh\n([^]*?)^```$/gm);
  const commands = [...blocks].map(([, block]) => block).join('\n');
  if (commands === '') throw new Error(`docs/install.md has no commands in "${section}"`);
  return commands;
}

/** The ffmpeg of the machine that runs the tests, with its own loader and libraries: the root has none. */
function ffmpegOfHost(): string {
  const path = execFileSync('which', ['ffmpeg'], { encoding: 'utf8' }).trim();
  const libraries = spawnSync('ldd', [path], { encoding: 'utf8' }).stdout ?? '';
  // Links of the kind of /etc/alternatives lead nowhere from here: what they stand for is named too.
  const found = [...libraries.matchAll(/=> (\/\S+) /g)].map(([, file]) => file!);
  const folders = new Set(
    [...found, ...found.map((file) => realpathSync(file))].map((file) => `/host${dirname(file)}`),
  );
  const [, loader] = /^\s*(\/\S*ld-\S+) /m.exec(libraries) ?? [];
  return loader === undefined
    ? `exec /host${path} "$@"`
    : `exec /host${realpathSync(loader)} --library-path ${[...folders].join(':')} /host${path} "$@"`;
}

function mount(...words: string[]): void {
  execFileSync('mount', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function works(command: string, words: readonly string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

function readsAsFile(path: string): boolean {
  return spawnSync('test', ['-f', path]).status === 0;
}
