// The hub under test: the real product as a process of its own, with a config made for it, on free ports of loopback.
// What it costs and holds is read from outside: /proc, its folders, its metrics, the pauses of its garbage collector.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../src/util/errors';
import { packageRoot } from '../src/util/packageRoot';
import { RUN } from './caller';
import type { Context } from './context';
import { TONE } from './hubTone';
import { sleep } from './measure';
import { MARKER } from './procfs';

/** Most calls that the hub takes here: more than any stage has. */
const MOST_CALLERS = 8000;
const MEMORY = '/dev/shm';
/** Nice= and Environment= of packaging/systemd/holdcast-hub.service. */
const UNIT = { niceness: -11, environment: { MALLOC_ARENA_MAX: '2' } };
const START_MS = 60_000;
const END_MS = 15_000;

export interface GcPause {
  /** 0: the main thread. */
  thread: number;
  major: boolean;
  ms: number;
  /** Wall time, milliseconds. */
  atMs: number;
}

export interface HubFolders {
  readonly root: string;
  /** In memory, as /run is. */
  readonly run: string;
  /** FIFOs and what lies beside them. */
  readonly play: string;
  /** States of calls. */
  readonly calls: string;
  readonly temporary: string;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((one) => new Promise<void>((done) => one.listen(0, '127.0.0.1', done))));
  const ports = servers.map((one) => (one.address() as { port: number }).port);
  await Promise.all(servers.map((one) => new Promise((done) => one.close(done))));
  return ports;
}

const configText = (folders: HubFolders, ami: number, listen: number, observe: number): string =>
  `import { defineConfig } from 'holdcast';
export default defineConfig(${JSON.stringify(
    {
      ami: { host: '127.0.0.1', port: ami, user: 'bench', secret: 'bench' },
      hub: {
        ...{ play: 'hub', callers: MOST_CALLERS, folder: folders.play },
        ...{ listen: `127.0.0.1:${listen}`, observe: `127.0.0.1:${observe}` },
      },
      calls: { folder: folders.calls },
      store: { file: join(folders.root, 'store.db') },
      keyTone: TONE,
      log: { level: 'warn', file: join(folders.root, 'hub.log') },
    },
    null,
    2,
  ).replace(/\n\}$/, ',')}
  billing: { ask: async () => [{ number: '000412', balance: '-12.50' }], currency: 'EUR' },
});
`;

