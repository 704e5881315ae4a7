// The port of look-ups while the hub is away: a service manager holds it, by systemd's own protocol and with systemd's own
// program where it is there. Nobody else gets it, nobody waits long for a hub that comes back, and a wrong address is named.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, linkSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { heldFor, takeHeldSockets } from '../../../src/util/http/heldSockets';
import { addressOf, listen, type Where } from '../../../src/util/http/listening';
import { Home } from '../../support/home';
import { HOLDCAST, until } from '../../support/process';
import { owned, RawClient, tempFolder } from '../../hub/fixtures';

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? test : test.skip;
const hasActivate = spawnSync('systemd-socket-activate', ['--version']).status === 0;

const configFor = (where: Where): string =>
  `hub: { listen: '${addressOf(where)}', play: 'stream', observe: false }, calls: { folder: 'run/calls' }`;

/** Makes a listening socket, and lets go of it when `holder` has it. */
async function listening<T>(where: Where, hold: (fd: number, at: Where) => T): Promise<T> {
  const server = createServer();
  await new Promise<void>((done) => server.listen('path' in where ? where : { ...where }, done));
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const address = server.address() as { port: number } | string;
  const holder = hold(fd, typeof address === 'string' ? where : { host: '127.0.0.1', port: address.port });
  // Node removes the file of a socket that it closes.
  if ('path' in where) linkSync(where.path, `${where.path}.kept`);
  await new Promise<void>((done) => void server.close(() => done()));
  if ('path' in where) renameSync(`${where.path}.kept`, where.path);
  return holder;
}

/** A service manager: it has the socket as 3 and starts a hub for each line that it reads, one after the other. */
const MANAGER = `while read -r line; do sh -c 'echo "pid $$"; LISTEN_PID=$$ exec "$0" hub' "$0"; echo "ended $?"; done`;

class Manager {
  readonly #child: ChildProcess;
  text = '';

