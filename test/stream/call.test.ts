// One call over several processes, and what comes to it from outside: keys, its end, a hub that goes away.
// Real processes; the hub's socket is real too, and only who it is asked about is scripted.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallNews } from '../../src/asterisk/feed';
import { toneSamples } from '../../src/audio/tone';
import { FeedServer } from '../../src/hub/feedServer';
import { LookUps } from '../../src/hub/lookUps';
import { defaultProgramSettings } from '../../src/program/settings';
import { systemClock } from '../../src/util/clock';
import { createLogger } from '../../src/util/log';
import { correlation, noise } from '../support/audio';
import { Home } from '../support/home';
import { until } from '../support/process';
import type { Stream } from '../support/stream';

const SECOND = 8000;
/** Sounds that are nowhere like each other nor like themselves at another place. */
const TRACKS = Object.fromEntries(
  [1, 2, 3].map((seed) => [`music/${seed}.wav`, Int16Array.from(noise(seed, 6000, 30 * SECOND), Math.round)]),
);

async function homeOfNoise(more = ''): Promise<Home> {
  const home = new Home();
  home.ship(TRACKS);
  home.config(`advice: { firstAfterMs: 3_600_000 }, ${more}`);
  await home.warmUp();
  return home;
}

const statesIn = (home: Home): string[] => {
  const folder = join(home.cache, 'run/calls');
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Which track is heard at a sample of what was heard, and which sample of it. */
function placeIn(heard: Int16Array, at: number): { track: string; sample: number } {
  const length = 160;
  for (const [track, pcm] of Object.entries(TRACKS))
    for (let sample = 0; sample + length < pcm.length; sample++) {
      // A coarse look first: the sound is bit-exact but for the limiter's delay.
      if (Math.abs(pcm[sample]! - heard[at]!) > 2 || Math.abs(pcm[sample + 1]! - heard[at + 1]!) > 2)
        continue;
      if (correlation(heard, pcm, at, sample, length) > 0.99) return { track, sample };
    }
  throw new Error(`no track is heard at sample ${at}`);
}

/** The place in its track that would have come next. */
function endOf({ samples }: Stream): { track: string; sample: number } {
  const at = samples.length - 160;
  const { track, sample } = placeIn(samples, at);
  return { track, sample: sample + 160 };
}

describe('the next process of the same call', () => {
  test('goes on with the track at the sample that was to be heard next', async () => {
    const home = await homeOfNoise();
    const first = home.stream(['--uniqueid', '1.1']);
    await first.hear(1200);
    await first.hangUp();
    const left = endOf(first);
    const second = home.stream(['--uniqueid', '1.1']);
    await second.hear(600);
    // The first 5 ms are faded in.
    const taken = placeIn(second.samples, 80);
    expect(taken.track).toBe(left.track);
    // Asterisk had 30 ms in its hands: they are heard once more rather than never.
    expect(Math.abs(taken.sample - 80 + 0.03 * SECOND - left.sample)).toBeLessThanOrEqual(320);
  });

  test('again and again, as at each announcement of a queue', async () => {
    const home = await homeOfNoise();
    const places = [];
    for (let i = 0; i < 4; i++) {
      const stream = home.stream(['--uniqueid', '1.1']);
      await stream.hear(400);
      await stream.hangUp();
      places.push(endOf(stream));
    }
    expect(new Set(places.map(({ track }) => track)).size).toBe(1);
    for (const [i, { sample }] of places.entries())
      if (i > 0) expect(Math.abs(sample - places[i - 1]!.sample - 3200)).toBeLessThan(0.1 * SECOND);
  });

  test('is not far behind when the one before it was killed without a word', async () => {
    const home = await homeOfNoise('calls: { everyMs: 200 }');
    const first = home.stream(['--uniqueid', '1.1']);
    await first.hear(1500);
    await first.hangUp('SIGKILL');
    const left = endOf(first);
    const second = home.stream(['--uniqueid', '1.1']);
    await second.hear(400);
    const taken = placeIn(second.samples, 80);
    expect(taken.track).toBe(left.track);
    // What was written last, and a machine that is busy with other tests.
    expect(left.sample - taken.sample).toBeLessThan(SECOND);
  });

  test('has nothing of another call, nor of one whose identity came from the environment', async () => {
    const home = await homeOfNoise();
    const first = home.stream(['--uniqueid', '1.1']);
    await first.hear(900);
    await first.hangUp();
    expect(statesIn(home)).toEqual(['1.1.json']);
    const other = home.stream(['--uniqueid', '1.2']);
    const claimed = home.stream([], { env: { UNIQUEID: '1.1' } });
    for (const stream of [other, claimed]) {
      await stream.hear(400);
      expect(placeIn(stream.samples, 80).sample).toBeLessThan(320);
      await stream.hangUp();
    }
    expect(statesIn(home)).toEqual(['1.1.json', '1.2.json']);
  });

  test('begins anew where the state is junk, or its track is gone', async () => {
    const home = await homeOfNoise();
    const state = join(home.cache, 'run/calls/1.1.json');
    const first = home.stream(['--uniqueid', '1.1']);
    await first.hear(900);
    await first.hangUp();
    const kept = readFileSync(state, 'utf8');
    for (const text of ['{"version":1', kept.replace(/music\/\d/, 'music/gone')]) {
      home.file('cache/run/calls/1.1.json', text);
      const stream = home.stream(['--uniqueid', '1.1']);
      await stream.hear(400);
      expect(placeIn(stream.samples, 80).sample).toBeLessThan(320);
      await stream.hangUp();
    }
  });
});

/** A hub's socket in a home, and what its one call is told. */
class ScriptedHub {
  readonly followed: string[] = [];
  tell: (news: CallNews) => void = () => {};
  readonly #server: FeedServer;

  constructor(home: Home) {
    this.#server = new FeedServer({
      socket: join(home.cache, 'run/hub.sock'),
      lookUps: new LookUps(undefined),
      calls: {
        follow: (uniqueid, listener) => {
          this.followed.push(uniqueid);
          this.tell = listener;
          return () => {};
        },
      },
      clock: systemClock(),
      log: createLogger(
        () => {},
        () => 0,
        'error',
      ),
    });
  }

  start = (): Promise<void> => this.#server.start();

  close(): void | Promise<void> {
    return this.#server.close();
  }

  async asked(): Promise<void> {
    await until(
      () => 'a stream asks who it is',
      () => this.followed.length > 0,
    );
  }
}

