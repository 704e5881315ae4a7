// `npm run bench`: measures what the product promises, beside its peers, on this machine, now.
// Prints tables and writes dist/bench/results.json; docs/benchmarks.md is written from that.
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/util/packageRoot';
import { version } from '../src/util/version';
import { benchArrivals, benchUnderrun } from './arrivals';
import { beAsterisk, RUN } from './caller';
import { contenders, openWorkshop } from './contenders';
import { warmUp } from './warmUp';
import type { Context } from './context';
import { benchCpu } from './cpu';
import { benchCycles } from './cycles';
import { benchDepth } from './depth';
import { benchFrames } from './frames';
import { benchLookups } from './lookups';
import { benchHub } from './hub';
import { hubOptions } from './hubOptions';
import { beHubReader, READER_WORD } from './hubReader';
import { benchSoak } from './hubSoak';
import { formatTable, machine, type Section } from './measure';
import { marked } from './procfs';
import { benchCalls, benchCosts, benchKeys } from './onAsterisk';
import { benchQuality } from './quality';
import { benchRender } from './renderSpeed';
import { benchSpawn } from './spawn';
import { benchStore } from './store';

const SECTIONS: Record<string, (context: Context) => Promise<Section>> = {
  spawn: benchSpawn,
  cpu: benchCpu,
  depth: benchDepth,
  arrivals: benchArrivals,
  underrun: benchUnderrun,
  render: benchRender,
  frames: benchFrames,
  quality: benchQuality,
  cycles: benchCycles,
  lookups: benchLookups,
  store: benchStore,
  keys: benchKeys,
  calls: benchCalls,
  asterisk: benchCosts,
  hub: benchHub,
  soak: benchSoak,
};
/** Takes an hour, so it is run when it is asked for. */
const NOT_BY_DEFAULT = ['soak'];

const HELP = `usage: npm run bench -- [options]
  --only a,b        parts to run: ${Object.keys(SECTIONS).join(', ')}
  --against a,b     contenders by name, for example --against "holdcast,bare node"
  --runs n          repetitions for medians (default 3; spawns: ten times as many)
  --quick           a short trial, not for figures
  --stages a,b      hub: callers of each stage, rising (default 100,300,1000,2000,4000)
  --seconds n       hub: length of each stage's window (default 60)
  --callers n       soak: callers at once (default 500)
  --minutes n       soak: how long they come and go (default 60)
  --churn n         soak: short calls after that (default 10000)
  --out file.json   where the results go (default dist/bench/results.json)
`;

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      against: { type: 'string' },
      runs: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
      stages: { type: 'string' },
      seconds: { type: 'string' },
      callers: { type: 'string' },
      minutes: { type: 'string' },
      churn: { type: 'string' },
      out: { type: 'string', default: join(packageRoot(), 'dist/bench/results.json') },
      help: { type: 'boolean', default: false },
    },
  });
  const list = (text: string | undefined): string[] | undefined =>
    text?.split(',').map((word) => word.trim());
  const only = list(values.only) ?? Object.keys(SECTIONS).filter((name) => !NOT_BY_DEFAULT.includes(name));
  const strange = only.filter((name) => !(name in SECTIONS));
  if (strange.length > 0) throw new Error(`no such part: ${strange.join(', ')}\n${HELP}`);
  const hub = hubOptions(values);
  return { ...values, hub, only, against: list(values.against), runs: Math.max(1, Number(values.runs) || 3) };
}

/** Progress on a terminal only: results stay clean in a file. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Ends what a failed part left running: only processes that carry this run's marker. */
function endStrays(): void {
  for (const pid of [...marked(RUN).values()].flat()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}

async function runSections(names: string[], context: Context): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const name of names) {
    try {
      const { data, tables, failures = [] } = await SECTIONS[name]!(context);
      results[name] = data;
      progress('');
      for (const table of tables) process.stdout.write(formatTable(table));
      for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
      if (failures.length > 0) process.exitCode = 1;
    } catch (error) {
      results[name] = { failed: String(error) };
      process.stderr.write(
        `\n${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 1;
    } finally {
      endStrays();
    }
  }
  return results;
}

async function main(): Promise<void> {
  if (process.argv[2] === READER_WORD) return beHubReader();
  const chosen = options();
  if (chosen.help) return void process.stdout.write(HELP);
  const workshop = openWorkshop();
  process.once('SIGINT', () => {
    endStrays();
    workshop.close();
    process.exit(130);
  });
  const log = openSync(join(workshop.folder, 'callers.log'), 'a');
  const all = contenders(workshop);
  const context: Context = {
    contenders: all.filter(({ name }) => !chosen.against || chosen.against.includes(name)),
    workshop,
    quick: chosen.quick,
    runs: chosen.runs,
    log,
    progress,
    hub: chosen.hub,
  };
  const about = { ...machine(), raisedPriority: beAsterisk() };
  process.stdout.write(
    `holdcast ${version} on ${about.cpu}, ${about.cores} cores, Linux ${about.kernel}, Node ${about.node}, ${about.date}\n` +
      `contenders: ${context.contenders.map(({ name }) => name).join(', ')}${chosen.quick ? ' (quick: not for figures)' : ''}\n`,
  );
  try {
    await warmUp(context);
    const results = await runSections(chosen.only, context);
    mkdirSync(dirname(chosen.out), { recursive: true });
    writeFileSync(
      chosen.out,
      `${JSON.stringify({ version, quick: chosen.quick, machine: about, results }, null, 2)}\n`,
    );
    process.stdout.write(`\nwritten: ${chosen.out}\n`);
  } finally {
    closeSync(log);
    if (process.exitCode) process.stderr.write(`kept for a look: ${workshop.folder}\n`);
    else workshop.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
