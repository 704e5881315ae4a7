// The life of a hub that plays: it is killed, suspended, told to read its config again, right or wrong; the disk fills
// up; more come than it is to play to. Nobody is cut off, nobody hears a click, and what went wrong is over when it is over.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clickDb, jumps } from './judge/change';
import { lengthOf, type Run } from './judge/exact';
import type { Caller } from './lab/caller';
import { configText, ownBalance, type ConfigText } from './lab/config';
import { keepFigures } from './lab/figures';
import { HeldPort } from './lab/heldPort';
import { Lab } from './lab/lab';
import { RATE, tracks } from './lab/media';
import { describeOnNewest } from './lab/newest';
import { heardOf, outage, plainMusic, worst } from './lab/outage';
import { listener, promptsOf, told } from './lab/speech';
import { until } from './lab/wait';

/** Of issue 5. */
const PLAIN_WITHIN_MS = 2000;
const OWN_WITHIN_MS = 5000;
/** From the last snapshot, which is written once a second and behind everything else. */
const CRASH_BACK_MS = 3000;
const AHEAD_MS = 200;
/** Music with 20 ms missing makes −70, what is whole less than −90. */
const CLICK_DB = -85;
const FROZEN_MS = 3000;
/** Within 8 s it is seen what Asterisk has not read, and then it reads that. */
const CAUGHT_UP_MS = 8000 + FROZEN_MS + 1000;
const READ_AGAIN = /^config reloaded/;
/** Until a caller who is not played to any more is known to be gone. */
const REST_MS = 30_000;
const byEar = listener('en');

let lab: Lab;
/** By the test that runs. */
const called: Caller[] = [];
const config = (more: ConfigText = {}): string => configText(lab, { play: 'hub', ...more });
/** The same with another key: 5 brings other music too. */
const changed = (): string =>
  config().replace("'3':", "'5': holdcast.nextTrack({ holdOffMs: 1000 }),\n    '3':");

beforeAll(async () => {
  const media = { ...tracks(6, 90), ...promptsOf('en') };
  lab = await Lab.open({ media, config: (one) => configText(one, { play: 'hub' }) });
  await lab.startHub();
});
afterAll(() => lab?.close());
afterEach(async () => {
  // A test that failed leaves its callers on hold.
  await hangUp(called.splice(0).filter(({ up }) => up));
  await until(
    () => `nothing is left: ${JSON.stringify([lab.strays, lab.states, lab.pipes])}`,
    () => lab.strays.length + lab.states.length + lab.pipes.length === 0,
    REST_MS,
  );
});

const runsOf = ({ ear }: Caller): Run[] => lab.index.runs(ear.samples);
const tracksHeard = (caller: Caller): number => new Set(runsOf(caller).map(({ source }) => source)).size;

/** Callers who have heard music for a while. */
async function waiting(phones: readonly string[], hearMs = 3000): Promise<Caller[]> {
  const callers = await Promise.all(phones.map((phone) => lab.call({ queue: 'quiet', phone })));
  called.push(...callers);
  await heardBy(callers, hearMs);
  return callers;
}

const heardBy = (callers: readonly Caller[], ms: number): Promise<unknown> =>
  Promise.all(callers.map(({ ear }) => ear.hear(ms)));

const hangUp = (callers: readonly Caller[]): Promise<unknown> =>
  Promise.all(callers.map((caller) => caller.hangUp()));

/** One track, every sample of it, and no click. */
function expectUntouched(caller: Caller): void {
  const runs = runsOf(caller);
  expect({ phone: caller.phone, runs: runs.length }).toEqual({ phone: caller.phone, runs: 1 });
  expect(lengthOf(runs[0]!)).toBeGreaterThan(caller.ear.heard - 0.1 * RATE);
  expect(clickDb(caller.ear.samples)).toBeLessThan(CLICK_DB);
}

async function expectKeyToWork(caller: Caller, digit = '3'): Promise<void> {
  const before = tracksHeard(caller);
  caller.press(digit);
  await caller.ear.hear(2500);
  expect([digit, tracksHeard(caller)]).toEqual([digit, before + 1]);
}

/** Has the hub go by another config; resolves when it does. */
async function reload(body: string): Promise<void> {
  const before = logged(READ_AGAIN);
  lab.writeConfig(body);
  lab.reloadHub();
  await until(
    () => 'the hub goes by another config',
    () => logged(READ_AGAIN) > before,
  );
}

const logged = (what: RegExp): number => lab.log.filter(({ msg }) => what.test(String(msg))).length;

