// QueueBoard: places from joins and from looks at a queue; a move is a reason to look.
// Would catch: a caller told a wrong or an old place, a move that nobody looks after, a queue asked about without need.
import fc from 'fast-check';
import type { AmiEvent } from '../../src/asterisk/events';
import { QueueBoard } from '../../src/asterisk/queues';
import { ManualClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { FakeAsterisk, message, settled } from '../support/fakeAmi';

function stand() {
  const asterisk = new FakeAsterisk();
  const { ami } = asterisk;
  const clock = new ManualClock();
  /** "3 in sales" as each watched call was told, "-" for none; only changes. */
  const told = new Map<string, string[]>();
  const placeOf = (id: string): string => {
    const place = board.placeOf(id);
    return place ? `${place.position} in ${place.queue}` : '-';
  };
  const moved = (id: string): void => {
    const places = told.get(id) ?? ['-'];
    if (places.at(-1) !== placeOf(id)) places.push(placeOf(id));
    told.set(id, places);
  };
  const board = new QueueBoard({ link: ami, clock, log: silentLogger, moved });
  ami.listen({
    connected: () => board.connected(),
    event: (event) => {
      if (event.type === 'queue-join' || event.type === 'queue-leave') board.move(event);
      else if (event.type === 'queue-connect') board.answered(event);
      else if (event.type === 'hangup') board.ended(event.uniqueid);
    },
    disconnected: () => board.disconnected(),
  });
  ami.connect();
  return {
    asterisk,
    ami,
    clock,
    board,
    placeOf,
    story: (id: string): string => (told.get(id) ?? ['-']).join(', '),
    /** The queues that Asterisk was asked about. */
    looks: (): string[] => ami.asks('QueueStatus', 'Queue'),
    /** Each watched call is said to be in the queue whose application it is in, as after each reconnect. */
    supposeAll: (): void => {
      for (const id of asterisk.uniqueids) board.suppose(id, asterisk.applicationOf(id));
    },
    /** Seconds go by, and every question is answered. */
    seconds: async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await settled();
        clock.advance(1000);
      }
      await settled();
    },
  };
}

