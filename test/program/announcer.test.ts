// Announcer: who speaks when, and how one voice gives way to another, measured from the samples.
// Would catch: two voices at once, a cut that clicks, an announcement that is lost or said twice.
import { memoryClip } from '../../src/audio/source';
import type { Announcement, AnnouncementKind } from '../../src/program/announcement';
import { ATTACK, stand } from '../support/announcer';
import { joined, largestStep, noise, noiseClip, peak, sineClip, toneLevel } from '../support/audio';
import { spoken } from '../support/program';

const say = (id: string, kind: AnnouncementKind, replaces?: boolean, samples = 8000): Announcement =>
  spoken(kind, noiseClip(id, id.charCodeAt(0), 0.3, samples), replaces);

test('the voice waits for the music to be down, then plays as recorded but for its edges', () => {
  const { announcer, ducker, log, render } = stand();
  const material = noise(1, 0.3, 8000);
  expect(announcer.idle).toBe(true);
  expect(announcer.sinceVoice).toBe(Infinity);
  announcer.say(spoken('answer', memoryClip('a', material)));
  expect(announcer.idle).toBe(false);
  const out = render(16_000);
  expect(log.map(({ what, at }) => [what, at])).toEqual([
    ['start', ATTACK],
    ['end', ATTACK + 8000],
  ]);
  expect(peak(out, 0, ATTACK)).toBe(0);
  expect(out.subarray(ATTACK + 40, ATTACK + 7960)).toEqual(material.subarray(40, 7960));
  expect(peak(out, ATTACK, ATTACK + 2)).toBeLessThan(0.01);
  expect(peak(out, ATTACK + 8000)).toBe(0);
  expect(announcer.idle).toBe(true);
  expect(announcer.sinceVoice).toBe(16_000 - ATTACK - 8000);
  expect(ducker.gainDb).toBeCloseTo(-20, 3);
});

test('by rank, then first come first served; a pause between; the music stays down', () => {
  const { announcer, ducker, log, render } = stand();
  announcer.say(say('a', 'answer'));
  render(3200);
  for (const [id, kind] of [
    ['x', 'advice'],
    ['p', 'position'],
    ['b', 'answer'],
    ['y', 'advice'],
    ['q', 'position'],
    ['c', 'answer'],
  ] as const)
    announcer.say(say(id, kind));
  const gains: number[] = [];
  for (let i = 0; i < 200; i++) {
    render(320);
    gains.push(ducker.gainDb);
  }
  expect(
    log
      .filter(({ what }) => what === 'start')
      .map(({ id }) => id)
      .join(''),
  ).toBe('abcpqxy');
  const ends = log.filter(({ what }) => what === 'end');
  log
    .filter(({ what }) => what === 'start')
    .slice(1)
    .forEach(({ at }, i) => expect(at - ends[i]!.at).toBe(2000));
  expect(gains.every((gain) => Math.abs(gain + 20) < 1e-3)).toBe(true);
});

test('clips of one announcement are one voice: back to back, no gap, no click', () => {
  const { announcer, log, render } = stand();
  const clips = [200, 250, 300].map((hz) => sineClip(`${hz}`, hz, 0.5, 4003));
  announcer.say(spoken('answer', clips));
  const out = render(20_000);
  expect(log.map(({ what, at }) => [what, at])).toEqual([
    ['start', ATTACK],
    ['end', ATTACK + 3 * 4003],
  ]);
  for (const [i, hz] of [200, 250, 300].entries())
    expect(toneLevel(out, hz, 8000, ATTACK + i * 4003 + 100, ATTACK + i * 4003 + 3300)).toBeCloseTo(0.5, 2);
  expect(largestStep(out)).toBeLessThan(2 * 0.5 * Math.sin((Math.PI * 300) / 8000) * 1.1);
});

describe('a higher rank takes over', () => {
  test('within the take-over time, without a click, and the other is told as cut', () => {
    const stage = stand();
    const [low, high] = [sineClip('low', 190, 0.5, 40_000), sineClip('high', 300, 0.5, 8000)];
    stage.announcer.say(spoken('advice', low));
    const before = stage.render(ATTACK + 8160); // at the peak of a wave
    stage.announcer.say(spoken('answer', high));
    const after = stage.render(12_800);
    expect(stage.story).toBe('start low, cut low, start high, end high');
    const [, cut, start] = stage.log;
    const asked = before.length;
    expect(cut!.at - asked).toBeLessThanOrEqual(640 + 320);
    expect(start!.at).toBeGreaterThanOrEqual(cut!.at);
    expect(start!.at - asked).toBeLessThanOrEqual(640 + 330);
    expect(toneLevel(after, 190, 8000, 640, 8640)).toBeLessThan(0.005);
    expect(largestStep(joined([before, after]))).toBeLessThan(
      2 * 0.5 * Math.sin((Math.PI * 300) / 8000) * 1.1,
    );
    expect(stage.ducker.gainDb).toBeCloseTo(-20, 3);
  });

  test('what was cut off is not said again', () => {
    const stage = stand();
    stage.announcer.say(say('p', 'position'));
    stage.announcer.say(say('q', 'position'));
    stage.render(ATTACK + 4000);
    stage.announcer.say(say('a', 'answer'));
    stage.render(60_000);
    expect(stage.story).toBe('start p, cut p, start a, end a, start q, end q');
  });

  test('one that still waits for the music is put back, not lost', () => {
    const stage = stand();
    stage.announcer.say(say('x', 'advice'));
    stage.render(1280);
    stage.announcer.say(say('a', 'answer'));
    stage.render(40_000);
    expect(stage.story).toBe('start a, end a, start x, end x');
    expect(stage.log[0]!.at).toBe(ATTACK);
  });

  test('an equal rank does not', () => {
    const stage = stand();
    stage.announcer.say(say('a', 'answer'));
    stage.render(ATTACK + 640);
    stage.announcer.say(say('b', 'answer'));
    stage.render(40_000);
    expect(stage.story).toBe('start a, end a, start b, end b');
  });
});

