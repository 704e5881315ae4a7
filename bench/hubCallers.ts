// What Asterisk does with the callers of the hub under test: events, look-ups, programs on true pipes, keys, hang-ups.
// The reading itself is another process (hubReader.ts); here is everything that takes its time.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { beOrdinary, RUN } from './caller';
import type { BenchAmi } from './hubAmi';
import { lookUp } from './hubProcess';
import { monotonicMs, READER_WORD, type FromReader, type ReaderReport, type ToReader } from './hubReader';
import { sleep } from './measure';
import { MARKER } from './procfs';
import { realPipe } from './realPipe';

/** Callers of one queue. */
const QUEUE_SIZE = 50;
/** Pipes that are made at once, and how many are kept ready. */
const PIPE_BATCH = 250;
/** As long as a finger stays on a key. */
const KEY_HELD_MS = 90;
const STEP_MS = 100;
/** As Asterisk's threads each keep one connection. */
const LOOKUP_SOCKETS = 16;

export interface Call {
  readonly uniqueid: string;
  readonly beganAtMs: number;
  /** In words, as the hub answered. */
  application: string[];
  child: ChildProcess | undefined;
  pipe: number;
  /** Nothing is started for it any more. */
  over: boolean;
}

/** How the music of a call ends: what Asterisk does when all is well, and what happens otherwise. */
export type Ending = 'music first' | 'events first' | 'killed';

/** Since the last `reset`. */
export interface Counts {
  lookUpMs: number[];
  /** What spawn() itself took, before it returned. */
  spawnMs: number[];
  /** No class, or no answer in five seconds. */
  refused: number;
  /** Programs that ended by themselves during a call, and were started again as Asterisk does. */
  respawned: number;
  /** Programs that HUP did not end. */
  neededTerm: number;
  neededKill: number;
}

export interface ExchangeParts {
  ami: BenchAmi;
  /** Of the look-ups. */
  port: number;
  folder: string;
  /** Descriptor for the programs' standard error. */
  log: number;
}