  constructor(
    readonly home: Home,
    fd: number,
    readonly where: Where,
  ) {
    this.#child = spawn('sh', ['-c', MANAGER, HOLDCAST], {
      cwd: home.path,
      env: home.env({ LISTEN_FDS: '1', LISTEN_FDNAMES: 'look-ups' }),
      stdio: ['pipe', 'pipe', 'pipe', fd],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream!.setEncoding('utf8').on('data', (text: string) => (this.text += text));
    owned({ close: () => this.#close() });
  }

  static open(where: Where, config: (where: Where) => string): Promise<Manager> {
    const home = new Home();
    return listening(where, (fd, at) => {
      home.config(config(at));
      return new Manager(home, fd, at);
    });
  }

  start(): void {
    this.#child.stdin!.write('\n');
  }

  async started(): Promise<number> {
    const before = this.text.length;
    this.start();
    await until(
      () => `that it is ready: ${this.text}`,
      () => this.text.slice(before).includes('is ready'),
    );
    return Number(this.text.slice(before).match(/pid (\d+)/)![1]);
  }

  /** The exit code of the hub that was started last. */
  async ended(): Promise<number> {
    const last = (): string | undefined => /ended (\d+)\n$/.exec(this.text)?.[1];
    await until(
      () => `that it ends: ${this.text}`,
      () => last() !== undefined,
    );
    return Number(last());
  }

  lookUp(): RawClient {
    return lookUp(this.where);
  }

  async #close(): Promise<void> {
    const gone = new Promise((done) => this.#child.once('close', done));
    this.#child.stdin!.end();
    for (const pid of this.home.processes()) process.kill(pid, 'SIGKILL');
    await gone;
  }
}

const lookUp = (where: Where): RawClient =>
  new RawClient(where).write(
    'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 13\r\n\r\nname=hold-1.1',
  );
const ANY_PORT = { host: '127.0.0.1', port: 0 };

onLinux(
  'a look-up waits in the held socket for a hub that comes back, and nobody else gets the port',
  async () => {
    const manager = await Manager.open(ANY_PORT, configFor);
    const early = manager.lookUp();
    const pid = await manager.started();
    await early.closed;
    expect(early.text).toContain('mode=custom');
    process.kill(pid, 'SIGKILL');
    await manager.ended();
    await expect(listen(createServer(), manager.where, { option: 'hub.listen' })).rejects.toMatchObject({
      code: 'HC_HUB_ADDRESS',
    });
    const waiting = manager.lookUp();
    const second = await manager.started();
    await waiting.closed;
    expect(waiting.text).toContain('mode=custom');
    process.kill(second, 'SIGTERM');
    expect(await manager.ended()).toBe(0);
  },
);

onLinux('no program that the hub starts has the socket or believes that it is passed one', async () => {
  const manager = await Manager.open(ANY_PORT, configFor);
  // What an operator's config starts is started as anything else is.
  manager.home.file(
    'config.ts',
    `import { spawn } from 'node:child_process';
    import { defineConfig } from 'holdcast';
    spawn('sleep', ['60'], { stdio: 'ignore' });
    export default defineConfig({ ${configFor(manager.where)} });\n`,
  );
  const pid = await manager.started();
  const inode = readlinkSync(`/proc/${pid}/fd/3`);
  expect(inode).toMatch(/^socket:/);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  expect(children[0]).toMatch(/^\d+$/);
  for (const child of children) {
    const links = readdirSync(`/proc/${child}/fd`).map((name) => readlinkSync(`/proc/${child}/fd/${name}`));
    expect(links).not.toContain(inode);
    expect(readFileSync(`/proc/${child}/environ`, 'latin1')).not.toMatch(/LISTEN_/);
    process.kill(Number(child), 'SIGKILL');
  }
});

onLinux('an address that the config does not have is an error that names both', async () => {
  const manager = await Manager.open(ANY_PORT, () => configFor({ host: '127.0.0.1', port: 8099 }));
  manager.start();
  expect(await manager.ended()).toBe(1);
  expect(manager.text).toContain(
    `holds ${addressOf(manager.where)} for the hub, but hub.listen is 127.0.0.1:8099`,
  );
  expect(manager.text).toContain('ListenStream=');
});

onLinux('what is no listening socket is refused', async () => {
  const home = new Home();
  home.config(configFor(ANY_PORT));
  const fd = openSync(join(home.path, 'config.ts'), 'r');
  const manager = new Manager(home, fd, ANY_PORT);
  closeSync(fd);
  manager.start();
  expect(await manager.ended()).toBe(1);
  expect(manager.text).toContain('descriptor 3 is no listening socket');
});

onLinux('a Unix socket is taken too', async () => {
  const manager = await Manager.open({ path: join(tempFolder(), 'look-ups.sock') }, configFor);
  await manager.started();
  const client = manager.lookUp();
  await client.closed;
  expect(client.text).toContain('mode=custom');
});

test('what is meant for another process is left alone, and the variables go in any case', () => {
  for (const env of [
    { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x' },
    { LISTEN_FDS: '1' },
    { LISTEN_PID: '4711' },
    { LISTEN_PID: '4711', LISTEN_FDS: '0' },
  ] as NodeJS.ProcessEnv[]) {
    expect(takeHeldSockets(env, 4711)).toEqual([]);
    expect(env).toEqual({});
  }
  for (const count of ['-1', '1e3', '17', 'x'])
    expect(() => takeHeldSockets({ LISTEN_PID: '4711', LISTEN_FDS: count }, 4711)).toThrow(
      /passes no socket/,
    );
});

test('localhost and its address are one', () => {
  const held = [{ fd: 3, where: { host: '127.0.0.1', port: 8099 } }];
  expect([
    heldFor(held, { host: 'localhost', port: 8099 }),
    heldFor(held, { host: '::1', port: 8099 }),
  ]).toEqual([3, undefined]);
});

(hasActivate ? test : test.skip)('systemd’s own program starts the hub for the first look-up', async () => {
  const home = new Home();
  const where = await listening(ANY_PORT, (_, at) => at); // its number is free again
  const config = home.config(configFor(where));
  // It passes no other variables on, and root takes no config that is not named.
  const words = [`--listen=${addressOf(where)}`, HOLDCAST, 'hub', '--config', config];
  const child = spawn('systemd-socket-activate', words, {
    cwd: home.path,
    env: home.env(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise((done) => child.once('close', done));
  owned({ close: () => (child.kill('SIGKILL'), gone.then(() => {})) });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  await until(
    () => `that it listens: ${text}`,
    () => text.includes('Listening'),
  );
  const client = lookUp(where);
  await client.closed;
  expect(client.text).toContain('mode=custom');
});
