// Places that change without an event, and waits that look alike: what Asterisk is asked before a place is said.
// Would catch: "you are number 1" for a caller who has left, a hundred questions where one will do, two waits taken for one.
import { isSameWait, type QueuePlace } from '../../src/asterisk/callNews';
import { Switchboard } from '../../src/asterisk/switchboard';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { settled } from '../support/fakeAmi';
import { switchboardStand } from '../support/switchboardStand';
import { Heard } from '../support/callNewsContract';

async function stand() {
  const s = await switchboardStand();
  return {
    ...s,
    async waits(uniqueid: string, queue = 'sales'): Promise<Heard> {
      s.asterisk.join(uniqueid, queue);
      const heard = s.follow(uniqueid);
      await settled();
      return heard;
    },
    /** Has a place confirmed; where a look was taken just now, the next one waits its time. */
    async confirms(uniqueid: string): Promise<boolean> {
      const confirmed = s.switchboard.confirmPlace(uniqueid);
      await settled();
      s.clock.advance(100);
      return confirmed;
    },
  };
}

const placeIn = (heard: Heard): QueuePlace | undefined =>
  heard.news.findLast((news) => news.type === 'place')?.place;

describe('asked before a place is said', () => {
  test('another priority at once: the new place is told before it is confirmed', async () => {
    const s = await stand();
    const [first, second] = [await s.waits('a'), await s.waits('b')];
    s.asterisk.moveTo('b', 1);
    expect(await s.confirms('b')).toBe(true);
    expect([first.places, second.places]).toEqual(['1 in sales, 2 in sales', '2 in sales, 1 in sales']);
  });

  test('a hundred callers of one queue who ask in one moment share one question', async () => {
    const s = await stand();
    const ids = Array.from({ length: 100 }, (_, i) => `call${i}`);
    for (const id of ids) await s.waits(id);
    await s.seconds(2);
    const before = s.looks().length;
    s.ami.holding = true;
    const answers = [s.switchboard.confirmPlace(ids[0]!)];
    // The first look is under way: what the others want is one from after they asked.
    s.ami.look();
    s.asterisk.moveTo(ids[99]!, 1);
    answers.push(...ids.slice(1).map((id) => s.switchboard.confirmPlace(id)));
    s.ami.give();
    await settled();
    s.ami.holding = false;
    s.clock.advance(100);
    expect(await Promise.all(answers)).toEqual(ids.map(() => true));
    expect(s.looks().length).toBe(before + 2);
    expect(s.switchboard.who(ids[99]!)).toMatchObject({ queue: 'sales' });
  });

  test('who asks again and again has one look in 100 ms, and none waits for longer than that', async () => {
    const s = await stand();
    await s.waits('a');
    const before = s.looks().length;
    let answered = 0;
    for (let ms = 0; ms < 1000; ms += 10) {
      void s.switchboard.confirmPlace('a').then((confirmed) => (answered += confirmed ? 1 : 0));
      await settled();
      s.clock.advance(10);
    }
    s.clock.advance(100);
    await settled();
    expect(answered).toBe(100);
    expect(s.looks().length - before).toBeGreaterThanOrEqual(10);
    expect(s.looks().length - before).toBeLessThanOrEqual(11);
  });

  test('is not confirmed where Asterisk is away, goes away or refuses; others are asked for later', async () => {
    const s = await stand();
    await s.waits('a');
    await s.seconds(1);
    s.ami.holding = true;
    const answers = [s.switchboard.confirmPlace('a')];
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await settled();
    s.clock.advance(100);
    answers.push(s.switchboard.confirmPlace('a'));
    s.asterisk.lose();
    answers.push(s.switchboard.confirmPlace('a'));
    expect(await Promise.all(answers)).toEqual([false, false, false]);
    s.ami.holding = false;
    s.asterisk.restore();
    await settled();
    s.clock.advance(100);
    expect(await s.switchboard.confirmPlace('a')).toBe(true);
  });

  test('of a call that is over or that nobody follows nothing is asked', async () => {
    const s = await stand();
    await s.waits('a');
    await s.seconds(1);
    const before = s.looks().length;
    s.ami.holding = true;
    const answer = s.switchboard.confirmPlace('a');
    s.asterisk.hangup('a');
    s.ami.look().give();
    await answer;
    expect(await s.switchboard.confirmPlace('a')).toBe(false);
    expect(s.looks().length).toBe(before + 1);
  });
});

