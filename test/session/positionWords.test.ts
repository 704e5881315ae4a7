// The words around the number: the estimated wait, and what happens where a prompt is missing.
// Would catch: a wait that grows without a word, a log full of one missing file, music that pumps for nothing.
import { sayPosition } from '../../src/session/actions';
import type { PositionRules } from '../../src/session/positionWords';
import { brokenClip, noiseClip } from '../support/audio';
import { Caller, PROMPTS, type CallerPlan } from '../support/caller';
import { spoken } from '../support/program';

const caller = (position: Partial<PositionRules> = {}, plan: CallerPlan = {}): Caller =>
  new Caller({ position, ...plan });

describe('prompts that are missing', () => {
  test('the line in the log comes once, and the music goes on without a dip', () => {
    const call = caller({}, { prompts: PROMPTS.filter((name) => name !== 'position-6') });
    call.moveTo(6);
    for (let i = 0; i < 40; i++) {
      call.hear(0.5);
      expect(call.rig.program.duckGainDb).toBe(0);
    }
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(1);
    expect(call.said).toEqual([]);
    expect(call.logged('warn').map(({ fields }) => fields['prompt'])).toEqual(['position-6']);
    call.moveTo(5);
    call.hear(1);
    expect(call.said).toEqual(['position-5']);
  });

  test('one that comes a moment later, since the library is still being read, is said, and nothing complains', () => {
    const call = caller({}, { prompts: [] });
    call.moveTo(6);
    call.hear(0.8);
    call.prompts.set('en/position-6', noiseClip('position-6', 1, 0.2, 4000));
    call.hear(2);
    expect(call.said).toEqual(['position-6']);
    expect(call.logged('warn')).toEqual([]);
  });

  test('one that cannot be played does not make the music pump', () => {
    const call = caller();
    call.prompts.set('en/position-6', brokenClip('position-6'));
    call.moveTo(6);
    call.hear(60);
    expect(call.rig.eventsOf('voice-failed').length).toBeLessThanOrEqual(7);
  });
});

describe('the wait', () => {
  const wait = { wait: true, gapMs: 0 };
  test('is said after the place, as a range', () => {
    const call = caller(wait);
    call.moveTo(4, [3, 5]);
    call.hear(3);
    expect(call.said).toEqual(['position-4 wait-3-5']);
  });

  test('not when it is not known, nor when it is not wanted', () => {
    const call = caller(wait);
    call.moveTo(4);
    call.hear(3);
    const other = caller({ gapMs: 0 });
    other.moveTo(4, [3, 5]);
    other.hear(3);
    expect([call.said, other.said]).toEqual([['position-4'], ['position-4']]);
  });

  test('never grows without a word, also over announcements without one; a shorter one needs no word', () => {
    const call = caller(wait);
    const steps: [number, [number, number]?][] = [
      [9, [5, 10]],
      [8, [3, 5]],
      [7],
      [6, [5, 10]],
      [5, [5, 10]],
      [4, [1, 2]],
    ];
    for (const [position, minutes] of steps) {
      call.moveTo(position, minutes);
      call.hear(4);
    }
    expect(call.said).toEqual([
      'position-9 wait-5-10',
      'position-8 wait-3-5',
      'position-7',
      'position-6 wait-longer wait-5-10',
      'position-5 wait-5-10',
      'position-4 wait-1-2',
    ]);
  });

  test('if there is no clip for the word, it is not said at all', () => {
    const call = caller(wait, { prompts: PROMPTS.filter((name) => name !== 'wait-longer') });
    call.moveTo(9, [3, 5]);
    call.hear(4);
    call.moveTo(8, [5, 10]);
    call.hear(4);
    expect(call.said).toEqual(['position-9 wait-3-5', 'position-8']);
    expect(call.logged('warn').map(({ fields }) => fields['prompt'])).toEqual(['wait-longer']);
  });

  test('one of which they heard nothing, since another key cut it off, is not compared with', () => {
    const call = caller({ ...wait, announce: false }, { keys: { '4': sayPosition({ holdOffMs: 0 }) } });
    call.moveTo(9, [5, 10]);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(3);
    call.moveTo(8, [3, 5]);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(0.72); // the number, and nothing of the wait
    call.rig.program.say(spoken('answer', noiseClip('other', 1, 0.2, 8000), true));
    call.hear(3);
    call.moveTo(7, [5, 10]);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(3);
    expect(call.said.at(-1)).toBe('position-7 wait-5-10');
  });

  test('one that changes while it waits to be said is said as it is', () => {
    const call = caller(wait);
    call.moveTo(4, [3, 5]);
    call.hear(0.08);
    call.moveTo(4, [5, 10]);
    call.hear(3);
    expect(call.said).toEqual(['position-4 wait-5-10']);
  });
});
