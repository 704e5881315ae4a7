// CallFifos: the named pipes between the hub and the readers of its callers, made ahead, since Node cannot make one and
// a caller should not wait for a program that can. For as long as a call has its FIFO, this process can write to it: a
// reader that finds the hub alive never waits for ever, and sees end of file when the hub is gone.
import { closeSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../util/clock';
import { errorFields, HoldcastError } from '../../util/errors';
import { inTime, LATE } from '../../util/inTime';
import type { Logger } from '../../util/log';
import type { Closeable } from '../../util/scope';
import { isPipeName, playFolder, type PlayFolder } from './folder';
import { FifoMaker, isFifo, isUnused, openToWrite, prepareFolder, unusable } from './mkfifo';

export interface FifoParts {
  /** Absolute; nobody else's, on a file system that has FIFOs. */
  folder: string;
  clock: Clock;
  log: Logger;
  /** FIFOs that wait for calls, 1 and more. Default: 256. */
  batch?: number;
}

interface Taken {
  readonly path: string;
  /** Our writing end; undefined: released. */
  fd: number | undefined;
}

interface Waiting {
  readonly promise: Promise<string>;
  readonly resolve: (path: string) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH = 256;
/** A thousand take the shell 0.3 to 0.5 s, and a caller waits no longer than that. */
const MOST_AT_ONCE = 256;
/** How long no other is tried to be made after making them failed. */
const REST_MS = 1000;
/** How long a caller waits for one to be made: he would hear silence. */
const MOST_WAIT_MS = 500;

export class CallFifos implements Closeable {
  readonly #names: PlayFolder;
  readonly #batch: number;
  readonly #spares: string[] = [];
  readonly #taken = new Map<string, Taken>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #maker: FifoMaker;
  #number = 0;
  #filling: Promise<void> | undefined;
  #failure: { error: HoldcastError; atMs: number } | undefined;
  #closed = false;

  constructor(private readonly parts: FifoParts) {
    this.#names = playFolder(parts.folder);
    this.#batch = Math.max(1, parts.batch ?? BATCH);
    this.#maker = new FifoMaker(this.#names.spare(''), parts.clock);
  }

  /**
   * Makes the folder (0700) where there is none, removes an earlier hub's spares and what has the name of a call's FIFO
   * and is none, and fills the pool.
   * @throws HoldcastError HC_HUB_FIFO: the folder cannot be used, is not safe, or another hub plays from it
   */
  async start(): Promise<void> {
    const names = prepareFolder(this.parts.folder);
    const spare = basename(this.#names.spare(''));
    const fifo = basename(this.#names.fifo(''));
    for (const name of names) {
      const path = join(this.parts.folder, name);
      if (name.startsWith(spare) || (name.startsWith(fifo) && !isFifo(path))) this.#remove(path);
    }
    await this.#fill();
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * The FIFO of a call, with our writing end open: the same for as long as it is not forgotten, also one that an
   * earlier hub has left. Synchronous when a spare is there; else one is waited for, 500 ms at most.
   * @throws HoldcastError HC_HUB_FIFO, also as a rejection
   */
  take(token: string): string | Promise<string> {
    if (this.#closed) throw refused('the hub is closing');
    if (!isPipeName(token)) throw refused('this is no token');
    const known = this.#taken.get(token)?.path ?? this.#takeLeft(token);
    if (known !== undefined) return known;
    const spare = this.#spares.pop();
    if (this.#spares.length < this.#batch / 2) void this.#fill();
    return spare === undefined ? this.#wait(token) : this.#give(token, spare);
  }

  /**
   * Closes our writing end of a call's FIFO before it is forgotten. A reader sees end of file then as soon as no mixer
   * has one either; without this call that is so when the FIFO is forgotten, or this process ends. To be called only
   * after `withdraw`: a reader that starts, and finds the hub alive and nobody writing, ends at once, again and again.
   */
  release(token: string): void {
    const taken = this.#taken.get(token);
    if (taken?.fd === undefined) return;
    closeSync(taken.fd);
    taken.fd = undefined;
  }

  /** Opens again what `release` closed; of no effect where nothing was closed. Never throws. */
  hold(token: string): void {
    this.#holdAgain([token]);
  }

  /** As `release`, for all calls. */
  releaseAll(): void {
    for (const token of this.#taken.keys()) this.release(token);
  }

  /** As `hold`, for all calls; to be called before `announce`. */
  holdAll(): void {
    this.#holdAgain(this.#taken.keys());
  }

  /** The call is over: its FIFO goes, and its reader's file. Never throws. */
  forget(token: string): void {
    if (!isPipeName(token)) return;
    this.#waiting.get(token)?.reject(refused('the call is over'));
    this.#waiting.delete(token);
    const path = this.#names.fifo(token);
    const again = this.#taken.has(token) && !this.#closed && this.#spares.length < this.#batch;
    // First the name, then the end: a reader that starts now must find no FIFO that nobody writes to.
    const spare = again ? this.#renamedToSpare(path) : undefined;
    if (spare === undefined) this.#remove(path);
    this.release(token);
    this.#taken.delete(token);
    if (spare !== undefined && isUnused(spare)) this.#spares.push(spare);
    else if (spare !== undefined) this.#remove(spare);
    this.#remove(this.#names.reader(token));
    this.#remove(this.#names.owner(token));
  }

  /** Tokens of which a FIFO or a reader's file is there, and which are not taken. Never throws. */
  left(): string[] {
    const found = new Set<string>();
    const prefixes = [basename(this.#names.fifo('')), basename(this.#names.reader(''))];
    for (const name of namesIn(this.parts.folder))
      for (const prefix of prefixes) if (name.startsWith(prefix)) found.add(name.slice(prefix.length));
    return [...found].filter((token) => isPipeName(token) && !this.#taken.has(token));
  }

  /**
   * Removes what is left of calls that are over, as readers write that start behind a call's end. Never throws.
   * @param isHeld whether a reader of it lives: its files stay
   */
  sweep(isHeld: (token: string) => boolean): void {
    for (const token of this.left()) if (!this.#waiting.has(token) && !isHeld(token)) this.forget(token);
  }

  /**
   * Notes which call hears it, for a hub after this one. A folder that cannot be written costs the call its keys and places
   * after a crash, not its music; that is said where FIFOs are made. Never throws.
   * @param uniqueid undefined: nobody, or not any more
   */
  note(token: string, uniqueid: string | undefined): void {
    const file = this.#names.owner(token);
    try {
      if (uniqueid === undefined) rmSync(file, { force: true });
      else writeFileSync(file, `${uniqueid}\n`, { mode: 0o600 });
    } catch (error) {
      this.parts.log.debug({ file: basename(file), ...errorFields(error) }, 'cannot be noted');
    }
  }

  /** The call that an earlier hub has noted. Never throws. */
  noted(token: string): string | undefined {
    try {
      const file = this.#names.owner(token);
      // A hub that was killed while it wrote has left no end of line.
      return lstatSync(file).isFile() ? /^(.+)\n$/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
    } catch {
      return undefined;
    }
  }

  /** Removes the spares and closes our ends. FIFOs of calls stay for the next hub, unless `all`. Idempotent. */
  async close({ all = false } = {}): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(refused('the hub is closing'));
    this.#waiting.clear();
    this.#maker.close();
    await this.#filling;
    for (const spare of this.#spares.splice(0)) this.#remove(spare);
    for (const token of [...this.#taken.keys()]) {
      if (all) this.forget(token);
      this.release(token);
    }
    this.#taken.clear();
  }

  #takeLeft(token: string): string | undefined {
    const path = this.#names.fifo(token);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    if (!stats.isFIFO()) this.#remove(path);
    return stats.isFIFO() ? this.#hold(token, path) : undefined;
  }

  #give(token: string, spare: string): string {
    const path = this.#names.fifo(token);
    try {
      renameSync(spare, path);
      return this.#hold(token, path);
    } catch (error) {
      this.#remove(spare);
      this.#remove(path);
      throw error instanceof HoldcastError ? error : unusable(this.parts.folder, error);
    }
  }

  #hold(token: string, path: string): string {
    try {
      this.#taken.set(token, { path, fd: openToWrite(path) });
      return path;
    } catch (error) {
      throw unusable(this.parts.folder, error);
    }
  }

  #holdAgain(tokens: Iterable<string>): void {
    let calls = 0;
    let reason: unknown;
    for (const token of tokens) {
      const taken = this.#taken.get(token);
      try {
        if (taken) taken.fd ??= openToWrite(taken.path);
      } catch (error) {
        calls++;
        reason = error;
      }
    }
    if (calls === 0) return;
    const fields = errorFields(unusable(this.parts.folder, reason));
    this.parts.log.error({ calls, ...fields }, 'FIFOs cannot be held');
  }

  #wait(token: string): Promise<string> {
    const known = this.#waiting.get(token);
    if (known) return known.promise;
    if (this.#resting) return Promise.reject(this.#failure!.error);
    let settle: Pick<Waiting, 'resolve' | 'reject'>;
    const made = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
    const promise = this.#inTime(token, made);
    this.#waiting.set(token, { promise, ...settle! });
    void this.#fill();
    return promise;
  }

  /** What is made too late for this call is a spare. */
  async #inTime(token: string, made: Promise<string>): Promise<string> {
    const path = await inTime(this.parts.clock, MOST_WAIT_MS, made);
    if (path !== LATE) return path;
    const known = this.#taken.get(token)?.path; // in the very last moment
    if (known !== undefined) return known;
    this.#waiting.delete(token);
    throw refused(`none was made within ${MOST_WAIT_MS} ms`);
  }

  get #resting(): boolean {
    return this.#failure !== undefined && this.parts.clock.now() - this.#failure.atMs < REST_MS;
  }

  /** Makes as many as are wanted. Never rejects. */
  #fill(): Promise<void> {
    this.#filling ??= this.#resting ? undefined : this.#fillNow().finally(() => (this.#filling = undefined));
    return this.#filling ?? Promise.resolve();
  }

  async #fillNow(): Promise<void> {
    while (!this.#closed && this.#wanted() > 0) {
      const count = Math.min(MOST_AT_ONCE, this.#wanted());
      const first = this.#number + 1;
      const paths = Array.from({ length: count }, () => this.#names.spare(++this.#number));
      try {
        await this.#maker.make(first, this.#number);
      } catch (error) {
        for (const path of paths) this.#remove(path);
        return this.#failed(unusable(this.parts.folder, error));
      }
      this.#mended();
      this.#spares.push(...paths);
      this.#serve();
    }
  }

  #wanted(): number {
    return this.#batch + this.#waiting.size - this.#spares.length;
  }

  #serve(): void {
    for (const [token, { resolve, reject }] of this.#waiting) {
      const spare = this.#spares.pop();
      if (spare === undefined) return;
      this.#waiting.delete(token);
      try {
        resolve(this.#give(token, spare));
      } catch (error) {
        reject(error);
      }
    }
  }

  #failed(error: HoldcastError): void {
    if (!this.#failure) this.parts.log.error(errorFields(error), 'no FIFOs for new callers');
    this.#failure = { error, atMs: this.parts.clock.now() };
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #mended(): void {
    if (this.#failure) this.parts.log.info({}, 'FIFOs for new callers again');
    this.#failure = undefined;
  }

  #renamedToSpare(path: string): string | undefined {
    const spare = this.#names.spare(++this.#number);
    try {
      renameSync(path, spare);
      return spare;
    } catch {
      return undefined;
    }
  }

  #remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      this.parts.log.warn({ file: basename(path), ...errorFields(error) }, 'file cannot be removed');
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function refused(why: string): HoldcastError {
  return new HoldcastError('HC_HUB_FIFO', `no FIFO for this call: ${why}`);
}
