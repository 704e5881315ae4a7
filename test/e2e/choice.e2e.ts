// A caller's music is remembered: what they chose with key 3 is the first thing that they hear when they call again.
// On a real Asterisk, with the embedded store and with a real MariaDB, across a restart of everything, with and without a hub.
import type { Server } from 'node:http';
import { jumps } from './judge/change';
import { lengthOf, type Run } from './judge/exact';
import { followed } from './lab/answers';
import type { Caller } from './lab/caller';
import { serveClasses } from './lab/classes';
import { configText } from './lab/config';
import { Crowding } from './lab/crowding';
import { describeWithMariadb, startDatabase, type Mariadb } from './lab/database';
import { keepFigures, summary } from './lab/figures';
import { Lab } from './lab/lab';
import { RATE, tracks } from './lab/media';
import { describeOnNewest } from './lab/newest';
import { until } from './lab/wait';

/** So many that all of them meeting their own track by chance is out of the question: one in a thousand. */
const TRACKS = 10;
const CALLERS = 3;
/** A crossfade at the beginning would be longer, milliseconds; a track begins under a fade of 5. */
const EDGE_SAMPLES = 80;
/** What is heard for so long is chosen: 1.5 s, and what a busy machine adds. */
const LISTEN_MS = 4000;
/** A machine that does other things at the same time; the figures are for the quiet one. */
const LATER_MS = 1000;
/** Who does not hear their own music at first, hears it soon: when it is known who they are, and their choice. */
const SOON_MS = 12_000;

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open({ media: tracks(TRACKS, 60), config: (one) => configText(one) });
  await startHub();
});
afterAll(() => lab?.close());

const runsOf = (caller: Caller): Run[] => lab.index.runs(caller.ear.samples);

/** Numbers of callers, each test's own. */
const phonesOf = (first: number): string[] => Array.from({ length: CALLERS }, (_, i) => String(first + i));

async function call(phone: string, hearMs = 3000): Promise<Caller> {
  const caller = await lab.call({ queue: 'quiet', phone });
  await caller.ear.hear(hearMs);
  return caller;
}

/** Calls, asks for other music `presses` times, listens to it and hangs up. @returns the track that they heard at last */
async function choose(phone: string, presses = 1): Promise<string> {
  const caller = await call(phone);
  await followed(lab, caller);
  for (let i = 0; i < presses; i++) {
    const before = runsOf(caller).at(-1)!.source;
    caller.press('3');
    await until(
      () => `other music for ${phone}`,
      () => runsOf(caller).at(-1)!.source !== before,
    );
    await caller.ear.hear(1200); // the key's hold-off
  }
  await caller.ear.hear(LISTEN_MS);
  await caller.hangUp();
  return runsOf(caller).at(-1)!.source;
}

const chooseAll = (phones: readonly string[]): Promise<string[]> =>
  Promise.all(phones.map((phone, i) => choose(phone, 1 + (i % 2))));

/**
 * They call again, and what they chose is what they hear from the first sample on. Only on a machine that is crowded, and
 * only when the hub says that it could not know in time, may somebody begin with other music: then their own comes soon.
 */
async function expectRemembered(phones: readonly string[], chosen: readonly string[]): Promise<void> {
  const crowding = Crowding.watch();
  const callers = await Promise.all(phones.map((phone) => call(phone)));
  const crowded = crowding.stop();
  const late = callers.map((caller) => crowded && knownLate(caller));
  const ofCaller = (i: number): string => runsOf(callers[i]!).at(-1)!.source;
  await until(
    () => `all hear their own music at last: ${callers.map((_, i) => ofCaller(i)).join()}`,
    () => late.every((isLate, i) => !isLate || ofCaller(i) === chosen[i]),
    SOON_MS,
  );
  await Promise.all(callers.map((caller) => caller.hangUp()));
  if (late.includes(true)) keepFigures(lab, 'on a crowded machine, began with other music', { late });
  for (const [i, caller] of callers.entries()) {
    const runs = runsOf(caller);
    expect(jumps(runs)).toEqual([]);
    if (late[i]) continue;
    expect([caller.phone, ...new Set(runs.map(({ source }) => source))]).toEqual([caller.phone, chosen[i]]);
    expect(runs[0]!.at).toBeLessThan(EDGE_SAMPLES);
  }
}

/** The hub's own word for it. */
const knownLate = ({ uniqueid }: Caller): boolean =>
  lab.log.some((line) => line['uniqueid'] === uniqueid && /not known in time$/.test(String(line['msg'])));

/** Starts the hub, and waits until it is at rest: it answers look-ups before it has heard of any caller. */
async function startHub(): Promise<void> {
  const atRest = (): number => lab.log.filter(({ msg }) => msg === 'look-ups are fast again').length;
  const before = atRest();
  await lab.startHub();
  await until(
    () => 'the hub has Asterisk, and a store that answers',
    () => atRest() > before,
  );
}

