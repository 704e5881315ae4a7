// CallRegistry: a look-up's reader is played to until it is over, whatever comes first, dies or is restarted in between; what is
// told, kept or asked of a call reaches the reader that the call hears, and no other. Tokens here are Uniqueids, but where
// two look-ups are made for one call.
import type { CallerRecords, RecordedCall, Remembered } from '../../src/session/callerRecords';
import type { CallNews } from '../../src/asterisk/callNews';
import type { KnownCall } from '../../src/session/knownCall';
import type { Hearer } from '../../src/hub/lookUps';
import type { HubNews, MixerNews } from '../../src/mixer/messages';
import type { Page } from '../../src/pcm/page';
import type { Mixing } from '../../src/hub/mixerThreads';
import { CallRegistry } from '../../src/hub/callRegistry';
import { ChannelList } from '../../src/hub/admission';
import type { CallState } from '../../src/session/state';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const stateAt = (sample: number): CallState => ({
  version: 1,
  rate: 8000,
  music: { trackId: 'music/a.wav', sample },
  heardSamples: sample,
  heard: [],
  bag: [],
  quiet: false,
  hushed: false,
  pressed: {},
});

class World {
  readonly clock = new ManualClock();
  readonly sent: MixerNews[] = [];
  readonly mixing: Mixing = {
    number: 1,
    send: (message) => void this.sent.push(message),
    request: () => Promise.reject(new Error('nobody asks')),
    busySeconds: 0,
    calls: 0,
  };
  threads: Mixing[] = [this.mixing];
  readonly listeners = new Map<string, (news: CallNews) => void>();
  readonly hearers = new Map<string, (hearer: Hearer) => void>();
  /** What is noted for a hub after this one. */
  readonly noted = new Map<string, string>();
  exists: (uniqueid: string) => Promise<boolean> = () => Promise.resolve(false);
  readonly left: string[] = [];
  /** Process ids of readers. */
  readonly ended: number[] = [];
  readonly told: string[] = [];
  readonly givenBack: Page[] = [];
  pageAt: (page: Page) => Promise<Page | undefined> = (page) => Promise.resolve(page);
  readonly files = new Map<string, unknown>();
  readonly remembered: [RecordedCall, Remembered][] = [];
  welcome: (uniqueid: string) => Promise<CallState | undefined> | undefined = () => undefined;
  most = 10;
  readonly players = new CallRegistry({
    owners: {
      note: (token, uniqueid) =>
        void (uniqueid === undefined ? this.noted.delete(token) : this.noted.set(token, uniqueid)),
      of: (token) => this.noted.get(token),
      tokens: () => [...this.noted.keys()],
    },
    lookUps: {
      open: (token, _, listener) => void this.hearers.set(token, listener),
      restore: (token, _, listener) => void this.hearers.set(token, listener),
      forget: (token) => void this.hearers.delete(token),
    },
    exists: (uniqueid) => this.exists(uniqueid),
    endReader: ({ pid }) => void this.ended.push(pid),
    mixers: {
      pick: () => this.threads[0],
    },
    catalog: {
      pageAt: (_, sample) => this.pageAt({ key: 7, index: sample >> 15, samples: undefined }),
      giveBack: (page) => void this.givenBack.push(page),
    },
    calls: {
      follow: (uniqueid, listener) => {
        this.listeners.set(uniqueid, listener);
        return () => {
          if (this.listeners.get(uniqueid) === listener) this.listeners.delete(uniqueid);
        };
      },
    },
    snapshots: {
      read: (uniqueid) => this.files.get(uniqueid),
      keep: (uniqueid, state) => void this.files.set(uniqueid, JSON.parse(state)),
      forget: (uniqueid) => void this.files.delete(uniqueid),
    },
    welcome: (uniqueid) => this.welcome(uniqueid),
    admits: (callers) => callers < this.most,
    records: (known) => this.#records(known),
    onCall: (what) => void this.told.push(what),
    clock: this.clock,
    log: silentLogger,
  });

