// One caller's process, started as Asterisk starts it: its own process group, a true pipe as standard output.
// Node's own 'pipe' is a socket pair on Unix, so the pipe is a FIFO that loses its name at once.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from './contenders';
import { MARKER } from './procfs';

export interface Pipe {
  read: number;
  write: number;
}

/** `count` pipes as pairs of descriptors; the reading ends do not block. The caller closes them. */
export function makePipes(count: number): Pipe[] {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-bench-pipe-'));
  const paths = Array.from({ length: count }, (_, i) => join(folder, String(i)));
  execFileSync('mkfifo', paths);
  const pipes = paths.map((path) => {
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY);
    unlinkSync(path);
    return { read, write };
  });
  rmdirSync(folder);
  return pipes;
}

export interface Caller {
  readonly name: string;
  readonly marker: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Reading end of its pipe, non-blocking; closed by `end` unless `releaseRead` was called. */
  readonly read: number;
  /** When spawn was called, `performance.now()`. */
  readonly spawnedAt: number;
  /** When it was gone, `performance.now()`. */
  readonly exited: Promise<number>;
}

/** Asterisk runs at a high priority and its children do not; where that is allowed, so does this reader. */
export function beAsterisk(): boolean {
  try {
    setPriority(-15);
    return true;
  } catch {
    return false;
  }
}

/** Gives a child the priority that everybody has. */
export function beOrdinary(pid: number): void {
  try {
    setPriority(pid, 0);
  } catch {
    // Gone already, or never raised.
  }
}

let serial = 0;
/** Marks every process of this run of the benchmark. */
export const RUN = `run${process.pid}.`;

/** Starts one caller of a contender on a pipe made before, so that making it is not measured. */
export function startCaller(contender: Contender, pipe: Pipe, log: number): Caller {
  return launch(contender, pipe, log, (argv) => argv);
}

/**
 * A caller whose process is there but waits; `go` lets it exec its program. Forking takes Node 20 ms when the machine
 * is busy, so this is how thirty arrive within 100 ms.
 */
export function holdCaller(contender: Contender, pipe: Pipe, log: number): { go(): Caller } {
  const caller = launch(contender, pipe, log, (argv) => ['sh', '-c', HELD, 'sh', ...argv]);
  return {
    go() {
      const spawnedAt = performance.now();
      caller.child.stdin?.end('\n');
      return { ...caller, spawnedAt };
    },
  };
}

const HELD = 'read -r go; exec "$@" </dev/null';

function launch(contender: Contender, pipe: Pipe, log: number, wrap: (argv: string[]) => string[]): Caller {
  const argv = contender.argv(`bench-${++serial}`);
  const [command, ...words] = wrap(argv);
  const marker = `${RUN}${serial}.`;
  const spawnedAt = performance.now();
  const child = spawn(command!, words, {
    stdio: [command === argv[0] ? 'ignore' : 'pipe', pipe.write, log],
    detached: true,
    env: { ...process.env, ...contender.env, [MARKER]: marker },
  });
  if (child.pid === undefined) throw new Error(`${contender.name}: cannot start ${command}`);
  beOrdinary(child.pid);
  closeSync(pipe.write);
  const exited = new Promise<number>((resolve) => child.on('exit', () => resolve(performance.now())));
  return { name: contender.name, marker, pid: child.pid, child, read: pipe.read, spawnedAt, exited };
}

/** Signals the process group, as Asterisk does. One that is gone is no error. */
export function signalGroup(caller: Caller, signal: NodeJS.Signals): void {
  try {
    process.kill(-caller.pid, signal);
  } catch {
    // Already gone.
  }
}

export interface Ending {
  /** From HUP to exit, milliseconds. */
  ms: number;
  /** What was needed. */
  by: 'HUP' | 'TERM' | 'KILL';
}

/** HUP, 100 ms, TERM, 100 ms, KILL: how Asterisk ends its music. Does not close the pipe. */
export async function hangUp(caller: Caller): Promise<Ending> {
  const from = performance.now();
  let by: Ending['by'] = 'HUP';
  signalGroup(caller, 'SIGHUP');
  const timers = (['SIGTERM', 'SIGKILL'] as const).map((signal, i) =>
    setTimeout(
      () => {
        by = signal === 'SIGTERM' ? 'TERM' : 'KILL';
        signalGroup(caller, signal);
      },
      100 * (i + 1),
    ),
  );
  const ms = (await caller.exited) - from;
  for (const timer of timers) clearTimeout(timer);
  return { ms, by };
}

/** Ends callers without measuring anything and closes their pipes. */
export async function endAll(callers: readonly Caller[]): Promise<void> {
  for (const caller of callers) signalGroup(caller, 'SIGKILL');
  await Promise.all(callers.map((caller) => caller.exited));
  for (const caller of callers) closeSync(caller.read);
}
