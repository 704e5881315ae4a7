// The link that comes back: whatever Asterisk does, its users are told the truth, in order, and closing leaves nothing.
// Sockets are real, time is not.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AmiEvent } from '../../src/asterisk/events';
import { AmiLink, type AmiListener } from '../../src/asterisk/link';
import type { AmiSettings } from '../../src/asterisk/settings';
import { ManualClock, type Cancel } from '../../src/util/clock';
import { keptLog, type LogLine } from '../media/fixtures';
import { AmiServer, amiText, type AmiSession } from '../support/amiServer';

/** Keeps the pauses before connecting again; everything else that waits has a time of its own. */
class NotedClock extends ManualClock {
  readonly pauses: number[] = [];
  #look: () => void = () => {};
  override after(delayMs: number, task: () => void): Cancel {
    if (![CONNECT_MS, ANSWER_MS, PING_MS].includes(delayMs)) this.pauses.push(delayMs);
    this.#look();
    return super.after(delayMs, task);
  }
  /** Resolves when that many pauses have begun. */
  async paused(count: number): Promise<void> {
    while (this.pauses.length < count) await new Promise<void>((look) => (this.#look = look));
  }
}

const [CONNECT_MS, ANSWER_MS, PING_MS] = [5001, 5002, 10_003];
let server: AmiServer;
let clock: NotedClock;
let lines: LogLine[];
const links: AmiLink[] = [];

beforeEach(async () => {
  server = await AmiServer.open();
  clock = new NotedClock();
});
afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  await server.close();
});

function link(random = (): number => 1, change: Partial<AmiSettings> = {}): AmiLink {
  const kept = keptLog();
  lines = kept.lines;
  const times = { connectMs: CONNECT_MS, answerMs: ANSWER_MS, pingMs: PING_MS };
  const made = new AmiLink(server.settings({ ...times, ...change }), { clock, random, log: kept.log });
  links.push(made);
  return made;
}