describe('a waiting caller who is parked or bridged', () => {
  test('has no place after a moment, and those behind move up', async () => {
    const s = await stand();
    const [parked, behind] = [await s.waits('a'), await s.waits('b')];
    await s.seconds(2);
    const before = s.looks().length;
    s.asterisk.take('a');
    s.clock.advance(300);
    await settled();
    expect([parked.places, behind.places]).toEqual(['1 in sales, -', '2 in sales, 1 in sales']);
    expect(s.looks().length).toBe(before + 1);
  });

  test('also where nobody follows that call', async () => {
    const s = await stand();
    s.asterisk.join('a', 'sales');
    const behind = await s.waits('b');
    await s.seconds(2);
    s.asterisk.take('a');
    s.clock.advance(300);
    await settled();
    expect(behind.places).toBe('2 in sales, 1 in sales');
  });

  test('whom an agent answers leaves by an event, after which the queue is looked at once', async () => {
    const s = await stand();
    const [, behind] = [await s.waits('a'), await s.waits('b')];
    await s.seconds(2);
    const before = s.looks().length;
    s.asterisk.answer('a');
    await s.seconds(10);
    expect(behind.places).toBe('2 in sales, 1 in sales');
    expect(s.looks().length).toBe(before + 1);
  });
});

describe('a join is a wait of its own', () => {
  test('the same queue again is another, also at once and in the same place', async () => {
    const s = await stand();
    const heard = await s.waits('a');
    const before = placeIn(heard)!;
    s.asterisk.leave('a');
    s.asterisk.join('a', 'sales');
    expect(placeIn(heard)).toMatchObject({ queue: 'sales', position: 1 });
    expect(isSameWait(before, placeIn(heard)!)).toBe(false);
  });

  test('a move within the queue is the same, also one that only a look shows', async () => {
    const s = await stand();
    const heard = await s.waits('a');
    const before = placeIn(heard)!;
    await s.waits('b');
    await s.seconds(1);
    s.clock.advance(60_700);
    s.asterisk.moveTo('b', 1);
    await s.confirms('a');
    expect(placeIn(heard)).toEqual({ ...before, position: 2 });
  });

  test.each([0, 999, 5_500, 3_600_000])('the connection is away %d ms after it: the same', async (ms) => {
    const s = await stand();
    const heard = await s.waits('a');
    const before = placeIn(heard)!;
    s.clock.advance(ms);
    s.asterisk.lose();
    s.clock.advance(12_345);
    s.asterisk.restore();
    await settled();
    expect(placeIn(heard)).toEqual(before);
  });

  test('it left and joined while the connection was away: another', async () => {
    const s = await stand();
    const heard = await s.waits('a');
    const before = placeIn(heard)!;
    s.asterisk.lose();
    s.clock.advance(12_000);
    s.asterisk.leave('a');
    s.asterisk.join('other', 'sales');
    s.asterisk.join('a', 'sales');
    s.asterisk.restore();
    await settled();
    expect(placeIn(heard)).toMatchObject({ position: 2 });
    expect(isSameWait(before, placeIn(heard)!)).toBe(false);
  });

  test.each([100, 999, 40_000])('another hub, %d ms later, comes to the same', async (ms) => {
    const s = await stand();
    const before = placeIn(await s.waits('a'))!;
    s.clock.advance(ms);
    const next = new Switchboard({ link: s.ami, clock: s.clock, log: silentLogger });
    await settled();
    const heard = new Heard();
    next.follow('a', heard.listener);
    await settled();
    expect(isSameWait(before, placeIn(heard)!)).toBe(true);
  });

  test('the look overtakes the event of the join that it shows: one wait, told once', async () => {
    const s = await stand();
    await s.waits('first');
    const heard = await s.waits('a');
    s.asterisk.leave('a');
    s.clock.advance(20_000);
    s.asterisk.holding = true;
    s.asterisk.join('a', 'sales');
    await s.switchboard.confirmPlace('first');
    s.asterisk.flow();
    await settled();
    const waits = heard.news.flatMap((news) => (news.type === 'place' && news.place ? [news.place] : []));
    expect(waits).toHaveLength(2);
    expect(isSameWait(waits[0]!, waits[1]!)).toBe(false);
  });
});