describe('moves', () => {
  test('a join tells its place at once, and the queue is looked at once, soon after', async () => {
    const { asterisk, board, story, looks, clock } = stand();
    board.watch('me');
    asterisk.join('a', 'sales');
    asterisk.join('me', 'sales');
    expect(story('me')).toBe('-, 2 in sales');
    clock.advance(300);
    await settled();
    expect(story('me')).toBe('-, 2 in sales');
    expect(looks()).toEqual(['sales']);
  });

  test('two who leave together: no place in between is told', async () => {
    const { asterisk, board, story, clock } = stand();
    board.watch('me');
    for (const id of ['a', 'b', 'me']) asterisk.join(id, 'sales');
    clock.advance(2000);
    await settled();
    asterisk.leave('a');
    clock.advance(250);
    await settled();
    asterisk.leave('b');
    clock.advance(250);
    await settled();
    expect(story('me')).toBe('-, 3 in sales, 1 in sales');
  });

  test('those behind move up when one leaves, and down when one joins ahead of them', async () => {
    const { asterisk, board, story, seconds } = stand();
    for (const id of ['a', 'b', 'me', 'z']) {
      board.watch(id);
      asterisk.join(id, 'sales');
    }
    for (const move of [
      () => asterisk.join('urgent', 'sales', 1),
      () => asterisk.answer('urgent'),
      () => asterisk.abandon('b'),
      () => asterisk.leave('a'),
    ]) {
      await seconds(1);
      move();
    }
    await seconds(1);
    expect(story('me')).toBe('-, 3 in sales, 4 in sales, 3 in sales, 2 in sales, 1 in sales');
    expect(story('z')).toBe('-, 4 in sales, 5 in sales, 4 in sales, 3 in sales, 2 in sales');
    expect(story('b')).toBe('-, 2 in sales, 3 in sales, 2 in sales, -');
  });

  test('callers who joined before anybody looked count without being known', async () => {
    const { asterisk, board, story, seconds } = stand();
    board.watch('me');
    asterisk.holding = true;
    for (const id of ['a', 'b', 'c']) asterisk.join(id, 'sales');
    asterisk.drop(Infinity);
    asterisk.holding = false;
    asterisk.join('me', 'sales');
    await seconds(1);
    asterisk.leave('b');
    await seconds(1);
    asterisk.join('late', 'sales');
    asterisk.leave('late');
    asterisk.leave('a');
    await seconds(2);
    expect(story('me')).toBe('-, 4 in sales, 3 in sales, 2 in sales');
  });

  test('who leaves and joins again is told their new place at once, also in another queue', () => {
    const { asterisk, board, story } = stand();
    board.watch('me');
    asterisk.join('me', 'sales');
    asterisk.join('a', 'sales');
    asterisk.leave('me');
    asterisk.join('me', 'sales');
    asterisk.leave('me');
    asterisk.join('me', 'support');
    asterisk.leave('a');
    expect(story('me')).toBe('-, 1 in sales, -, 2 in sales, -, 1 in support');
  });

  test('queues of any name are told apart, but not by the case of their letters', () => {
    const { asterisk, board, ami, placeOf } = stand();
    const names = ['__proto__', 'constructor', 'a,b', 'очередь', 'Очередь', ' x ', ''];
    names.forEach((name, i) => {
      asterisk.join(`first${i}`, name);
      board.watch(`me${i}`);
      asterisk.join(`me${i}`, name);
    });
    expect(names.map((_, i) => placeOf(`me${i}`))).toEqual(names.map((name) => `2 in ${name}`));
    asterisk.join('a', 'Sales');
    const left = (queue: string) => ami.emit({ type: 'queue-leave', queue, uniqueid: 'a', position: 1 });
    left('Sаles'); // with a Cyrillic letter
    expect(placeOf('a')).toBe('1 in Sales');
    left('SALES');
    expect(placeOf('a')).toBe('-');
  });

  test('nothing is kept of queues in which nobody is watched, nor of calls that have ended', async () => {
    const { asterisk, board } = stand();
    board.watch('a');
    asterisk.join('a', 'sales');
    asterisk.join('b', 'sales');
    await settled();
    expect(board.remembered).toBe(3);
    asterisk.abandon('a');
    expect(board.remembered).toBe(1);
    asterisk.abandon('b');
    expect(board.remembered).toBe(0);
  });

  test('endless joins take no memory without bound', () => {
    const { board, placeOf } = stand();
    for (let call = 0; call < 60_000; call++)
      board.move({ type: 'queue-join', queue: `q${call}`, uniqueid: `c${call}`, channel: '', position: 1 });
    expect(board.remembered).toBe(50_000);
    expect([placeOf('c0'), placeOf('c59999')]).toEqual(['-', '1 in q59999']);
  });
});

