// The BackOffice over a hub's socket, both ends of it real: answers, a hub that comes and goes, entries kept once each.
// A hub is restarted while callers press keys; what they did must arrive, and no answer may come late or to another.
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { entryOf, keptPhone, type BackOffice } from '../../src/asterisk/backOffice';
import type { CallIdentity } from '../../src/asterisk/feed';
import { HubConnection } from '../../src/asterisk/hubConnection';
import { HubFeed } from '../../src/asterisk/hubFeed';
import { HubOffice } from '../../src/asterisk/hubOffice';
import { FeedServer } from '../../src/hub/feedServer';
import { LookUps } from '../../src/hub/lookUps';
import { LocalOffice } from '../../src/session/localOffice';
import type { StoreEntry } from '../../src/store/store';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { Scope } from '../../src/util/scope';
import { keptLog, owned, ScriptedCalls, tempFolder, until } from '../hub/fixtures';
import {
  accounts,
  ME,
  officeContract,
  ScriptedCheck,
  ScriptedDesk,
  ScriptedKeeper,
} from '../support/officeContract';

officeContract('an office over a hub’s socket', async ({ billing }) => {
  const scope = new Scope();
  const [keeper, desk, clock] = [new ScriptedKeeper(), new ScriptedDesk(), new ManualClock()];
  const [socket, calls, log] = [join(tempFolder(), 'hub.sock'), new ScriptedCalls(), silentLogger];
  const identities = new Map<string, CallIdentity>();
  calls.greeting = (uniqueid) => [{ type: 'identity', identity: identities.get(uniqueid)! }];
  const check = new ScriptedCheck();
  const parts = { keeper, check, clock, ...(billing && { billing: desk }) };
  const server = new FeedServer({
    socket,
    calls,
    lookUps: new LookUps(undefined),
    office: (call) => new LocalOffice({ ...parts, call }),
    clock,
    log,
  });
  await server.start();
  scope.own(server);
  const news: string[] = [];
  return {
    keeper,
    desk,
    check,
    open: async (identity) => {
      const { uniqueid } = identity;
      identities.set(uniqueid, identity);
      const connection = new HubConnection({ socket, who: { uniqueid }, clock, random: () => 1, log });
      const feed = scope.own(new HubFeed(connection, log));
      feed.open(({ type }) => news.push(`${type} ${uniqueid}`));
      const office = new HubOffice({ connection, clock, log });
      await until('a connection', () => connection.status === 'up');
      return office;
    },
    end: async (uniqueid) => {
      await until('an identity', () => news.includes(`identity ${uniqueid}`));
      calls.tell(uniqueid, { type: 'ended' });
      await until('the end', () => news.includes(`ended ${uniqueid}`));
    },
    close: () => scope.close(),
  };
});

test.each(['0049301234', '+49301234', '49', '100', 'alice', 'Bob-2', '007'])('%s is a caller', (phone) => {
  expect(keptPhone({ uniqueid: '1.1', phone })).toBe(phone);
});

test.each([
  ...['', 's', '0', '7', '0000000000', '+000', '--', 'Restricted', 'PRIVATE', 'anonymous', 'Anonymous'],
  ...['unknown', '<unknown>', 'unavailable', 'WITHHELD', 'asterisk', '1234567890123456'],
])('"%s" is nobody: what one chose, another must not hear', (phone) => {
  expect(keptPhone({ uniqueid: '1.1', phone })).toBeUndefined();
  expect(entryOf({ type: 'choice', track: 'music/a.wav' }, { uniqueid: '1.1', phone }, 1)).toBeUndefined();
});

const never = new AbortController().signal;
const KEY = { type: 'key', digit: '3', action: 'nextTrack' } as const;

class TestOffice {
  readonly clock = new ManualClock();
  readonly hubClock = new ManualClock();
  readonly kept = keptLog();
  readonly socket = join(tempFolder(), 'hub.sock');
  readonly calls = new ScriptedCalls();
  readonly keeper = new ScriptedKeeper();
  readonly desk = new ScriptedDesk();
  readonly spilt: StoreEntry[] = [];
  readonly connection: HubConnection;
  readonly office: HubOffice;
  identity: CallIdentity | undefined = ME;

