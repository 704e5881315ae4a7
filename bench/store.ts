// The store: choices a second, one after the other and many at once, and how long a question takes.
// Beside it what the disk allows: an empty commit of SQLite, in the same thread, with the same wait for the disk.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedStore } from '../src/store/embedded';
import type { Store } from '../src/store/store';
import { systemClock } from '../src/util/clock';
import { silentLogger } from '../src/util/log';
import { packageRoot } from '../src/util/packageRoot';
import type { Context } from './context';
import { median, percentile, type Section } from './measure';

const BATCH = 1000;
/** Writes at once where many are under way. */
const TOGETHER = 64;

const choice = (at: number) =>
  ({
    type: 'choice',
    phone: `49${at % 50_000}`,
    track: `music/${at % 30}.wav`,
    wallMs: 1_767_614_400_000 + at,
  }) as const;

/** Over the whole run: an older choice than the stored one changes nothing, and waits for no disk. */
let serial = 0;

/** Commits a second with one row each, without thread, checks and grouping. */
const BARE = `
const Database = require('libsql'), db = new Database(process.argv[1]);
db.pragma('journal_mode = WAL'); db.pragma('synchronous = FULL');
db.exec('CREATE TABLE t (p TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID');
const one = db.prepare('INSERT INTO t VALUES (?, ?) ON CONFLICT (p) DO UPDATE SET v = excluded.v');
const end = performance.now() + Number(process.argv[2]) * 1000, from = performance.now(); let n = 0;
while (performance.now() < end) { db.exec('BEGIN IMMEDIATE'); one.run([String(n++), 'x']); db.exec('COMMIT'); }
process.stdout.write(String(n / (performance.now() - from) * 1000));`;

/** Writes of `size` choices for `seconds`, so many at once. @returns choices a second */
async function rate(store: Store, size: number, together: number, seconds: number): Promise<number> {
  const from = performance.now();
  const until = from + seconds * 1000;
  const before = serial;
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      const first = serial;
      serial += size;
      await store.write(Array.from({ length: size }, (_, at) => choice(first + at)));
    }
  };
  await Promise.all(Array.from({ length: together }, writer));
  return ((serial - before) / (performance.now() - from)) * 1000;
}

/** A figure for writes that changed nothing would be none. */
async function checkKept(store: Store): Promise<void> {
  const last = choice(serial - 1);
  const kept = await store.choice(last.phone);
  if (kept !== last.track) throw new Error('the last choice that was written is not the one that is kept');
}

async function questions(store: Store, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const from = performance.now();
    await store.choice(`49${at}`);
    times.push(performance.now() - from);
  }
  return times;
}

export async function benchStore(context: Context): Promise<Section> {
  const seconds = context.quick ? 1 : 5;
  const folder = join(context.workshop.folder, 'store');
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const store = new EmbeddedStore(join(folder, 'store.db'), { log: silentLogger, clock: systemClock() });
  try {
    await store.choice('49');
    const openMs = performance.now() - began;
    context.progress('store: batches, then single writes');
    const batches: number[] = [];
    const singles: number[] = [];
    const many: number[] = [];
    for (let run = 0; run < context.runs; run++) {
      batches.push(await rate(store, BATCH, 2, seconds));
      singles.push(await rate(store, 1, 1, seconds));
      many.push(await rate(store, 1, TOGETHER, seconds));
    }
    await checkKept(store);
    const quiet = await questions(store, 2000);
    const writing = rate(store, BATCH, 2, seconds);
    const busy = await questions(store, 200);
    await writing;
    const bare = Number(
      spawnSync(process.execPath, ['-e', BARE, join(folder, 'bare.db'), String(seconds)], {
        cwd: packageRoot(),
        encoding: 'utf8',
      }).stdout,
    );
    const data = {
      ...{ openMs, batches: median(batches), singles: median(singles), many: median(many), bare },
      questions: { medianMs: median(quiet), p99Ms: percentile(quiet, 0.99) },
      questionsWhileWriting: { medianMs: median(busy), p99Ms: percentile(busy, 0.99) },
    };
    return {
      data,
      tables: [
        {
          title: 'The embedded store: choices a second, each on disk before it is acknowledged',
          columns: ['', 'a second'],
          rows: [
            [`batches of ${BATCH}`, data.batches],
            ['single, one at a time', data.singles],
            [`single, ${TOGETHER} at once`, data.many],
            ['bare SQLite, one commit each', data.bare],
          ],
        },
        {
          title: 'The embedded store: a question, ms',
          columns: ['', 'median', '99th percentile'],
          rows: [
            ['quiet', data.questions.medianMs, data.questions.p99Ms],
            [
              'while batches are written',
              data.questionsWhileWriting.medianMs,
              data.questionsWhileWriting.p99Ms,
            ],
            ['the first one (thread and file)', data.openMs, ''],
          ],
        },
      ],
    };
  } finally {
    await store.close();
  }
}
