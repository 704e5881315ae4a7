// The main thread's answers to one mixing thread. What it gives out is tested with its other end, in remote*.test.ts.
// Would catch: failing records that leave a caller waiting, answers to a thread that is gone, a flood of log lines.
import type { CallerRecords } from '../../src/session/callerRecords';
import { memoryClip } from '../../src/audio/source';
import type { HubMethods, MixerMethods } from '../../src/mixer/messages';
import { Rpc, type RpcMessage } from '../../src/util/rpc';
import { transferOf, MixerRpcServer } from '../../src/hub/mixerRpcServer';
import { ManualClock } from '../../src/util/clock';
import { turn } from '../support/caller';
import { FakeRecords } from '../support/fakeRecords';
import { keptLog } from './fixtures';

const CALL = '1795225281.7';
const MOST = 100;

function ask<Name extends keyof HubMethods>(
  id: number,
  method: Name,
  params: Omit<HubMethods[Name]['params'], 'token'>,
): RpcMessage<HubMethods> {
  return { type: 'request', id, method, params: { token: CALL, ...params } } as RpcMessage<HubMethods>;
}
const balance = (id: number): RpcMessage<HubMethods> => ask(id, 'balance', { language: 'en' });

function answering(records: CallerRecords | undefined, mostServed = 1000) {
  const posted: RpcMessage<MixerMethods>[] = [];
  const transfers: (readonly ArrayBuffer[])[] = [];
  const { log, lines } = keptLog();
  const clock = new ManualClock();
  const told: [string, number][] = [];
  const speech = {
    balance: () => Promise.resolve(undefined),
    position: () =>
      Promise.resolve([memoryClip('one', new Int16Array(4)), memoryClip('two', new Int16Array(2))]),
  };
  const parts = {
    records: (token: string) => (token === CALL ? records : undefined),
    speech: () => speech,
    keys: () => ({}),
    clock,
    log,
  };
  const asked: Rpc<MixerMethods, HubMethods> = new Rpc<MixerMethods, HubMethods>({
    post: (message, transfer = []) => {
      posted.push(message);
      transfers.push(transfer);
    },
    serves: new MixerRpcServer(parts, { request: (...given) => asked.request(...given) }),
    mostServed,
    transferOf,
    onServed: (about, tookMs) => void told.push([about, tookMs]),
    clock,
  });
  return { asked, posted, transfers, lines, clock, told };
}

const unavailable = (id: number): RpcMessage<MixerMethods> => ({
  type: 'answer',
  id,
  answer: { status: 'unavailable' },
});

test('a call that nobody knows has no choice, and no balance', async () => {
  const { asked, posted } = answering(undefined);
  asked.hear(ask(1, 'choice', {}));
  asked.hear(balance(2));
  await turn();
  expect(posted).toEqual([{ type: 'answer', id: 1, answer: undefined }, unavailable(2)]);
});

test('records that break their word and throw are an answer, and one line in the log in a minute', async () => {
  const { asked, posted, lines, clock } = answering(new FakeRecords([new Error('no luck')]));
  for (let id = 1; id <= 500; id++) asked.hear(balance(id));
  await turn();
  expect(posted).toHaveLength(500);
  expect(posted[499]).toEqual(unavailable(500));
  expect(lines).toHaveLength(1);
  clock.advance(60_000);
  asked.hear(balance(501));
  await turn();
  expect(lines[1]!.fields).toMatchObject({ times: 500, about: 'balance' });
});

test('samples of a sentence go over to the thread instead of being copied', async () => {
  const { asked, transfers } = answering(undefined);
  asked.hear(ask(1, 'say-position', { place: 2, language: 'en' }));
  await turn();
  expect(transfers[0]!.map(({ byteLength }) => byteLength)).toEqual([8, 4]);
});

test('a cancelled question has no answer', async () => {
  const records = new FakeRecords(['later']);
  const { asked, posted } = answering(records);
  asked.hear(balance(1));
  await turn();
  asked.hear({ type: 'cancel', id: 1 });
  records.answers({ status: 'locked' });
  await turn();
  expect(posted).toEqual([]);
  expect(asked.pending).toEqual({ asked: 0, serving: 0 });
});

test('a thread that asks without end has what can be had, and what waits is bounded', async () => {
  const { asked, posted } = answering(new FakeRecords(['later'], 'later'), MOST);
  for (let id = 1; id <= MOST + 500; id++) asked.hear(id % 2 ? balance(id) : ask(id, 'choice', {}));
  await turn();
  expect(asked.pending).toEqual({ asked: 0, serving: MOST });
  expect(posted).toHaveLength(500);
  expect(posted[0]).toEqual({ type: 'failure', id: MOST + 1, message: 'too much is at work' });
});

test('when the thread is gone all that is at work for it is aborted, and nothing is posted any more', async () => {
  const records = new FakeRecords(['later']);
  const { asked, posted } = answering(records);
  asked.hear(balance(1));
  await turn();
  asked.close();
  asked.hear(balance(2));
  await turn();
  expect(records.asked.map(({ signal }) => signal.aborted)).toEqual([true]);
  expect([posted, asked.pending]).toEqual([[], { asked: 0, serving: 0 }]);
});

test('how long each answer took is told', async () => {
  const records = new FakeRecords();
  let answered: (track: string) => void = () => {};
  records.choice = () => new Promise((resolve) => (answered = resolve));
  const { asked, told, clock } = answering(records);
  asked.hear(ask(1, 'choice', {}));
  clock.advance(40);
  answered('music/a.wav');
  await turn();
  expect(told).toEqual([['choice', 40]]);
});
