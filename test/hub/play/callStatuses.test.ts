// What each caller hears, from all threads: one that hangs must not hide the callers of the others.
import { CallStatuses } from '../../../src/hub/play/callStatuses';
import type { CallStatus, ToMixer } from '../../../src/hub/mixer/messages';
import type { Mixing } from '../../../src/hub/play/mixers';
import { ManualClock } from '../../../src/util/clock';

const lineOf = (uniqueid: string): CallStatus => ({
  uniqueid,
  status: 'playing',
  heardMs: 1,
  aheadMs: 160,
  underruns: 0,
});

test('answers are put together, and a thread that does not answer is left out', async () => {
  const clock = new ManualClock();
  const statuses = new CallStatuses(clock);
  const asked: ToMixer[] = [];
  const mixing = (number: number): Mixing => ({
    number,
    send: (message) => void asked.push(message),
    busySeconds: 0,
    calls: 0,
  });
  const all = statuses.ask([mixing(1), mixing(2), mixing(3)]);
  const ids = asked.map((message) => (message.type === 'status' ? message.id : NaN));
  expect(new Set(ids).size).toBe(3);
  statuses.hear(ids[2]!, [lineOf('3.1')]);
  statuses.hear(ids[0]!, [lineOf('1.1'), lineOf('1.2')]);
  clock.advance(500);
  expect((await all).map(({ uniqueid }) => uniqueid)).toEqual(['1.1', '1.2', '3.1']);
  statuses.hear(ids[1]!, [lineOf('2.1')]);
  expect(clock.pending).toBe(0);
});
