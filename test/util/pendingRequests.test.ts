// Laws of requests that await an answer: each comes to one end, whichever is first, and nothing of it is kept after that.
// Would catch: an answer to another request, a caller who waits for a thread that is gone, listeners that pile up.
import { ManualClock } from '../../src/util/clock';
import { PendingRequests, type PendingRequest } from '../../src/util/pendingRequests';
import { turn } from '../support/caller';

function setUp() {
  const clock = new ManualClock();
  const pending = new PendingRequests<string, string>(clock);
  const ends: string[] = [];
  const sent: number[] = [];
  const begin = (context: string, more: Partial<PendingRequest<string>> = {}): void => {
    pending
      .begin({
        send: (id) => void sent.push(id),
        context,
        limitMs: 1000,
        givenUp: (why, id) => new Error(`${why} ${id}`),
        ...more,
      })
      .then(
        (answer) => ends.push(`${context}: ${answer}`),
        (error: Error) => ends.push(`${context}: ${error.message}`),
      );
  };
  return { clock, pending, ends, sent, begin };
}

test('answers come in any order, each to its own request; a second answer and an unknown number go nowhere', async () => {
  const { clock, pending, ends, sent, begin } = setUp();
  for (const name of ['one', 'two', 'three']) begin(name);
  expect(new Set(sent).size).toBe(3);
  expect(pending.contextOf(sent[1]!)).toBe('two');
  pending.answer(sent[2]!, 'c');
  pending.answer(sent[2]!, 'again');
  pending.fail(sent[0]!, new Error('no luck'));
  pending.answer(99, 'nobody');
  await turn();
  expect(ends).toEqual(['three: c', 'one: no luck']);
  expect([pending.size, pending.contextOf(sent[0]!), clock.pending]).toEqual([1, undefined, 1]);
});

test('a request is late at its limit, not before; one without a limit waits', async () => {
  const { clock, pending, ends, begin } = setUp();
  begin('limited');
  begin('endless', { limitMs: undefined as never });
  clock.advance(999);
  await turn();
  expect(ends).toEqual([]);
  clock.advance(1);
  await turn();
  expect([ends, pending.size, clock.pending]).toEqual([['limited: late 1'], 1, 0]);
});

test('any of its signals ends it, and afterwards none is listened to; an aborted one keeps it from being sent', async () => {
  const { clock, pending, ends, sent, begin } = setUp();
  const [one, two] = [new AbortController(), new AbortController()];
  const removed = jest.spyOn(one.signal, 'removeEventListener');
  begin('a', { signals: [one.signal, two.signal] });
  two.abort();
  await turn();
  expect([ends, pending.size, clock.pending]).toEqual([['a: aborted 1'], 0, 0]);
  expect(removed).toHaveBeenCalledTimes(1);
  begin('b', { signals: [one.signal, two.signal] });
  await turn();
  expect([ends[1], sent, pending.size, clock.pending]).toEqual(['b: aborted 2', [1], 0, 0]);
});

test('when the other end is gone all that wait are told; what cannot be sent does not wait', async () => {
  const { clock, pending, ends, begin } = setUp();
  begin('a');
  begin('b');
  pending.failAll(new Error('gone'));
  begin('c', {
    send: () => {
      throw new Error('cannot be sent');
    },
  });
  await turn();
  expect(ends).toEqual(['a: gone', 'b: gone', 'c: cannot be sent']);
  expect([pending.size, clock.pending]).toEqual([0, 0]);
});