/** How many lines of the log say that a call got its caller's music. */
const recalled = (caller: Caller): number =>
  lab.log.filter(({ uniqueid, msg }) => uniqueid === caller.uniqueid && /chose|chosen/.test(String(msg)))
    .length;

describe('with the store that needs no database', () => {
  const phones = phonesOf(910);
  let chosen: string[];

  it('each hears their own choice from the first sample of their next call, and who has none hears any music', async () => {
    chosen = await chooseAll(phones);
    const stranger = await call('919', 100);
    await expectRemembered(phones, chosen);
    await stranger.hangUp();
    expect(recalled(stranger)).toBe(0);
  });

  it('their last choice counts, and it outlives a restart of everything', async () => {
    chosen[0] = await choose(phones[0]!, 2);
    await lab.stopHub('SIGTERM');
    await lab.restartAsterisk();
    await startHub();
    await expectRemembered(phones, chosen);
  });

  it('without a hub the music crossfades to their choice as soon as it is known who they are', async () => {
    await lab.stopHub('SIGTERM');
    const classes: Server = await serveClasses(lab);
    try {
      const callers = await Promise.all(phones.map((phone) => call(phone, 9000)));
      await Promise.all(callers.map((caller) => caller.hangUp()));
      for (const [i, caller] of callers.entries()) {
        const last = runsOf(caller).at(-1)!;
        expect([caller.phone, last.source]).toEqual([caller.phone, chosen[i]]);
        expect(lengthOf(last)).toBeGreaterThan(RATE);
      }
      const changed = callers.filter((caller) => runsOf(caller)[0]!.source !== runsOf(caller).at(-1)!.source);
      expect(changed.length).toBeGreaterThan(0);
    } finally {
      classes.closeAllConnections();
      await new Promise((closed) => classes.close(closed));
      await startHub();
    }
  });
});

describeOnNewest('with MariaDB', describeWithMariadb, () => {
  const phones = phonesOf(920);
  let database: Mariadb;
  let chosen: string[];

  beforeAll(async () => {
    const { server, settings } = await startDatabase('holdcast');
    database = server;
    const more = `store: { mysql: ${settings} },`;
    await lab.stopHub('SIGTERM');
    await lab.configure(configText(lab, { more }));
    const { code, output } = await lab.run(lab.holdcast, 'store', 'migrate');
    if (code !== 0) throw new Error(output);
    await startHub();
  });
  afterAll(() => database?.remove());

  it('each hears their own choice from the first sample of their next call, also after a restart of the hub', async () => {
    chosen = await chooseAll(phones);
    const rows = database.sql(
      'SELECT src, track FROM queue_music JOIN holdcast_track USING (music_class) ORDER BY src',
      'holdcast',
    );
    expect(rows.trim().split('\n')).toEqual(phones.map((phone, i) => `${phone}\t${chosen[i]}`));
    await lab.stopHub('SIGKILL');
    await startHub();
    await expectRemembered(phones, chosen);
  });

  it('a database that is frozen makes no first sound later, takes no key away, and is told all of it when it thaws', async () => {
    const quick = await Promise.all(phonesOf(930).map((phone) => call(phone)));
    await Promise.all(quick.map((caller) => caller.hangUp()));
    database.freeze();
    let slow: Caller[];
    try {
      slow = await Promise.all(phones.map((phone) => call(phone)));
      await Promise.all(slow.map((caller) => followed(lab, caller)));
      for (const caller of slow) caller.press('3');
      await Promise.all(slow.map(({ ear }) => ear.hear(LISTEN_MS)));
      await Promise.all(slow.map((caller) => caller.hangUp()));
    } finally {
      database.thaw();
    }
    const delays = [quick, slow].map((callers) => callers.map(({ firstSoundMs }) => firstSoundMs));
    keepFigures(lab, 'from the queue to the first sound, ms', {
      storeAtWork: summary(delays[0]!),
      storeFrozen: summary(delays[1]!),
    });
    expect(Math.max(...delays[1]!)).toBeLessThan(Math.max(...delays[0]!) + LATER_MS);
    for (const caller of slow) {
      const runs = runsOf(caller);
      expect(jumps(runs)).toEqual([]);
      expect(new Set(runs.map(({ source }) => source)).size).toBe(2);
    }
    chosen = slow.map((caller) => runsOf(caller).at(-1)!.source);
    const written = (): string[] =>
      phones.map((phone) =>
        database
          .sql(
            `SELECT track FROM queue_music JOIN holdcast_track USING (music_class) WHERE src = '${phone}'`,
            'holdcast',
          )
          .trim(),
      );
    await until(
      () => `choices are written: ${written().join()}, not ${chosen.join()}`,
      () => written().join() === chosen.join(),
      40_000,
    );
    await expectRemembered(phones, chosen);
  });
});

test('no process is left when all have hung up', async () => {
  // States of calls that had no hub go with a later sweep.
  await until(
    () => JSON.stringify(lab.strays),
    () => lab.strays.length === 0,
  );
});
