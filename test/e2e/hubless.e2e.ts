// Without a hub: each stream has its own AMI connection and its identity from the class that Asterisk looked up.
// The first test needs nothing at all but Asterisk: what is written to it must come out of the recording bit by bit.
import type { Server } from 'node:http';
import { jumps } from './judge/change';
import { lengthOf } from './judge/exact';
import { serveClasses } from './lab/classes';
import { configText, ownBalance, positionId } from './lab/config';
import type { Caller } from './lab/caller';
import { Lab } from './lab/lab';
import { moreThan } from './lab/processes';
import { RATE, tracks, voices } from './lab/media';
import { listener, told } from './lab/speech';
import { until } from './lab/wait';

const prompts = voices([positionId(1), positionId(2)]);
const byEar = listener('en', prompts);

let lab: Lab;
let classes: Server;
/** The first call: nobody told it anything, so nobody told it that it ended. */
let untold: string | undefined;
beforeAll(async () => {
  lab = await Lab.open({ media: { ...tracks(6, 40), ...prompts } });
  classes = await serveClasses(lab);
});
afterAll(async () => {
  classes?.close();
  await lab?.close();
});
afterEach(() =>
  until(
    () => `processes end: ${JSON.stringify(lab.strays)}`,
    () => lab.strays.length === 0,
  ),
);

test('a caller hears one track without a lost sample, by a process that knows nothing but their Uniqueid', async () => {
  const before = lab.openDescriptors;
  const caller = await lab.call({ queue: 'quiet', phone: '600' });
  const { ear, uniqueid } = caller;
  untold = uniqueid;
  await ear.hear(5000);
  expect(lab.streams.map(({ argv }) => argv.slice(1))).toEqual([
    [lab.holdcast, 'stream', '--uniqueid', uniqueid],
  ]);
  await caller.hangUp();
  const runs = lab.index.runs(ear.samples);
  expect(jumps(runs)).toEqual([]);
  expect(runs.map(lengthOf).at(-1)).toBeGreaterThan(ear.heard - 0.1 * RATE);
  await until(
    () => moreThan(before, lab.openDescriptors).join(),
    () => moreThan(before, lab.openDescriptors).length === 0,
  );
});

/** Each stream logs in by itself, on a busy machine some seconds after its first sound; before that it hears of no key. */
async function connected({ uniqueid, ear }: Caller): Promise<void> {
  await until(
    () => `the AMI connection of ${uniqueid}`,
    () => lab.log.some((line) => line['uniqueid'] === uniqueid && line['msg'] === 'ami connected'),
  );
  await ear.hear(1000);
}

test('keys work over an AMI connection of their own, for the caller who presses', async () => {
  await lab.configure(configText(lab, { play: 'stream' }));
  const [first, second] = [
    await lab.call({ queue: 'quiet', phone: '600' }),
    await lab.call({ queue: 'quiet', phone: '601' }),
  ];
  await connected(second);
  for (const digit of ['3', '4', '2']) {
    second.press(digit);
    await second.ear.hear(digit === '2' ? 6000 : 3000);
  }
  await Promise.all([first.hangUp(), second.hangUp()]);
  const said = [first, second].map((caller) => told(lab, caller, byEar));
  expect(said).toEqual([[], ['position-2', ownBalance('601')]]);
  const played = [first, second].map(
    ({ ear }) => new Set(lab.index.runs(ear.samples).map(({ source }) => source)).size,
  );
  expect(played).toEqual([1, 2]);
});

test('what an earlier call has left is cleared away by a later one', async () => {
  const caller = await lab.call({ queue: 'quiet', phone: '600' });
  const left = (): string[] => lab.states.filter((name) => name.includes(untold!));
  await until(
    () => `no ${left().join()}`,
    () => left().length === 0,
  );
  await caller.hangUp();
});
