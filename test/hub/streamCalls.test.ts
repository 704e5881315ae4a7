// StreamCalls: a note says who hears a look-up as soon as Asterisk says so, and no longer than that is so.
// Would catch: a callee that is taken for the caller, a note of a call that is over, a second hub that believes a dead one.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mintToken } from '../../src/asterisk/token';
import { LookUps } from '../../src/hub/lookUps';
import { StreamCalls } from '../../src/hub/streamCalls';
import { Owners } from '../../src/pipe/owners';
import { ManualClock } from '../../src/util/clock';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { HOLDCAST } from '../support/process';
import { keptLog, tempFolder, until } from './fixtures';

const ME = '1795225281.7';
const CALLEE = '1795225281.9';

class World {
  readonly kept = keptLog();
  readonly ami = new FakeAsterisk().ami;
  readonly owners: Owners;
  readonly prepared: string[] = [];

  private constructor(
    readonly folder: string,
    readonly clock: ManualClock,
  ) {
    this.owners = new Owners(folder, { clock, log: this.kept.log });
    this.ami.connect();
  }

  static async open(folder = join(tempFolder(), 'play'), clock = new ManualClock()) {
    const world = new World(folder, clock);
    const { owners, kept } = world;
    const lookUps = new LookUps(world.ami);
    const prepare = (uniqueid: string): Promise<void> => {
      world.prepared.push(uniqueid);
      return Promise.resolve();
    };
    const parts = { lookUps, prepare, program: HOLDCAST, rate: 8000, owners, clock, log: kept.log } as const;
    return Object.assign(world, { calls: await StreamCalls.open(parts) });
  }

  starts(token: string, uniqueid: string): void {
    this.ami.emit({ type: 'moh-start', uniqueid, channel: 'PJSIP/x', class: `hold-${token}` });
  }

  stops(uniqueid: string): void {
    this.ami.emit({ type: 'moh-stop', uniqueid, channel: 'PJSIP/x' });
  }

  noted(...tokens: string[]): (string | undefined)[] {
    return tokens.map((token) => this.owners.of(token));
  }
}

test('Asterisk is told to start a stream with the token; how the call begins is left for it first', async () => {
  const { calls, prepared } = await World.open();
  const { program, words } = calls.application;
  expect([program.split(' ').at(-1), words]).toEqual([HOLDCAST, ['stream', '--token']]);
  await calls.arrive(ME, mintToken());
  expect(prepared).toEqual([ME]);
});

test('two look-ups of one class: the one that the call hears is its own, also where the other came first', async () => {
  const world = await World.open();
  const [first, second] = [mintToken(), mintToken()];
  for (const token of [first, second]) await world.calls.arrive(ME, token);
  world.starts(second, CALLEE);
  expect(world.noted(first, second)).toEqual([undefined, undefined]);
  world.starts(first, ME);
  expect(world.noted(first, second)).toEqual([ME, undefined]);
});

test('a callee that gets the class by Dial() is never named, and takes the name from a class that both hear', async () => {
  const world = await World.open();
  const token = mintToken();
  await world.calls.arrive(ME, token);
  world.starts(token, ME);
  expect(world.noted(token)).toEqual([ME]);
  world.starts(token, CALLEE);
  expect(world.noted(token)).toEqual([undefined]);
  world.starts(token, ME);
  expect(world.noted(token)).toEqual([undefined]);
});

test('a look-up that nobody is named to hear leaves nothing', async () => {
  const world = await World.open();
  await world.calls.arrive(ME, mintToken());
  world.clock.advance(60_000);
  expect(existsSync(world.folder)).toBe(false);
});

test('the music stops: the stream has a moment to write, then the note is gone; another look-up has its own', async () => {
  const world = await World.open();
  const [first, second] = [mintToken(), mintToken()];
  await world.calls.arrive(ME, first);
  world.starts(first, ME);
  world.stops(ME);
  world.clock.advance(999);
  expect(world.noted(first)).toEqual([ME]);
  await world.calls.arrive(ME, second);
  world.starts(second, ME);
  world.clock.advance(1);
  expect(world.noted(first, second)).toEqual([undefined, ME]);
});

test('a hub that ends leaves the notes of calls that go on; the next one knows them, and when they are over', async () => {
  const before = await World.open();
  const [going, over] = [mintToken(), mintToken()];
  for (const [token, id] of [
    [going, ME],
    [over, '2.2'],
  ] as const) {
    await before.calls.arrive(id, token);
    before.starts(token, id);
  }
  before.stops('2.2');
  before.calls.close();
  expect([before.noted(going, over), before.clock.pending]).toEqual([[ME, undefined], 0]);
  const after = await World.open(before.folder);
  expect(after.noted(going)).toEqual([ME]);
  after.starts(going, CALLEE);
  expect(after.noted(going)).toEqual([undefined]);
});

test('calls that ended while no hub was there are swept', async () => {
  const world = await World.open(undefined, new ManualClock(Date.now() + 120_000));
  const token = mintToken();
  world.owners.note(token, ME);
  world.calls.sweep(undefined);
  await settled();
  expect(world.noted(token)).toEqual([ME]);
  world.calls.sweep(new Set(['9.9']));
  await until('it is swept', () => world.owners.of(token) === undefined);
});

test('a folder that cannot be written costs the names, which is said once, and no answer', async () => {
  const file = join(tempFolder(), 'file');
  writeFileSync(file, '');
  const world = await World.open(join(file, 'play'));
  for (const id of ['1.1', '2.2']) {
    const token = mintToken();
    await world.calls.arrive(id, token);
    world.starts(token, id);
    expect(world.noted(token)).toEqual([undefined]);
  }
  expect(world.kept.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('what lies in the folder and is no note is left alone', async () => {
  const folder = join(tempFolder(), 'play');
  mkdirSync(folder);
  for (const name of ['owner.x', 'owner.../../etc', 'status.sock'].map((name) => name.replaceAll('/', '_')))
    writeFileSync(join(folder, name), `${ME}\n`, { mode: 0o600 });
  const world = await World.open(folder);
  expect(world.owners.tokens()).toEqual([]);
  world.calls.sweep(new Set());
  await settled();
  expect(existsSync(join(folder, 'owner.x'))).toBe(true);
});
