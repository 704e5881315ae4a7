// The CallServices of a call in a mixing thread: they promise what all records do, with a main thread that may be slow.
// Would catch: a caller who waits for ever, a question that is answered for a call that is over, pending ones that pile up.
import { type CallerRecords, LocalRecords } from '../../src/session/callerRecords';
import { memoryClip, type Clip } from '../../src/audio/source';
import type { BalanceAnswer } from '../../src/billing/billing';
import type { CallServices, SpokenBalance } from '../../src/session/callServices';
import { SPEECH_MS, type Speech } from '../../src/session/speech';
import { ManualClock } from '../../src/util/clock';
import { turn } from '../support/caller';
import { HubLink, type LinkPlan } from '../support/hubLink';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/fakeRecords';
import {
  ME,
  officeContract,
  ScriptedCheck,
  ScriptedBalances,
  ScriptedKeeper,
} from '../support/callerRecordsContract';

/** Says amounts as samples that can be read again: the contract is about whose balance is said, and which. */
const LEGIBLE: Speech = {
  balance: (said, language) => {
    const text = JSON.stringify({ language, said }, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const samples = Int16Array.from([...text].map((char) => char.charCodeAt(0)));
    return Promise.resolve([
      memoryClip('legible', samples.subarray(0, 20)),
      memoryClip('legible', samples.subarray(20)),
    ]);
  },
  position: () => Promise.resolve(undefined),
};

function legible(answer: SpokenBalance): BalanceAnswer {
  if (answer.status === 'unregistered') return { status: 'accounts', accounts: [] };
  if (answer.status !== 'spoken') return answer as BalanceAnswer;
  const text = answer.clips
    .flatMap((clip) => samplesOf(clip).map((sample) => String.fromCharCode(sample)))
    .join('');
  const { said } = JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as { said: Extract<BalanceAnswer, { status: 'accounts' }>['accounts'] };
  return { status: 'accounts', accounts: said };
}

/** The same services, with balances read from what is said. */
const heard = (services: CallServices): CallerRecords => ({
  choice: () => services.choice(),
  balance: async (...asked) => legible(await services.balance(...asked)),
  confirmPlace: () => services.confirmPlace!(),
  remember: (...kept) => services.remember(...kept),
  close: () => services.close(),
});

officeContract('what a call in a mixing thread has', ({ billing }) => {
  const [keeper, balances, clock] = [new ScriptedKeeper(), new ScriptedBalances(), new ManualClock()];
  const check = new ScriptedCheck();
  const records = new Map<string, CallerRecords>();
  const ended = new Set<string>();
  const link = new HubLink({ records, clock, speech: () => LEGIBLE });
  return {
    keeper,
    balances,
    check,
    open: (call) => {
      const parts = {
        keeper,
        check,
        clock,
        call: () => (ended.has(call.uniqueid) ? { ...call, ended: true } : call),
        ...(billing && { billing: balances }),
      };
      records.set(call.uniqueid, new LocalRecords(parts));
      return Promise.resolve(heard(link.outside.services(call.uniqueid, () => call)));
    },
    end: (uniqueid) => {
      ended.add(uniqueid);
      return Promise.resolve();
    },
    close: () => {},
  };
});

const { uniqueid } = ME;
const never = (): AbortSignal => new AbortController().signal;
const UNAVAILABLE: SpokenBalance = { status: 'unavailable' };
const ONE = accountsOf(account('0412', -1250n));

function samplesOf(clip: Clip): number[] {
  const out = new Float32Array(clip.samples);
  clip.open().read(out, 0, out.length);
  return [...out].map((sample) => Math.round(sample * 32768));
}

/** All of it but samples. */
const namesIn = (answer: unknown): string =>
  JSON.stringify(answer, (_, value: unknown) => (ArrayBuffer.isView(value) ? 'samples' : value));

function opened(plan: LinkPlan & { behind?: CallerRecords } = {}) {
  const clock = new ManualClock();
  const { behind = new FakeRecords() } = plan;
  const link = new HubLink({ clock, records: new Map([[uniqueid, behind]]), ...plan });
  return { clock, link, services: link.outside.services(uniqueid, () => ME) };
}

test('a main thread that does not answer makes a balance unavailable, a second after the limits of billing and voices', async () => {
  const { clock, link, services } = opened({ answers: () => false });
  link.outside.configure({ balanceMs: 4000 });
  let answer: SpokenBalance | undefined;
  void services.balance('en', undefined, never()).then((came) => (answer = came));
  clock.advance(4000 + SPEECH_MS + 999);
  await turn();
  expect(answer).toBeUndefined();
  clock.advance(1);
  await turn();
  expect(answer).toEqual(UNAVAILABLE);
  expect([link.outside.pending, clock.pending, link.typesToMain()]).toEqual([0, 0, ['request', 'cancel']]);
});

test('a choice that is not known in two seconds is none', async () => {
  const { clock, services, link } = opened({ answers: () => false });
  const choice = services.choice();
  clock.advance(2000);
  expect(await choice).toBeUndefined();
  expect(link.outside.pending).toBe(0);
});

test('an answer after its time is nobody’s', async () => {
  const { link, services } = opened({ answers: () => false });
  const abort = new AbortController();
  const balance = services.balance('en', undefined, abort.signal);
  abort.abort();
  expect(await balance).toEqual(UNAVAILABLE);
  link.outside.hear({ type: 'answer', id: 1, answer: { status: 'locked' } });
  const choice = services.choice();
  link.outside.hear({ type: 'answer', id: 1, answer: 'music/a.wav' });
  expect(link.outside.pending).toBe(1);
  link.outside.hear({ type: 'answer', id: 2, answer: 'music/b.wav' });
  expect(await choice).toBe('music/b.wav');
});

test('an abort goes through to billing', async () => {
  const behind = new FakeRecords(['later']);
  const { link, services } = opened({ behind });
  const abort = new AbortController();
  const balance = services.balance('en', '1234', abort.signal);
  await turn();
  expect(behind.asked[0]).toMatchObject({ language: 'en', pin: '1234' });
  abort.abort();
  await balance;
  await turn();
  expect(behind.asked[0]!.signal.aborted).toBe(true);
  expect(link.pending).toEqual([0, 0]);
});

test('when it is closed nothing waits any more, and what is remembered then is handed on all the same', async () => {
  const behind = new FakeRecords(['later'], 'later');
  const { clock, link, services } = opened({ behind });
  const asked = [services.choice(), services.balance('en', undefined, never())];
  await turn();
  await services.close();
  expect(await Promise.all(asked)).toEqual([undefined, UNAVAILABLE]);
  await turn();
  expect([link.pending, clock.pending]).toEqual([[0, 0], 0]);
  expect([await services.choice(), await services.balance('en', undefined, never())]).toEqual([
    undefined,
    UNAVAILABLE,
  ]);
  expect(behind.choicesAsked).toBe(1);
  services.remember({ type: 'key', digit: '3', action: 'nextTrack' });
  await turn();
  expect(behind.remembered).toHaveLength(1);
});

test('nothing is asked for a call that is over', async () => {
  const { link } = opened();
  const services = link.outside.services(uniqueid, () => ({ ...ME, ended: true }));
  expect(await services.choice()).toBeUndefined();
  expect(await services.balance('en', undefined, never())).toEqual(UNAVAILABLE);
  expect(link.toMain).toEqual([]);
});

test('a call that asks without end has no more than twenty questions waiting, and another call has its own', async () => {
  const { link, services } = opened({ answers: () => false });
  const answers = Array.from({ length: 1000 }, () => services.choice());
  expect(link.outside.pending).toBe(20);
  expect(await Promise.race(answers)).toBeUndefined();
  void link.outside.services('1795225281.8', () => undefined).choice();
  expect(link.outside.pending).toBe(21);
});

test('what is remembered has the time at which it happened', async () => {
  const behind = new FakeRecords();
  const { clock, services } = opened({ behind });
  const happened = clock.wall();
  services.remember({ type: 'choice', track: 'music/a.wav' });
  clock.advance(5000);
  await turn();
  expect(behind.times).toEqual([happened]);
});

test('how much it is nobody sees on the way: neither amounts nor names of what is said, and the samples are the voice’s', async () => {
  const behind = new FakeRecords([accountsOf(account('0412', -1250n))]);
  const speech = new FakeSpeech();
  const { link, services } = opened({ behind, speech: () => speech });
  const answer = await services.balance('ru', undefined, never());
  expect(speech.balances).toMatchObject([{ accounts: [account('0412', -1250n)], language: 'ru' }]);
  const clips = await speech.balance([account('0412', -1250n)], 'ru', never());
  expect(answer.status === 'spoken' && answer.clips.map(samplesOf)).toEqual(clips!.map(samplesOf));
  const told = JSON.stringify(
    link.toMixer.map((message) => ('answer' in message ? namesIn(message.answer) : message)),
  );
  expect(told).not.toMatch(/0412|1250|balance-is/);
});

test.each<[string, CallerRecords, Speech | undefined, SpokenBalance]>([
  [
    'the number is not registered',
    new FakeRecords([accountsOf()]),
    new FakeSpeech(),
    { status: 'unregistered' },
  ],
  ['no voice can say it', new FakeRecords([ONE]), new FakeSpeech('mute'), UNAVAILABLE],
  ['a voice throws', new FakeRecords([ONE]), new FakeSpeech(new Error('no luck')), UNAVAILABLE],
  ['nobody speaks', new FakeRecords([ONE]), undefined, UNAVAILABLE],
  ['the services throws', new FakeRecords([new Error('no luck')]), new FakeSpeech(), UNAVAILABLE],
])('%s: that is the answer', async (_, behind, speech, expected) => {
  const { link, clock, services } = opened({ behind, speech: () => speech });
  expect(await services.balance('en', undefined, never())).toEqual(expected);
  await turn();
  expect([link.pending, clock.pending]).toEqual([[0, 0], 0]);
});

test('a caller who hangs up while a voice speaks ends its work', async () => {
  const speech = new FakeSpeech('later');
  const { link, clock, services } = opened({ behind: new FakeRecords([ONE]), speech: () => speech });
  const answer = services.balance('en', undefined, never());
  await turn();
  void services.close();
  expect(await answer).toEqual(UNAVAILABLE);
  await turn();
  expect([speech.balances[0]!.signal.aborted, link.pending, clock.pending]).toEqual([true, [0, 0], 0]);
});
