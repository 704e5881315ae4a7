// Announcer when things go wrong: clips that fail, cancels at bad moments, closing in mid-word.
// Would catch: a click where a recording is shorter than it says, a voice lost behind a broken one, a leaked Reader.
import fc from 'fast-check';
import type { Clip } from '../../src/audio/source';
import type { AnnouncementKind } from '../../src/program/announcement';
import { ATTACK, stand } from '../support/announcer';
import {
  brokenClip,
  largestStep,
  noiseClip,
  OpenCount,
  peak,
  shortenedClip,
  sineClip,
  toneLevel,
} from '../support/audio';
import { spoken } from '../support/program';

const say = (id: string, kind: AnnouncementKind) => spoken(kind, noiseClip(id, id.charCodeAt(0), 0.3, 8000));

describe('clips that fail', () => {
  test('one that cannot be opened is reported; the next announcement is said; the music comes back', () => {
    const stage = stand();
    stage.announcer.say(spoken('answer', brokenClip('gone')));
    stage.announcer.say(say('b', 'answer'));
    stage.render(40_000);
    expect(stage.story).toBe('fail gone, start b, end b');
    expect(stage.ducker.gainDb).toBe(0);
    expect(stage.announcer.idle).toBe(true);
  });

  test('a later clip that cannot be opened ends the announcement', () => {
    const stage = stand();
    stage.announcer.say(
      spoken('answer', [noiseClip('a', 1, 0.3, 4000), brokenClip('gone'), noiseClip('c', 3, 0.3, 4000)]),
    );
    const out = stage.render(40_000);
    expect(stage.story).toContain('start a, fail gone');
    expect(peak(out, ATTACK + 4000)).toBe(0);
    expect(stage.ducker.gainDb).toBe(0);
  });

  test.each([0, 3000, 3200, 3215])(
    'one that ends early at %i does not click, and what follows is said',
    (samples) => {
      const stage = stand();
      const clips = [shortenedClip(sineClip('a', 197, 0.5, 16_000), samples), sineClip('b', 230, 0.5, 4000)];
      stage.announcer.say(spoken('answer', clips));
      const out = stage.render(40_000);
      expect(toneLevel(out, 230, 8000, ATTACK + samples + 100, ATTACK + samples + 3900)).toBeCloseTo(0.5, 1);
      expect(stage.log.at(-1)!.what).toBe('end');
      // An edge fade of 5 ms at most may come on top of the sine's own step.
      expect(largestStep(out)).toBeLessThan(
        2 * 0.5 * Math.sin((Math.PI * 230) / 8000) + (Math.PI / 2 / 40) * 0.5,
      );
    },
  );
});

test('whatever is said and cancelled when: one voice at a time, every Reader closed once, the music comes back', () => {
  const kinds = fc.constantFrom<AnnouncementKind>('advice', 'position', 'answer');
  const act = fc.record({
    frames: fc.integer({ min: 0, max: 40 }),
    kind: kinds,
    replaces: fc.boolean(),
    samples: fc.constantFrom(1, 30, 320, 5000, 9001),
    broken: fc.boolean(),
    cancel: fc.option(kinds, { freq: 5 }),
  });
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 10 }), (acts) => {
      const stage = stand();
      const count = new OpenCount();
      const wrap = (clip: Clip): Clip => count.wrap(clip);
      for (const { frames, kind, replaces, samples, broken, cancel } of acts) {
        const clip = noiseClip('x', 1, 0.3, samples);
        const early = broken ? shortenedClip(clip, Math.floor(samples / 2)) : clip;
        stage.announcer.say(spoken(kind, [wrap(clip), wrap(early)], replaces));
        stage.render(frames * 320);
        if (cancel) stage.announcer.cancel((announcement) => announcement.kind === cancel);
      }
      stage.render(320 * 1200);
      expect(count.most).toBeLessThanOrEqual(1);
      expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
      expect(stage.announcer.idle).toBe(true);
      expect(stage.ducker.gainDb).toBe(0);
      const speaking = stage.log
        .map(({ what }) => what)
        .filter((what) => what !== 'fail' && what !== 'withdrawn');
      expect(speaking.every((what, i) => (what === 'start') === (i % 2 === 0))).toBe(true);
    }),
    { numRuns: 40, seed: 11 },
  );
});

test('closed while it speaks, the Reader is closed, once', () => {
  const stage = stand();
  const count = new OpenCount();
  stage.announcer.say(spoken('answer', count.wrap(noiseClip('a', 1, 0.3, 8000))));
  stage.render(ATTACK + 640);
  expect(count.open).toBe(1);
  stage.announcer.close();
  stage.announcer.close();
  expect(count).toMatchObject({ opened: 1, closed: 1, closedTwice: 0 });
});
