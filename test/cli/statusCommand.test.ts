// `holdcast status` against the real observer on its Unix socket: what an operator reads, and what they read without a hub.
// It must tell calls from each other without telling who calls, and must end, whatever answers on the socket.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { buildProgram } from '../../src/cli/program';
import { statusCommand, statusText, timeText, type StatusContext } from '../../src/cli/statusCommand';
import { bashCompletion } from '../../src/cli/program';
import { ObserveServer } from '../../src/observe/observeServer';
import { statusSocket, type HubStatus } from '../../src/observe/status';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, tempFolder, until } from '../hub/fixtures';
import { hubStatus } from '../observe/observed';

class Person {
  readonly folder = tempFolder();
  readonly clock = new ManualClock();
  readonly abort = new AbortController();
  text = '';
  isTTY = false;

  context(): StatusContext {
    const out = { write: (text: string) => void (this.text += text), isTTY: this.isTTY, columns: 80 };
    return { out, signal: this.abort.signal, clock: this.clock };
  }

  status(options: { json?: boolean; watch?: boolean } = {}): Promise<number> {
    return statusCommand({ folder: this.folder, ...options }, this.context());
  }

  /** A hub that tells this; `told` is asked each time. */
  async hub(told: () => HubStatus | Promise<HubStatus> = () => hubStatus()): Promise<ObserveServer> {
    const observed = {
      metrics: () => ({ contentType: '', text: () => Promise.resolve('') }),
      health: () => [],
      ready: () => [],
      status: async () => told(),
    };
    const { log } = keptLog();
    const parts = { observed, listen: undefined, socket: statusSocket(this.folder), clock: this.clock, log };
    const observer = owned(new ObserveServer(parts));
    await observer.start();
    return observer;
  }

  /** Something else that listens there. */
  async stranger(answer: string): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => void socket.write(answer));
      owned({ close: () => void socket.destroy() });
    });
    await new Promise<void>((resolve) => server.listen(statusSocket(this.folder), resolve));
    owned({ close: () => void server.close() });
  }
}

test('a head of totals, and callers queue by queue, place by place', async () => {
  const person = new Person();
  await person.hub();
  expect(await person.status()).toBe(0);
  expect(person.text).toBe(`\
Hub        1.2.3, process 4711, ready, up 1:02:05
Callers    2 playing, 1 waiting; 0 of them with music only; at most 4000
Frames     186250, late 3, underruns 1, pages late 0, sessions rescued 0
Keys       12
Lag        ticks 2.3 ms, main thread 14 ms (worst of the last second)
Memory     172 MiB, heaps 57 MiB, audio 29 MiB of 128 MiB
Threads    0: 3 calls, 7 % busy, tick 4.5 ms
Asterisk   connected
Store      away

uniqueid      queue  place  on hold  state    hears                  says                    ahead  underruns
1795225281.1  sales      2  1:00:00  playing  music/first-light.wav  advice: Opening hours  120 ms          0
1795225281.2  sales     12     1:05  playing  music/slow-water.wav                          120 ms          1
1795225281.9  —          —     0:01  waiting  chord                                         160 ms          0
`);
});

test('what is wrong stands in the head', () => {
  const problems = ['mixing thread 1 has not reported for 9 s'];
  const limits = ['descriptors: 512 callers; set LimitNOFILE=4512'];
  const text = statusText(hubStatus({ problems, limits, calls: [], state: 'draining' }));
  expect(text).toContain(`Problem    ${problems[0]}\n`);
  expect(text).toContain(`Limit      ${limits[0]}\n`);
  expect(text).toContain('draining');
  expect(text).toContain('No caller is on hold.\n');
});

test('where each caller has a process of their own, nothing is said of what is not known', () => {
  const nobody = { playing: 0, waiting: 0, plain: 0, most: 4000 };
  const text = statusText(hubStatus({ play: 'stream', calls: [], threads: [], callers: nobody }));
  expect(text).toContain('Each caller has a process of their own (hub.play)');
  expect(text).not.toMatch(/Nobody|^Callers|^Frames|^Keys|^Threads|ticks/m);
  expect(text).toMatch(/^Lag        main thread 14 ms/m);
});

test('a name cannot move the terminal’s cursor', () => {
  const [call] = hubStatus().calls;
  const text = statusText(hubStatus({ calls: [{ ...call!, queue: '\u001b[2Jx', track: 'a\r\nb' }] }));
  expect(text).not.toMatch(/[\u001b\r]/);
});

test('--json is what the hub told', async () => {
  const person = new Person();
  await person.hub();
  expect(await person.status({ json: true })).toBe(0);
  expect(JSON.parse(person.text)).toEqual(hubStatus());
});

test('thousands of callers are a table within moments', async () => {
  const person = new Person();
  const [, call] = hubStatus().calls;
  const calls = Array.from({ length: 4000 }, (_, i) => ({ ...call!, uniqueid: `1.${i}`, position: i + 1 }));
  await person.hub(() => hubStatus({ calls }));
  expect(await person.status()).toBe(0);
  expect(person.text.match(/^1\.\d+ /gm)).toHaveLength(4000);
});