/** @returns whether there was room */
function fillsUp(file: string): boolean {
  try {
    writeFileSync(file, Buffer.alloc(4096));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

test('killed: plain music within 2 s, own music within 5 s of its return, keys and balances again; who rang off meanwhile leaves nothing', async () => {
  const plain = await plainMusic(lab);
  const callers = await waiting(['601', '602', '603', '604'], 12_000);
  const [gone, ...left] = callers as [Caller, ...Caller[]];
  const ringsOff = gone.ear.hear(3000).then(() => gone.hangUp());
  const away = await outage(lab, 'SIGKILL', 5000);
  await ringsOff;
  const [late] = (await waiting(['605'])) as [Caller];
  await heardBy(left, 10_000);
  const all = left.map((caller) => heardOf(lab, plain, caller, away));
  keepFigures(lab, 'the hub is killed, ms', { heard: all });
  expect(worst(all.map(({ plainMs }) => plainMs))).toBeLessThan(PLAIN_WITHIN_MS);
  expect(worst(all.map(({ ownMs }) => ownMs))).toBeLessThan(OWN_WITHIN_MS);
  expect(worst(all.map(({ movedMs }) => movedMs))).toBeLessThan(AHEAD_MS);
  expect(worst(all.map(({ movedMs }) => movedMs && -movedMs))).toBeLessThan(CRASH_BACK_MS);
  expect(left.every(({ up }) => up)).toBe(true);
  const since = left.map(({ ear }) => ear.heard);
  for (const caller of left) caller.press('2');
  await heardBy(left, 8000);
  for (const [i, { ear, phone }] of left.entries()) {
    const said = byEar.transcribe(ear.samples.subarray(since[i])).map(({ text }) => text);
    expect([phone, said]).toEqual([phone, [ownBalance(phone)]]);
  }
  await expectKeyToWork(late);
  await hangUp([...left, late]);
});

describeOnNewest('whatever Asterisk it is', describe, () => {
  test('suspended for 3 s: the music stands still, and goes on where it was without a sample lost, and so do keys', async () => {
    const callers = await waiting(['611', '612']);
    await lab.freezeHub(FROZEN_MS);
    await heardBy(callers, 4000);
    for (const caller of callers) {
      const runs = runsOf(caller);
      expect([caller.phone, jumps(runs), tracksHeard(caller)]).toEqual([caller.phone, [], 1]);
      expect(caller.ear.longestPauseMs()).toBeLessThan(FROZEN_MS + 1000);
      const pressedAt = caller.press('3');
      await until(
        () => 'other music',
        () => tracksHeard(caller) === 2,
      );
      const other = runsOf(caller).at(-1)!;
      expect(caller.ear.heardAt(other.from - other.at) - pressedAt).toBeLessThan(1500);
    }
    await hangUp(callers);
  });

  test('Asterisk stands still for 3 s while the hub plays on: once it has caught up keys are heard at once again, and no sample is lost', async () => {
    const callers = await waiting(['615', '616'], 10_000);
    await lab.freezeAsterisk(FROZEN_MS);
    await heardBy(callers, CAUGHT_UP_MS);
    for (const caller of callers) {
      expect([caller.phone, jumps(runsOf(caller)), tracksHeard(caller)]).toEqual([caller.phone, [], 1]);
      const pressedAt = caller.press('3');
      await until(
        () => 'other music',
        () => tracksHeard(caller) === 2,
      );
      const other = runsOf(caller).at(-1)!;
      const afterMs = caller.ear.heardAt(other.from - other.at) - pressedAt;
      keepFigures(lab, 'Asterisk has stood still, key to other music, ms', { afterMs });
      expect(afterMs).toBeLessThan(1000);
    }
    await hangUp(callers);
  });

  describe('SIGHUP', () => {
    it('with another config: it counts from then on, for those who wait and for those who come; nobody hears a click or a jump', async () => {
      const callers = await waiting(['621', '622', '623']);
      callers[0]!.press('5');
      await callers[0]!.ear.hear(2500);
      expect(tracksHeard(callers[0]!)).toBe(1);
      await reload(changed());
      await heardBy(callers, 4000);
      for (const caller of callers) {
        expect([caller.phone, jumps(runsOf(caller)), tracksHeard(caller)]).toEqual([caller.phone, [], 1]);
        expect(clickDb(caller.ear.samples)).toBeLessThan(CLICK_DB);
      }
      for (const caller of callers) await expectKeyToWork(caller, '5');
      const [next] = (await waiting(['624'])) as [Caller];
      await expectKeyToWork(next, '5');
      await hangUp([...callers, next]);
    });

    it('with a config that is wrong: it is said, and nothing changes', async () => {
      const [caller] = (await waiting(['631'])) as [Caller];
      const errors = (): number => lab.log.filter(({ level }) => level === 'error').length;
      const before = errors();
      lab.writeConfig('keys: 5');
      lab.reloadHub();
      await until(
        () => 'a line that says so',
        () => errors() > before,
      );
      await caller.ear.hear(3000);
      expectUntouched(caller);
      await expectKeyToWork(caller, '5');
      const [next] = (await waiting(['632'])) as [Caller];
      await expectKeyToWork(next, '5');
      await hangUp([caller, next]);
      await reload(config());
    });
  });

  test('the disk is full: music and keys as ever, said once; when there is room again, that is said once', async () => {
    // As the hub sees it, which lives in a root of its own.
    const folder = join(lab.place.root, lab.runFolder, 'calls');
    const owner = lab.place.user ? `,uid=${lab.place.user.uid},gid=${lab.place.user.gid}` : '';
    const mount = (...words: string[]): void => {
      const { status, stderr } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    };
    const full = /would not resume where they were/;
    const room = /states of calls can be written again/;
    const [fullBefore, roomBefore] = [logged(full), logged(room)];
    const callers = await waiting(['641', '642'], 1000);
    mount('mount', '-t', 'tmpfs', '-o', `size=64k,mode=700${owner}`, 'tmpfs', folder);
    try {
      // What is written in pieces fills the last page too.
      for (let i = 0; fillsUp(join(folder, `fill-${i}`)); i++);
      await until(
        () => 'a line that says that the disk is full',
        () => logged(full) > fullBefore,
      );
      await heardBy(callers, 4000);
      for (const caller of callers) expectUntouched(caller);
      const [next] = (await waiting(['643'])) as [Caller];
      for (const caller of [...callers, next]) await expectKeyToWork(caller);
      expect(logged(full) - fullBefore).toBe(1);
      for (let i = 0; i < 64; i++) rmSync(join(folder, `fill-${i}`), { force: true });
      await until(
        () => 'a line that says that there is room again',
        () => logged(room) > roomBefore,
      );
      expect([logged(full) - fullBefore, logged(room) - roomBefore]).toEqual([1, 1]);
      await hangUp([...callers, next]);
    } finally {
      mount('umount', folder);
    }
  });

  test('more than it is to play to: who is over the limit hears plain music, the others their own, with keys', async () => {
    await lab.stopHub('SIGTERM');
    await lab.configure(config({ hub: 'callers: 2' }));
    await lab.startHub();
    const within = await waiting(['651', '652']);
    // This hub has written its own meanwhile.
    const plain = await plainMusic(lab);
    const [over] = (await waiting(['653'], 5000)) as [Caller];
    for (const caller of within) await expectKeyToWork(caller);
    over.press('2');
    await over.ear.hear(3000);
    const runs = plain.runs(over.ear.samples);
    expect(runs).toHaveLength(1);
    expect(lengthOf(runs[0]!)).toBeGreaterThan(over.ear.heard - 0.1 * RATE);
    expect(told(lab, over, byEar)).toEqual([]);
    await hangUp([...within, over]);
    await lab.stopHub('SIGTERM');
    await lab.configure(config());
    await lab.startHub();
  });
});

test('told to end, it ends, and leaves no process and no socket', async () => {
  expect(await lab.stopHub('SIGTERM')).toBe(0);
  expect(lab.strays).toEqual([]);
});

test('a port that is held: a look-up waits for a hub that comes back; where none comes, Asterisk asks its next engine', async () => {
  const askFor = async (name: string): Promise<{ text: string; ms: number }> => {
    const at = performance.now();
    const text = await lab.cli(`realtime load musiconhold name ${name}`);
    return { text, ms: Math.round(performance.now() - at) };
  };
  const refused = await askFor('hold-away.1');
  const held = await HeldPort.open(lab);
  const nobody = await askFor('hold-nobody.1');
  held.start();
  await held.ready(1);
  const there = await askFor('hold-there.1');
  await held.kill();
  const asking = askFor('hold-back.1');
  held.start();
  const back = await asking;
  await held.ready(2);
  await held.kill();
  await held.close();
  // Pipes of calls that there are not: a hub that is there would remove them in time.
  rmSync(lab.playFolder, { recursive: true });
  for (const { text } of [refused, nobody]) expect(text).toMatch(/application +\S*holdcast stream/);
  expect(there.text).toContain('holdcast-reader');
  // Of the hub; on a machine so busy that it needs more than the 2 s of res_curl.conf, of the next engine.
  expect(back.text).toMatch(/application +\S*(holdcast-reader|holdcast stream)/);
  const times = { refused, nobody, there, back };
  keepFigures(
    lab,
    'held port, ms',
    Object.fromEntries(Object.entries(times).map(([name, { ms }]) => [name, ms])),
  );
});