describe('a look at the queue', () => {
  test('finds a call that was there before, asking about this queue alone', async () => {
    const { asterisk, board, placeOf, story, looks, seconds } = stand();
    asterisk.lose();
    for (const id of ['a', 'b', 'me']) asterisk.join(id, 'Sales');
    asterisk.join('x', 'support');
    asterisk.restore();
    board.watch('me');
    board.suppose('me', 'sales');
    expect(placeOf('me')).toBe('-');
    await settled();
    expect(story('me')).toBe('-, 3 in Sales');
    asterisk.abandon('a');
    await seconds(1);
    expect(story('me')).toBe('-, 3 in Sales, 2 in Sales');
    expect(looks()).toEqual(['sales', 'Sales']);
  });

  test('does not find a call that is with an agent: then it is in no queue', async () => {
    const { asterisk, board, placeOf } = stand();
    asterisk.join('me', 'sales');
    asterisk.join('b', 'sales');
    asterisk.answer('me');
    board.watch('me');
    board.suppose('me', 'sales');
    expect(board.queueOf('me')).toBe('sales');
    await settled();
    expect(placeOf('me')).toBe('-');
    expect(board.queueOf('me')).toBeUndefined();
  });

  test('is never taken of a queue in which nobody is watched', async () => {
    const s = stand();
    s.asterisk.join('a', 'sales');
    s.ami.emit({ type: 'queue-leave', queue: 'sales', uniqueid: 'ghost', position: 1 });
    s.asterisk.lose();
    s.asterisk.restore();
    await s.seconds(5);
    expect(s.looks()).toEqual([]);
  });

  test('is taken after a move, and sets right what was missed before', async () => {
    const s = stand();
    s.board.watch('me');
    for (const id of ['ghost', 'b', 'me']) s.asterisk.join(id, 'sales');
    await s.seconds(1);
    s.asterisk.holding = true;
    s.asterisk.leave('ghost');
    s.asterisk.drop(1);
    s.asterisk.holding = false;
    expect(s.placeOf('me')).toBe('3 in sales');
    s.asterisk.leave('b');
    s.clock.advance(300);
    await settled();
    expect(s.looks()).toEqual(['sales', 'sales']);
    expect(s.placeOf('me')).toBe('1 in sales');
  });

  test.each<AmiEvent>([
    { type: 'queue-leave', queue: 'sales', uniqueid: 'ghost', position: 4 },
    { type: 'queue-leave', queue: 'SALES', uniqueid: 'ghost', position: 1 },
    { type: 'queue-join', queue: 'sales', uniqueid: 'ghost', channel: 'x', position: 9 },
    { type: 'queue-join', queue: 'sales', uniqueid: 'me', channel: 'x', position: 9 },
  ])('is taken, and believed more than the event, when nobody can have moved so: %j', async (event) => {
    const s = stand();
    s.board.watch('me');
    s.asterisk.join('me', 'sales');
    await s.seconds(2);
    const before = s.looks().length;
    s.ami.emit(event);
    await s.seconds(2);
    expect(s.looks().length).toBe(before + 1);
    expect(s.story('me')).toBe('-, 1 in sales');
  });

  test('is taken when a call rings off, or joins another queue, whose leave was missed', async () => {
    const s = stand();
    s.board.watch('me');
    for (const id of ['a', 'b', 'me']) s.asterisk.join(id, 'sales');
    await s.seconds(1);
    s.asterisk.holding = true;
    s.asterisk.abandon('a');
    s.asterisk.drop(1); // the queue-leave is lost
    s.asterisk.flow();
    await s.seconds(1);
    expect(s.story('me')).toBe('-, 3 in sales, 2 in sales');
    s.asterisk.leave('b');
    s.asterisk.join('b', 'support');
    s.asterisk.drop(1);
    s.asterisk.flow();
    await s.seconds(1);
    expect(s.story('me')).toBe('-, 3 in sales, 2 in sales, 1 in sales');
    expect(s.placeOf('b')).toBe('1 in support');
  });

  test('counts only what is said of this queue, also callers without a Uniqueid', async () => {
    const s = stand();
    s.ami.answer = () => [
      message({ Event: 'QueueParams', Queue: 'Sales' }),
      message({ Event: 'QueueMember', Queue: 'Sales', Uniqueid: 'agent' }),
      message({ Event: 'QueueEntry', Queue: 'other', Uniqueid: 'x' }),
      message({ Event: 'QueueEntry', Queue: 'Sales' }),
      message({ Event: 'QueueEntry', Queue: 'Sales', Uniqueid: 'me' }),
    ];
    s.board.watch('me');
    s.board.suppose('me', 'sales');
    await settled();
    expect(s.placeOf('me')).toBe('2 in Sales');
    expect(s.placeOf('x')).toBe('-');
  });

  test('is not taken for the queue in whose application a call is that has a place', async () => {
    const s = stand();
    s.board.watch('me');
    s.asterisk.join('me', 'sales');
    s.board.suppose('me', 'support');
    s.board.suppose('me', undefined);
    await s.seconds(2);
    expect(s.looks()).toEqual(['sales']);
    expect(s.placeOf('me')).toBe('1 in sales');
  });

  test('is taken once a second at most, however many moves there are', async () => {
    const s = stand();
    s.board.watch('me');
    s.asterisk.join('me', 'sales');
    s.board.disconnected();
    s.board.connected();
    await s.seconds(3);
    const before = s.looks().length;
    for (let i = 0; i < 300; i++) {
      s.ami.emit({ type: 'queue-leave', queue: 'sales', uniqueid: `ghost${i}`, position: 5 });
      s.clock.advance(10);
      await settled();
    }
    expect(s.looks().length - before).toBeGreaterThanOrEqual(3);
    expect(s.looks().length - before).toBeLessThanOrEqual(3 + 1);
  });

  test('fails, and is taken again after pauses that grow', async () => {
    const s = stand();
    s.asterisk.join('a', 'sales');
    s.asterisk.join('me', 'sales');
    s.board.watch('me');
    await settled();
    s.board.disconnected();
    s.ami.holding = true;
    s.board.connected();
    const failures: number[] = [];
    for (let second = 0; second < 40; second++) {
      if (s.ami.pending > 0) failures.push(second);
      s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
      await s.seconds(1);
    }
    expect(failures).toEqual([0, 2, 6, 14, 30]);
    s.ami.holding = false;
    await s.seconds(40);
    expect(s.placeOf('me')).toBe('2 in sales');
    const before = s.looks().length;
    await s.seconds(100);
    expect(s.looks().length).toBe(before);
  });

  test('is not waited for by a call that nobody watches any more', async () => {
    const s = stand();
    s.asterisk.join('me', 'sales');
    s.board.watch('me');
    await settled();
    s.board.disconnected();
    s.ami.holding = true;
    s.board.connected();
    s.board.unwatch('me');
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await s.seconds(60);
    expect(s.looks().length).toBe(2);
    expect(s.clock.pending).toBe(0);
    expect(s.board.queueOf('me')).toBeUndefined();
    s.board.ended('me');
    s.board.ended('a');
    expect(s.board.remembered).toBe(0);
  });
});

