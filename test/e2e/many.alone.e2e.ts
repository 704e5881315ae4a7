// Many callers: thirty in the same instant for two minutes, each with a process of their own, then a hundred that come and
// go, by both ways of playing.
// Run alone, since a reader that waits for its sound would otherwise be another test's doing.
import { jumps } from './judge/change';
import { behindTheOthers } from './judge/pace';
import { configText } from './lab/config';
import { cycles } from './lab/cycles';
import { keepFigures, summary } from './lab/figures';
import { Lab } from './lab/lab';
import { tracks } from './lab/media';
import { until } from './lab/wait';

const CALLERS = 30;
const CALLS = Number(process.env['HOLDCAST_E2E_CALLS'] ?? 100);
const MINUTES_MS = Number(process.env['HOLDCAST_E2E_MANY_MS'] ?? 120_000);
/**
 * Thirty programs that start at once take more processor than two cores have, so so much of the time is measured apart.
 */
const ARRIVAL_MS = 10_000;
/** A read that finds nothing costs a Frame of 40 ms; a tick of its own that Asterisk leaves out, 20 ms. */
const FRAME_LOST_MS = 30;

/** After the fade of its edge. What is found bit by bit may begin a sample sooner by chance. */
const FROM_THE_BEGINNING: unknown = expect.objectContaining({ at: expect.closeTo(40, -1) as number });

let lab: Lab;
beforeAll(async () => {
  const seconds = MINUTES_MS / 1000 + 20;
  lab = await Lab.open({ media: tracks(3, seconds), config: (one) => configText(one, { play: 'stream' }) });
  await lab.startHub();
});
afterAll(() => lab?.close());

test('thirty callers in the same instant hear two minutes without a lost sample, and Asterisk never waits for one', async () => {
  const phones = Array.from({ length: CALLERS }, (_, i) => String(700 + i));
  const callers = await Promise.all(phones.map((phone) => lab.call({ queue: 'many', phone })));
  await Promise.all(callers.map(({ ear }) => ear.hear(MINUTES_MS)));
  await Promise.all(callers.map((caller) => caller.hangUp()));
  for (const { ear, phone } of callers) {
    const runs = lab.index.runs(ear.samples);
    expect({ phone, lost: ear.lostPackets, jumps: jumps(runs) }).toEqual({ phone, lost: 0, jumps: [] });
    expect({ phone, runs, heard: ear.heard }).toEqual({
      phone,
      runs: [FROM_THE_BEGINNING],
      heard: runs[0]?.to,
    });
  }
  const ears = callers.map(({ ear }) => ear);
  const began = Math.max(...ears.map(({ heardFromTo: [from] }) => from));
  const ended = Math.min(...ears.map(({ heardFromTo: [, to] }) => to));
  const early = ears.map((ear) => ear.lagsMs(ear.heardFromTo[0], began + ARRIVAL_MS).at(-1)!);
  const lags = ears.map((ear) => ear.lagsMs(began + ARRIVAL_MS, ended));
  const late = behindTheOthers(lags);
  keepFigures(lab, '30 callers, ms behind the pace of their sound', {
    whileTheyArrive: summary(early),
    afterwards: summary(lags.map((lag) => Math.max(...lag))),
    afterwardsBehindTheOthers: summary(late),
    longestPause: summary(ears.map((ear) => ear.longestPauseMs(ear.sampleAt(began + ARRIVAL_MS)))),
  });
  expect(Math.max(...late)).toBeLessThan(FRAME_LOST_MS);
  await until(
    () => JSON.stringify(lab.strays),
    () => lab.strays.length === 0,
  );
});

test.each(['stream', 'hub'] as const)(
  `${CALLS} calls, ended at any moment, leave no process, no descriptor, no pipe and no state, by %s`,
  async (play) => {
    if (play !== 'stream') {
      await lab.stopHub('SIGTERM');
      await lab.configure(configText(lab, { play }));
      await lab.startHub();
    }
    const result = await cycles(lab, { count: CALLS, atOnce: 12, longestMs: 3000, queue: 'many' });
    keepFigures(lab, `calls begun and ended, by ${play}`, result);
    expect(result.left).toEqual({ processes: 0, states: 0, pipes: 0, descriptors: [] });
    expect(result.unheard).toBe(0);
  },
  60_000 + CALLS * 1000,
);
