// The store is purged at the configured minute, once a day, whatever happens to the machine and to its clock.
// A purge that is missed whenever a laptop sleeps, or runs twice when the clocks go back, would be found here.
import { startPurge } from '../../src/hub/purge';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned } from './fixtures';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function bench(from: string, when = '17 4 * * *', { keepDays = 365, timeZone = 'Europe/Berlin' } = {}) {
  const clock = new ManualClock(Date.parse(from));
  const kept = keptLog();
  const purges: string[] = [];
  const keeper = {
    purge: (): Promise<void> => {
      purges.push(new Date(clock.wall()).toISOString().slice(0, 16));
      return Promise.resolve();
    },
  };
  const purge = owned(await startPurge({ keeper, when, keepDays, timeZone, clock, log: kept.log }));
  return { clock, purges, purge, keeper, kept };
}

test('in the minute of the config, in its time zone, each day', async () => {
  const { clock, purges } = await bench('2026-01-05T00:00:30Z');
  clock.advance(3 * DAY);
  expect(purges).toEqual(['2026-01-05T03:17', '2026-01-06T03:17', '2026-01-07T03:17']);
});

test('at its start too, when that is the minute', async () => {
  const { purges } = await bench('2026-01-05T03:17:59Z');
  expect(purges).toEqual(['2026-01-05T03:17']);
});

test('what a sleeping machine missed is done when it wakes, and the next day at its time', async () => {
  const { clock, purges } = await bench('2026-01-05T00:00:00Z');
  clock.advance(HOUR);
  clock.stepWall(8 * HOUR);
  clock.advance(60_000);
  expect(purges).toEqual(['2026-01-05T09:01']);
  clock.advance(DAY);
  expect(purges).toEqual(['2026-01-05T09:01', '2026-01-06T03:17']);
});

test('after a week of sleep once, not seven times', async () => {
  const { clock, purges } = await bench('2026-01-05T00:00:00Z');
  clock.stepWall(7 * DAY + HOUR);
  clock.advance(5 * 60_000);
  expect(purges).toEqual(['2026-01-12T01:01']);
});

test('at most once a day, also where the config names more minutes, or the clocks go back', async () => {
  const often = await bench('2026-01-05T10:00:00Z', '*/10 * * * *');
  often.clock.advance(12 * HOUR);
  expect(often.purges).toEqual(['2026-01-05T10:00']);
  const autumn = await bench('2026-10-24T22:30:00Z', '30 2 * * *');
  autumn.clock.advance(DAY - HOUR);
  expect(autumn.purges).toEqual(['2026-10-25T00:30']);
  autumn.clock.stepWall(-20 * HOUR);
  autumn.clock.advance(20 * HOUR);
  expect(autumn.purges).toHaveLength(1);
});

test('a clock that was years ahead and is put right does not keep it from being purged for years', async () => {
  const { clock, purges } = await bench('2026-01-05T00:00:00Z');
  clock.stepWall(3650 * DAY);
  clock.advance(DAY);
  clock.stepWall(-3650 * DAY);
  clock.advance(DAY);
  expect(purges.slice(-1)).toEqual(['2026-01-06T03:17']);
});

test('never, where everything is kept; nothing after it was closed', async () => {
  const never = await bench('2026-01-05T03:00:00Z', '17 4 * * *', { keepDays: 0 });
  never.clock.advance(2 * DAY);
  const { clock, purges, purge } = await bench('2026-01-05T03:00:00Z');
  await purge.close();
  await purge.close();
  clock.advance(2 * DAY);
  expect([never.purges, never.clock.pending, purges, clock.pending]).toEqual([[], 0, [], 0]);
});

test('a purge that fails is logged, and the next is tried', async () => {
  const { clock, purges, keeper, kept } = await bench('2026-01-05T03:00:00Z');
  const count = keeper.purge;
  keeper.purge = () => count().then(() => Promise.reject(new Error('no')));
  clock.advance(2 * DAY);
  await new Promise((done) => setImmediate(done));
  expect(purges).toHaveLength(2);
  expect(kept.messages()).toEqual(['store not purged', 'store not purged']);
});
