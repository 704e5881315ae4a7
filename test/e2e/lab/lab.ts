// Lab: one Asterisk with a folder, a configuration and ports of its own, the hub beside it, and callers.
// Everything it starts carries its mark and is gone when it is closed; what was recorded and logged stays in its folder.
import { once } from 'node:events';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ExactIndex, type Sources } from '../judge/exact';
import { Manager } from './ami';
import { JUDGE, type AsteriskPorts } from './asteriskFiles';
import { Caller, type CallerOptions } from './caller';
import { ANNOUNCEMENT, LabFolder, QUEUE_ANNOUNCEMENT } from './folder';
import { freePorts } from './ports';
import { spawnAsterisk, spawnIn } from './place';
import { cpuSeconds, descriptors, marked, signalTo, type OpenDescriptors, type Running } from './processes';
import { sleep, until } from './wait';

export interface LabOptions {
  /** Tracks, prompts and advices by id. */
  readonly media: Sources;
  /** Body of the object in config.ts, without `media`; written when the ports are known. */
  readonly config?: (lab: Lab) => string;
  /** `systemname` of asterisk.conf, which begins every Uniqueid. */
  readonly systemName?: string;
}

const BOOT_MS = 60_000;
const STOP_MS = 20_000;
const HUB_MS = 20_000;

export class Lab extends LabFolder {
  readonly index: ExactIndex;
  #ports: AsteriskPorts | undefined;
  #manager: Manager | undefined;
  #asterisk: ChildProcess | undefined;
  #hub: ChildProcess | undefined;
  readonly #callers = new Set<Caller>();

  private constructor(private readonly options: LabOptions) {
    super();
    const music = Object.entries(options.media).filter(([id]) => id.startsWith('music/'));
    this.index = new ExactIndex({ ...Object.fromEntries(music), [ANNOUNCEMENT]: QUEUE_ANNOUNCEMENT });
  }

