// A MariaDB server of a test's own: on a Unix socket in a temporary folder, ended by its pid, removed at the end.
// Real, since what a driver does when a server restarts, freezes or dies cannot be learnt from a fake.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { defaultDatabase, type DatabaseSettings } from '../../src/store/settings';

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

function programAt(...names: string[]): string | undefined {
  const folders = [...PLACES, ...(process.env['PATH'] ?? '').split(':')];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
}

const SERVER = programAt('mariadbd', 'mysqld');
const INSTALLER = programAt('mariadb-install-db', 'mysql_install_db');

/** Why there is no server to test with; undefined when there is one. */
export const noMariadb: string | undefined =
  SERVER && INSTALLER ? undefined : 'no mariadbd here: install the package mariadb-server';

/** `describe`, or a skipped one that says why. Where CI must have a server (HOLDCAST_MARIADB=1) it fails instead. */
export function describeWithMariadb(title: string, body: () => void): void {
  if (!noMariadb || process.env['HOLDCAST_MARIADB'] === '1') describe(title, body);
  else describe.skip(`${title} (${noMariadb})`, body);
}

/** Makes the data folder of a new server. */
function install(data: string): void {
  const options = [
    '--no-defaults',
    `--datadir=${data}`,
    `--user=${userInfo().username}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-log-file-size=4M',
    '--innodb-fast-shutdown=0',
  ];
  execFileSync(INSTALLER!, options, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** As `install`, which takes a second or two of processor: once in a run of Jest, then it is copied. */
function newData(data: string): void {
  const shared = process.env['HOLDCAST_TEST_RUN'];
  if (shared === undefined) return install(data);
  const model = join(shared, 'mariadb');
  if (!existsSync(model)) {
    const fresh = mkdtempSync(`${model}-`);
    install(join(fresh, 'data'));
    try {
      renameSync(fresh, model);
    } catch (error) {
      if (!existsSync(model)) throw error; // another worker was first
    }
  }
  cpSync(join(model, 'data'), data, { recursive: true });
}

export interface MariadbOptions {
  /** More of the server's options: '--read-only'. */
  readonly options?: readonly string[];
  /** Also on a free port of loopback, where `tcp` finds it. */
  readonly port?: number;
}

export class Mariadb {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly settings: MariadbOptions,
  ) {}

  /** Path of its Unix socket. */
  get socket(): string {
    return join(this.folder, 's');
  }

  /** Settings for a database of this server, as user root without a password. Made by `create`. */
  database(database: string, more: Partial<DatabaseSettings> = {}): DatabaseSettings {
    return { ...defaultDatabase, socket: this.socket, user: 'root', database, ...more };
  }

  /** Makes the data folder and starts; about a second. Its owner calls `remove`. */
  static async start(settings: MariadbOptions = {}): Promise<Mariadb> {
    if (!SERVER || !INSTALLER) throw new Error(noMariadb);
    const folder = mkdtempSync(join(tmpdir(), 'hc-db-'));
    const server = new Mariadb(folder, settings);
    try {
      newData(join(folder, 'data'));
      await server.resume();
    } catch (error) {
      server.remove();
      throw error;
    }
    return server;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Runs SQL as root with the server's own client program: a way past all code of ours. */
  sql(text: string, database = ''): string {
    const client = programAt('mariadb', 'mysql');
    if (!client) throw new Error('no program mariadb here: install the package mariadb-client');
    const options = [
      '--no-defaults',
      `--socket=${this.socket}`,
      '--user=root',
      '--batch',
      '--skip-column-names',
    ];
    return execFileSync(client, [...options, '--default-character-set=utf8mb4', database].filter(Boolean), {
      input: text,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** An empty database; an old one of that name goes. */
  create(database: string): void {
    this.sql(`DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}`);
  }

  /**
   * It stands still when this returns: connections stay, nothing answers. The signal alone is no proof: on a busy machine a
   * thread may answer once more before the one that takes the signal has its turn.
   */
  freeze(): void {
    const tasks = `/proc/${this.pid}/task`;
    process.kill(this.pid, 'SIGSTOP');
    const stands = (thread: string): boolean => {
      const stat = readFileSync(join(tasks, thread, 'stat'), 'latin1');
      return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
    };
    while (!readdirSync(tasks).every(stands)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** As a power cut would. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends in order. Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Starts it (again) with its data. Resolves when it takes connections. */
  async resume(more: readonly string[] = []): Promise<void> {
    const { options = [], port } = this.settings;
    const network =
      port === undefined ? ['--skip-networking'] : [`--port=${port}`, '--bind-address=127.0.0.1'];
    const log = openSync(join(this.folder, 'log'), 'a');
    const child = spawn(
      SERVER!,
      [
        '--no-defaults',
        `--datadir=${this.folder}/data`,
        `--socket=${this.socket}`,
        `--pid-file=${this.folder}/pid`,
        `--tmpdir=${this.folder}`,
        `--user=${userInfo().username}`,
        ...network,
        '--skip-name-resolve',
        '--innodb-buffer-pool-size=16M',
        '--innodb-log-file-size=4M',
        '--key-buffer-size=1M',
        '--performance-schema=OFF',
        ...options,
        ...more,
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
    this.#process = child;
    await this.#answering(child);
  }

  /** Ends it and removes its folder; may be called again. */
  remove(): void {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }

  async #answering(child: ChildProcess): Promise<void> {
    while (!(await greets(this.socket))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`mariadbd ended:\n${readFileSync(join(this.folder, 'log'), 'utf8').slice(-2000)}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

/** Whether something at this socket greets as a server does. */
function greets(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once('error', () => end(false));
    socket.once('data', () => end(true));
    socket.once('close', () => resolve(false));
  });
}