  /** Tokens of look-ups that are admitted and not over. */
  get tokens(): Set<string> {
    return new Set(this.hearers.keys());
  }
  /** Asterisk has started a reader. */
  start(token: string, pid: number): void {
    this.players.readerCame({ token, pid, started: '1', deaf: false });
  }

  /** @param token where the call has more than one look-up */
  arrive(uniqueid: string, token = uniqueid): 'plain' | undefined | Promise<'plain' | undefined> {
    return this.players.arrive(uniqueid, token);
  }
  /** Asterisk says who hears it. */
  name(token: string, hearer: Hearer = 'own'): void {
    this.hearers.get(token)?.(hearer);
  }
  tell(uniqueid: string, news: CallNews): void {
    this.listeners.get(uniqueid)?.(news);
  }
  identify(uniqueid: string): void {
    this.tell(uniqueid, { type: 'identity', identity: { uniqueid, phone: `0${uniqueid}`, language: 'ru' } });
  }
  hear(message: HubNews): void {
    this.players.hear(message);
  }
  reads(token: string, status: 'reading' | 'away' = 'reading'): void {
    this.hear({ type: 'reader', token, status });
  }
  ofType<T extends MixerNews['type']>(type: T): Extract<MixerNews, { type: T }>[] {
    return this.sent.filter((message): message is Extract<MixerNews, { type: T }> => message.type === type);
  }
  #records(known: KnownCall): CallerRecords {
    return {
      choice: () => Promise.resolve(undefined),
      balance: () => Promise.resolve({ status: 'unavailable' }),
      remember: (what) => void this.remembered.push([known.recorded!, what]),
      close: () => {},
    };
  }
}

let world: World;
beforeEach(() => (world = new World()));

/** A call with a reader. */
async function playing(uniqueid = '1.1'): Promise<void> {
  await world.arrive(uniqueid);
  world.name(uniqueid);
  world.identify(uniqueid);
  world.reads(uniqueid);
}

describe('a call that arrives', () => {
  it('has a place in a thread for each look-up when that is answered', async () => {
    expect(await world.arrive('1.1', 'a')).toBeUndefined();
    expect(await world.arrive('1.1', 'b')).toBeUndefined();
    expect(world.tokens).toEqual(new Set(['a', 'b']));
    const begin = { fresh: true, pages: [] };
    expect(world.ofType('begin').map(({ call }) => call)).toEqual([
      { token: 'a', ...begin },
      { token: 'b', ...begin },
    ]);
  });

  it('goes on from what an earlier hub has left, with the page that its music needs first', async () => {
    world.files.set('1.1', stateAt(100_000));
    void world.arrive('1.1');
    await settled();
    const [begin] = world.ofType('begin');
    expect(begin?.call.state).toEqual(stateAt(100_000));
    expect(begin?.call.pages).toEqual([{ key: 7, index: 3, samples: undefined }]);
  });

  it('waits for the music that its caller chose before, and hears meanwhile who they are', async () => {
    let found: (state: CallState) => void = () => {};
    world.welcome = () => new Promise((resolve) => (found = resolve));
    void world.arrive('1.1');
    world.name('1.1');
    world.identify('1.1');
    world.tell('1.1', { type: 'place', place: { queue: 'q', position: 2 } });
    world.tell('1.1', { type: 'key', digit: '3' });
    await settled();
    expect(world.sent).toEqual([]);
    found(stateAt(0));
    await settled();
    expect(world.sent.map((message) => (message.type === 'news' ? message.news.type : message.type))).toEqual(
      ['begin', 'identity', 'place', 'key'],
    );
    expect(world.ofType('begin')[0]?.call).toMatchObject({ language: 'ru', state: stateAt(0) });
  });

  it('is answered when its thread was told to have its music at hand, and not before', async () => {
    let found: (state: CallState) => void = () => {};
    world.welcome = () => new Promise((resolve) => (found = resolve));
    const answered: MixerNews['type'][][] = [];
    const ask = async (): Promise<void> => {
      await world.arrive('1.1');
      answered.push(world.sent.map(({ type }) => type));
    };
    const first = ask();
    await settled();
    await settled();
    expect(answered).toEqual([]);
    found(stateAt(0));
    await first;
    expect(answered).toEqual([['begin']]);
  });

  it('is refused as plain where there is no room, and nothing of it is kept', () => {
    world.most = 1;
    void world.arrive('1.1');
    expect(world.arrive('1.2')).toBe('plain');
    expect([...world.tokens]).toEqual(['1.1']);
    expect(world.players.size).toBe(1);
  });
});

