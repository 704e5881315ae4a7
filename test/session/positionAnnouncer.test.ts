// When a caller hears their place in the queue, and what exactly they are told.
// Would catch: an old number said, the same said twice, a worse one announced.
import fc from 'fast-check';
import type { PositionRules } from '../../src/session/positionWords';
import { sayPosition } from '../../src/session/actions';
import { noiseClip } from '../support/audio';
import { Caller, turn, type CallerPlan } from '../support/caller';
import { FakeRecords } from '../support/fakeRecords';
import { spoken } from '../support/program';

const caller = (position: Partial<PositionRules> = {}, plan: CallerPlan = {}): Caller =>
  new Caller({ position, ...plan });

describe('by itself', () => {
  test('the first place of a call, at once', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(1);
    expect(call.said).toEqual(['position-5']);
    expect(call.saidAt[0]).toBeLessThanOrEqual(300);
  });

  test('a better one when the gap since the last is over, and then as it is by then', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(5);
    call.moveTo(4);
    call.hear(5);
    call.moveTo(3);
    call.hear(15);
    expect(call.said).toEqual(['position-5', 'position-3']);
    expect(call.saidAt[1]! - call.saidAt[0]!).toBeGreaterThanOrEqual(20_000);
    expect(call.saidAt[1]! - call.saidAt[0]!).toBeLessThanOrEqual(20_400);
  });

  test('a better one after the gap, at once', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(30);
    call.moveTo(4);
    call.hear(1);
    expect(call.saidAt[1]).toBeLessThanOrEqual(30_340);
  });

  test('not a worse one, nor the way back from it', () => {
    const call = caller({ gapMs: 0 });
    for (const position of [3, 5, 7, 4, 3]) {
      call.moveTo(position);
      call.hear(4);
    }
    expect(call.said).toEqual(['position-3']);
    call.moveTo(2);
    call.hear(1);
    expect(call.said).toEqual(['position-3', 'position-2']);
  });

  test('every two minutes without a change, and then the true number though it is worse', () => {
    const call = caller();
    call.moveTo(3);
    call.hear(60);
    call.moveTo(6);
    call.hear(200);
    expect(call.said).toEqual(['position-3', 'position-6', 'position-6']);
    const [first, second, third] = call.saidAt;
    expect(Math.abs(second! - first! - 120_000)).toBeLessThan(400);
    expect(Math.abs(third! - second! - 120_000)).toBeLessThan(400);
  });

  test('the two minutes count from when it was said last, also when they had asked', () => {
    const call = caller();
    call.moveTo(3);
    call.hear(100);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(119);
    expect(call.said).toEqual(['position-3', 'position-3']);
    call.hear(2);
    expect(call.said).toHaveLength(3);
  });

  test('the gap counts from when they had asked, too', () => {
    const call = caller();
    call.moveTo(3);
    call.hear(30);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(2);
    call.moveTo(2);
    call.hear(17);
    expect(call.said).toEqual(['position-3', 'position-3']);
    call.hear(3);
    expect(call.said.at(-1)).toBe('position-2');
  });

  test('never again with everyMs 0; never at all when it is turned off', () => {
    const never = caller({ everyMs: 0 });
    never.moveTo(3);
    never.hear(400);
    expect(never.said).toEqual(['position-3']);
    const off = caller({ announce: false });
    off.moveTo(3);
    off.hear(200);
    off.moveTo(1);
    off.hear(200);
    expect(off.said).toEqual([]);
  });

  test('the gap holds for what is said again, too', () => {
    const call = caller({ everyMs: 10_000, gapMs: 30_000 });
    call.moveTo(3);
    call.hear(100);
    expect(call.said).toHaveLength(4);
    call.saidAt.slice(1).forEach((ms, i) => expect(ms - call.saidAt[i]!).toBeGreaterThanOrEqual(30_000));
  });

  test('nothing while the place is not known; the same place known again is not said again', () => {
    const call = caller();
    call.moveTo(3);
    call.hear(30);
    call.session.hear({ type: 'place', place: undefined });
    call.hear(200);
    expect(call.said).toEqual(['position-3']);
    const other = caller();
    other.moveTo(3);
    other.hear(30);
    other.session.hear({ type: 'place', place: undefined });
    other.hear(1);
    other.moveTo(3);
    other.hear(30);
    expect(other.said).toEqual(['position-3']);
  });

  test('the place in another queue is said, though it is further back', () => {
    const call = caller();
    call.moveTo(2);
    call.hear(30);
    call.session.hear({ type: 'place', place: { queue: 'sales', position: 8 } });
    call.hear(1);
    expect(call.said).toEqual(['position-2', 'position-8']);
  });
});

