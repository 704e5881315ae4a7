// Start and hang up, hundreds of times at random moments: does everything go, at once, and leave nothing?
import { closeSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../src/util/random';
import { hangUp, makePipes, RUN, startCaller, type Ending } from './caller';
import { contender, type Context } from './context';
import { median, percentile, sleep, type Section } from './measure';
import { marked } from './procfs';
import { AsteriskReader } from './reader';

/** Every file below a folder; what disappears meanwhile is not there. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

/** Where a caller's process might leave something: its cache and its temporary folder, both in the workshop. */
function traces(context: Context): Set<string> {
  return new Set(filesBelow(context.workshop.folder));
}

async function cycle(context: Context, waitMs: number): Promise<Ending> {
  const [pipe] = makePipes(1);
  const caller = startCaller(contender(context, 'holdcast'), pipe!, context.log);
  const reader = new AsteriskReader();
  reader.add(caller);
  reader.start();
  await sleep(waitMs);
  const ending = await hangUp(caller);
  reader.stop();
  closeSync(caller.read);
  return ending;
}

export async function benchCycles(context: Context): Promise<Section> {
  const count = context.quick ? 30 : 500;
  const random = seededRandom(500);
  await cycle(context, 2500);
  const before = traces(context);
  const descriptors = readdirSync('/proc/self/fd').length;
  const endings: Ending[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 25 === 0) context.progress(`cycles: ${i} of ${count}`);
    endings.push(await cycle(context, random() * 500));
  }
  await sleep(500);
  const left = [...marked(RUN).values()].flat().length;
  const files = [...traces(context)].filter((file) => !before.has(file));
  const descriptorsLeft = readdirSync('/proc/self/fd').length - descriptors;
  const ms = endings.map((ending) => ending.ms);
  const over = ms.filter((one) => one > 100).length;
  const needed = endings.filter(({ by }) => by !== 'HUP').length;
  const data = {
    count,
    medianMs: median(ms),
    p99Ms: percentile(ms, 0.99),
    maxMs: Math.max(...ms),
    over,
    needed,
  };
  return {
    data: { ...data, processesLeft: left, filesLeft: files, descriptorsLeft },
    tables: [
      {
        title: `${count} starts, each hung up on 0–500 ms later: from HUP to exit, ms`,
        columns: [
          '',
          'median',
          'p99',
          'max',
          'over 100',
          'not by HUP',
          'processes left',
          'files left',
          'descriptors left',
        ],
        rows: [
          [
            'holdcast',
            data.medianMs,
            data.p99Ms,
            data.maxMs,
            over,
            needed,
            left,
            files.length,
            descriptorsLeft,
          ],
        ],
        notes: files.slice(0, 5).map((file) => `left: ${file}`),
      },
    ],
  };
}
