// CallStateCache: the last known state of every call that the hub plays to, written behind it. After a crash the next hub,
// or a stream, continues from there; a full disk costs that memory, not the music.
import { stateIn, type SharedStateFile } from '../store/sharedStateFile';
import type { StateFile } from '../store/stateFile';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

export interface SnapshotParts {
  shared: Pick<SharedStateFile, 'read' | 'write'>;
  /** What streams have left. */
  states: Pick<StateFile, 'read' | 'forget'>;
  clock: Clock;
  log: Logger;
}

/** A change is written after this time, with all that come meanwhile … */
const SOON_MS = 50;
/** … but the file not more often than this: with 2,000 callers it has 600 kB. */
const PAUSE_MS = 500;
/** Of a call that may be talking with an agent, where Asterisk cannot be asked, milliseconds. */
export const AWAY_MS = 4 * 3_600_000;
const AGAIN_MS = 1000;

export class CallStateCache implements Closeable {
  /** As JSON, by Uniqueid. */
  readonly #states = new Map<string, string>();
  /** The file is not as it should be. */
  #isChanged = false;
  /** When it was written last, on the clock. */
  #writtenAt = -Infinity;
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
    for (const [uniqueid, state] of this.parts.shared.read()) {
      this.#states.set(uniqueid, state);
      this.#inherited.add(uniqueid);
    }
  }

  /**
   * Where a call continues, from any process; undefined: nothing readable is known. A stream's state is
   * newer, see `keep`.
   */
  read(uniqueid: string): unknown {
    return this.parts.states.read(uniqueid) ?? stateIn(this.#states.get(uniqueid));
  }

  /** To be written within a second; a stream's file of this call goes. @param state as JSON */
  keep(uniqueid: string, state: string): void {
    if (!this.#states.has(uniqueid) || this.#inherited.delete(uniqueid)) this.parts.states.forget(uniqueid);
    this.#states.set(uniqueid, state);
    this.#change();
  }

  /** The call is over: nothing of it is kept. */
  forget(uniqueid: string): void {
    this.#inherited.delete(uniqueid);
    if (this.#states.delete(uniqueid)) this.#change();
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
    if (this.#isChanged) await this.#write();
  }

  #change(): void {
    this.#isChanged = true;
    if (this.#closed || this.#writing) return;
    const { clock } = this.parts;
    const pauseMs = this.#failing ? AGAIN_MS : PAUSE_MS;
    const delayMs = Math.max(SOON_MS, this.#writtenAt + pauseMs - clock.now());
    this.#next ??= clock.after(delayMs, () => {
      this.#next = undefined;
      this.#writing = this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    await this.#write();
    this.#writing = undefined;
    if (this.#isChanged) this.#change();
  }

  /** Logged when writing begins to fail and when it works again. */
  async #write(): Promise<void> {
    const { shared, log, clock } = this.parts;
    this.#isChanged = false;
    this.#writtenAt = clock.now();
    try {
      await shared.write(this.#states);
      if (this.#failing) log.info({}, 'states of calls can be written again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        log.warn(errorFields(error), 'after a crash calls would not resume where they were');
      this.#failing = this.#isChanged = true;
    }
  }
}