describe('never an old number', () => {
  test('two moves while the music goes down: only the second is said, and not a moment later', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(0.16);
    call.moveTo(4);
    call.hear(5);
    expect(call.said).toEqual(['position-4']);
    expect(call.saidAt[0]).toBeLessThanOrEqual(300);
  });

  test('moves while something else is said', () => {
    const call = caller();
    call.rig.program.say(spoken('answer', noiseClip('long', 1, 0.2, 32_000)));
    call.hear(1);
    for (const position of [5, 4, 3]) {
      call.moveTo(position);
      call.hear(0.5);
    }
    call.hear(5);
    expect(call.said).toEqual(['long', 'position-3']);
  });

  test('the answer to 4, too, is of the moment in which it begins', () => {
    const call = caller({ announce: false });
    call.moveTo(5);
    call.hear(1);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(0.16);
    call.moveTo(4);
    call.hear(2);
    expect(call.said).toEqual(['position-4']);
  });

  test('one that an answer cut off is said again, with the number of by then', () => {
    const call = caller({}, { keys: { '4': sayPosition() } });
    call.moveTo(5);
    call.hear(0.4);
    call.rig.program.say(spoken('answer', noiseClip('answer', 1, 0.2, 16_000)));
    call.hear(1);
    call.moveTo(4);
    call.hear(5);
    expect(call.said).toEqual(['position-5', 'answer', 'position-4']);
  });

  test('one that got worse before it began is not said: they know of none that is better', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(30);
    call.moveTo(4);
    call.hear(0.08);
    call.moveTo(6);
    call.hear(10);
    expect(call.said).toEqual(['position-5']);
  });

  test('4 while it waits to be said by itself: once, not twice', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(0.08);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(5);
    expect(call.said).toEqual(['position-5']);
  });

  test('whatever happens when: what begins is the place of that moment, and by itself nothing comes too soon', () => {
    const act = fc.oneof(
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('key' as const, 'unknown' as const, 'russian' as const, 'other' as const),
    );
    const step = fc.tuple(act, fc.constantFrom(0.04, 0.12, 0.4, 2, 9));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const call = caller({}, { keys: { '4': sayPosition({ holdOffMs: 500 }) } });
        const now = { name: 'position-unknown', language: '' };
        for (const [act, seconds] of steps) {
          if (typeof act === 'number') now.name = act > 50 ? 'position-many' : `position-${act}`;
          if (act === 'unknown') now.name = 'position-unknown';
          if (act === 'russian') now.language = 'ru/';
          perform(call, act);
          const before = call.said.length;
          call.hear(seconds);
          for (const id of call.said.slice(before))
            if (id !== 'other') expect(id).toBe(now.language + now.name);
        }
        const whole = call.rig.eventsOf('voice-end').map(({ announcement }) => announcement);
        const starts = call.rig
          .eventsOf('voice-start')
          .filter((event) => event.announcement.kind === 'position' && whole.includes(event.announcement));
        starts.slice(1).forEach(({ atSample }, i) => {
          expect(call.rig.ms(atSample - starts[i]!.atSample)).toBeGreaterThanOrEqual(20_000);
        });
      }),
      { numRuns: 60, seed: 21 },
    );
  });
});

function perform(call: Caller, act: number | 'key' | 'unknown' | 'russian' | 'other'): void {
  if (typeof act === 'number') call.moveTo(act);
  else if (act === 'key') call.session.hear({ type: 'key', digit: '4' });
  else if (act === 'unknown') call.session.hear({ type: 'place', place: undefined });
  else if (act === 'russian')
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', language: 'ru' } });
  else call.rig.program.say(spoken('answer', noiseClip('other', 1, 0.2, 8000)));
}

describe('when they ask', () => {
  test('next in line has a sentence of their own', () => {
    const call = caller({ announce: false });
    call.moveTo(1);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(1);
    expect(call.said).toEqual(['position-1']);
  });

  test('in no queue, or not known: it is said that it is not known', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(1);
    expect(call.said).toEqual(['position-unknown']);
  });

  test('further back than there are numbers: that it is so; by itself only every two minutes', () => {
    const call = caller();
    call.moveTo(80);
    call.hear(100);
    expect(call.said).toEqual([]);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(10);
    call.moveTo(60);
    call.hear(100);
    expect(call.said).toEqual(['position-many']);
    call.hear(20);
    expect(call.said).toEqual(['position-many', 'position-many']);
    call.moveTo(50);
    call.hear(25);
    expect(call.said.at(-1)).toBe('position-50');
  });

  test('further back from the beginning: after two minutes they hear it', () => {
    const call = caller();
    call.moveTo(80);
    call.hear(121);
    expect(call.said).toEqual(['position-many']);
  });
});