export class HubProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly pid: number,
    readonly folders: HubFolders,
    /** Port of the look-ups. */
    readonly port: number,
    private readonly observe: number,
  ) {}

  /**
   * Prepares the media, starts the hub, and waits until it answers look-ups.
   * @param ami port of the Manager
   * @throws Error with the end of the hub's log
   */
  static async start(context: Context, ami: number): Promise<HubProcess> {
    const root = join(context.workshop.folder, `hub-${process.pid}-${Date.now()}`);
    mkdirSync(root, { recursive: true });
    const run = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : root, 'holdcast-bench-run-'));
    const folders: HubFolders = {
      root,
      run,
      play: join(run, 'play'),
      calls: join(run, 'calls'),
      temporary: join(root, 'tmp'),
    };
    mkdirSync(folders.temporary, { recursive: true });
    const [listen = 0, observe = 0] = await freePorts(2);
    const config = join(root, 'config.ts');
    writeFileSync(config, configText(folders, ami, listen, observe));
    const env = {
      ...process.env,
      ...{ HOLDCAST_CONFIG: config, HOLDCAST_CACHE: context.workshop.cache, TMPDIR: folders.temporary },
      ...{ HOLDCAST_RUN: run, HOLDCAST_DATA: root },
      [MARKER]: `${RUN}hub.`,
    };
    prepareMedia(env);
    const words = [join(packageRoot(), 'bin/holdcast'), 'hub', '--config', config];
    // As its unit starts it. The benchmark's own priority is raised, as Asterisk's is; where that is not allowed, neither's.
    const isRaised = getPriority() < 0;
    const niceness = String(isRaised ? UNIT.niceness - getPriority() : 0);
    const child = spawn('nice', ['-n', niceness, ...words], {
      env: {
        ...env,
        ...UNIT.environment,
        HOLDCAST_BENCH_GC: join(root, 'gc.txt'),
        NODE_OPTIONS: `--require=${join(packageRoot(), 'bench/hubGc.cjs')}`,
      },
      stdio: ['ignore', 'ignore', context.log],
    });
    if (child.pid === undefined) throw new Error('the hub cannot be started');
    const hub = new HubProcess(child, child.pid, folders, listen, observe);
    await hub.#answering();
    return hub;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Descriptors that it has open, but for music that it reads, of which it keeps 32 files open at most; sorted. */
  descriptors(): string[] {
    return links(`/proc/${this.pid}/fd`).filter((link) => !link.endsWith('.wav'));
  }

  /** Names in the folder that it shares with readers, but for those that a hub without callers has. */
  left(): { owners: number; states: number; temporary: number } {
    const names = list(this.folders.play);
    const count = (start: string): number => names.filter((name) => name.startsWith(start)).length;
    return {
      owners: count('owner.'),
      states: list(this.folders.calls).length,
      temporary: list(this.folders.temporary).length,
    };
  }

  /** Pauses of the main thread and the store's since the wall time `sinceMs`. */
  pauses(sinceMs = 0): GcPause[] {
    const file = join(this.folders.root, 'gc.txt');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines
      .map((line) => line.split(' ').map(Number))
      .map(([thread = 0, kind = 0, ms = 0, atMs = 0]) => ({ thread, major: kind === 4, ms, atMs }))
      .filter(({ atMs }) => atMs >= sinceMs);
  }

  /** What it tells Prometheus; empty when it does not answer. */
  metrics(): Promise<string> {
    return new Promise((done) => {
      const asked = request({ host: '127.0.0.1', port: this.observe, path: '/metrics' }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => done(text));
      });
      asked.setTimeout(2000, () => asked.destroy());
      asked.on('error', () => done(''));
      asked.end();
    });
  }

  /** The end of its log. */
  logTail(lines = 15): string {
    const file = join(this.folders.root, 'hub.log');
    if (!existsSync(file)) return '(no log)';
    return readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n');
  }

  /** TERM; KILL when it does not end. @returns milliseconds that it took */
  async end(): Promise<number> {
    const from = performance.now();
    if (this.alive) await this.#terminate();
    rmSync(this.folders.run, { recursive: true, force: true });
    return performance.now() - from;
  }

  async #terminate(): Promise<void> {
    const gone = new Promise<void>((done) => this.child.once('exit', () => done()));
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(late);
  }

  async #answering(): Promise<void> {
    const agent = new Agent();
    const until = performance.now() + START_MS;
    while (performance.now() < until && this.alive) {
      // A class that is no call's: the hub answers that there is none, and remembers nothing.
      const answered = await lookUp(this.port, agent, 'ready').then(
        () => true,
        () => false,
      );
      if (answered) return;
      await sleep(100);
    }
    await this.end();
    throw new Error(`the hub does not answer look-ups; its log ends with\n${this.logTail()}`);
  }
}

/** Once for an installation, and not while anything is measured. */
function prepareMedia(env: NodeJS.ProcessEnv): void {
  const words = [
    join(packageRoot(), 'bin/holdcast'),
    'media',
    'prepare',
    '--config',
    env['HOLDCAST_CONFIG']!,
  ];
  const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`media prepare ended with ${status}: ${stderr.slice(-500)}`);
}

/**
 * Asks as res_config_curl does.
 * @param name of the class
 * @returns the command line for this call, in words; undefined: there is no such class
 */
export function lookUp(port: number, agent: Agent, name: string): Promise<string[] | undefined> {
  return new Promise((done, failed) => {
    const body = `name=${name}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
    const path = '/realtime/musiconhold/single';
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => {
        const line = /(?:^|&)application=([^&\s]*)/.exec(text)?.[1];
        done(line === undefined ? undefined : decodeURIComponent(line).slice(0, 255).split(' '));
      });
    });
    asked.setTimeout(5000, () => asked.destroy(new Error('the look-up has no answer')));
    // The hub has closed a connection that was idle, in this very moment: libcurl, too, asks once more then.
    asked.on('error', (error) =>
      asked.reusedSocket && errnoOf(error) === 'ECONNRESET' ? done(lookUp(port, agent, name)) : failed(error),
    );
    asked.end(body);
  });
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function links(folder: string): string[] {
  return list(folder)
    .map((name) => linkOf(join(folder, name)))
    .sort();
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'gone';
  }
}