  /** A lab whose Asterisk is fully booted. Closed by who opened it. */
  static async open(options: LabOptions): Promise<Lab> {
    const lab = new Lab(options);
    try {
      await lab.#equip();
      await lab.startAsterisk();
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  async #equip(): Promise<void> {
    const [manager, realtime, sip] = (await freePorts(3)) as [number, number, number];
    this.#ports = { manager, realtime, sip, rtp: [20_000, 30_000] };
    const { media, config, systemName } = this.options;
    await this.prepare(this.#ports, { media, systemName, config: config?.(this) ?? '' });
  }

  get ports(): AsteriskPorts {
    return this.#ports!;
  }

  get manager(): Manager {
    if (!this.#manager) throw new Error('Asterisk does not run');
    return this.#manager;
  }

  /** A command of Asterisk's command line. */
  async cli(command: string): Promise<string> {
    return (await this.run(this.place.asterisk, '-C', this.asteriskConf, '-rx', command)).output;
  }

  async startAsterisk(): Promise<void> {
    this.#asterisk = this.#daemon('asterisk', (stdio) =>
      spawnAsterisk(this.place, this.asteriskConf, this.env, stdio),
    );
    await this.#awaitManager();
  }

  async #awaitManager(): Promise<void> {
    this.#manager?.close();
    this.#manager = undefined;
    const { user, secret } = JUDGE;
    const login = async (): Promise<boolean> => {
      this.#manager = await Manager.login(this.ports.manager, user, secret).catch(() => undefined);
      return this.#manager !== undefined;
    };
    const limit = BOOT_MS;
    await until(() => `Asterisk to let the judge in; see ${this.folder}/log`, login, limit);
    await this.manager.event({ Event: 'FullyBooted' }, limit);
  }

  /** Tells Asterisk to stop or start anew at once, and waits until it is there again. */
  async restartAsterisk(): Promise<void> {
    const before = this.manager;
    await this.cli('core restart now');
    await until(
      () => 'the manager connection to end',
      () => before.closed,
      STOP_MS,
    );
    await this.#awaitManager();
  }

  /** Starts `holdcast hub`; resolves when it serves Asterisk's look-ups: it listens before it has heard of any caller. */
  async startHub(): Promise<void> {
    const argv = [this.holdcast, 'hub'] as const;
    const ready = (): number => this.log.filter(({ msg }) => msg === 'hub ready').length;
    const before = ready();
    this.#hub = this.#daemon('hub', (stdio) => spawnIn(this.place, argv, this.env, stdio));
    const serves = (): boolean => {
      if (this.#hub?.exitCode !== null) throw new Error(`the hub has ended; see ${this.folder}/log/hub.out`);
      return ready() > before;
    };
    await until(() => `the hub to be ready; see ${this.folder}/log/hub.out`, serves, HUB_MS);
  }

  /** Has the hub read its config again. */
  reloadHub(): void {
    signalTo(this.#hub!.pid!, 'SIGHUP');
  }

  /** Takes the processor from the hub, as a machine that is suspended does, and gives it back. */
  freezeHub(ms: number): Promise<void> {
    return freeze(this.#hub!.pid!, ms);
  }

  /** The same with Asterisk alone. */
  freezeAsterisk(ms: number): Promise<void> {
    return freeze(this.#asterisk!.pid!, ms);
  }

  /** Ends the hub by a signal. @returns its exit code, null after SIGKILL */
  async stopHub(signal: NodeJS.Signals): Promise<number | null> {
    const hub = this.#hub!;
    this.#hub = undefined;
    const ended = once(hub, 'exit');
    signalTo(hub.pid!, signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  /** Standard output and error of what is started: both into log/<name>.out. Open for as long as the lab. */
  output(name: string): [number, number] {
    const out = openSync(join(this.folder, `log/${name}.out`), 'a');
    return [out, out];
  }

  #daemon(name: string, start: (stdio: StdioOptions) => ChildProcess): ChildProcess {
    const out = openSync(join(this.folder, `log/${name}.out`), 'a');
    try {
      return start(['ignore', out, out]);
    } finally {
      closeSync(out);
    }
  }

  /** A caller who waits in a queue. */
  async call(options: CallerOptions): Promise<Caller> {
    const caller = await Caller.dial(this.manager, this.ports.sip, options);
    this.#callers.add(caller);
    return caller;
  }

  /** Closes a caller's telephone and forgets what they heard. */
  forget(caller: Caller): void {
    this.#callers.delete(caller);
    caller.close();
  }

  /** A caller's place in their queue, as Asterisk says; undefined when they are in none. */
  async positionOf(caller: Caller): Promise<number | undefined> {
    const seen = this.manager.events.length;
    await this.manager.request({ Action: 'QueueStatus' });
    await this.manager.event({ Event: 'QueueStatusComplete' }, 15_000, seen);
    const entries = this.manager.events.slice(seen).filter(({ event }) => event['Event'] === 'QueueEntry');
    const own = entries.find(({ event }) => event['Uniqueid'] === caller.uniqueid);
    return own && Number(own.event['Position']);
  }

  /** What runs in the lab but Asterisk and the hub themselves. */
  get strays(): Running[] {
    const own = new Set([this.#asterisk?.pid, this.#hub?.pid]);
    // astcanary is Asterisk's own: it tells when Asterisk's priority starves all others.
    return marked(this.folder).filter(({ pid, argv }) => !own.has(pid) && argv[0] !== 'astcanary');
  }

  /** Processes that Asterisk has started for callers. */
  get streams(): Running[] {
    return this.strays.filter(({ argv }) => argv[2] === 'stream');
  }

  /** Processor time so far of Asterisk, of the hub, and of all readers that live, seconds. */
  get cpuSeconds(): { asterisk: number; hub: number; readers: number } {
    const of = (pid: number | undefined): number => (pid === undefined ? 0 : cpuSeconds(pid));
    const readers = this.strays.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
    return { asterisk: of(this.#asterisk?.pid), hub: of(this.#hub?.pid), readers };
  }

  /** What is open in Asterisk and in the hub, to be compared with another moment's. */
  get openDescriptors(): OpenDescriptors {
    const open = (pid: number | undefined): Record<string, number> =>
      pid === undefined ? {} : descriptors(pid);
    return { asterisk: open(this.#asterisk?.pid), hub: open(this.#hub?.pid) };
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const caller of this.#callers) this.keepRecording(caller);
    for (const caller of this.#callers) caller.close();
    if (this.#hub) await this.stopHub('SIGTERM').catch(() => {});
    if (this.#manager && this.#asterisk) {
      const asterisk = this.#asterisk;
      await this.cli('core stop now').catch(() => '');
      await until(
        () => 'Asterisk to end',
        () => asterisk.exitCode !== null,
        STOP_MS,
      ).catch(() => {});
    }
    this.#manager?.close();
    for (const { pid } of marked(this.folder)) signalTo(pid, 'SIGKILL');
  }
}

async function freeze(pid: number, ms: number): Promise<void> {
  signalTo(pid, 'SIGSTOP');
  await sleep(ms);
  signalTo(pid, 'SIGCONT');
}