describe('the same queue again', () => {
  const JOINED = 1_767_614_400_000;

  test('is another wait: a worse place in it is told, after the gap', () => {
    const call = caller();
    call.moveTo(1, undefined, JOINED);
    call.hear(12);
    call.session.hear({ type: 'place', place: undefined });
    call.moveTo(4, undefined, JOINED + 12_000);
    call.hear(20);
    expect(call.said).toEqual(['position-1', 'position-4']);
    expect(call.saidAt[1]! - call.saidAt[0]!).toBeGreaterThanOrEqual(20_000);
  });

  test('its estimate is compared with none of the last wait', () => {
    const call = caller({ wait: true });
    call.moveTo(1, [1, 1], JOINED);
    call.hear(25);
    call.moveTo(4, [12, 12], JOINED + 25_000);
    call.hear(25);
    const said = call.rig
      .eventsOf('voice-start')
      .map(({ announcement }) => announcement.clips.map(({ id }) => id));
    expect(said).toEqual([
      ['position-1', 'wait-1-2'],
      ['position-4', 'wait-10-15'],
    ]);
  });

  test('… also for the next process of the call, which is told of the same wait by another hub', () => {
    const first = caller();
    first.moveTo(2, undefined, JOINED);
    first.hear(3);
    const same = caller({}, { clock: first.clock, state: first.session.stateAt(0) });
    same.moveTo(3, undefined, JOINED - 900);
    same.hear(30);
    expect(same.said).toEqual([]);
    const other = caller({}, { clock: first.clock, state: first.session.stateAt(0) });
    other.moveTo(3, undefined, JOINED + 12_000);
    other.hear(30);
    expect(other.said).toEqual(['position-3']);
  });
});

describe('Asterisk is asked whether the place is right', () => {
  /** Asterisk answers when the test does. */
  function asking(position: Partial<PositionRules> = {}) {
    const records = new FakeRecords();
    const answers: ((confirmed: boolean) => void)[] = [];
    records.confirmPlace = () => new Promise((resolve) => answers.push(resolve));
    const call = caller(position, { records });
    return {
      call,
      answers,
      answer: async (confirmed: boolean): Promise<void> => {
        answers.shift()!(confirmed);
        await turn();
      },
    };
  }

  test('before it is said for a key: what is new by then is said, and nothing before', async () => {
    const { call, answer } = asking({ announce: false });
    call.moveTo(5);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(0.2);
    expect([call.said, call.session.busy]).toEqual([[], true]);
    call.moveTo(1);
    call.hear(0.2);
    expect(call.said).toEqual([]);
    await answer(true);
    call.hear(1);
    expect(call.said).toEqual(['position-1']);
  });

  test('the music goes down meanwhile, so that the answer is not heard later', async () => {
    const { call, answer } = asking({ announce: false });
    call.moveTo(5);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(0.2);
    await answer(true);
    call.hear(0.4);
    expect(call.saidAt[0]).toBeLessThanOrEqual(320);
  });

  test.each([
    ['cannot be asked', false],
    ['does not answer within a second', undefined],
  ])('where it %s, it is said that the place is not known', async (_, confirmed) => {
    const { call, answer } = asking({ announce: false });
    call.moveTo(1);
    call.session.hear({ type: 'key', digit: '4' });
    if (confirmed === undefined) await call.live(1);
    else await answer(confirmed);
    await call.live(3);
    expect(call.said.filter((said) => said !== 'one-moment')).toEqual(['position-unknown']);
  });

  test('a caller who has left is told no place', async () => {
    const { call, answer } = asking({ announce: false });
    call.moveTo(1);
    call.session.hear({ type: 'key', digit: '4' });
    call.session.hear({ type: 'place', place: undefined });
    await answer(true);
    call.hear(1);
    expect(call.said).toEqual(['position-unknown']);
  });

  test('before it is said by itself, the first time and as a repeat', async () => {
    const { call, answers, answer } = asking();
    call.moveTo(3);
    call.hear(0.4);
    expect(call.said).toEqual([]);
    await answer(true);
    call.hear(119);
    expect([call.said, answers.length]).toEqual([['position-3'], 0]);
    call.hear(1.6);
    expect([call.said.length, answers.length]).toEqual([1, 1]);
    call.moveTo(6);
    await answer(true);
    call.hear(2);
    expect(call.said).toEqual(['position-3', 'position-6']);
  });

  test('nothing is said by itself where it does not confirm it: it is asked again, less and less often', async () => {
    const { call, answers } = asking();
    let asked = 0;
    call.moveTo(2);
    for (let i = 0; i < 60 * 25; i++) {
      call.hear(0.04);
      asked += answers.length;
      for (const no of answers.splice(0)) no(false);
      await turn();
    }
    expect([call.said, asked]).toEqual([[], 6]);
    call.moveTo(1);
    await turn();
    answers.shift()!(true);
    await turn();
    call.hear(1);
    expect(call.said).toEqual(['position-1']);
  });

  test('a key while it is asked for the place by itself has its own question; one answer, one place', async () => {
    const { call, answers } = asking();
    call.moveTo(2);
    call.session.hear({ type: 'key', digit: '4' });
    expect(answers).toHaveLength(2);
    answers[0]!(true);
    await turn();
    call.hear(0.4);
    expect(call.said).toEqual([]);
    answers[1]!(true);
    await turn();
    call.hear(3);
    expect(call.said).toEqual(['position-2']);
  });

  test('nothing is left when the call ends', async () => {
    const { call, answer } = asking();
    call.moveTo(2);
    call.session.hear({ type: 'key', digit: '4' });
    call.session.close();
    await answer(true);
    await answer(true);
    call.hear(3);
    expect([call.said, call.clock.pending]).toEqual([[], 0]);
  });
});
