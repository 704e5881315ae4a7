// Keys and identity on a real Asterisk: who presses hears the answer, their own, and nobody else hears it.
// Judged from what the callers' telephones recorded.
import { audibleFrom, jumps, toneDb, without } from './judge/change';
import { find } from './judge/correlate';
import type { Run } from './judge/exact';
import type { Caller } from './lab/caller';
import { answered, followed } from './lab/answers';
import { configText, ownBalance, positionId } from './lab/config';
import { Lab } from './lab/lab';
import { KEY_TONE_HZ, tracks, voices } from './lab/media';
import { describeOnNewest } from './lab/newest';
import { listener, told } from './lab/speech';
import { sleep, until } from './lab/wait';

const PAIRS = 20;
/** From one pair's call to the next one's. */
const PAIR_EVERY_MS = 800;
const numbers = Array.from({ length: 2 * PAIRS }, (_, i) => String(200 + i));
const prompts = voices([...[1, 2, 3, 4].map(positionId), 'prompts/en/position-unknown.wav']);
const byEar = listener('en', prompts);

let lab: Lab;

beforeAll(async () => {
  const media = { ...tracks(8, 40), ...prompts };
  // Uniqueids with a blank, a slash, a plus and an umlaut.
  const systemName = 'Büro W/1+';
  lab = await Lab.open({ media, systemName, config: (one) => configText(one) });
  await lab.startHub();
});
afterAll(() => lab?.close());

/** Tracks that a caller's own stream says it plays. */
function tracksOf(caller: Caller): unknown[] {
  return lab.log
    .filter(({ uniqueid, msg }) => uniqueid === caller.uniqueid && msg === 'music')
    .map(({ track }) => track);
}

/** How often a caller heard each of the places 1 to 4. */
function placesIn({ ear }: Caller): number[] {
  return [1, 2, 3, 4].map((place) => find(ear.samples, prompts[positionId(place)]!).length);
}

/** The run of music that a sample lies in. */
function runAt(runs: readonly Run[], sample: number): Run {
  const run = runs.find(({ from, to }) => from <= sample && sample < to);
  if (!run) throw new Error(`no track is heard at ${sample}: ${JSON.stringify(runs)}`);
  return run;
}

describe('two callers in the same instant, twenty times over', () => {
  async function pair(index: number): Promise<Caller[]> {
    await sleep(index * PAIR_EVERY_MS);
    const own = numbers.slice(2 * index, 2 * index + 2);
    const callers = await Promise.all(own.map((phone) => lab.call({ queue: 'pairs', phone })));
    await Promise.all(callers.map(({ ear }) => ear.hear(3000)));
    await Promise.all(callers.map((caller) => followed(lab, caller)));
    for (const caller of callers) caller.press('2');
    await Promise.all(callers.map((caller) => answered(lab, caller)));
    await Promise.all(callers.map((caller) => caller.hangUp()));
    return callers;
  }

  it('gives each their own track from its beginning, and their own balance and no other', async () => {
    const callers = (await Promise.all(Array.from({ length: PAIRS }, (_, i) => pair(i)))).flat();
    expect(callers).toHaveLength(2 * PAIRS);
    for (const caller of callers) {
      const heard = caller.ear.samples;
      const first = lab.index.runs(heard)[0]!;
      expect({ phone: caller.phone, tracks: [first.source] }).toEqual({
        phone: caller.phone,
        tracks: tracksOf(caller),
      });
      expect(first.at).toBeLessThan(80);
      expect([caller.phone, told(lab, caller, byEar)]).toEqual([caller.phone, [ownBalance(caller.phone)]]);
    }
  });
});

describe('keys on a live call', () => {
  it('are answered: a tone and another track for 3, the place for 4, the balance for 2, silence and music for 0', async () => {
    const caller = await lab.call({ queue: 'keys', phone: '201' });
    const { ear } = caller;
    await ear.hear(3000);
    const pressed: Record<string, number> = {};
    for (const digit of ['3', '4', '2', '0']) {
      pressed[digit] = ear.sampleAt(caller.press(digit));
      await ear.hear(5000);
    }
    caller.press('0');
    await ear.hear(2000);
    await caller.hangUp();
    const heard = ear.samples;
    const runs = lab.index.runs(heard);
    const before = runAt(runs, pressed['3']!);
    const change = audibleFrom(heard, before, lab.index.sources)!;
    expect(change).toBeGreaterThan(pressed['3']!);
    expect(
      toneDb(without(heard, before, lab.index.sources, change, change + 800), KEY_TONE_HZ),
    ).toBeGreaterThan(-36);
    expect(runAt(runs, pressed['4']!).source).not.toBe(before.source);
    expect(told(lab, caller, byEar)).toEqual(['position-1', ownBalance('201')]);
    expect(jumps(runs.filter(({ from }) => from < pressed['0']!))).toEqual([]);
  });

  it('count once for the caller who pressed, also where Asterisk tells only the end of a press', async () => {
    const [presses, listens] = await Promise.all(
      ['201', '202'].map((phone) => lab.call({ queue: 'keys', phone })),
    );
    await presses!.ear.hear(3000);
    await lab.manager.request({ Action: 'PlayDTMF', Channel: presses!.channel, Digit: '3', Receive: 'true' });
    await presses!.ear.hear(2500);
    await Promise.all([presses!.hangUp(), listens!.hangUp()]);
    const trackCount = (caller: Caller): number =>
      new Set(lab.index.runs(caller.ear.samples).map(({ source }) => source)).size;
    expect([trackCount(presses!), trackCount(listens!)]).toEqual([2, 1]);
  });
});

