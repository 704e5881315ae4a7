// What happens to a system in a day: agents answer, callers hang up, Asterisk is reloaded and restarted, the AMI
// connection goes silent, the hub is killed. Every caller who is still there hears music; nothing is left of the others.
import { jumps } from './judge/change';
import { lengthOf, type Run } from './judge/exact';
import type { Caller } from './lab/caller';
import { configText } from './lab/config';
import { Lab } from './lab/lab';
import { PLAY } from './lab/play';
import { moreThan, type OpenDescriptors } from './lab/processes';
import { RATE, tracks } from './lab/media';
import { Cable } from './lab/proxy';
import { sleep, until } from './lab/wait';

/** Between two packets of sound: 20 ms, and what the busiest machine may add. */
const PAUSE_MS = 1500;
/** How long Asterisk says nothing; CI has less of it. */
const CUT_MS = Number(process.env['HOLDCAST_E2E_CUT_MS'] ?? 150_000);
/** Who waits through it hears one track. */
const TRACK_SECONDS = 100 + CUT_MS / 1000;

let lab: Lab;
let cable: Cable;
let atRest: OpenDescriptors | undefined;

beforeAll(async () => {
  lab = await Lab.open({ media: tracks(6, TRACK_SECONDS) });
  cable = await Cable.to(lab.ports.manager);
  await lab.configure(configText(lab, { amiPort: cable.port }));
  await lab.startHub();
  const first = await lab.call({ queue: 'quiet', phone: '500' });
  await first.ear.hear(2000);
  await first.hangUp();
  await nothingLeft();
  atRest = lab.openDescriptors;
});
afterAll(async () => {
  cable?.close();
  await lab?.close();
});
afterEach(nothingLeft);

/** No process of a call, no state of a call, and not one descriptor more than before the first. */
async function nothingLeft(): Promise<void> {
  await until(
    () => `processes end: ${JSON.stringify(lab.strays)}`,
    () => lab.strays.length === 0,
  );
  await until(
    () => `states and pipes are removed: ${[...lab.states, ...lab.pipes].join()}`,
    () => lab.states.length + lab.pipes.length === 0,
  );
  const more = (): string[] => (atRest ? moreThan(atRest, lab.openDescriptors) : []);
  await until(
    () => `descriptors are closed: ${more().join()}`,
    () => more().length === 0,
  );
}

const runsOf = (caller: Caller): Run[] => lab.index.runs(caller.ear.samples);

/** A caller who has heard music for a while. */
async function waiting(phone: string): Promise<Caller> {
  const caller = await lab.call({ queue: 'quiet', phone });
  await caller.ear.hear(3000);
  return caller;
}

/** One track, every sample of it, without a pause. */
function expectUntouched(caller: Caller): void {
  const runs = runsOf(caller);
  expect(runs).toHaveLength(1);
  expect(lengthOf(runs[0]!)).toBeGreaterThan(caller.ear.heard - 0.1 * RATE);
  expect(caller.ear.longestPauseMs()).toBeLessThan(PAUSE_MS);
}

/** The caller presses 3 and hears another track. */
async function expectKeyToWork(caller: Caller): Promise<void> {
  const before = new Set(runsOf(caller).map(({ source }) => source)).size;
  caller.press('3');
  await caller.ear.hear(2500);
  expect(new Set(runsOf(caller).map(({ source }) => source)).size).toBe(before + 1);
}

test('an agent answers: the music ends for good, and the call goes on', async () => {
  const caller = await waiting('501');
  await lab.manager.request({ Action: 'QueueAdd', Queue: 'quiet', Interface: 'Local/agent@default/n' });
  await lab.manager.event({ Event: 'AgentConnect', Uniqueid: caller.uniqueid });
  await until(
    () => `the stream ends: ${JSON.stringify(lab.strays)}`,
    () => lab.strays.length === 0,
  );
  expectUntouched(caller);
  expect(caller.up).toBe(true);
  await lab.manager.request({ Action: 'QueueRemove', Queue: 'quiet', Interface: 'Local/agent@default/n' });
  await caller.hangUp();
});

test('moh reload: waiting callers go on hearing their music', async () => {
  const caller = await waiting('502');
  await lab.cli('moh reload');
  await caller.ear.hear(4000);
  await expectKeyToWork(caller);
  await caller.hangUp();
  expect(jumps(runsOf(caller))).toEqual([]);
});

test('the AMI connection goes silent for minutes: all have music without a pause, nothing is left of those who hang up, and keys work again afterwards', async () => {
  const [caller, gone] = await Promise.all([waiting('503'), waiting('511')]);
  const connected = (): number => lab.log.filter(({ msg }) => msg === 'ami connected').length;
  const before = connected();
  cable.pull();
  const over = sleep(CUT_MS);
  await gone.hangUp();
  const late = await waiting('512');
  await over;
  cable.plugIn();
  await until(
    () => 'the hub has its AMI connection again',
    () => connected() > before,
    40_000,
  );
  await Promise.all([caller.ear.hear(1000), late.ear.hear(1000)]);
  for (const one of [gone, caller, late]) expectUntouched(one);
  await expectKeyToWork(caller);
  // Nobody was there to be told who hears it: music and nothing else, until their music is started anew.
  late.press('3');
  await late.ear.hear(2000);
  expectUntouched(late);
  await Promise.all([caller.hangUp(), late.hangUp()]);
});

/** Of a hub that plays itself, hub.alone.e2e.ts tells it. */
const withStreams = PLAY === 'stream' ? test : test.skip;

withStreams(
  'the hub is killed: music and keys go on, new callers hear music too, and have keys when it is back',
  async () => {
    const caller = await waiting('504');
    await lab.stopHub('SIGKILL');
    const late = await waiting('505');
    expect(runsOf(late)[0]?.source).toMatch(/^music\//);
    await late.hangUp();
    await expectKeyToWork(caller);
    await lab.startHub();
    await caller.ear.hear(1000);
    await expectKeyToWork(caller);
    const next = await waiting('506');
    await expectKeyToWork(next);
    await Promise.all([caller.hangUp(), next.hangUp()]);
  },
);

test('core restart now: everything of the calls is gone, and the next caller has music and keys', async () => {
  const callers = await Promise.all(['507', '508', '509'].map(waiting));
  await lab.restartAsterisk();
  await nothingLeft();
  for (const caller of callers) expectUntouched(caller);
  const connected = (): boolean =>
    lab.log.findLast(({ msg }) => /^ami (connected|lost|not)/.test(String(msg)))?.['msg'] === 'ami connected';
  await until(() => 'the hub has its AMI connection again', connected, 40_000);
  const next = await waiting('510');
  await expectKeyToWork(next);
  await next.hangUp();
});

test('the hub ends when it is told to', async () => {
  expect(await lab.stopHub('SIGTERM')).toBe(0);
});
