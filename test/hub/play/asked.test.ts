// The main thread's answers to one mixing thread. What it gives out is tested with its other end, in remote*.test.ts.
// Would catch: a failing office that leaves a caller waiting, answers to a thread that is gone, a flood of log lines.
import type { BackOffice } from '../../../src/asterisk/backOffice';
import type { FromMixer, Question, ToMixer } from '../../../src/hub/mixer/messages';
import { Asked } from '../../../src/hub/play/asked';
import { memoryClip } from '../../../src/audio/source';
import { ManualClock } from '../../../src/util/clock';
import { turn } from '../../support/caller';
import { FakeOffice } from '../../support/office';
import { keptLog } from '../fixtures';

const CALL = '1795225281.7';
const ask = (id: number, question: Question): Extract<FromMixer, { type: 'ask' }> => ({
  type: 'ask',
  id,
  token: CALL,
  question,
});
const BALANCE: Question = { about: 'balance', language: 'en' };

function answering(office: BackOffice | undefined) {
  const posted: ToMixer[] = [];
  const transfers: (readonly ArrayBuffer[])[] = [];
  const { log, lines } = keptLog();
  const clock = new ManualClock();
  const told: [string, number][] = [];
  const asked = new Asked({
    onAnswered: (about, tookMs) => void told.push([about, tookMs]),
    office: (token) => (token === CALL ? office : undefined),
    speech: () => ({
      balance: () => Promise.resolve(undefined),
      position: () =>
        Promise.resolve([memoryClip('one', new Int16Array(4)), memoryClip('two', new Int16Array(2))]),
    }),
    keys: () => ({}),
    post: (message, transfer = []) => {
      posted.push(message);
      transfers.push(transfer);
    },
    clock,
    log,
  });
  return { asked, posted, transfers, lines, clock, told };
}

const unavailable = (id: number): ToMixer => ({
  type: 'answer',
  id,
  answer: { about: 'balance', answer: { status: 'unavailable' } },
});

test('a call that nobody knows has no choice, and no balance', async () => {
  const { asked, posted } = answering(undefined);
  asked.hear(ask(1, { about: 'choice' }));
  asked.hear(ask(2, BALANCE));
  await turn();
  expect(posted).toEqual([
    { type: 'answer', id: 1, answer: { about: 'choice', track: undefined } },
    unavailable(2),
  ]);
});

test('an office that breaks its word and throws is an answer, and one line in the log in a minute', async () => {
  const { asked, posted, lines, clock } = answering(new FakeOffice([new Error('no luck')]));
  for (let id = 1; id <= 500; id++) asked.hear(ask(id, BALANCE));
  await turn();
  expect(posted).toHaveLength(500);
  expect(posted[499]).toEqual(unavailable(500));
  expect(lines).toHaveLength(1);
  clock.advance(60_000);
  asked.hear(ask(501, BALANCE));
  await turn();
  expect(lines[1]!.fields).toMatchObject({ times: 500, about: 'balance' });
});

test('samples of a sentence go over to the thread instead of being copied', async () => {
  const { asked, transfers } = answering(undefined);
  asked.hear(ask(1, { about: 'say-position', place: 2, language: 'en' }));
  await turn();
  expect(transfers[0]!.map(({ byteLength }) => byteLength)).toEqual([8, 4]);
});

test('a cancelled question has no answer', async () => {
  const office = new FakeOffice(['later']);
  const { asked, posted } = answering(office);
  asked.hear(ask(1, BALANCE));
  await turn();
  asked.hear({ type: 'cancel', id: 1 });
  office.answers({ status: 'locked' });
  await turn();
  expect(posted).toEqual([]);
  expect(asked.pending).toBe(0);
});

test('a thread that asks without end has what can be had, and what waits is bounded', async () => {
  const { asked, posted } = answering(new FakeOffice(['later'], 'later'));
  for (let id = 1; id <= 25_000; id++) asked.hear(ask(id, id % 2 ? BALANCE : { about: 'function', digit: '7', call: { language: 'en' }, queue: undefined })); // prettier-ignore
  for (let id = 25_001; id <= 50_000; id++) asked.hear(ask(id, BALANCE));
  await turn();
  expect(asked.pending).toBe(20_000);
  expect(posted).toHaveLength(30_000);
});

test('when the thread is gone all that is at work for it is aborted, and nothing is posted any more', async () => {
  const office = new FakeOffice(['later']);
  const { asked, posted } = answering(office);
  asked.hear(ask(1, BALANCE));
  await turn();
  asked.close();
  asked.hear(ask(2, BALANCE));
  await turn();
  expect(office.asked.map(({ signal }) => signal.aborted)).toEqual([true]);
  expect([posted, asked.pending]).toEqual([[], 0]);
});

test('how long each answer took is told', async () => {
  const office = new FakeOffice();
  let answered: (track: string) => void = () => {};
  office.choice = () => new Promise((resolve) => (answered = resolve));
  const { asked, told, clock } = answering(office);
  asked.hear(ask(1, { about: 'choice' }));
  clock.advance(40);
  answered('music/a.wav');
  await turn();
  expect(told).toEqual([['choice', 40]]);
});