describe('without a hub', () => {
  const told = async (person: Person): Promise<unknown> => {
    const error = await person.status().catch((thrown: unknown) => thrown);
    expect(person.text).toBe('');
    return error;
  };

  test('none was started', async () => {
    expect(await told(new Person())).toMatchObject({
      code: 'HC_HUB_AWAY',
      message: expect.stringMatching(/none runs/) as unknown,
      hint: expect.stringMatching(/systemctl start holdcast-hub/) as unknown,
    });
  });

  test('one has died and left its socket', async () => {
    const person = new Person();
    // A file that is no socket refuses connections as a dead one does.
    mkdirSync(person.folder, { recursive: true });
    writeFileSync(statusSocket(person.folder), '');
    expect(await told(person)).toMatchObject({
      code: 'HC_HUB_AWAY',
      message: expect.stringMatching(/has died/) as unknown,
    });
  });

  test.each([
    ['no HTTP', 'what?\r\n\r\n'],
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]'],
    ['another JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"calls":[]}'],
    ['null', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull'],
    ['an answer cut short', 'HTTP/1.1 503 X\r\nContent-Length: 3\r\n\r\n{}\n'],
  ])('what answers tells %s', async (_, answer) => {
    const person = new Person();
    await person.stranger(answer);
    expect(await told(person)).toMatchObject({ code: 'HC_HUB_AWAY' });
  });

  test('what answers says nothing: given up after five seconds', async () => {
    const person = new Person();
    let asked = false;
    const server = createServer((socket) => {
      socket.on('error', () => {}).on('data', () => (asked = true));
      owned({ close: () => void socket.destroy() });
    });
    await new Promise<void>((resolve) => server.listen(statusSocket(person.folder), resolve));
    owned({ close: () => void server.close() });
    const error = told(person);
    await until('asked', () => asked);
    person.clock.advance(5000);
    expect(await error).toMatchObject({
      message: expect.stringContaining('no answer within 5 s') as unknown,
    });
  });

  test('a hub whose thread hangs says so', async () => {
    const person = new Person();
    await person.hub(() => new Promise(() => {}));
    const error = told(person);
    let over = false;
    void error.then(() => (over = true));
    await until('given up', () => {
      person.clock.advance(100);
      return over;
    });
    expect(await error).toMatchObject({ message: expect.stringContaining('a thread of the hub') as unknown });
  });
});

describe('--watch', () => {
  const times = (person: Person): number => person.text.match(/Hub {8}/g)?.length ?? 0;

  test('draws anew every two seconds until it is told to end, and outlives the hub', async () => {
    const person = new Person();
    person.isTTY = true;
    const hub = await person.hub();
    const over = person.status({ watch: true });
    await until('first', () => person.clock.pending > 0 && times(person) === 1);
    person.clock.advance(1999);
    expect(times(person)).toBe(1);
    await hub.close();
    person.clock.advance(1);
    await until('told that there is none', () => person.text.includes('none runs'));
    await person.hub();
    await until('again', () => {
      person.clock.advance(500);
      return times(person) === 2;
    });
    person.abort.abort();
    expect(await over).toBe(0);
    expect(person.text.split('\u001b[H\u001b[J').length).toBeGreaterThanOrEqual(4);
    expect(person.clock.pending).toBe(0);
  });

  test('with --json a line each time, also when there is no hub', async () => {
    const person = new Person();
    const over = person.status({ watch: true, json: true });
    await until('a line', () => person.text.endsWith('\n') && person.clock.pending > 0);
    await person.hub();
    await until('two lines', () => {
      person.clock.advance(500);
      return person.text.split('\n').length > 2;
    });
    person.abort.abort();
    await over;
    const lines = person.text.trim().split('\n');
    expect(JSON.parse(lines[0]!)).toMatchObject({ code: 'HC_HUB_AWAY' });
    expect(JSON.parse(lines.at(-1)!)).toEqual(hubStatus());
  });

  test('a table that is drawn again and again is no longer than a screen', async () => {
    const person = new Person();
    const [, call] = hubStatus().calls;
    const calls = Array.from({ length: 100 }, (_, i) => ({ ...call!, uniqueid: `1.${i}` }));
    await person.hub(() => hubStatus({ calls }));
    const over = person.status({ watch: true });
    await until('drawn', () => person.text.endsWith('… and 60 more\n'));
    person.abort.abort();
    await over;
  });
});

test.each([
  [0, '0:00'],
  [59_999, '0:59'],
  [65_000, '1:05'],
  [3_725_000, '1:02:05'],
  [90_061_000, '1 d 1:01:01'],
  [-5, '0:00'],
])('%d ms on hold are %s', (ms, text) => {
  expect(timeText(ms)).toBe(text);
});

test('it has help with examples, and bash completes it', () => {
  const command = buildProgram(() => {}).commands.find((one) => one.name() === 'status')!;
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  expect(help).toMatch(/Usage: holdcast status/);
  for (const text of ['--watch', '--json', '--config', '$ sudo holdcast status --watch'])
    expect(help).toContain(text);
  expect(bashCompletion(new Map([['status', ['--watch']]]))).toContain("'status'");
});