test('each hears their place, and a better one when somebody ahead leaves the queue', async () => {
  await lab.configure(configText(lab, { places: true }));
  lab.reloadHub();
  await until(
    () => 'the hub goes by it',
    () => lab.log.some(({ msg }) => msg === 'config reloaded'),
  );
  const callers: Caller[] = [];
  for (const phone of ['210', '211', '212']) callers.push(await lab.call({ queue: 'places', phone }));
  const [first, second, third] = callers as [Caller, Caller, Caller];
  await third.ear.hear(6000);
  await first.hangUp();
  await third.ear.hear(4000);
  third.press('4');
  await third.ear.hear(2500);
  await Promise.all([second.hangUp(), third.hangUp()]);
  expect(callers.map(placesIn)).toEqual([
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [0, 2, 1, 0],
  ]);
});

test('the same queue again, at a worse place: it is a wait of its own, and its place is told', async () => {
  const [first, second] = [
    await lab.call({ queue: 'places', phone: '220' }),
    await lab.call({ queue: 'places', phone: '221' }),
  ];
  await second.ear.hear(4000);
  const { channel } = first;
  const seen = lab.manager.events.length;
  await lab.manager.request({
    Action: 'Redirect',
    Channel: channel,
    Context: 'default',
    Exten: 'queue-places',
    Priority: '1',
  });
  await lab.manager.event({ Event: 'QueueCallerJoin', Channel: channel, Position: '2' }, 5000, seen);
  await first.ear.hear(5000);
  await Promise.all([first.hangUp(), second.hangUp()]);
  expect([placesIn(first), placesIn(second)]).toEqual([
    [1, 1, 0, 0],
    [1, 1, 0, 0],
  ]);
});

describeOnNewest('places that change without an event', describe, () => {
  it('another priority at once, a waiting caller who is parked, two who are bridged: all hear where they are', async () => {
    const callers: Caller[] = [];
    for (const phone of ['230', '231', '232', '233']) callers.push(await lab.call({ queue: 'quiet', phone }));
    const [a, b, c, d] = callers as [Caller, Caller, Caller, Caller];
    await d.ear.hear(5000);
    const ask = async (...asking: Caller[]): Promise<void> => {
      for (const caller of asking) caller.press('4');
      await Promise.all(asking.map((caller) => caller.ear.hear(2500)));
    };
    await lab.manager.request({
      Action: 'QueueChangePriorityCaller',
      Queue: 'quiet',
      Caller: c.channel,
      Priority: '10',
      Immediate: 'yes',
    });
    await ask(b, c);
    expect([placesIn(b), placesIn(c)]).toEqual([
      [0, 1, 1, 0],
      [1, 0, 1, 0],
    ]);
    await lab.manager.request({ Action: 'Park', Channel: c.channel });
    await lab.manager.request({ Action: 'Bridge', Channel1: a.channel, Channel2: b.channel });
    await c.ear.hear(4000);
    await ask(c, d);
    await Promise.all(callers.map((caller) => caller.hangUp()));
    // By itself, as the place became better, and when asked.
    expect([placesIn(c), placesIn(d)]).toEqual([
      [1, 0, 1, 0],
      [2, 0, 0, 1],
    ]);
    const unknown = prompts['prompts/en/position-unknown.wav']!;
    expect(callers.map(({ ear }) => find(ear.samples, unknown).length)).toEqual([0, 0, 1, 0]);
  });
});

test('nothing is left when all have hung up', async () => {
  await until(
    () => JSON.stringify([lab.strays, lab.states, lab.pipes]),
    () => lab.strays.length + lab.states.length + lab.pipes.length === 0,
  );
});