  constructor(spill?: (entries: readonly StoreEntry[]) => void) {
    const { clock, socket } = this;
    const { log } = this.kept;
    this.calls.greeting = () => (this.identity ? [{ type: 'identity', identity: this.identity }] : []);
    const { uniqueid } = ME;
    this.connection = new HubConnection({
      socket,
      who: { uniqueid },
      clock,
      random: () => 1,
      log,
      retryMs: [100, 100],
    });
    const keep = (entries: readonly StoreEntry[]): void => void this.spilt.push(...entries);
    this.office = owned(new HubOffice({ connection: this.connection, clock, log, spill: spill ?? keep }));
  }

  async hub(office?: BackOffice): Promise<FeedServer> {
    const { socket, calls, keeper, desk: billing, hubClock: clock } = this;
    const server = new FeedServer({
      socket,
      calls,
      lookUps: new LookUps(undefined),
      office: (call) => office ?? new LocalOffice({ keeper, billing, call, clock }),
      clock,
      log: this.kept.log,
    });
    await server.start();
    return owned(server);
  }

  /** A hub that says what the test has it say; resolves with the lines that it is told. */
  async impostor(answer: (line: string, socket: Socket) => void): Promise<string[]> {
    const [lines, sockets] = [[] as string[], new Set<Socket>()];
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\n').filter(Boolean)) {
          lines.push(line);
          answer(line, socket);
        }
      });
    });
    await new Promise<void>((done) => server.listen(this.socket, done));
    const close = (): void => {
      server.close();
      for (const socket of sockets) socket.destroy();
    };
    owned({ close });
    return lines;
  }

  async up(): Promise<this> {
    this.connection.open();
    await until('a connection', () => this.connection.status === 'up');
    return this;
  }

  down(): Promise<void> {
    return until('that it is down', () => this.connection.status === 'down');
  }

  back(): Promise<this> {
    this.clock.advance(100);
    return this.up();
  }

  keeps(count: number): Promise<void> {
    return until(`${count} entries`, () => this.keeper.entries.length >= count);
  }

  get actions(): string[] {
    return this.keeper.entries.map((entry) => (entry.type === 'key' ? entry.action : entry.type));
  }
}

describe('while there is no hub', () => {
  test('nothing is waited for', async () => {
    const test = new TestOffice();
    test.connection.open();
    await test.down();
    expect(await test.office.choice()).toBeUndefined();
    expect(await test.office.balance('en', undefined, never)).toEqual({ status: 'unavailable' });
  });

  test('a question that is asked while the first connection is made is answered when it stands', async () => {
    const test = new TestOffice();
    test.keeper.choices.set(ME.phone!, 'music/a.wav');
    test.desk.answer = () => accounts('1');
    await test.hub();
    const answers = [test.office.choice(), test.office.balance('en', undefined, never)];
    test.connection.open();
    expect(await Promise.all(answers)).toEqual(['music/a.wav', accounts('1')]);
  });

  test('… and ends when it fails, or after a second', async () => {
    const failing = new TestOffice();
    const answer = failing.office.balance('en', undefined, never);
    failing.connection.open();
    expect(await answer).toEqual({ status: 'unavailable' });
    const slow = new TestOffice();
    const late = slow.office.balance('en', undefined, never);
    slow.clock.advance(1000);
    expect(await late).toEqual({ status: 'unavailable' });
    expect(slow.clock.pending).toBe(0);
  });

  test('what is to be remembered waits for it, in order', async () => {
    const test = new TestOffice();
    test.connection.open();
    await test.down();
    for (const [i, action] of ['a', 'b', 'c'].entries()) test.office.remember({ ...KEY, action }, i);
    await test.hub();
    await test.back();
    await test.keeps(3);
    expect(test.actions).toEqual(['a', 'b', 'c']);
    await test.office.close();
    expect(test.spilt).toEqual([]);
  });

  test('more than 500 entries: what was heard first goes first, keys and choices last', async () => {
    const test = new TestOffice();
    test.office.remember(KEY, 0);
    for (let i = 1; i <= 600; i++)
      test.office.remember({ type: 'heard', kind: 'track', id: `music/${i}` }, i);
    await test.office.close();
    expect(test.spilt).toHaveLength(500);
    expect(test.spilt[0]).toMatchObject({ type: 'key' });
    expect(test.spilt[1]).toMatchObject({ id: 'music/102' });
    expect(test.kept.lines.at(-1)).toMatchObject({ level: 'warn', fields: { entries: 101 } });
  });

  test('what no hub has taken at the end of the call is spilt, as far as it is known whose it is', async () => {
    const test = new TestOffice();
    test.office.remember({ type: 'choice', track: 'music/a.wav' }, 1000);
    test.office.remember(KEY, 2000);
    await test.office.close();
    expect(test.spilt).toEqual([{ ...KEY, uniqueid: ME.uniqueid, wallMs: 2000 }]);
    test.office.remember(KEY, 3000);
    expect(test.spilt).toHaveLength(2);
  });

  test('a spool that cannot be written is said once, and nothing else happens', async () => {
    const test = new TestOffice(() => {
      throw new Error('disk full');
    });
    test.office.remember(KEY);
    await test.office.close();
    expect(test.kept.lines.map(({ fields }) => fields['error'])).toEqual(['disk full', undefined]);
  });
});