/** Notes what it is told; can be waited for. */
class Notes implements AmiListener {
  readonly told: string[] = [];
  #look = new Set<() => void>();
  connected(): void {
    this.note('connected');
  }
  event(event: AmiEvent): void {
    this.note(`${event.type} ${event.uniqueid}`);
  }
  disconnected(why: string): void {
    this.note(`disconnected: ${why}`);
  }
  note(what: string): void {
    this.told.push(what);
    for (const look of this.#look) look();
    this.#look.clear();
  }
  async has(count: number): Promise<void> {
    while (this.told.length < count) await new Promise<void>((look) => this.#look.add(look));
  }
}

const hangup = (session: AmiSession, uniqueid: string): void =>
  session.event('Hangup', { Uniqueid: uniqueid, Channel: 'Local/a-1' });
const logged = (level: string): string[] =>
  lines.filter((line) => line.level === level).map((line) => line.message);
const failures = (): unknown[] =>
  lines.filter((line) => line.message === 'ami not connected').map((line) => line.fields['code']);

describe('what listeners are told', () => {
  test('connected first, then every event in order, also the one that came with the login', async () => {
    server.afterLogin =
      amiText({ Event: 'Hangup', Uniqueid: '1.0' }) + amiText({ Event: 'VarSet', Uniqueid: '1.1' });
    const notes = new Notes();
    const port = link();
    port.listen(notes);
    const session = await server.session();
    hangup(session, '1.1');
    hangup(session, '1.2');
    await notes.has(4);
    expect(notes.told).toEqual(['connected', 'hangup 1.0', 'hangup 1.1', 'hangup 1.2']);
    expect(port.connected).toBe(true);
  });

  test('who listens later is told of the connection at once, and of no event before that', async () => {
    const first = new Notes();
    const late = new Notes();
    const port = link();
    const inside: string[] = [];
    port.listen({
      connected: () => first.note('connected'),
      event: () => {
        if (first.told.length > 1) return;
        first.note('event');
        port.listen(late);
        inside.push(...late.told);
      },
      disconnected: () => {},
    });
    await first.has(1);
    server.sessions[0]!.send(
      amiText({ Event: 'Hangup', Uniqueid: '1.1' }) + amiText({ Event: 'Hangup', Uniqueid: '1.2' }),
    );
    await late.has(1);
    hangup(server.sessions[0]!, '1.3');
    await late.has(2);
    expect([inside, late.told]).toEqual([[], ['connected', 'hangup 1.3']]);
  });

  test('who listens around the moment of the login is told of it once', async () => {
    const port = link();
    const session = await server.session();
    const all: Notes[] = [];
    const listening = new Promise<void>((done) => {
      const listenInEveryMicrotask = async (): Promise<void> => {
        for (let i = 0; i < 50; i++, await Promise.resolve()) port.listen(all[all.push(new Notes()) - 1]!);
        done();
      };
      server.clientOf(session.socket)!.once('data', () => void listenInEveryMicrotask());
    });
    await listening;
    await port.request({ Action: 'Ping' });
    expect(all.map((notes) => notes.told)).toEqual(all.map(() => ['connected']));
  });

  test('who has stopped listening is told nothing, also when they stop within an event', async () => {
    const notes = new Notes();
    const port = link();
    const gone = new Notes();
    port.listen(gone)();
    const stop = port.listen({
      connected: () => {},
      event: () => {
        notes.note('event');
        stop();
      },
      disconnected: () => notes.note('disconnected'),
    });
    const session = await server.session();
    hangup(session, '1.1');
    hangup(session, '1.2');
    await notes.has(1);
    await port.request({ Action: 'Ping' });
    session.drop();
    await clock.paused(1);
    expect([notes.told, gone.told]).toEqual([['event'], []]);
  });

  test('who is stopped by another’s event does not get that event', async () => {
    const port = link();
    const stopped = new Notes();
    const notes = new Notes();
    port.listen({ connected: () => {}, event: () => stop(), disconnected: () => {} });
    const stop = port.listen(stopped);
    port.listen(notes);
    hangup(await server.session(), '1.1');
    await notes.has(2);
    expect([notes.told, stopped.told]).toEqual([['connected', 'hangup 1.1'], ['connected']]);
  });

  test('one that throws is logged, not at each event; the others hear everything', async () => {
    const notes = new Notes();
    const port = link();
    const fails = (): never => {
      throw new Error('my mistake');
    };
    port.listen({ connected: fails, event: fails, disconnected: fails });
    port.listen(notes);
    const session = await server.session();
    for (let i = 1; i <= 5; i++) hangup(session, `1.${i}`);
    await notes.has(6);
    expect(logged('error')).toEqual(['ami listener']);
    expect(lines.find((line) => line.level === 'error')?.fields['error']).toBe('my mistake');
    session.end();
    await notes.has(7);
    expect(notes.told.at(-1)).toBe('disconnected: closed by Asterisk');
  });

  test('a request from within `connected` is answered', async () => {
    const port = link();
    const answer = new Promise((done) => {
      const ask = (): void => done(port.request({ Action: 'Ping' }).then((pong) => pong.get('Ping')));
      port.listen({ connected: ask, event: () => {}, disconnected: () => {} });
    });
    expect(await answer).toBe('Pong');
  });
});

describe('what is subscribed to', () => {
  test('the mask and the filter come first after every login; a refused filter is no trouble', async () => {
    const port = link();
    await server.action('Filter');
    await port.request({ Action: 'Ping' });
    const [, , mask, filter] = server.received;
    expect(mask!['EventMask']!.split(',').sort()).toEqual(['agent', 'call', 'dtmf']);
    expect(filter!['Filter']).toMatch(/^\^Event: \(DTMFBegin\|.*\)\[\[:space:\]\]$/);
    expect([logged('warn'), logged('error'), logged('debug')]).toEqual([[], [], ['ami event filter']]);
  });

  test('an Asterisk that sends no events is a line in the log', async () => {
    server.on('Events', (action, session) => session.respond(action, { Events: 'Off' }));
    const port = link();
    await server.action('Filter');
    await port.request({ Action: 'Ping' });
    expect(logged('warn')).toEqual(['ami sends no events']);
  });
});

describe('coming back', () => {
  test('after a restart of Asterisk it is connected again, and says so', async () => {
    const notes = new Notes();
    const port = link();
    port.listen(notes);
    await notes.has(1);
    await server.stop();
    await notes.has(2);
    expect(port.connected).toBe(false);
    await expect(port.request({ Action: 'Ping' })).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    await expect(port.list({ Action: 'QueueStatus' })).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    await clock.paused(1);
    clock.advance(clock.pauses[0]!);
    await clock.paused(2);
    await server.listen();
    clock.advance(clock.pauses[1]!);
    await notes.has(3);
    hangup(await server.session(2), '1.1');
    await notes.has(4);
    expect(notes.told).toEqual([
      'connected',
      expect.stringMatching(/^disconnected: /),
      'connected',
      'hangup 1.1',
    ]);
  });

  test('pauses double up to the longest and are logged once, however long it takes', async () => {
    await server.stop();
    link();
    for (let i = 0; i < 10; i++) {
      await clock.paused(i + 1);
      clock.advance(clock.pauses[i]!);
    }
    await clock.paused(11);
    const expected = [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000];
    expect(clock.pauses).toEqual(expected);
    expect(failures()).toEqual(['HC_AMI_UNREACHABLE']);
  });

  test('jitter takes up to half of a pause away', async () => {
    await server.stop();
    const draws = [0, 0.5];
    link(() => draws.shift() ?? 1);
    await clock.paused(1);
    expect(clock.pauses[0]).toBeGreaterThanOrEqual(125);
    expect(clock.pauses[0]).toBeLessThan(250);
  });

  test('a connection that lasts starts the pauses anew; one that breaks at once does not', async () => {
    const notes = new Notes();
    link().listen(notes);
    for (let i = 1; i <= 3; i++) {
      (await server.session(i)).drop();
      await clock.paused(i);
      clock.advance(clock.pauses[i - 1]!);
    }
    expect(clock.pauses).toEqual([250, 500, 1000]);
    const session = await server.session(4);
    await notes.has(7);
    clock.stall(PING_MS);
    session.drop();
    await clock.paused(4);
    expect(clock.pauses[3]).toBe(250);
  });

  test('a wrong password is tried again at the longest pause, logged once, until it is mended', async () => {
    server.login = 'refuse';
    const notes = new Notes();
    link().listen(notes);
    for (let i = 0; i < 3; i++) {
      await clock.paused(i + 1);
      clock.advance(clock.pauses[i]!);
    }
    await clock.paused(4);
    server.login = 'accept';
    clock.advance(clock.pauses[3]!);
    await notes.has(1);
    expect([clock.pauses, failures()]).toEqual([[30_000, 30_000, 30_000, 30_000], ['HC_AMI_REFUSED']]);
    expect(notes.told).toEqual(['connected']);
    expect(JSON.stringify(lines)).not.toContain('mohsecret');
  });

  test('a change of what is wrong is logged', async () => {
    await server.stop();
    link();
    await clock.paused(1);
    server.login = 'refuse';
    await server.listen();
    clock.advance(clock.pauses[0]!);
    await clock.paused(2);
    expect(failures()).toEqual(['HC_AMI_UNREACHABLE', 'HC_AMI_REFUSED']);
  });

  test('a half-open connection is left, and a new one is made', async () => {
    const notes = new Notes();
    link().listen(notes);
    await server.action('Filter');
    await notes.has(1);
    const session = await server.session();
    session.freeze();
    clock.advance(2 * PING_MS);
    clock.advance(PING_MS);
    await notes.has(2);
    clock.advance(clock.pauses[0]!);
    await notes.has(3);
    expect(notes.told).toEqual(['connected', expect.stringContaining('nothing heard'), 'connected']);
    session.drop();
  });

  test('a server that is mute from the start is left in time and tried again', async () => {
    server.login = 'ignore';
    link();
    await server.action('Login');
    clock.advance(CONNECT_MS);
    await clock.paused(1);
    expect(failures()).toEqual(['HC_AMI_TIMEOUT']);
  });
});

describe('a flood', () => {
  test('50,000 events arrive in order; requests are answered in between; no memory is kept', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const port = link();
    let next = 1;
    let wrong = 0;
    const all = new Notes();
    port.listen({
      connected: () => all.note('connected'),
      event: (event) => {
        if (!('digit' in event) || event.uniqueid !== `1.${next}`) wrong++;
        if (next++ === 50_000) all.note('all');
      },
      disconnected: (why) => all.note(why),
    });
    const session = await server.session();
    await all.has(1);
    collect();
    const before = process.memoryUsage().heapUsed;
    const answers: Promise<unknown>[] = [];
    for (let i = 1; i <= 50_000; i++) {
      session.event('DTMFBegin', {
        Privilege: 'dtmf,all',
        Uniqueid: `1.${i}`,
        Digit: i % 10,
        Direction: 'Received',
      });
      if (i % 5000 === 0) answers.push(port.request({ Action: 'Ping' }));
      if (i % 100 === 0) await session.drained();
    }
    await all.has(2);
    expect((await Promise.all(answers)).length).toBe(10);
    expect([next, wrong, all.told]).toEqual([50_001, 0, ['connected', 'all']]);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
  });
});

describe('close', () => {
  /** No socket, no timer, and nothing is said or tried any more. */
  async function expectNothing(port: AmiLink): Promise<void> {
    const before = server.connections;
    await server.until(() => server.sessions.length === 0);
    expect(clock.pending).toBe(0);
    clock.advance(600_000);
    await new Promise((turn) => setImmediate(turn));
    expect([server.connections, clock.pending, port.connected]).toEqual([before, 0, false]);
    await expect(port.request({ Action: 'Ping' })).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    port.close();
  }

  test('before the first byte', async () => {
    const port = link();
    const notes = new Notes();
    port.listen(notes);
    port.close();
    await expectNothing(port);
    expect(notes.told).toEqual([]);
  });

  test('while the connection is being made', async () => {
    const port = link();
    while (clock.pending === 0) await Promise.resolve();
    port.close();
    await expectNothing(port);
  });

  test('in the middle of the login', async () => {
    server.login = 'ignore';
    const port = link();
    await server.action('Login');
    port.close();
    await expectNothing(port);
  });

  test.each(['prependListener', 'on'] as const)(
    'in the very moment of the login (%s): nobody is told of it',
    async (put) => {
      const port = link();
      const notes = new Notes();
      port.listen(notes);
      await server.session();
      const client = server.clientOf(server.sessions[0]!.socket)!;
      client[put]('data', () => port.close());
      await expectNothing(port);
      expect(notes.told).toEqual([]);
    },
  );

  test('while connected, with requests under way, which fail', async () => {
    const port = link();
    const notes = new Notes();
    port.listen(notes);
    await notes.has(1);
    server.on('QueueStatus', () => {});
    const waiting = port.list({ Action: 'QueueStatus' }).catch((error: unknown) => error);
    await server.action('QueueStatus');
    port.close();
    expect(await waiting).toMatchObject({ code: 'HC_AMI_LOST' });
    await expectNothing(port);
    expect(notes.told).toEqual(['connected']);
  });

  test('from within an event, in the middle of a piece', async () => {
    const port = link();
    const notes = new Notes();
    port.listen({
      connected: () => {},
      event: () => {
        notes.note('event');
        port.close();
      },
      disconnected: (why) => notes.note(why),
    });
    const other = new Notes();
    port.listen(other);
    const session = await server.session();
    session.send(
      amiText({ Event: 'Hangup', Uniqueid: '1.1' }) + amiText({ Event: 'Hangup', Uniqueid: '1.2' }),
    );
    await notes.has(1);
    await expectNothing(port);
    expect([notes.told, other.told]).toEqual([['event'], ['connected']]);
  });

  test('while it waits to connect again', async () => {
    await server.stop();
    const port = link();
    await clock.paused(1);
    port.close();
    await expectNothing(port);
  });

  test('with a peer that reads nothing any more', async () => {
    const port = link();
    const notes = new Notes();
    port.listen(notes);
    await notes.has(1);
    const session = await server.session();
    session.freeze();
    for (let i = 0; i < 2000; i++) port.request({ Action: 'Ping', X: 'x'.repeat(1000) }).catch(() => {});
    const client = server.clientOf(session.socket)!;
    port.close();
    expect([client.destroyed, clock.pending]).toEqual([true, 0]);
    session.drop();
  });
});
