// The port of look-ups as a service manager holds it: it listens whether there is a hub or not, and a hub is given it.
// By systemd's protocol (sd_listen_fds) and in Asterisk's root, where no systemd runs.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Lab } from './lab';
import { spawnIn } from './place';
import { until } from './wait';

/** Starts a hub for each line that it reads, one after the other; the socket is its descriptor 3. */
const MANAGER = `while read -r line; do /bin/sh -c 'echo "hub is $$"; LISTEN_PID=$$ exec "$0" hub' "$0"; echo "hub ended"; done`;

export class HeldPort {
  private constructor(
    private readonly lab: Lab,
    private readonly manager: ChildProcess,
  ) {}

  /** Nothing may listen on the lab's port then. */
  static async open(lab: Lab): Promise<HeldPort> {
    const server = createServer().listen(lab.ports.realtime, '127.0.0.1');
    await once(server, 'listening');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const argv = ['/bin/sh', '-c', MANAGER, lab.holdcast] as const;
    const manager = spawnIn(lab.place, argv, { ...lab.env, LISTEN_FDS: '1' }, [
      'pipe',
      ...lab.output('held'),
      fd,
    ]);
    server.close();
    return new HeldPort(lab, manager);
  }

  /** Starts a hub; does not wait until it is ready. */
  start(): void {
    this.manager.stdin!.write('\n');
  }

  async ready(hubs: number): Promise<void> {
    await until(
      () => `hub ${hubs} to be ready; see ${this.lab.folder}/log/held.out`,
      () => this.#said.split(' is ready\n').length > hubs,
      20_000,
    );
  }

  /** Kills the hub that was started last. */
  async kill(): Promise<void> {
    const hubs = this.#said.split('hub ended').length;
    const pid = Number([...this.#said.matchAll(/hub is (\d+)/g)].at(-1)![1]);
    process.kill(pid, 'SIGKILL');
    await until(
      () => 'the hub to end',
      () => this.#said.split('hub ended').length > hubs,
    );
  }

  async close(): Promise<void> {
    const gone = once(this.manager, 'exit');
    this.manager.stdin!.end();
    await gone;
  }

  get #said(): string {
    return readFileSync(join(this.lab.folder, 'log/held.out'), 'utf8');
  }
}
