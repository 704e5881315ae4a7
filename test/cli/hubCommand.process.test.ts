// `holdcast hub` as systemd runs it: what it says, what signals do, what it leaves behind.
// It is started at boot and looked at when something is wrong, so its words must be enough.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Home } from '../support/home';
import { HOLDCAST, until, type Ended } from '../support/process';
import { grantsRealTime, priorities } from '../support/priority';
import type { LogLine } from '../support/stream';
import { RawClient } from '../hub/fixtures';

const PLACES =
  "hub: { listen: '127.0.0.1:0', play: 'stream', observe: false }, calls: { folder: 'run/calls' }";

/** The product ends within a second; a busy machine with two cores may need longer. */
const GENEROUS_MS = 5000;

class Hub {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  /** @param by a command that starts it */
  constructor(home: Home, args: string[] = [], env: NodeJS.ProcessEnv = home.env(), by: string[] = []) {
    const [program = HOLDCAST, ...words] = [...by, HOLDCAST, 'hub', ...args];
    const child = spawn(program, words, {
      cwd: home.path,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  }

  static async start(home: Home, args: string[] = [], env?: NodeJS.ProcessEnv, by?: string[]): Promise<Hub> {
    const hub = new Hub(home, args, env, by);
    await until(
      () => `that it is ready: ${hub.stdout}${hub.stderr}`,
      () => hub.stdout.includes('Asterisk '),
    );
    return hub;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get port(): number {
    return Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout)![1]);
  }

  get log(): LogLine[] {
    return this.stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Milliseconds until it had ended. */
  async end(signal: NodeJS.Signals): Promise<Ended & { afterMs: number }> {
    const at = performance.now();
    this.#child.kill(signal);
    return { ...(await this.ended), afterMs: performance.now() - at };
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async lookUp(): Promise<string> {
    const client = new RawClient({ host: '127.0.0.1', port: this.port });
    client.write(
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 13\r\n\r\nname=hold-1.1',
    );
    await client.closed;
    return decodeURIComponent(client.text.split('\r\n\r\n')[1]!);
  }
}

const TOKEN = '(?:[hH][oO][lL][dD][cC][aA][sS][tT]){8}';

test('it says what it is ready for, and gives Asterisk this very program to start', async () => {
  const home = new Home();
  home.config(PLACES);
  const hub = await Hub.start(home, ['--config', 'config.ts'], home.env({ HOLDCAST_CONFIG: undefined }));
  expect(hub.stdout).toMatch(/^holdcast hub \S+ is ready\n/);
  for (const text of [join(home.path, 'config.ts'), 'one process each', 'extconfig.conf', 'no ami.secret'])
    expect(hub.stdout).toContain(text);
  expect(await hub.lookUp()).toMatch(
    new RegExp(`^name=hold-(${TOKEN})&mode=custom&application=${HOLDCAST} stream --token \\1$`),
  );
  const said = hub.log.filter(({ msg }) => !msg.includes('no real-time priority'));
  expect(said.map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', expect.stringContaining('no AMI connection')],
    ['info', 'hub ready'],
  ]);
});

test('it takes real-time priority in all its threads where that is granted; otherwise its log names the remedy', async () => {
  const home = new Home();
  home.config(PLACES);
  const granted = await Hub.start(home);
  const isGranted = grantsRealTime();
  expect(new Set(priorities(granted.pid))).toEqual(new Set([isGranted ? 11 : 0]));
  await granted.end('SIGTERM');
  const refused = await Hub.start(home, [], home.env(), [
    'setpriv',
    '--bounding-set=-sys_nice',
    '--inh-caps=-sys_nice',
  ]);
  expect(new Set(priorities(refused.pid))).toEqual(new Set([0]));
  expect(refused.log).toContainEqual(
    expect.objectContaining({ level: 'info', hint: 'LimitRTPRIO=11, see docs/operating.md' }),
  );
  await refused.end('SIGTERM');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it, and nothing of it is left', async (signal) => {
  const home = new Home();
  home.config(PLACES);
  const hub = await Hub.start(home);
  const streaming = new RawClient({ path: join(home.path, 'run/play/status.sock') });
  await streaming.connected;
  const { code, afterMs } = await hub.end(signal);
  expect(code).toBe(0);
  expect(afterMs).toBeLessThan(GENEROUS_MS);
  await streaming.closed;
  expect(existsSync(join(home.path, 'run/play/status.sock'))).toBe(false);
  expect(home.processes()).toEqual([]);
});

test('SIGHUP has it read its config again; a wrong one is refused, and it goes on', async () => {
  const home = new Home();
  home.config(PLACES);
  const hub = await Hub.start(home);
  const said = (text: string): Promise<void> =>
    until(
      () => `${text}: ${hub.stderr}`,
      () => hub.stderr.includes(text),
    );
  hub.signal('SIGHUP');
  await said('config reloaded');
  home.config(`${PLACES}, music: { crossfadeMs: 'long' }`);
  hub.signal('SIGHUP');
  await said('config rejected; keeping');
  expect(hub.log.at(-1)).toMatchObject({ level: 'error', code: 'HC_CONFIG_INVALID' });
  home.config(`${PLACES.replace('127.0.0.1:0', '127.0.0.1:1')}, sound: { rate: 8000 }`);
  hub.signal('SIGHUP');
  await said('take effect after a restart');
  expect(hub.log.find(({ sections }) => sections)).toMatchObject({ sections: ['hub'] });
  expect(await hub.lookUp()).toMatch(new RegExp(TOKEN));
});

test('a hub that was killed is simply started again', async () => {
  const home = new Home();
  home.config(PLACES);
  const first = await Hub.start(home);
  await first.end('SIGKILL');
  expect(existsSync(join(home.path, 'run/play/status.sock'))).toBe(true);
  expect(await (await Hub.start(home)).lookUp()).toMatch(new RegExp(TOKEN));
});

test('a second hub says why it does not start, and the first goes on', async () => {
  const home = new Home();
  home.config(PLACES);
  const first = await Hub.start(home);
  const second = new Hub(home);
  expect(await second.ended).toMatchObject({ code: 1 });
  expect(second.stdout).toBe('');
  expect(second.stderr).toMatch(/cannot listen on \S+\.sock: another hub answers there/);
  expect(second.stderr).toContain('HC_HUB_ADDRESS');
  expect(await first.lookUp()).toMatch(new RegExp(TOKEN));
});

test('what nobody expected to fail is logged, and the hub goes on', async () => {
  const home = new Home();
  home.file(
    'config.ts',
    `setTimeout(() => { throw new Error('late'); }, 1500);
    setTimeout(() => { void Promise.reject(new Error('later')); }, 1510);
    export default { ${PLACES} };`,
  );
  const hub = await Hub.start(home);
  await until(
    () => hub.stderr,
    () => hub.stderr.includes('later'),
  );
  expect(hub.log.filter(({ level }) => level === 'error').map((line) => line['error'])).toEqual([
    'late',
    'later',
  ]);
  expect(await hub.lookUp()).toMatch(new RegExp(TOKEN));
});

test('what dead calls left is removed at the start, what is young is not', async () => {
  const home = new Home();
  home.config(PLACES.replace("'run/calls'", "'run/calls', keepMs: 10_000"));
  const [old, young] = ['1.1', '2.2'].map((id) => home.file(`run/calls/${id}.json`, '{}'));
  utimesSync(old!, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
  await Hub.start(home);
  await until(
    () => 'that it is removed',
    () => !existsSync(old!),
  );
  expect(existsSync(young!)).toBe(true);
});

test('log.file gets the log, standard error nothing', async () => {
  const home = new Home();
  home.config(`${PLACES}, log: { file: 'logs/hub.log' }`);
  const hub = await Hub.start(home);
  await hub.end('SIGTERM');
  expect(hub.stderr).toBe('');
  const lines = readFileSync(join(home.path, 'logs/hub.log'), 'utf8').trim().split('\n');
  expect((JSON.parse(lines.at(-1)!) as LogLine).msg).toBe('hub ends');
});

test('a config that is wrong is told as everywhere', async () => {
  const home = new Home();
  home.config("hub: { listen: '0.0.0.0:8099' }");
  const hub = new Hub(home);
  expect(await hub.ended).toMatchObject({ code: 1 });
  expect(hub.stderr).toContain('HC_CONFIG_INVALID');
});
