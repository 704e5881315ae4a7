// Two channels of one class, as every Dial() and every FreePBX queue makes them: what is the caller's is heard by the caller,
// whole, and by nobody else; and whoever else hears the class has music, and keys that do nothing.
import { jumps } from './judge/change';
import { lengthOf } from './judge/exact';
import { answered, answersOf, followed } from './lab/answers';
import type { Caller } from './lab/caller';
import { configText, ownBalance } from './lab/config';
import { Ear } from './lab/ear';
import { Lab } from './lab/lab';
import { RATE, tracks } from './lab/media';
import { SipCall, SipPhone } from './lab/sip';
import { listener, promptsOf, told } from './lab/speech';
import { until } from './lab/wait';

const LISTEN_MS = 10_000;
const byEar = listener('en');

let lab: Lab;
const open: { close(): void }[] = [];

beforeAll(async () => {
  lab = await Lab.open({ media: { ...tracks(6, 60), ...promptsOf('en') }, config: (one) => configText(one) });
  await lab.startHub();
});
afterEach(() => open.splice(0).forEach((one) => one.close()));
afterAll(() => lab?.close());

async function call(extension: string, phone: string): Promise<{ call: SipCall; ear: Ear }> {
  const ear = await Ear.open();
  open.push(ear);
  const { sip: port } = lab.ports;
  const sip = await SipCall.dial({
    port,
    extension,
    phone,
    codec: 'slin',
    withheld: false,
    rtpPort: ear.port,
  });
  open.push(sip);
  return { call: sip, ear };
}

/** Music from end to end, and no word in it. */
function expectMusic(ear: Ear, from = 0): void {
  const heard = ear.samples.subarray(from);
  const runs = lab.index.runs(heard);
  expect(byEar.transcribe(heard)).toEqual([]);
  expect(runs.reduce((sum, run) => sum + lengthOf(run), 0)).toBeGreaterThan(heard.length - 0.2 * RATE);
}

async function expectKeysToWork(caller: Caller): Promise<void> {
  const from = caller.ear.heard;
  const answers = answersOf(lab, caller);
  caller.press('2');
  await answered(lab, caller, answers + 1);
  const said = byEar.transcribe(caller.ear.samples.subarray(from)).map(({ text }) => text);
  expect(said).toEqual([ownBalance(caller.phone)]);
}

/** Presses everything that is bound; @returns the sample from which on an answer would be heard */
async function pressAll(ear: Ear): Promise<number> {
  const from = ear.heard;
  for (const key of ['2', '4', '3']) {
    ear.press(key);
    await ear.hear(1500);
  }
  return from;
}

test('a member is rung with the caller’s class, and somebody else hears it: each has whole music, the caller keys and balance', async () => {
  const caller = await lab.call({ queue: 'quiet', phone: '301', shared: true });
  await followed(lab, caller);
  const member = { Queue: 'quiet', Interface: 'Local/leg@default/n' };
  await lab.manager.request({ Action: 'QueueAdd', ...member });
  await lab.manager.event({ Event: 'MusicOnHoldStart', CallerIDNum: '301' }, 15_000);
  const begun = (): number =>
    lab.manager.events.filter(({ event }) => event['Event'] === 'MusicOnHoldStart').length;
  await until(
    () => 'the member hears music, too',
    () => begun() >= 2,
  );
  const other = await call(`hears-hold-${caller.uniqueid}`, '302');
  const from = caller.ear.heard;
  await Promise.all([caller.ear.hear(LISTEN_MS), other.ear.hear(LISTEN_MS)]);
  for (const ear of [caller.ear, other.ear]) expect(jumps(lab.index.runs(ear.samples))).toEqual([]);
  expectMusic(caller.ear, from);
  await expectKeysToWork(caller);
  const answers = answersOf(lab, caller);
  await pressAll(other.ear);
  expectMusic(other.ear);
  expect(answersOf(lab, caller)).toBe(answers);

  await lab.stopHub('SIGKILL');
  await lab.startHub();
  await caller.ear.hear(6000);
  await followed(lab, caller);
  await expectKeysToWork(caller);
  const after = await pressAll(other.ear);
  expect(byEar.transcribe(other.ear.samples.subarray(after))).toEqual([]);
  expect(told(lab, caller, byEar)).toEqual([ownBalance('301'), ownBalance('301')]);
  await lab.manager.request({ Action: 'QueueRemove', ...member });
  other.call.hangUp();
  await caller.hangUp();
});

test('a caller who puts on hold whom Dial() has called, and presses 2: the other one hears music', async () => {
  const ear = await Ear.open();
  const phone = await SipPhone.open({ rtpPort: ear.port, codec: 'slin' });
  open.push(ear, phone);
  const seen = lab.manager.events.length;
  const caller = await call(`calls-${phone.port}`, '303');
  await lab.manager.event({ Event: 'DialEnd', DialStatus: 'ANSWER' }, 15_000, seen);
  caller.call.hold();
  await lab.manager.event({ Event: 'MusicOnHoldStart' }, 15_000, seen);
  await ear.hear(3000);
  const press = { Action: 'PlayDTMF', Digit: '2', Receive: 'true' };
  await lab.manager.request({ ...press, Channel: channelOf(seen) });
  await ear.hear(4000);
  await pressAll(ear);
  expectMusic(ear);
  caller.call.hangUp();
  await lab.manager.event({ Event: 'Hangup', CallerIDNum: '303' }, 15_000, seen);
});

/** The caller's channel. */
function channelOf(seen: number): string {
  const dial = lab.manager.events.slice(seen).find(({ event }) => event['Event'] === 'DialBegin');
  return dial!.event['Channel']!;
}

test('nothing is left when all have hung up', async () => {
  await until(
    () => JSON.stringify([lab.strays, lab.states, lab.pipes]),
    () => lab.strays.length + lab.states.length + lab.pipes.length === 0,
    60_000,
  );
});