describe('a reader that Asterisk has started', () => {
  const reader = { pid: 4711, started: '1' };

  it('is told to the thread of its look-up', async () => {
    await world.arrive('1.1');
    world.start('1.1', 4711);
    world.start('1.1', 4711); // found, and announced
    expect(world.ofType('reader')).toEqual([{ type: 'reader', token: '1.1', reader }]);
  });

  it('before its look-up has come to a thread, or that thread is lost: it comes there with it', async () => {
    let found: (state: CallState) => void = () => {};
    world.welcome = () => new Promise((resolve) => (found = resolve));
    void world.arrive('1.1');
    world.start('1.1', 4711);
    found(stateAt(0));
    await settled();
    expect(world.ofType('begin')[0]?.call.readers).toEqual([reader]);
    expect(world.ofType('reader')).toEqual([]);
    world.players.lost(world.mixing);
    await settled();
    expect(world.ofType('begin')[1]?.call.readers).toEqual([reader]);
  });

  it('of a look-up that is not known any more hears music, and what an earlier hub has noted of it counts', async () => {
    world.noted.set('b', '1.2');
    world.most = 0;
    world.start('a', 4711);
    world.start('b', 4712);
    await settled();
    expect(world.ofType('begin').map(({ call }) => [call.token, call.uniqueid])).toEqual([
      ['a', undefined],
      ['b', '1.2'],
    ]);
    world.reads('a');
    world.reads('a', 'away');
    world.clock.advance(5000);
    expect(world.ended).toEqual([4711]);
  });

  it('is ended with its call, the last four at the most; and none is taken when the hub ends', async () => {
    await playing();
    for (let pid = 1; pid <= 6; pid++) world.start('1.1', pid);
    world.reads('1.1', 'away');
    world.tell('1.1', { type: 'ended' });
    expect(world.ended).toEqual([3, 4, 5, 6]);
    world.players.stop();
    world.start('1.9', 7);
    expect(world.players.size).toBe(0);
  });
});

