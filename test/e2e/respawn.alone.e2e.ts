// A queue whose own announcements stop the music every 15 s: Asterisk kills the product and starts it again, mid-call.
// The caller must not notice: the same track goes on where it was, and nothing that was said is said again.
import { find } from './judge/correlate';
import type { Run } from './judge/exact';
import { LOUD_QUEUE } from './lab/asteriskFiles';
import type { Caller } from './lab/caller';
import type { Ear } from './lab/ear';
import { configText, positionId } from './lab/config';
import { keepFigures, summary } from './lab/figures';
import { ANNOUNCEMENT } from './lab/folder';
import { Lab } from './lab/lab';
import { RATE, tracks, voices } from './lab/media';
import { until } from './lab/wait';

const CALLERS = ['401', '402', '403'];
const ANNOUNCEMENTS = 4;
const NEAR = 0.1 * RATE;
const advices = voices(
  ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `advices/first/${name}.wav`),
  2,
);
const places = voices(CALLERS.map((_, i) => positionId(i + 1)));

let lab: Lab;
beforeAll(async () => {
  const more = 'advice: { firstAfterMs: 6000, everyMs: 5000, guardMs: 1000 },';
  const media = { ...tracks(4, 100), ...advices, ...places };
  lab = await Lab.open({ media, config: (one) => configText(one, { places: true, more }) });
  await lab.startHub();
});
afterAll(() => lab?.close());

const isAnnouncement = ({ source }: Run): boolean => source === ANNOUNCEMENT;

/**
 * How far the music is from where it was, at each announcement between music: samples left out, or heard twice (less
 * than 0). Music begins again after a pause in which the product is started.
 */
function seams(runs: readonly Run[], ear: Ear): number[] {
  const starts = ear.stretches(60).map(({ from }) => from);
  return runs.flatMap((announcement, i) => {
    const before = runs.slice(0, i).findLast((run) => !isAnnouncement(run));
    const after = runs.slice(i).find((run) => !isAnnouncement(run));
    if (!isAnnouncement(announcement) || !before || !after) return [];
    if (before.source !== after.source) return [Infinity];
    // Where it begins without a pause, right behind the announcement.
    const startedAt = Math.max(
      announcement.to,
      starts.findLast((start) => start <= after.from)!,
    );
    const leftAt = before.at + announcement.from - before.from;
    return [after.at + startedAt - after.from - leftAt];
  });
}

test('music goes on where it was after each announcement of the queue, and nothing is said twice', async () => {
  const callers: Caller[] = [];
  for (const phone of CALLERS) callers.push(await lab.call({ queue: LOUD_QUEUE, phone }));
  const announced = (caller: Caller): number =>
    lab.index.runs(caller.ear.samples).filter(isAnnouncement).length;
  await callers[2]!.ear.hear((ANNOUNCEMENTS - 1) * 15_000);
  await until(
    () => 'announcements',
    () => callers.every((caller) => announced(caller) >= ANNOUNCEMENTS),
    40_000,
  );
  await callers[2]!.ear.hear(3000);
  await Promise.all(callers.map((caller) => caller.hangUp()));

  const all: number[] = [];
  for (const [i, { ear }] of callers.entries()) {
    const heard = ear.samples;
    const runs = lab.index.runs(heard);
    const jumps = seams(runs, ear);
    all.push(...jumps);
    expect(jumps.length).toBeGreaterThanOrEqual(ANNOUNCEMENTS - 1);
    for (const jump of jumps) expect(Math.abs(jump)).toBeLessThanOrEqual(NEAR);
    const times = Object.values(advices).map((advice) => find(heard, advice, 0.9).length);
    expect(times.filter((count) => count > 1)).toEqual([]);
    expect(times.filter((count) => count === 1).length).toBeGreaterThanOrEqual(4);
    expect(Object.values(places).map((place) => find(heard, place, 0.9).length)).toEqual(
      CALLERS.map((_, place) => (place === i ? 1 : 0)),
    );
  }
  keepFigures(
    lab,
    'music after a respawn, ms from where it was',
    summary(all.map((jump) => Math.abs(jump) / 8)),
  );
  await until(
    () => JSON.stringify(lab.strays),
    () => lab.strays.length === 0,
  );
});