describe('a hub that goes', () => {
  test('in the middle of a question: it is not available at once, and the next hub is asked anew', async () => {
    const test = new TestOffice();
    const hub = await test.hub();
    await test.up();
    const answer = test.office.balance('en', undefined, never);
    await until('the question', () => test.desk.questions.length === 1);
    await hub.close();
    expect(await answer).toEqual({ status: 'unavailable' });
    expect(test.desk.questions[0]!.signal.aborted).toBe(true);
    await test.down();
    test.desk.answer = () => accounts('2');
    await test.hub();
    await test.back();
    expect(await test.office.balance('en', undefined, never)).toEqual(accounts('2'));
    expect(test.desk.questions).toHaveLength(2);
  });

  test('before it has acknowledged: the same entries are sent again; those that it has are not', async () => {
    const test = new TestOffice();
    let acknowledge = true;
    const lines = await test.impostor((line, socket) => {
      const { type, seq } = JSON.parse(line) as { type: string; seq?: number };
      if (type === 'remember' && acknowledge) socket.write(`{"type":"kept","seq":${seq}}\n`);
      if (seq === 3 && !acknowledge) socket.destroy();
    });
    await test.up();
    test.office.remember({ ...KEY, action: 'a' }, 1);
    await until('that it is told', () => lines.length === 2);
    acknowledge = false;
    test.office.remember({ ...KEY, action: 'b' }, 2);
    test.office.remember({ ...KEY, action: 'c' }, 3);
    await test.down();
    acknowledge = true;
    await test.back();
    await until('that all is told again', () => lines.length >= 7);
    const seqs = lines.map((line) => (JSON.parse(line) as { seq?: number }).seq ?? 'hello');
    expect(seqs.slice(-3)).toEqual(['hello', 2, 3]);
    await test.office.close();
  });

  test('at the end of the call: what it did not acknowledge is spilt, with the number that it has told', async () => {
    const test = new TestOffice();
    await test.impostor((line, socket) => {
      if (line.includes('hello')) socket.write(`${JSON.stringify({ type: 'identity', identity: ME })}\n`);
    });
    const heard = new Promise<void>((done) => test.connection.use({ news: () => done() }));
    await test.up();
    await heard;
    test.office.remember({ type: 'choice', track: 'music/a.wav' }, 1000);
    const closed = test.office.close();
    test.clock.advance(30);
    await closed;
    expect(test.spilt).toEqual([{ type: 'choice', track: 'music/a.wav', phone: ME.phone, wallMs: 1000 }]);
  });
});

test('what the hub has taken and the stream spools all the same is one row: both say the same of it', async () => {
  const test = new TestOffice();
  await test.hub();
  await test.up();
  const heard = new Promise<void>((done) => test.connection.use({ news: () => done() }));
  test.connection.send({ type: 'choice', id: 1 });
  await Promise.race([heard, until('an answer', () => test.keeper.asked.length > 0)]);
  const wallMs = test.hubClock.wall() + 30 * 60_000 + 0.5;
  test.office.remember({ type: 'heard', kind: 'track', id: 'music/a.wav' }, wallMs);
  test.office.remember(KEY, wallMs);
  const closed = test.office.close();
  test.clock.advance(30);
  await closed;
  await until('that the hub has it', () => test.keeper.entries.length === 2);
  expect(test.spilt).toHaveLength(2);
  expect(test.spilt).toEqual(test.keeper.entries);
});