describe('one that replaces its own kind', () => {
  test('cuts off the earlier within the take-over time, without a click, and the music stays down', () => {
    const stage = stand();
    stage.announcer.say(spoken('answer', sineClip('a', 190, 0.5, 40_000)));
    const before = stage.render(ATTACK + 8160); // at the peak of a wave
    stage.announcer.say(spoken('answer', sineClip('b', 300, 0.5, 8000), true));
    const after = stage.render(9000);
    expect(stage.story).toBe('start a, cut a, start b, end b');
    expect(stage.log[2]!.at - before.length).toBeLessThanOrEqual(640 + 330);
    expect(largestStep(joined([before, after]))).toBeLessThan(
      2 * 0.5 * Math.sin((Math.PI * 300) / 8000) * 1.1,
    );
    expect(stage.ducker.gainDb).toBeCloseTo(-20, 3);
  });

  test('takes the place of one that waits for the music, and of those in the queue; other kinds stay', () => {
    const stage = stand();
    stage.announcer.say(say('a', 'answer'));
    stage.render(1280);
    stage.announcer.say(say('p', 'position'));
    stage.announcer.say(say('b', 'answer'));
    stage.announcer.say(say('c', 'answer', true));
    stage.render(60_000);
    expect(stage.story).toBe('withdrawn b, withdrawn a, start c, end c, start p, end p');
    expect(stage.log[2]!.at).toBe(ATTACK);
  });

  test('does not take over from a higher kind', () => {
    const stage = stand();
    stage.announcer.say(say('a', 'answer'));
    stage.render(ATTACK + 640);
    stage.announcer.say(say('p', 'position', true));
    stage.render(40_000);
    expect(stage.story).toBe('start a, end a, start p, end p');
  });

  test('twenty in two seconds: the last is heard whole, each of the others is told as over, once', () => {
    const stage = stand();
    for (let i = 0; i < 20; i++) {
      stage.announcer.say(say(`a${i}`, 'answer', true));
      stage.render(800);
    }
    stage.render(40_000);
    const fates = stage.log.filter(({ what }) => what !== 'start');
    expect(fates.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `a${i}`));
    expect(fates.at(-1)!.what).toBe('end');
  });
});

describe('cancel', () => {
  const all = (): boolean => true;

  test('while it waits: nothing is said, the music comes back', () => {
    const stage = stand();
    stage.announcer.say(say('x', 'advice'));
    stage.render(1280);
    stage.announcer.cancel(all);
    expect(peak(stage.render(12_000))).toBe(0);
    expect(stage.announcer.idle).toBe(true);
    expect(stage.ducker.gainDb).toBe(0);
  });

  test('while it speaks: a short fade, no click; queued ones that match are gone, others are said', () => {
    const stage = stand();
    stage.announcer.say(spoken('advice', sineClip('x', 190, 0.5, 40_000)));
    stage.announcer.say(say('y', 'advice'));
    const before = stage.render(ATTACK + 4160); // at the peak of a wave
    stage.announcer.cancel(({ kind }) => kind === 'advice');
    const after = stage.render(12_000);
    expect(stage.story).toBe('start x, withdrawn y, cut x');
    expect(peak(after, 1000)).toBe(0);
    expect(largestStep(joined([before, after]))).toBeLessThan(
      2 * 0.5 * Math.sin((Math.PI * 200) / 8000) * 1.1,
    );
    stage.announcer.say(say('z', 'advice'));
    stage.announcer.say(say('a', 'answer'));
    stage.announcer.cancel(({ kind }) => kind === 'advice');
    stage.render(20_000);
    expect(stage.story).toBe('start x, withdrawn y, cut x, withdrawn z, start a, end a');
  });

  test('of what waited, when its successor waits already: the music does not come up between them', () => {
    const stage = stand();
    stage.announcer.say(say('x', 'position'));
    stage.render(1280);
    stage.announcer.say(say('y', 'position'));
    stage.announcer.cancel(({ title }) => title === 'x');
    stage.render(40_000);
    expect(stage.story).toBe('withdrawn x, start y, end y');
    expect(stage.log[1]!.at).toBe(ATTACK);
  });

  test('while it speaks, with another of its kind behind it: that one is said', () => {
    const stage = stand();
    stage.announcer.say(say('x', 'position'));
    stage.announcer.say(say('y', 'position'));
    stage.render(ATTACK + 4000);
    stage.announcer.cancel(({ title }) => title === 'x');
    stage.render(40_000);
    expect(stage.story).toBe('start x, cut x, start y, end y');
  });
});

test('an announcement without clips is not said and disturbs nothing', () => {
  const stage = stand();
  stage.announcer.say({ kind: 'answer', title: 'nothing', clips: [] });
  stage.render(8000);
  expect(stage.announcer.idle).toBe(true);
  expect(stage.ducker.gainDb).toBe(0);
});
