// Readers: the reader processes of all callers, as the hub's main thread has them: those that announce themselves, those that an
// earlier hub has left, and whether they wait for this hub or play fallback music.
import { Arrivals, Life } from '../pipe/arrivals';
import { endEarlierReaders } from '../pipe/earlierReaders';
import { preparePipeFolder } from '../pipe/folder';
import { endReader, isReachable, readerAt, readersOf, type FoundReader } from '../pipe/readerProcess';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import { hasLibc } from '../util/libc';
import { startTicks } from '../util/processStart';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { LogThrottle } from '../util/logThrottle';

export interface ReadersParts {
  /** Absolute. */
  folder: string;
  onReader(reader: FoundReader): void;
  clock: Clock;
  log: Logger;
}

/** Shortest interval between two logs of lines that no reader has written, milliseconds. */
const SAY_MS = 60_000;
/** One that has announced itself is looked at so often, with such pauses, milliseconds. */
const LOOKS = 4;
const LOOK_MS = 5;
/** The second look at all that there are, milliseconds after the first. */
const LOOK_AROUND_MS = 1000;
const STRANGE_HINT =
  'none is needed if it has ended already; otherwise run Asterisk and the hub as one user with one /proc (containers: one pid namespace)';
const UNREACHABLE_HINT =
  'run Asterisk without capabilities that the hub lacks (AmbientCapabilities=), and started as the same user';
const CLOCK_HINT = 'install koffi for this platform: npm ci in the folder of Holdcast';

/**
 * `closed` → `deaf` by `open`: the folder is this hub's, and readers play fallback music; `deaf` → `playing` by `takeUp` or `wait`: readers
 * wait, and each is told; `playing` → `deaf` by `release`, or where their pipes cannot be opened. All → `closed` by `close`.
 */
type State = 'closed' | 'deaf' | 'playing';

export class Readers implements Closeable {
  readonly #life: Life;
  readonly #seldom: LogThrottle;
  #arrivals: Arrivals | undefined;
  #state: State = 'closed';
  #isTakenUp = false;
  #isUnreachable = false;

  constructor(private readonly parts: ReadersParts) {
    this.#life = new Life(parts.folder);
    this.#seldom = new LogThrottle(parts.clock, SAY_MS);
  }

  /** @throws HoldcastError HC_HUB_FIFO: the folder cannot be used, is not safe, or another hub plays from it */
  open(): void {
    const { folder, log } = this.parts;
    preparePipeFolder(folder);
    if (!hasLibc()) log.warn({ hint: CLOCK_HINT }, 'pipes cannot be measured; pacing calls by the clock');
    this.#arrivals = new Arrivals({
      folder,
      // What is announced before readers are taken up is found then.
      onArrival: (pid, token) => this.#isTakenUp && this.#announced(pid, token),
      onStrange: () => this.#strangeLine(),
    });
    this.#state = 'deaf';
  }

  tokens(): string[] {
    return readersOf(this.parts.folder).map(({ token }) => token);
  }

  /** All readers wait from now on, and are told; those of another version or another folder are started anew. */
  takeUp(): void {
    const { folder, log } = this.parts;
    this.wait();
    this.#isTakenUp = true;
    this.#lookAround();
    // One that was becoming a `cat` just now has said nothing of itself.
    this.parts.clock.after(LOOK_AROUND_MS, () => this.#state !== 'closed' && this.#lookAround());
    const ended = endEarlierReaders(folder);
    if (ended > 0) log.info({ readers: ended }, 'readers of an earlier version restarted');
  }

  #lookAround(): void {
    for (const reader of readersOf(this.parts.folder))
      if (reader.deaf) endReader(reader);
      else this.parts.onReader(reader);
  }

  /** They wait for what the hub plays. May be called again. */
  wait(): void {
    if (this.#state === 'closed') return;
    try {
      this.#life.hold();
      this.#state = 'playing';
    } catch (error) {
      this.parts.log.error(errorFields(error), 'readers cannot be told that the hub is here');
    }
  }

  /** They play fallback music until they are to wait again. May be called again. */
  release(): void {
    this.#life.close();
    if (this.#state === 'playing') this.#state = 'deaf';
  }

  /** As `release`, for good; nobody is heard any more. May be called again. */
  close(): void {
    this.release();
    this.#arrivals?.close();
    this.#state = 'closed';
  }

  /**
   * A line is only a hint: the process says whose reader it is. In the moment in which the script becomes a `cat`, it says nothing:
   * it is looked at again.
   */
  #announced(pid: number, token: string, looks = LOOKS): void {
    const reader = readerAt(pid, this.parts.folder);
    const isOne = reader?.token === token;
    if (isOne && isReachable(reader)) return this.#came(reader);
    if (looks > 1 && startTicks(pid) !== undefined)
      this.parts.clock.after(
        LOOK_MS,
        () => this.#state !== 'closed' && this.#announced(pid, token, looks - 1),
      );
    else if (isOne) this.#unreachable(pid);
    else this.#strangeLine();
  }

  #came(reader: FoundReader): void {
    if (this.#isUnreachable) this.wait();
    this.#isUnreachable = false;
    this.parts.onReader(reader);
  }

  /** It would wait for what this hub cannot write: better that all hear fallback music, until one can be reached. */
  #unreachable(pid: number): void {
    this.release();
    this.#isUnreachable = true;
    this.#seldom.say((times) =>
      this.parts.log.error(
        { code: 'HC_HUB_FIFO', pid, times, hint: UNREACHABLE_HINT },
        'the pipes of readers cannot be opened; callers hear fallback music',
      ),
    );
  }

  #strangeLine(): void {
    this.#seldom.say((times) =>
      this.parts.log.warn({ times, hint: STRANGE_HINT }, 'announced, but not a reader of this hub'),
    );
  }
}