describe('a hub that is another than this one', () => {
  test('an older one passes questions over: they end by their own limit', async () => {
    const test = new TestOffice();
    const lines = await test.impostor(() => {});
    await test.up();
    const answers = [test.office.choice(), test.office.balance('en', undefined, never)];
    await until('that it is asked', () => lines.length === 3);
    test.clock.advance(4000);
    expect(await Promise.all(answers)).toEqual([undefined, { status: 'unavailable' }]);
    await until('that it is told', () => lines.some((line) => line.includes('cancel')));
  });

  test.each([
    ['an account without a number', { status: 'accounts', accounts: [{ minor: '1', currency: 'USD' }] }],
    ['an amount as a number', { status: 'accounts', accounts: [{ number: '1', minor: 1, currency: 'USD' }] }],
    [
      'an amount in words',
      { status: 'accounts', accounts: [{ number: '1', minor: 'one', currency: 'USD' }] },
    ],
    ['an unknown currency', { status: 'accounts', accounts: [{ number: '1', minor: '1', currency: 'ZZZ' }] }],
    ['too much', { status: 'accounts', accounts: [{ number: '1', minor: '9'.repeat(19), currency: 'USD' }] }],
    ['a PIN of no digits', { status: 'pin', wrong: false, digits: 0 }],
    ['no answer', undefined],
  ])('one that answers %s is let go, and nothing of it is said or logged', async (_, answer) => {
    const test = new TestOffice();
    await test.impostor((line, socket) => {
      const { type, id } = JSON.parse(line) as { type: string; id: number };
      if (type === 'balance') socket.write(`${JSON.stringify({ type, id, answer })}\n`);
    });
    await test.up();
    expect(await test.office.balance('en', undefined, never)).toEqual({ status: 'unavailable' });
    await test.down();
    expect(JSON.stringify(test.kept.lines)).not.toMatch(/USD|ZZZ|999/);
  });

  test('an answer to another question than was asked is nobody’s', async () => {
    const test = new TestOffice();
    await test.impostor((line, socket) => {
      const { type, id } = JSON.parse(line) as { type: string; id: number };
      if (type !== 'choice') return;
      for (const wrong of [id + 1, id + 1000])
        socket.write(`{"type":"choice","id":${wrong},"track":"music/x.wav"}\n`);
      socket.write(`{"type":"balance","id":${id},"answer":{"status":"locked"}}\n`);
      socket.write(`{"type":"choice","id":${id},"track":"music/a.wav"}\n`);
      socket.write(`{"type":"choice","id":${id},"track":"music/b.wav"}\n`);
    });
    await test.up();
    expect(await test.office.choice()).toBe('music/a.wav');
  });
});

test('what cannot be said on the wire is not said: the connection stands', async () => {
  const test = new TestOffice();
  await test.hub();
  await test.up();
  expect(await test.office.balance('', undefined, never)).toEqual({ status: 'unavailable' });
  expect(await test.office.balance('en', '12a4', never)).toEqual({ status: 'unavailable' });
  test.office.remember({ type: 'choice', track: 'x'.repeat(513) });
  test.office.remember({ type: 'key', digit: '33', action: 'nextTrack' });
  test.office.remember(KEY);
  await test.keeps(1);
  expect(test.actions).toEqual(['nextTrack']);
  expect(test.connection.status).toBe('up');
});

test('the connection is closed with the last one who uses it, and what was sent last still arrives', async () => {
  const test = new TestOffice();
  await test.hub();
  const feed = new HubFeed(test.connection, test.kept.log);
  feed.open(() => {});
  await until('a connection', () => test.connection.status === 'up');
  feed.close();
  expect(test.connection.status).toBe('up');
  test.office.remember(KEY);
  await test.office.close();
  expect(test.connection.status).toBe('closed');
  await test.keeps(1);
  expect([test.spilt, test.clock.pending]).toEqual([[], 0]);
});
