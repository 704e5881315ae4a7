// One call over several processes, and what comes to it from outside: who it is, keys, its end.
// Real processes and a real socket; only what Asterisk says is scripted.
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchAmi } from '../../bench/hubAmi';
import { mintToken } from '../../src/asterisk/token';
import { toneSamples } from '../../src/audio/tone';
import { defaultProgramSettings } from '../../src/program/settings';
import { Owners } from '../../src/pipe/owners';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
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

/** Asterisk's Manager, a call that waits in a queue, and streams whose config holds the secret. */
class Manager {
  readonly ami = new BenchAmi();
  #port = 0;

  async open(): Promise<Home> {
    this.#port = await this.ami.start();
    return homeOfNoise(`ami: { port: ${this.#port}, secret: 'x' }, position: { announce: false }`);
  }

  /** It is away, and back at the same port. */
  async restart(): Promise<void> {
    await this.ami.close();
    await this.ami.start(this.#port);
  }

  /** The stream has asked who its call is: from here on it hears all that is told. */
  async asked(times = 1): Promise<void> {
    await until(
      () => `a stream asks who it is; asked: ${JSON.stringify([...this.ami.asked])}`,
      () => (this.ami.asked.get('Status') ?? 0) >= times,
      20_000,
    );
  }
}

/** What a stream has logged; waited for, since what is heard meanwhile says nothing of how far the process is. */
async function logged(stream: Stream, line: Record<string, unknown>): Promise<void> {
  const said = (): boolean =>
    stream.stderr.split('\n').some((text) => {
      const fields = text.endsWith('}') ? (JSON.parse(text) as Record<string, unknown>) : {};
      return Object.entries(line).every(([name, value]) => fields[name] === value);
    });
  await until(() => `${JSON.stringify(line)} in ${stream.stderr.slice(-800)}`, said, 20_000);
}

const NEXT = { msg: 'key', action: 'nextTrack' };
const ME = '1.1';

describe('with an AMI connection of its own', () => {
  let home: Home;
  let asterisk: Manager;
  beforeEach(async () => {
    asterisk = new Manager();
    home = await asterisk.open();
    asterisk.ami.join(ME, '442079460018', 'sales');
  });
  afterEach(() => asterisk.ami.close());

  /** The track that is heard last is not the one before. */
  async function expectAnother(stream: Stream, before: string): Promise<void> {
    await logged(stream, NEXT);
    await stream.hear(1500);
    expect(placeIn(stream.samples, stream.samples.length - 400).track).not.toBe(before);
  }

  test('a key is answered by the tone, and by another track', async () => {
    const stream = home.stream(['--uniqueid', ME]);
    await asterisk.asked();
    const before = placeIn(stream.samples, 800).track;
    const from = stream.samples.length;
    asterisk.ami.keyDown(ME, '3');
    await expectAnother(stream, before);
    const tone = toneSamples(8000, defaultProgramSettings.keyTone);
    const last = stream.samples.length - from - tone.length;
    const matches = Array.from({ length: last }, (_, i) =>
      correlation(stream.samples, tone, from + i, 0, tone.length),
    );
    expect(Math.max(...matches)).toBeGreaterThan(0.2);
  });

  test('after the end of the call the process ends when nobody reads any more, and nothing of the call is kept', async () => {
    const stream = home.stream(['--uniqueid', ME]);
    await asterisk.asked();
    asterisk.ami.keyDown(ME, '3');
    await logged(stream, NEXT);
    asterisk.ami.hangUp(ME, 1000);
    // As in an attended transfer: the Uniqueid is gone, the caller is not.
    await stream.hear(2000);
    stream.stopListening();
    expect(await stream.end()).toMatchObject({ code: 0 });
    expect(stream.log.at(-1)).toMatchObject({ reason: 'undrained' });
    expect(statesIn(home)).toEqual([]);
  });

  test('a call of the old way, whose identity is not certain, has keys and no more', async () => {
    const stream = home.stream([], { env: { UNIQUEID: ME } });
    await asterisk.asked();
    asterisk.ami.keyDown(ME, '4');
    asterisk.ami.keyDown(ME, '3');
    await logged(stream, NEXT);
    asterisk.ami.hangUp(ME, 1000);
    await stream.hear(1500);
    await stream.hangUp();
    // Its end would have let it end by itself, and a certain call would have left its state.
    expect(statesIn(home)).toEqual([]);
  });

  test('a call that Asterisk never knew is not over: to end would only have it started again', async () => {
    const stream = home.stream(['--uniqueid', '7.7']);
    await logged(stream, { level: 'warn', uniqueid: '7.7' });
    await stream.hear(1000);
  });

  test('Asterisk is away: the music goes on, and keys come again when it is back', async () => {
    const stream = home.stream(['--uniqueid', ME]);
    await asterisk.asked();
    await asterisk.restart();
    await stream.hear(600);
    await asterisk.asked(2);
    const before = placeIn(stream.samples, stream.samples.length - 400).track;
    asterisk.ami.keyDown(ME, '3');
    await expectAnother(stream, before);
  });

  test('a word of the library that speaks AMI never reaches the caller', async () => {
    const stream = home.stream(['--uniqueid', ME], { env: { DEBUG: '*', DEBUG_FD: '1' } });
    await asterisk.asked();
    await stream.hear(400);
    expect(stream.bytes % 640).toBe(0);
    expect(placeIn(stream.samples, 800).sample).toBeGreaterThan(700);
  });

  describe('started for a look-up, with its token', () => {
    const token = mintToken();
    const owners = (): Owners =>
      new Owners(join(home.cache, 'run/play'), { clock: new ManualClock(), log: silentLogger });

    test('named before it begins, as after a respawn: it goes on from what is kept, and has keys', async () => {
      const first = home.stream(['--uniqueid', ME]);
      await first.hear(1200);
      await first.hangUp();
      const left = endOf(first);
      owners().note(token, ME);
      const asked = asterisk.ami.asked.get('Status') ?? 0;
      const second = home.stream(['--token', token]);
      await asterisk.asked(asked + 1);
      const taken = placeIn(second.samples, 80);
      expect(taken.track).toBe(left.track);
      expect(Math.abs(taken.sample - 80 + 0.03 * SECOND - left.sample)).toBeLessThanOrEqual(320);
      asterisk.ami.keyDown(ME, '3');
      await expectAnother(second, left.track);
    });

    test('named while it plays: the music goes on at the same sample, it has keys, and its state is kept', async () => {
      const stream = home.stream(['--token', token]);
      await stream.stands();
      await stream.hear(400);
      expect(statesIn(home)).toEqual([]);
      owners().note(token, ME);
      await asterisk.asked();
      await stream.hear(400);
      const [early, late] = [800, stream.samples.length - 400].map((at) => placeIn(stream.samples, at));
      expect(late!.track).toBe(early!.track);
      expect(late!.sample - early!.sample).toBe(stream.samples.length - 400 - 800);
      asterisk.ami.keyDown(ME, '3');
      await expectAnother(stream, early!.track);
      await stream.hangUp();
      expect(statesIn(home)).toEqual(['1.1.json']);
    });

    test.each([
      ['never named', undefined, 0o600],
      ['a note that is nonsense', 'hold-1.1 \n\n', 0o600],
      ['a note that others could have written', `${ME}\n`, 0o666],
    ])('%s: music, and nothing of any call', async (_, note, mode) => {
      if (note !== undefined) chmodSync(home.file(`cache/run/play/owner.${token}`, note), mode);
      const stream = home.stream(['--token', token], { env: { UNIQUEID: ME, PHONE: '442079460018' } });
      await stream.stands();
      await stream.hear(1000);
      asterisk.ami.keyDown(ME, '3');
      await stream.hear(1000);
      await stream.hangUp();
      expect(
        new Set([80, stream.samples.length - 400].map((at) => placeIn(stream.samples, at).track)).size,
      ).toBe(1);
      expect([statesIn(home), asterisk.ami.clients]).toEqual([[], 0]);
      expect(stream.stderr).not.toMatch(/"key"|"uniqueid"/);
    });

    test('another channel hears it too: from then on it is music, without a seam, and nothing more is kept', async () => {
      owners().note(token, ME);
      const stream = home.stream(['--token', token]);
      await asterisk.asked();
      owners().note(token, undefined);
      await logged(stream, {
        level: 'warn',
        msg: 'the listener is no longer known; music only',
      });
      await until(
        () => 'the AMI connection closes',
        () => asterisk.ami.clients === 0,
      );
      await stream.hear(600);
      const [early, late] = [800, stream.samples.length - 400].map((at) => placeIn(stream.samples, at));
      expect(late!.track).toBe(early!.track);
      expect(late!.sample - early!.sample).toBe(stream.samples.length - 400 - 800);
      const kept = statesIn(home);
      await stream.hangUp();
      expect(statesIn(home)).toEqual(kept);
    });
  });
});