export class Exchange {
  readonly calls = new Map<string, Call>();
  counts: Counts = noCounts();
  /** Process of the reader. */
  readonly reader: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: LOOKUP_SOCKETS });
  readonly #answers: ((answer: FromReader) => void)[] = [];
  /** Numbers and writing ends. */
  #pipes: { readonly pipe: number; readonly write: number }[] = [];
  #pipesMade = 0;
  #making: Promise<void> | undefined;
  #serial = 0;

  constructor(private readonly parts: ExchangeParts) {
    mkdirSync(parts.folder, { recursive: true });
    this.reader = fork(process.argv[1]!, [READER_WORD], { stdio: ['ignore', 'ignore', parts.log, 'ipc'] });
    this.reader.on('message', (message) => this.#answers.shift()?.(message as FromReader));
  }

  /** Living programs of callers. */
  get programs(): number[] {
    return [...this.calls.values()].flatMap(({ child }) => (child?.pid === undefined ? [] : [child.pid]));
  }

  /**
   * One caller comes in: they join a queue, their music is looked up and started.
   * @param giveUpMs they hang up after this, be their music there or not
   * @returns undefined when nothing was started
   */
  async arrive(giveUpMs?: number): Promise<Call | undefined> {
    const serial = ++this.#serial;
    const uniqueid = `${1_795_225_281 + Math.floor(serial / 1000)}.${serial}`;
    const queue = `support-${Math.floor(this.#serial / QUEUE_SIZE) % 100}`;
    const call: Call = {
      ...{ uniqueid, beganAtMs: monotonicMs(), application: [], child: undefined, pipe: -1, over: false },
    };
    this.calls.set(uniqueid, call);
    if (giveUpMs !== undefined) setTimeout(() => this.hangUp(call, 'events first'), giveUpMs);
    this.parts.ami.join(uniqueid, `4420${String(79_460_000 + serial)}`, queue);
    const application = await lookUp(this.parts.port, this.#agent, `hold-${uniqueid}`).catch(() => undefined);
    this.counts.lookUpMs.push(monotonicMs() - call.beganAtMs);
    if (!application) {
      this.counts.refused++;
      this.hangUp(call, 'events first');
      return undefined;
    }
    if (call.over) return undefined;
    call.application = application;
    await this.#start(call);
    if (!call.over) this.parts.ami.music(uniqueid, `hold-${application.at(-1)}`);
    return call;
  }

  press(call: Call, digit: string): void {
    if (call.over) return;
    this.#tell({ do: 'press', pipe: call.pipe, atMs: monotonicMs() });
    this.parts.ami.keyDown(call.uniqueid, digit);
    setTimeout(() => this.parts.ami.keyUp(call.uniqueid, digit, KEY_HELD_MS), KEY_HELD_MS);
  }

  /** Returns at once; the program has ended 200 ms later. */
  hangUp(call: Call, ending: Ending = 'music first'): void {
    if (call.over) return;
    call.over = true;
    this.calls.delete(call.uniqueid);
    const tell = (): void => this.parts.ami.hangUp(call.uniqueid, monotonicMs() - call.beganAtMs);
    if (ending === 'events first') tell();
    this.#endProgram(call, ending === 'killed');
    if (ending !== 'events first') setTimeout(tell, ending === 'killed' ? 1000 : 0);
  }

  reset(): void {
    this.counts = noCounts();
    this.#tell({ do: 'reset' });
  }

  async report(): Promise<ReaderReport> {
    const answer = await this.#ask({ do: 'report' });
    if (answer.said !== 'report') throw new Error('the reader answered out of turn');
    return answer;
  }

  /** Makes pipes until `count` are ready: done before callers come, it does not stand in their way. */
  async providePipes(count: number): Promise<void> {
    while (this.#pipes.length < count) await this.#makePipes();
  }

  /** Closes the look-ups' connections, so that only the hub's own descriptors are left. */
  disconnect(): void {
    this.#agent.destroy();
  }

  /** All callers hang up at once, and everything of this exchange ends. */
  async close(): Promise<void> {
    for (const call of [...this.calls.values()]) this.hangUp(call);
    await sleep(3 * STEP_MS);
    this.disconnect();
    this.reader.removeAllListeners('message');
    if (this.reader.connected) this.reader.disconnect();
    for (const { write } of this.#pipes.splice(0)) closeSync(write);
    rmSync(this.parts.folder, { recursive: true, force: true });
  }

  async #start(call: Call): Promise<void> {
    if (this.#pipes.length < PIPE_BATCH / 2) void this.#makePipes();
    while (this.#pipes.length === 0) await this.#makePipes();
    if (call.over) return;
    const { pipe, write } = this.#pipes.shift()!;
    call.pipe = pipe;
    const [command = '', ...words] = call.application;
    const spawnedAtMs = monotonicMs();
    this.#tell({ do: 'begin', pipe, spawnedAtMs });
    const child = spawn(command, words, {
      stdio: ['ignore', write, this.parts.log],
      detached: true,
      env: { PATH: process.env['PATH'], [MARKER]: `${RUN}cat.` },
    });
    if (child.pid !== undefined) beOrdinary(child.pid);
    this.counts.spawnMs.push(monotonicMs() - spawnedAtMs);
    closeSync(write);
    call.child = child;
    child.once('error', () => this.counts.refused++);
    child.once('exit', () => this.#ended(call, child, pipe));
  }

  #ended(call: Call, child: ChildProcess, pipe: number): void {
    this.#tell({ do: 'end', pipe });
    if (call.child === child) call.child = undefined;
    if (call.over) return;
    this.counts.respawned++;
    void this.#start(call);
  }

  /** HUP, 100 ms, TERM, 100 ms, KILL, each to the group. */
  #endProgram({ child }: Call, kill: boolean): void {
    const pid = child?.pid;
    if (!child || pid === undefined) return;
    const signal = (name: NodeJS.Signals): void => {
      try {
        process.kill(-pid, name);
      } catch {
        // Gone meanwhile.
      }
    };
    if (kill) return signal('SIGKILL');
    signal('SIGHUP');
    const timers = (['SIGTERM', 'SIGKILL'] as const).map((name, at) =>
      setTimeout(
        () => {
          this.counts[name === 'SIGTERM' ? 'neededTerm' : 'neededKill']++;
          signal(name);
        },
        STEP_MS * (at + 1),
      ),
    );
    child.once('exit', () => timers.forEach(clearTimeout));
  }

  /** The reader opens its ends by way of /proc. */
  #makePipes(): Promise<void> {
    this.#making ??= (async () => {
      const pipes = Array.from({ length: PIPE_BATCH }, () => ({
        pipe: ++this.#pipesMade,
        ...realPipe({ waits: true }),
      }));
      const path = (fd: number): string => `/proc/${process.pid}/fd/${fd}`;
      await this.#ask({
        do: 'open',
        pipes: pipes.map(({ pipe, reading }) => ({ pipe, path: path(reading) })),
      });
      for (const { pipe, reading, writing } of pipes) {
        closeSync(reading);
        this.#pipes.push({ pipe, write: writing });
      }
    })().finally(() => (this.#making = undefined));
    return this.#making;
  }

  #tell(message: ToReader): void {
    if (this.reader.connected) this.reader.send(message);
  }

  #ask(message: ToReader): Promise<FromReader> {
    return new Promise((done, failed) => {
      if (!this.reader.connected) return failed(new Error('the reader is gone'));
      this.#answers.push(done);
      this.reader.send(message);
    });
  }
}

const noCounts = (): Counts => ({
  ...{ lookUpMs: [], spawnMs: [], refused: 0, respawned: 0, neededTerm: 0, neededKill: 0 },
});