describe('with a hub', () => {
  let home: Home;
  let hub: ScriptedHub;
  beforeEach(async () => {
    home = await homeOfNoise();
    hub = new ScriptedHub(home);
    await hub.start();
  });
  afterEach(() => hub.close());

  test('a key is answered by the tone, and by another track', async () => {
    const stream = home.stream(['--uniqueid', '1.1']);
    await hub.asked();
    expect(hub.followed).toEqual(['1.1']);
    const before = placeIn(stream.samples, 800).track;
    const from = stream.samples.length;
    hub.tell({ type: 'key', digit: '3' });
    await stream.hear(1500);
    expect(placeIn(stream.samples, stream.samples.length - 400).track).not.toBe(before);
    const tone = toneSamples(8000, defaultProgramSettings.keyTone);
    const matches = Array.from({ length: 4000 }, (_, i) =>
      correlation(stream.samples, tone, from + i, 0, tone.length),
    );
    expect(Math.max(...matches)).toBeGreaterThan(0.2);
  });

  test('after the end of the call the process ends when nobody reads any more, and nothing of the call is kept', async () => {
    const stream = home.stream(['--uniqueid', '1.1']);
    await hub.asked();
    hub.tell({ type: 'identity', identity: { uniqueid: '1.1' } });
    hub.tell({ type: 'ended' });
    // As in an attended transfer: the Uniqueid is gone, the caller is not.
    await stream.hear(2000);
    stream.stopListening();
    expect(await stream.end()).toMatchObject({ code: 0 });
    expect(stream.log.at(-1)).toMatchObject({ reason: 'undrained' });
    expect(statesIn(home)).toEqual([]);
  });

  test('a call of the old way, whose identity is not certain, has keys and no more', async () => {
    const stream = home.stream([], { env: { UNIQUEID: '1.1' } });
    await hub.asked();
    hub.tell({ type: 'identity', identity: { uniqueid: '1.1' } });
    hub.tell({ type: 'ended' });
    hub.tell({ type: 'key', digit: '3' });
    await stream.hear(1500);
    expect(stream.log).toContainEqual(expect.objectContaining({ msg: 'key', action: 'nextTrack' }));
    stream.stopListening();
    await stream.hangUp();
  });

  test('a call that Asterisk never knew is not over: to end would only have it started again', async () => {
    const stream = home.stream(['--uniqueid', '1.1']);
    await hub.asked();
    hub.tell({ type: 'ended' });
    await stream.hear(1000);
    expect(stream.log).toContainEqual(expect.objectContaining({ level: 'warn', uniqueid: '1.1' }));
  });

  test('the music goes on without it, and keys come again when it is back', async () => {
    const stream = home.stream(['--uniqueid', '1.1']);
    await hub.asked();
    await hub.close();
    await stream.hear(600);
    hub = new ScriptedHub(home);
    await hub.start();
    await hub.asked();
    const before = placeIn(stream.samples, stream.samples.length - 400).track;
    hub.tell({ type: 'key', digit: '3' });
    await stream.hear(1500);
    expect(placeIn(stream.samples, stream.samples.length - 400).track).not.toBe(before);
  });

  test('a word of the library that speaks AMI never reaches the caller', async () => {
    const stream = home.stream(['--uniqueid', '1.1'], { env: { DEBUG: '*', DEBUG_FD: '1' } });
    await hub.asked();
    await stream.hear(400);
    expect(stream.bytes % 640).toBe(0);
    expect(placeIn(stream.samples, 800).sample).toBeGreaterThan(700);
  });
});