describe('moves while a look is under way', () => {
  /** `me` waits third behind a and b, and a look at the queue is under way. */
  async function looking() {
    const s = stand();
    s.board.watch('me');
    for (const id of ['a', 'b', 'me']) s.asterisk.join(id, 'sales');
    await s.seconds(2);
    s.board.disconnected();
    s.ami.holding = true;
    s.asterisk.holding = true;
    s.board.connected();
    return s;
  }

  test('before Asterisk looked, and told before the answer: the answer has them', async () => {
    const s = await looking();
    s.asterisk.abandon('a');
    s.asterisk.join('urgent', 'sales', 1);
    s.asterisk.flow();
    s.ami.look().give();
    await settled();
    expect(s.placeOf('me')).toBe('3 in sales');
    expect(s.placeOf('urgent')).toBe('1 in sales');
  });

  test('before Asterisk looked, and told after the answer: no place is told but the right one', async () => {
    const s = await looking();
    s.asterisk.abandon('a');
    s.asterisk.join('urgent', 'sales', 1);
    s.ami.look().give();
    await settled();
    s.asterisk.flow();
    s.ami.holding = false;
    await s.seconds(5);
    expect(s.story('me')).toBe('-, 3 in sales, -, 3 in sales');
  });

  test('after Asterisk looked, and told before the answer: the next look has them', async () => {
    const s = await looking();
    s.ami.look();
    s.asterisk.abandon('a');
    s.asterisk.join('urgent', 'sales', 1);
    s.asterisk.abandon('b');
    s.asterisk.flow();
    s.ami.give();
    s.ami.holding = false;
    await s.seconds(1);
    expect(s.placeOf('me')).toBe('2 in sales');
  });

  test('of a call that leaves and is back: not to be known, so there is another look', async () => {
    const s = await looking();
    const before = s.looks().length;
    s.asterisk.leave('a');
    s.asterisk.join('a', 'sales', 1);
    s.ami.look().give();
    await settled();
    s.asterisk.flow();
    s.ami.holding = false;
    await s.seconds(2);
    expect(s.looks().length).toBe(before + 1);
    expect(s.placeOf('me')).toBe('3 in sales');
  });

  test('of a call that has gone to another queue meanwhile: it stays there', async () => {
    const s = await looking();
    s.board.watch('b');
    s.ami.look();
    s.asterisk.leave('b');
    s.asterisk.join('b', 'support');
    s.asterisk.flow();
    s.ami.give();
    await settled();
    expect(s.placeOf('b')).toBe('1 in support');
    s.ami.holding = false;
    await s.seconds(1);
    expect(s.placeOf('b')).toBe('1 in support');
    expect(s.placeOf('me')).toBe('2 in sales');
  });

  test('of a thousand calls: another look', async () => {
    const s = await looking();
    s.ami.look();
    for (let i = 0; i < 1500; i++) s.asterisk.join(`call${i}`, 'sales', 1 + i);
    s.asterisk.flow();
    s.ami.give();
    s.ami.holding = false;
    await s.seconds(2);
    expect(s.placeOf('me')).toBe('1503 in sales');
  });

  test('an answer from before the link was lost is not believed', async () => {
    const s = await looking();
    s.ami.look();
    s.asterisk.lose();
    s.asterisk.leave('a');
    s.ami.holding = false;
    s.asterisk.restore();
    await settled();
    expect(s.placeOf('me')).toBe('2 in sales');
  });
});

