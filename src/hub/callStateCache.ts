// CallStateCache: the last known state of every call that the hub plays to, written behind it. After a crash the next hub,
// or a stream, continues from there; a full disk costs that memory, not the music.
import { SHARES, shareOf, stateIn, type ShardedStateFile } from '../store/shardedStateFile';
import type { StateFile } from '../store/stateFile';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

export interface SnapshotParts {
  shared: Pick<ShardedStateFile, 'read' | 'write'>;
  /** What streams have left. */
  states: Pick<StateFile, 'read' | 'forget'>;
  clock: Clock;
  log: Logger;
}

/** Between two writes: all files are written within 0.9 s, and a single change within this and what the disk takes. */
const PAUSE_MS = 50;
/** Of a call that may be talking with an agent, where Asterisk cannot be asked, milliseconds. */
export const AWAY_MS = 4 * 3_600_000;
const AGAIN_MS = 1000;

export class CallStateCache implements Closeable {
  /** By file; the states as JSON. */
  readonly #shares = Array.from({ length: SHARES }, () => new Map<string, string>());
  /** Files that are not as they should be, the one that waits longest first. */
  readonly #changed = new Set<number>();
  /** Calls of an earlier hub of which nothing was heard yet. */
  readonly #inherited = new Set<string>();
  #inheritedAt = 0;
  #next: Cancel | undefined;
  #writing: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(private readonly parts: SnapshotParts) {}

  /** Takes over what an earlier hub has left. */
  inherit(): void {
    this.#inheritedAt = this.parts.clock.now();
    for (const [share, states] of this.#shares.entries())
      for (const [uniqueid, state] of this.parts.shared.read(share)) {
        states.set(uniqueid, state);
        this.#inherited.add(uniqueid);
      }
  }

  /**
   * Where a call continues, from any process; undefined: nothing readable is known. A stream's state is
   * newer, see `keep`.
   */
  read(uniqueid: string): unknown {
    return this.parts.states.read(uniqueid) ?? stateIn(this.#of(uniqueid).get(uniqueid));
  }

  /** To be written within a second; a stream's file of this call goes. @param state as JSON */
  keep(uniqueid: string, state: string): void {
    const states = this.#of(uniqueid);
    if (!states.has(uniqueid) || this.#inherited.delete(uniqueid)) this.parts.states.forget(uniqueid);
    states.set(uniqueid, state);
    this.#change(uniqueid);
  }

  /** The call is over: nothing of it is kept. */
  forget(uniqueid: string): void {
    this.#inherited.delete(uniqueid);
    if (this.#of(uniqueid).delete(uniqueid)) this.#change(uniqueid);
    this.parts.states.forget(uniqueid);
  }

  /**
   * Forgets calls of an earlier hub that are over.
   * @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked, and after four hours they are
   */
  sweep(living: ReadonlySet<string> | undefined): void {
    const isOld = this.parts.clock.now() - this.#inheritedAt > AWAY_MS;
    for (const uniqueid of this.#inherited) if (living ? !living.has(uniqueid) : isOld) this.forget(uniqueid);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#next?.();
    await this.#writing;
    const changed = [...this.#changed];
    this.#changed.clear();
    await Promise.all(changed.map((share) => this.#write(share)));
  }

  #of(uniqueid: string): Map<string, string> {
    return this.#shares[shareOf(uniqueid)]!;
  }

  #change(uniqueid: string): void {
    this.#changed.add(shareOf(uniqueid));
    this.#soon(PAUSE_MS);
  }

  #soon(delayMs: number): void {
    if (this.#closed || this.#writing) return;
    this.#next ??= this.parts.clock.after(delayMs, () => {
      this.#next = undefined;
      this.#writing = this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    const [share = 0] = this.#changed;
    this.#changed.delete(share);
    await this.#write(share);
    this.#writing = undefined;
    if (this.#changed.size > 0) this.#soon(this.#failing ? AGAIN_MS : PAUSE_MS);
  }

  /** Logged when writing begins to fail and when it works again. */
  async #write(share: number): Promise<void> {
    const { shared, log } = this.parts;
    try {
      await shared.write(share, this.#shares[share]!);
      if (this.#failing) log.info({}, 'states of calls can be written again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        log.warn(errorFields(error), 'after a crash calls would not resume where they were');
      this.#failing = true;
      this.#changed.add(share);
    }
  }
}
