// The log of a real stream: where it goes, who is in it, and what never is.
// It is read by machines (one JSON object a line) and kept for years, so a phone number must not be in it.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Home } from '../support/home';
import { until } from '../support/process';
import type { LogLine, Stream } from '../support/stream';

const NUMBER = '442079460018';

/** A home with music and this config, so that its log has nothing to complain of. */
async function homeWith(config: string): Promise<Home> {
  const home = new Home();
  home.ship({ 'music/a.wav': Int16Array.from({ length: 80_000 }, (_, i) => (i % 80) * 100 - 4000) });
  home.config(config);
  await home.warmUp();
  return home;
}

const started = (lines: LogLine[]): LogLine | undefined =>
  lines.find((line) => line.msg === 'stream started');

async function startedLine(stream: Stream): Promise<LogLine> {
  await until(
    () => 'that it started',
    () => started(stream.log) !== undefined,
  );
  return started(stream.log)!;
}

test('each line has its time, level, process and call', async () => {
  const stream = new Home().stream(['--uniqueid', '1795225281.1']);
  await startedLine(stream);
  await stream.hangUp();
  expect(stream.log.length).toBeGreaterThanOrEqual(3);
  for (const line of stream.log) {
    expect(line).toMatchObject({ pid: stream.pid, uniqueid: '1795225281.1' });
    expect(['debug', 'info', 'warn', 'error']).toContain(line.level);
    expect(Math.abs(Date.parse(line['time'] as string) - Date.now())).toBeLessThan(60_000);
  }
});

test('options say who calls, the environment what they leave open, and nothing beside a Uniqueid that is given', async () => {
  const env = { UNIQUEID: '2.2', CHANNEL: 'PJSIP/b-2', PHONE: '100', QUEUE: 'support' };
  const told = new Home().stream(['--queue=sales'], { env });
  expect(await startedLine(told)).toMatchObject({ uniqueid: '2.2', channel: 'PJSIP/b-2', queue: 'sales' });
  const certain = new Home().stream(['--uniqueid', '1.1'], { env });
  const line = await startedLine(certain);
  expect(line).toMatchObject({ uniqueid: '1.1' });
  expect(line).not.toHaveProperty('channel');
});

describe('a phone number is nowhere in clear', () => {
  const channel = `Local/${NUMBER}@queue-00000001;1`;

  test.each<[string, string[], NodeJS.ProcessEnv]>([
    ['given as an option', ['--phone', `+${NUMBER}`], {}],
    ['given in the environment', [], { PHONE: `+${NUMBER}` }],
    ['in the name of the channel', ['--phone', `+${NUMBER}`, '--channel', channel], {}],
    ['in an option that does not exist', ['--fone', NUMBER, `--callerid=${NUMBER}`, NUMBER], {}],
  ])('%s', async (_, args, env) => {
    const home = await homeWith("log: { level: 'debug' }");
    const stream = home.stream(['--uniqueid', '1.1', ...args], { env });
    await startedLine(stream);
    await stream.hear(400);
    await stream.hangUp();
    expect(stream.stderr).not.toContain(NUMBER.slice(2));
  });
});

describe('log.file', () => {
  test('gets everything, relative to the config, in a folder that is made', async () => {
    const home = await homeWith("log: { file: 'logs/holdcast.log' }");
    const file = join(home.path, 'logs/holdcast.log');
    for (const uniqueid of ['1.1', '2.2']) {
      const stream = home.stream(['--uniqueid', uniqueid]);
      const text = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
      await until(
        () => 'a line',
        () => text().includes(`"uniqueid":"${uniqueid}"`),
      );
      await stream.hangUp();
      expect(stream.stderr).toBe('');
    }
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const reasons = lines.map((line) => (JSON.parse(line) as LogLine)['reason']).filter(Boolean);
    expect(reasons).toEqual(['SIGHUP', 'SIGHUP']);
  });

  test('that cannot be written: standard error gets everything, with the reason', async () => {
    const home = await homeWith("log: { file: 'no-folder/holdcast.log' }");
    const file = join(home.file('no-folder', ''), 'holdcast.log');
    const stream = home.stream(['--uniqueid', '1.1']);
    await startedLine(stream);
    await stream.hear(500);
    const errors = stream.log.filter((line) => line.level === 'error');
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors)).toContain(file);
    await stream.hangUp();
    expect(stream.log.at(-1)).toMatchObject({ reason: 'SIGHUP' });
  });

  test('on a disk that is full: the music goes on, and the stream obeys', async () => {
    const home = await homeWith("log: { file: '/dev/full', level: 'debug' }");
    const stream = home.stream();
    await stream.hear(1500);
    expect((await stream.hangUp()).afterMs).toBeLessThan(1000);
  });
});

describe('standard error is a pipe', () => {
  const fifo = (home: Home): { reader: number; writer: number } => {
    const path = join(home.path, 'stderr');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) };
  };

  /** Everything about it is as always: the music, and the end of the call. */
  async function expectMusic(home: Home, stderr: number): Promise<void> {
    const stream = home.stream(['--bogus'], { stderr });
    closeSync(stderr);
    await stream.hear(2500, 6000);
    expect((await stream.hangUp()).afterMs).toBeLessThan(1000);
  }

  test('that nobody drains', async () => {
    const home = await homeWith("log: { level: 'debug' }");
    const { reader, writer } = fifo(home);
    const blocking = openSync(join(home.path, 'stderr'), constants.O_WRONLY);
    for (const size of [4096, 1]) while (written(writer, size));
    closeSync(writer);
    await expectMusic(home, blocking);
    closeSync(reader);
  });

  test('whose reader is gone', async () => {
    const home = await homeWith("log: { level: 'debug' }");
    const { reader, writer } = fifo(home);
    closeSync(reader);
    await expectMusic(home, writer);
  });

  function written(fd: number, size: number): boolean {
    try {
      return writeSync(fd, Buffer.alloc(size, 'x')) > 0;
    } catch {
      return false; // it is full
    }
  }
});

test('log.level keeps back what is lower, from the first line on', async () => {
  const home = await homeWith("log: { level: 'error' }");
  const stream = home.stream(['--bogus']);
  await stream.hear(800);
  await stream.hangUp();
  expect(stream.stderr).toBe('');
});
