// How fast `holdcast render` is: an hour of hold, offline, on one core.
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/util/packageRoot';
import { MARKER } from './procfs';
import { beOrdinary, RUN } from './caller';
import type { Context } from './context';
import { median, which, type Section } from './measure';

const FRAMES_PER_SECOND = 25;

/** Seconds that rendering `seconds` of a call takes, start-up included. */
async function timeRender(context: Context, seconds: number): Promise<number> {
  const { workshop } = context;
  const script = join(workshop.folder, `render-${seconds}.json`);
  const out = join(workshop.folder, 'render.wav');
  writeFileSync(script, JSON.stringify({ seconds, events: [] }));
  const pinned = which('taskset') ? ['taskset', '-c', '1'] : [];
  const holdcast = join(packageRoot(), 'bin/holdcast');
  const words = [
    ...pinned,
    holdcast,
    'render',
    '--script',
    script,
    '--out',
    out,
    '--config',
    workshop.config,
  ];
  const from = performance.now();
  const child = spawn(words[0]!, words.slice(1), {
    stdio: ['ignore', 'ignore', context.log],
    env: { ...process.env, HOLDCAST_CACHE: workshop.cache, [MARKER]: `${RUN}render.` },
  });
  if (child.pid !== undefined) beOrdinary(child.pid);
  const code = await new Promise((resolve) => child.on('close', resolve));
  const took = (performance.now() - from) / 1000;
  rmSync(out, { force: true });
  if (code !== 0)
    throw new Error(`holdcast render ended with ${String(code)}; see ${workshop.folder}/callers.log`);
  return took;
}

export async function benchRender(context: Context): Promise<Section> {
  const seconds = context.quick ? 600 : 3600;
  const runs = Math.max(3, context.runs);
  const [whole, short]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    context.progress(`render: run ${run + 1} of ${runs}`);
    short.push(await timeRender(context, 1));
    whole.push(await timeRender(context, seconds));
  }
  const took = median(whole);
  const startUp = median(short);
  const data = {
    seconds,
    tookS: took,
    startUpS: startUp,
    timesRealTime: seconds / took,
    framesPerSecond: (seconds * FRAMES_PER_SECOND) / took,
    framesPerSecondWithoutStartUp: (seconds * FRAMES_PER_SECOND) / (took - startUp),
    pinned: which('taskset') !== undefined,
  };
  return {
    data,
    tables: [
      {
        title: `render: ${seconds} s of hold into a WAV file, median of ${runs}${data.pinned ? ', one core (taskset)' : ''}`,
        columns: ['', 'took s', '× real time', 'frames/s', 'start-up s', 'frames/s without'],
        rows: [
          [
            'holdcast',
            took,
            data.timesRealTime,
            data.framesPerSecond,
            startUp,
            data.framesPerSecondWithoutStartUp,
          ],
        ],
      },
    ],
  };
}
