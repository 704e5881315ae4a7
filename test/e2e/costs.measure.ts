// What music costs on a real Asterisk: the hub and its readers beside Asterisk's own `mode=files`, in one run.
// And how many callers who come fast lose a Frame at their beginning, on top of those who wait already. No verdict: figures.
import { keepFigures, summary } from './lab/figures';
import { configText } from './lab/config';
import { Lab } from './lab/lab';
import { callLocally, hangUpLocals, originate, waitingInQueues } from './lab/locals';
import { tracks } from './lab/media';
import { freePorts } from './lab/ports';
import { sleep, until } from './lab/wait';

const CALLERS = (process.env['HOLDCAST_E2E_COST_CALLERS'] ?? '100,200').split(',').map(Number);
const WINDOW_MS = Number(process.env['HOLDCAST_E2E_COST_MS'] ?? 60_000);
/** Until the arrival of so many, and what follows it, is over. */
const SETTLE_MS = 10_000;
/** Those who wait while others arrive, and how many arrive. */
const WAITING = 150;
const ARRIVING = 100;

let lab: Lab;
let observe: string;
beforeAll(async () => {
  observe = `127.0.0.1:${(await freePorts(1))[0]}`;
  const config = (one: Lab): string => configText(one, { play: 'hub', hub: `observe: '${observe}'` });
  lab = await Lab.open({ media: tracks(3, 200), config });
  await lab.startHub();
});
afterAll(() => lab?.close());

async function nobodyWaits(): Promise<void> {
  await hangUpLocals(lab);
  await until(
    () => 'all to have gone',
    async () => (await waitingInQueues(lab)) === 0 && lab.strays.length === 0,
    60_000,
  );
}

/** CPU seconds a caller-minute of each, while so many wait. */
async function costOf(music: 'queue' | 'files', count: number): Promise<Record<string, number>> {
  await callLocally(lab, 'many', count, 3000, music);
  await sleep(SETTLE_MS);
  const [before, from] = [lab.cpuSeconds, performance.now()];
  await sleep(WINDOW_MS);
  const [after, minutes] = [lab.cpuSeconds, (performance.now() - from) / 60_000];
  expect(await waitingInQueues(lab)).toBe(count);
  const each = (who: 'asterisk' | 'hub' | 'readers'): number =>
    Math.round((1e5 * (after[who] - before[who])) / (count * minutes)) / 1e5;
  const cost = { asterisk: each('asterisk'), hub: each('hub'), readers: each('readers') };
  await nobodyWaits();
  return cost;
}

test.each(CALLERS)(
  'what %d callers cost, CPU seconds a caller-minute',
  async (count) => {
    const idle = lab.cpuSeconds;
    const files = await costOf('files', count);
    const hub = await costOf('queue', count);
    const share = (hub['hub']! + hub['readers']!) / files['asterisk']!;
    expect(lab.cpuSeconds.hub).toBeGreaterThan(idle.hub);
    keepFigures(lab, `cost of ${count} callers, CPU s a caller-minute`, {
      files,
      hub,
      share: summary([share]),
    });
  },
  600_000,
);

/** How often readers have found nothing, as the hub counts it. */
async function underruns(): Promise<number> {
  const text = await (await fetch(`http://${observe}/metrics`)).text();
  return Number(/^holdcast_underruns_total (\d+)/m.exec(text)![1]);
}

test('readers that found nothing while callers arrive, on top of those who wait', async () => {
  const figures: Record<string, object> = {};
  for (const perSecond of [25, 50]) {
    await callLocally(lab, 'many', WAITING, 4000);
    await sleep(SETTLE_MS);
    const before = await underruns();
    const from = performance.now();
    for (let i = 0; i < ARRIVING; i++) {
      void originate(lab, 'queue', 'many', String(5000 + i));
      await sleep(Math.max(0, from + (i + 1) * (1000 / perSecond) - performance.now()));
    }
    await until(
      () => `${WAITING + ARRIVING} callers`,
      async () => (await waitingInQueues(lab)) === WAITING + ARRIVING,
      60_000,
    );
    const arrivedMs = Math.round(performance.now() - from);
    await sleep(SETTLE_MS);
    figures[`${perSecond} a second`] = { arrivedMs, underruns: (await underruns()) - before };
    await nobodyWaits();
  }
  keepFigures(lab, `${ARRIVING} arrivals on top of ${WAITING}`, figures);
}, 600_000);