describe('laws', () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('join' as const), queue: fc.nat(1), priority: fc.nat(2) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('leave', 'abandon', 'answer'), who: fc.nat(99) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('back' as const), who: fc.nat(99), queue: fc.nat(1) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('flow', 'drop'), count: fc.nat(4) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('look', 'give', 'reconnect', 'ghost') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2500) }) },
  );
  type Step = { do: string; queue?: number; priority?: number; who?: number; count?: number; ms?: number };
  const QUEUES = ['sales', 'support'];

  /** Plays the steps; every second call is watched. Events are late, but less than the time that passes in a wait. */
  async function play(steps: readonly Step[], may: { drop: boolean }) {
    const s = stand();
    const { asterisk, ami } = s;
    asterisk.holding = true;
    ami.holding = true;
    let calls = 0;
    const outside: string[] = [];
    for (const { do: what, queue = 0, priority = 0, who = 0, count = 0, ms = 0 } of steps) {
      const waiting = QUEUES.flatMap((name) => asterisk.waiting(name));
      const one = waiting[who % Math.max(1, waiting.length)];
      const back = outside[who % Math.max(1, outside.length)];
      if (what === 'join') {
        const id = `call${++calls}`;
        if (calls % 2) s.board.watch(id);
        asterisk.join(id, QUEUES[queue]!, priority);
      } else if (what === 'leave' && one) {
        asterisk.leave(one);
        outside.push(one);
      } else if (what === 'abandon' && one) asterisk.abandon(one);
      else if (what === 'answer' && one) asterisk.answer(one);
      else if (what === 'back' && back)
        asterisk.join(outside.splice(outside.indexOf(back), 1)[0]!, QUEUES[queue]!, 1);
      else if (what === 'flow') asterisk.flow(count);
      else if (what === 'drop' && may.drop) asterisk.drop(count);
      else if (what === 'look') ami.look();
      else if (what === 'give') ami.give();
      else if (what === 'ghost')
        ami.emit({ type: 'queue-leave', queue: QUEUES[0]!, uniqueid: 'ghost', position: 99 });
      else if (what === 'reconnect') {
        asterisk.lose();
        asterisk.restore();
        s.supposeAll();
      } else if (what === 'wait') {
        asterisk.flow();
        s.clock.advance(ms);
      }
      await settled();
    }
    asterisk.flow();
    ami.holding = false;
    asterisk.holding = false;
    ami.look().give();
    return s;
  }

  const actual = (asterisk: FakeAsterisk, id: string): string => {
    const queue = QUEUES.find((name) => asterisk.waiting(name).includes(id));
    return queue ? `${asterisk.waiting(queue).indexOf(id) + 1} in ${queue}` : '-';
  };

  const expectRight = (s: ReturnType<typeof stand>): void => {
    for (let i = 1; i <= 99; i += 2)
      expect(`${i}: ${s.placeOf(`call${i}`)}`).toBe(`${i}: ${actual(s.asterisk, `call${i}`)}`);
  };

  test('late events and overtaking answers: when it is quiet, every place is right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const s = await play(steps, { drop: false });
        await s.seconds(4);
        expectRight(s);
      }),
      { numRuns: 400, seed: 3 },
    );
  });

  test('lost events: after the next look, every place is right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const s = await play(steps, { drop: true });
        s.asterisk.lose();
        s.asterisk.restore();
        s.supposeAll();
        await s.seconds(4);
        expectRight(s);
      }),
      { numRuns: 400, seed: 4 },
    );
  });
});