describe('a call that ends', () => {
  it('leaves nothing when its reader is gone already', async () => {
    await playing();
    world.reads('1.1', 'away');
    world.tell('1.1', { type: 'ended' });
    expect([world.players.size, world.tokens.size, world.files.size, world.listeners.size]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(world.ofType('end')).toHaveLength(1);
  });

  it('has music for as long as somebody reads on, and nothing is kept of it then', async () => {
    await playing();
    world.tell('1.1', { type: 'ended' });
    expect(world.players.size).toBe(1);
    world.hear({ type: 'states', states: [['1.1', JSON.stringify(stateAt(5))]] });
    expect(world.files.size).toBe(0);
    world.reads('1.1', 'away');
    expect([world.players.size, world.tokens.size]).toEqual([0, 0]);
  });

  it('is not taken for over while Asterisk has not told of it at all', async () => {
    void world.arrive('1.1');
    await settled();
    world.name('1.1');
    world.reads('1.1');
    world.tell('1.1', { type: 'ended' });
    world.reads('1.1', 'away');
    expect(world.players.size).toBe(1);
  });
});

describe('what nobody ended', () => {
  it('goes when Asterisk has no such call, but not while somebody listens', async () => {
    await playing('1.1');
    await playing('1.2');
    world.reads('1.2', 'away');
    world.players.sweep(new Set());
    expect(world.players.size).toBe(2);
    world.clock.advance(5001);
    world.players.sweep(new Set());
    expect([...world.tokens]).toEqual(['1.1']);
  });

  it('goes by its age where Asterisk cannot be asked: strangers soon, callers after hours', async () => {
    await playing('1.1');
    world.reads('1.1', 'away');
    void world.arrive('gone');
    world.reads('gone');
    world.reads('gone', 'away');
    world.clock.advance(30_001);
    world.players.sweep(undefined);
    expect([...world.tokens]).toEqual(['1.1']);
    world.clock.advance(4 * 3_600_000);
    world.players.sweep(undefined);
    expect(world.tokens.size).toBe(0);
  });
});

describe('a reader of whom nobody is named', () => {
  it('is not expected back: nothing is left of it 5 s after it has gone, also while Asterisk cannot be asked', async () => {
    await world.arrive('1.1');
    world.reads('1.1');
    world.reads('1.1', 'away');
    world.clock.advance(4999);
    expect(world.tokens.size).toBe(1);
    world.clock.advance(1);
    expect([world.tokens.size, world.players.size]).toEqual([0, 0]);
  });

  it('that was started again at once is played to', async () => {
    await world.arrive('1.1');
    world.reads('1.1');
    world.reads('1.1', 'away');
    world.clock.advance(2000);
    world.reads('1.1');
    world.clock.advance(10_000);
    expect(world.tokens.size).toBe(1);
    world.reads('1.1', 'away');
    world.clock.advance(5000);
    expect(world.tokens.size).toBe(0);
  });

  it('that is named while it is away stays', async () => {
    await world.arrive('1.1');
    world.reads('1.1');
    world.reads('1.1', 'away');
    world.name('1.1');
    world.clock.advance(6000);
    expect(world.tokens.size).toBe(1);
  });
});

describe('a thread that dies', () => {
  it('has its calls begun elsewhere from what was known last, with their callers', async () => {
    await playing();
    world.hear({ type: 'states', states: [['1.1', JSON.stringify(stateAt(80_000))]] });
    world.sent.length = 0;
    world.players.lost(world.mixing);
    await settled();
    expect(world.ofType('begin')[0]?.call.state).toEqual(stateAt(80_000));
    expect(world.ofType('news').map(({ news }) => news.type)).toEqual(['identity']);
  });

  it('does not revive a call that has ended: its reader is somebody else by now', async () => {
    await playing();
    world.tell('1.1', { type: 'ended' });
    world.players.lost(world.mixing);
    await settled();
    expect([world.players.size, world.ofType('begin').length]).toEqual([0, 1]);
  });

  it('gives new callers fallback music while there is none, and lets the others wait until there is one', async () => {
    await playing();
    world.threads.length = 0;
    expect(world.arrive('1.2')).toBe('plain');
    world.players.lost(world.mixing);
    world.sent.length = 0;
    await settled();
    expect(world.sent).toEqual([]);
    world.threads.push(world.mixing);
    world.players.ready();
    await settled();
    expect(world.ofType('begin').map(({ call }) => call.token)).toEqual(['1.1']);
  });

  it('gives back a page for which there is no thread any more', async () => {
    await playing();
    world.files.set('1.2', stateAt(100_000));
    let found: (page: Page | undefined) => void = () => {};
    world.pageAt = () => new Promise((resolve) => (found = resolve));
    void world.arrive('1.2');
    world.threads.length = 0;
    found({ key: 7, index: 3, samples: undefined });
    await settled();
    expect(world.givenBack).toHaveLength(1);
  });
});

test('a disk that hangs costs a call the place in its music, not its music', async () => {
  world.files.set('1.1', stateAt(100_000));
  let found: (page: Page | undefined) => void = () => {};
  world.pageAt = () => new Promise((resolve) => (found = resolve));
  void world.arrive('1.1');
  await settled();
  world.clock.advance(100);
  await settled();
  expect(world.ofType('begin')[0]?.call.pages).toEqual([]);
  found({ key: 7, index: 3, samples: undefined });
  await settled();
  expect(world.givenBack).toHaveLength(1);
});

test('what becomes of calls is told', async () => {
  await playing();
  world.most = 1;
  void world.arrive('1.2');
  world.reads('1.1', 'away');
  world.tell('1.1', { type: 'ended' });
  void world.arrive('nobody');
  world.clock.advance(60_000);
  expect(world.told).toEqual(['begun', 'over_limit', 'ended']);
});

test('hundreds of calls that are gone are released in slices', async () => {
  world.most = 1000;
  for (let i = 0; i < 120; i++) {
    await playing(`1.${i}`);
    world.reads(`1.${i}`, 'away');
  }
  world.clock.advance(5001);
  world.players.sweep(new Set());
  expect(world.players.size).toBe(70);
  world.clock.advance(10);
  expect(world.players.size).toBe(0);
});

test('calls of an earlier hub are taken up with what is known of them', async () => {
  world.left.push('1.1', '1.2');
  world.noted.set('1.1', '1.1').set('1.2', '1.2');
  world.files.set('1.2', stateAt(9));
  expect(await world.players.restore(world.left)).toBe(2);
  await settled();
  expect(world.ofType('begin').map(({ call }) => call.token)).toEqual(['1.1', '1.2']);
  expect(world.ofType('begin').map(({ call }) => call.uniqueid)).toEqual(['1.1', '1.2']);
  expect(world.ofType('begin')[1]?.call.state).toEqual(stateAt(9));
});

test('a reader of an earlier hub whose call nobody has noted hears music, whatever its name says', async () => {
  world.left.push('1.1');
  world.files.set('1.1', stateAt(9));
  await world.players.restore(world.left);
  expect(world.ofType('begin').map(({ call }) => call)).toEqual([{ token: '1.1', fresh: true, pages: [] }]);
  expect(world.listeners.size).toBe(0);
});

test('calls of an earlier hub do not wait for one another, however late one of them is', async () => {
  let found: (state: CallState) => void = () => {};
  world.welcome = (uniqueid) =>
    uniqueid === '1.1' ? new Promise((resolve) => (found = resolve)) : undefined;
  world.left.push('1.1', '1.2', '1.3', '1.4');
  for (const token of world.left) world.noted.set(token, token);
  let restored = false;
  const restoring = world.players.restore(world.left).then(() => (restored = true));
  await settled();
  const begun = (): string[] => world.ofType('begin').map(({ call }) => call.token);
  expect([begun(), restored]).toEqual([['1.2', '1.3', '1.4'], false]);
  found(stateAt(0));
  await restoring;
  expect(begun()).toEqual(['1.2', '1.3', '1.4', '1.1']);
});

test('who rang off while there was no hub is forgotten as soon as Asterisk can be asked', async () => {
  world.left.push('1.1', '1.2');
  for (const token of world.left) world.noted.set(token, token);
  await world.players.restore(world.left);
  world.start('1.1', 4711);
  world.players.sweep(undefined);
  expect(world.players.size).toBe(2);
  world.players.sweep(new Set(['1.2']));
  expect(world.ended).toEqual([4711]);
});

test('what is to be remembered goes to the records of its own call', async () => {
  await playing('1.1');
  await playing('1.2');
  world.hear({ type: 'remember', token: '1.2', what: { type: 'choice', track: 't' }, wallMs: 1 });
  world.hear({ type: 'remember', token: 'gone', what: { type: 'choice', track: 't' }, wallMs: 1 });
  expect(world.remembered).toEqual([
    [expect.objectContaining({ uniqueid: '1.2', phone: '01.2' }), { type: 'choice', track: 't' }],
  ]);
});

test('the last that a call has heard is remembered, although it has ended', async () => {
  await playing();
  world.reads('1.1', 'away');
  world.tell('1.1', { type: 'ended' });
  const heard = {
    type: 'remember',
    token: '1.1',
    what: { type: 'heard', kind: 'advice' },
    wallMs: 1,
  } as const;
  world.hear(heard);
  world.clock.advance(1001);
  world.hear(heard);
  expect(world.remembered).toHaveLength(1);
});

test('at the end nobody is admitted, and what threads still tell of their calls is kept', async () => {
  await playing();
  world.players.stop();
  world.hear({ type: 'states', states: [['1.1', JSON.stringify(stateAt(77))]] });
  world.players.clear();
  expect(world.files.get('1.1')).toEqual(stateAt(77));
  expect(world.arrive('1.3')).toBe('plain');
  expect([world.listeners.size, world.players.size]).toEqual([0, 0]);
});

describe('two look-ups of one call', () => {
  /** The caller's and, before or after it, one that another channel hears. */
  async function both(): Promise<void> {
    await world.arrive('1.1', 'caller');
    await world.arrive('1.1', 'agent');
  }
  const newsTo = (token: string): string[] =>
    world
      .ofType('news')
      .filter((message) => message.token === token)
      .map(({ news }) => news.type);

  it.each([
    ['the caller first', ['caller', 'agent']],
    ['the agent first', ['agent', 'caller']],
  ])('have the call’s news, records and state with the one that it hears, named %s', async (_, order) => {
    await both();
    for (const token of order) world.name(token, token === 'caller' ? 'own' : 'foreign');
    for (const token of order) world.reads(token);
    world.identify('1.1');
    world.tell('1.1', { type: 'place', place: { queue: 'q', position: 2 } });
    world.tell('1.1', { type: 'key', digit: '2' });
    expect([newsTo('caller'), newsTo('agent')]).toEqual([['identity', 'place', 'key'], []]);
    expect([world.players.recordsOf('agent'), world.players.recordsOf('caller')]).toEqual([
      undefined,
      expect.anything(),
    ]);
    world.hear({ type: 'states', states: [['agent', JSON.stringify(stateAt(1))]] });
    expect(world.files.size).toBe(0);
    world.hear({ type: 'states', states: [['caller', JSON.stringify(stateAt(2))]] });
    expect(world.files.get('1.1')).toEqual(stateAt(2));
    expect([...world.noted]).toEqual([['caller', '1.1']]);
  });

  it('are music both while nobody is named, and nothing is asked for them', async () => {
    await both();
    for (const token of ['caller', 'agent']) world.reads(token);
    expect(world.listeners.size).toBe(0);
    expect(world.ofType('begin').filter(({ call }) => call.uniqueid !== undefined)).toEqual([]);
    world.hear({ type: 'states', states: [['caller', JSON.stringify(stateAt(2))]] });
    expect(world.files.size).toBe(0);
  });

  it('after an announcement of Asterisk: the call goes on with the second, and what the first has left in its last moment', async () => {
    await world.arrive('1.1', 'first');
    world.name('first');
    world.identify('1.1');
    world.reads('first');
    world.name('first', 'over');
    world.reads('first', 'away');
    world.hear({ type: 'states', states: [['first', JSON.stringify(stateAt(5))]] });
    await world.arrive('1.1', 'second');
    expect(world.ofType('begin').at(-1)?.call).toMatchObject({ token: 'second', state: stateAt(5) });
    world.name('second');
    world.identify('1.1');
    // A thread tells what it has told before it heard of the change.
    world.hear({ type: 'states', states: [['first', JSON.stringify(stateAt(4))]] });
    expect(world.files.get('1.1')).toEqual(stateAt(5));
    world.clock.advance(1000);
    expect([...world.tokens]).toEqual(['second']);
    expect(world.files.get('1.1')).toEqual(stateAt(5));
    expect([...world.noted]).toEqual([['second', '1.1']]);
    world.tell('1.1', { type: 'key', digit: '3' });
    expect(newsTo('second')).toEqual(['identity', 'key']);
  });

  it('keep the call while an agent talks to its caller and nobody reads', async () => {
    await playing();
    world.hear({ type: 'states', states: [['1.1', JSON.stringify(stateAt(5))]] });
    world.name('1.1', 'over');
    world.reads('1.1', 'away');
    world.clock.advance(60_000);
    expect(world.files.get('1.1')).toEqual(stateAt(5));
    world.tell('1.1', { type: 'ended' });
    expect([world.files.size, world.tokens.size]).toEqual([0, 0]);
  });

  it('a reader that goes on after its music was stopped hears music and nothing of the call', async () => {
    await playing();
    world.name('1.1', 'over');
    world.clock.advance(1000);
    expect(world.ofType('hearer').at(-1)).toEqual({ type: 'hearer', token: '1.1' });
    world.tell('1.1', { type: 'key', digit: '2' });
    expect(newsTo('1.1')).toEqual(['identity']);
  });

  it('where a second channel hears the same, the call is nobody’s any more', async () => {
    await playing();
    world.name('1.1', 'foreign');
    expect(world.ofType('hearer').at(-1)).toEqual({ type: 'hearer', token: '1.1' });
    expect([world.listeners.size, world.noted.size, world.players.recordsOf('1.1')]).toEqual([
      0,
      0,
      undefined,
    ]);
  });
});

describe('look-ups of calls that are not there', () => {
  const flood = (count: number): void => {
    for (let i = 0; i < count; i++) void world.arrive(`9.${i}`);
  };
  beforeEach(() => (world.most = 10_000));

  it('take no more than a few pipes, and none for long; nothing is asked, kept or counted', async () => {
    flood(2000);
    await settled();
    expect(world.tokens.size).toBe(64);
    expect(world.listeners.size).toBe(0);
    expect(world.told).not.toContain('begun');
    world.clock.advance(10_000);
    expect([world.tokens.size, world.players.size]).toEqual([0, 0]);
  });

  it('do not take the place of real calls: those that Asterisk has are admitted', async () => {
    flood(2000);
    world.exists = () => Promise.resolve(true);
    await expect(world.arrive('1.1')).resolves.toBeUndefined();
    world.name('1.1');
    expect(world.tokens.has('1.1')).toBe(true);
  });

  it('of one that is there: they take no room from others, also where all wait for the same answer', async () => {
    world.exists = (uniqueid) => Promise.resolve(!uniqueid.startsWith('9.'));
    world.most = 100;
    flood(64);
    for (let i = 0; i < 2000; i++) void world.arrive('1.1', `mine${i}`);
    await settled();
    expect(world.tokens.size).toBe(64 + 16);
    await expect(world.arrive('2.2')).resolves.toBeUndefined();
    for (let i = 0; i < 2000; i++) void world.arrive(`3.${i}`);
    await settled();
    expect(world.tokens.size).toBe(100);
  });

  it('are told apart in a crowd of thousands, where Asterisk is asked one thing at a time', async () => {
    let lists = 0;
    const real = new Set(Array.from({ length: 50 }, (_, i) => `1.${i}`));
    const calls = async (): Promise<ReadonlySet<string>> => {
      lists++;
      await settled();
      return real;
    };
    const roll = new ChannelList({ calls });
    world.exists = (uniqueid) => roll.has(uniqueid);
    flood(5000);
    const answers = Array.from(real, async (uniqueid) => world.arrive(uniqueid));
    flood(5000);
    await expect(Promise.all(answers)).resolves.toEqual(Array(50).fill(undefined));
    expect(lists).toBeLessThanOrEqual(2);
  });

  it('hold up no call for long where Asterisk does not answer', async () => {
    flood(64);
    world.exists = () => new Promise(() => {});
    const answer = world.arrive('1.1');
    world.clock.advance(100);
    await expect(answer).resolves.toBe('plain');
  });

  it('do not count once a reader or a name has come', async () => {
    for (let i = 0; i < 300; i++) {
      await world.arrive(`1.${i}`);
      if (i % 2) world.name(`1.${i}`);
      else world.reads(`1.${i}`);
    }
    expect(world.tokens.size).toBe(300);
  });

  it('made before the call came, take nothing from it', async () => {
    await world.arrive('1.1', 'early');
    world.clock.advance(10_000);
    await world.arrive('1.1', 'own');
    world.name('own');
    world.identify('1.1');
    expect(world.ofType('hearer')).toEqual([{ type: 'hearer', token: 'own', uniqueid: '1.1' }]);
    expect([...world.tokens]).toEqual(['own']);
  });
});
