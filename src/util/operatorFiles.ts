// Reads files and folders of an operator, or of any user who may write there: their names are never trusted.
// Only regular files inside their folder, up to a size; and a drive that does not answer blocks no caller.
import { constants, promises, type Dirent, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { systemClock, type Clock } from './clock';
import { errnoOf, HoldcastError } from './errors';
import { inTime, LATE } from './inTime';

/** A step of the file system that takes longer is abandoned, milliseconds: a drive that sleeps is asked again later. */
const LIMIT_MS = 3000;
/** Abandoned steps that still wait. Node has four threads for all files, names and zlib: one stays free. */
const MOST_STUCK = 3;
const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW, O_NOCTTY } = constants;
/** When the process ends, a running step has this long, milliseconds. */
const ENDING_MS = 200;
const PIECE_BYTES = 256 * 1024;

/** Work on a folder and its files: one step at a time, each with a limit. */
export class PatientFolders {
  /** By folder: the last step requested. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #stuck = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly clock: Clock = systemClock({ ref: false }),
    private readonly limitMs = LIMIT_MS,
  ) {}

  /** Whether a step that runs now still runs after `ms`, milliseconds. */
  async hangsFor(ms: number): Promise<boolean> {
    const now = [...this.#underWay];
    if (now.length === 0) return false;
    await inTime(this.clock, ms, Promise.allSettled(now));
    return now.some((step) => this.#underWay.has(step));
  }

  /**
   * Takes a step after those before it in this folder.
   * @param late receives the result of an abandoned step: a handle must be closed
   * @throws what `step` throws; HoldcastError HC_FILE_SLOW when it takes too long, or one in this folder still waits
   */
  async step<T>(folder: string, step: () => Promise<T>, late?: (brought: T) => unknown): Promise<T> {
    const before = this.#last.get(folder);
    const mine = (async () => {
      await before?.catch(() => {});
      if (this.#stuck.has(folder) || this.#stuck.size >= MOST_STUCK) throw slow(folder);
      return this.#limited(folder, step, late);
    })();
    this.#last.set(folder, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(folder) === mine) this.#last.delete(folder);
    }
  }

  async #limited<T>(folder: string, step: () => Promise<T>, late?: (brought: T) => unknown): Promise<T> {
    const taken = step();
    this.#underWay.add(taken);
    const answered = (): void => void this.#underWay.delete(taken);
    taken.then(answered, answered);
    const brought = await inTime(this.clock, this.limitMs, taken);
    if (brought !== LATE) return brought;
    this.#stuck.add(folder);
    const over = (): void => void this.#stuck.delete(folder);
    taken.then((tooLate) => (over(), late?.(tooLate)), over);
    throw slow(folder);
  }
}

/** One for the process, since its threads are shared. */
export const patience = new PatientFolders();

/**
 * Ends the process. Node waits for its threads, so if a drive does not answer, the process ends by a signal, which systemd counts as a
 * normal end.
 */
export async function endProcess(exit: () => void = () => process.exit()): Promise<void> {
  if (!(await patience.hangsFor(ENDING_MS))) return exit();
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}

/** Identifies a file and its content: if any field differs, so does one of them. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  /** Of the last change of content or rights, which no program can set. */
  readonly ctimeMs: number;
  readonly inode: number;
}

/** Same file, same bytes: a program may set size and time as they were, but not the time of that change. */
export function isSameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (!a || !b) return false;
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.inode === b.inode;
}

/** An open file that has passed all checks. Closed by the caller. */
export class OperatorFile {
  /**
   * @param real its path without links
   * @param stamp at the time of opening
   */
  constructor(
    private readonly handle: promises.FileHandle,
    readonly real: string,
    readonly stamp: FileStamp,
    private readonly folder: string,
  ) {}

  get fd(): number {
    return this.handle.fd;
  }

  /** Up to `length` bytes from `position` on. @throws HoldcastError HC_FILE_SLOW; what the file system throws */
  async read(length: number, position: number): Promise<Buffer> {
    // New memory each time: a late read must not overwrite memory that is used again.
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await patience.step(this.folder, () =>
      this.handle.read(bytes, 0, length, position),
    );
    return bytes.subarray(0, bytesRead);
  }

  /** Time of its last change. @throws as `read` */
  async mtimeMs(): Promise<number> {
    return (await patience.step(this.folder, () => this.handle.stat())).mtimeMs;
  }

  /** All of it, piece by piece; no more than its size at opening. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.stamp.size;) {
      const piece = await this.read(Math.min(PIECE_BYTES, this.stamp.size - at), at);
      if (piece.length === 0) return;
      at += piece.length;
      yield piece;
    }
  }

  async close(): Promise<void> {
    // If the drive hangs, it is closed later; nobody waits for that.
    await patience.step(this.folder, () => this.handle.close()).catch(() => {});
  }
}

/**
 * The entries of a folder.
 * @throws HoldcastError HC_FILE_SLOW, HC_FILE_REFUSED when it leads out of `root`; what the file system throws
 */
export function listInside(root: string, path: string): Promise<Dirent[]> {
  return patience.step(root, async () => {
    await realInside(root, path);
    return promises.readdir(path, { withFileTypes: true });
  });
}

/**
 * The stamp of a file, without opening it.
 * @param path of a regular file, or of a link to one, in a folder that `listInside` has listed
 * @throws HoldcastError HC_FILE_SLOW, HC_FILE_REFUSED; what the file system throws
 */
export async function lookInside(root: string, path: string): Promise<FileStamp> {
  return (await patience.step(root, () => fileAt(root, path))).stamp;
}

/**
 * As `lookInside` at several files, one after the other and together one step: a few for whom one limit is enough.
 * @throws HoldcastError HC_FILE_SLOW; what is wrong with one of them is its result
 */
export function lookAtAll(
  root: string,
  paths: readonly string[],
): Promise<PromiseSettledResult<FileStamp>[]> {
  return patience.step(root, async () => {
    const found: PromiseSettledResult<FileStamp>[] = [];
    const stampAt = async (path: string): Promise<FileStamp> => (await fileAt(root, path)).stamp;
    for (const path of paths) found.push(...(await Promise.allSettled([stampAt(path)])));
    return found;
  });
}

/** Whether an entry of this name exists, even a dangling link or one that is not accessible. Never throws. */
export function isThere(root: string, path: string): Promise<boolean> {
  return patience
    .step(root, () => promises.lstat(path))
    .then(
      () => true,
      (error: unknown) => !isAbsent(error),
    );
}

/**
 * Opens a file for reading; if it is swapped in the same moment, it is not opened, or closed unread.
 * @throws HoldcastError HC_FILE_SLOW, HC_FILE_REFUSED; what the file system throws
 */
export function openInside(root: string, path: string, mostBytes: number): Promise<OperatorFile> {
  return patience.step(
    root,
    () => open(root, path, mostBytes),
    (file) => file.close(),
  );
}

/** The content of a small file. @throws as `openInside` */
export async function readInside(root: string, path: string, mostBytes: number): Promise<Buffer> {
  const file = await openInside(root, path, mostBytes);
  try {
    const pieces: Buffer[] = [];
    for await (const piece of file.pieces()) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    await file.close();
  }
}

/** The regular file at a path, or to which a link there leads. */
async function fileAt(root: string, path: string): Promise<{ target: string; stamp: FileStamp }> {
  const stats = await promises.lstat(path);
  if (!stats.isSymbolicLink()) return { target: path, stamp: stampOf(stats) };
  const target = await realInside(root, path);
  return { target, stamp: stampOf(await promises.lstat(target)) };
}

async function open(root: string, path: string, mostBytes: number): Promise<OperatorFile> {
  // Opening a device can have effects, so a known device is not opened.
  const { target } = await fileAt(root, path);
  const handle = await promises.open(target, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
  try {
    const stamp = stampOf(await handle.stat());
    if (stamp.size > mostBytes)
      throw refused(`it is larger than ${sizeText(mostBytes)}`, 'Is it the right file?');
    const real = await realOf(handle, target);
    if (!isBelow(await promises.realpath(root), real)) throw leadsOut();
    return new OperatorFile(handle, real, stamp, root);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The real path of an open file: a folder above it may be a link, or have become one since the check. */
function realOf({ fd }: promises.FileHandle, path: string): Promise<string> {
  return promises.readlink(`/proc/self/fd/${fd}`).catch(() => promises.realpath(path));
}

async function realInside(root: string, path: string): Promise<string> {
  const [inside, real] = [await promises.realpath(root), await promises.realpath(path)];
  if (!isBelow(inside, real)) throw leadsOut();
  return real;
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function stampOf(stats: Stats): FileStamp {
  if (!stats.isFile()) throw refused('it is no regular file', 'Put the file itself there.');
  const { size, mtimeMs, ctimeMs, ino: inode } = stats;
  return { size, mtimeMs, ctimeMs, inode };
}

function leadsOut(): HoldcastError {
  return refused('it is a link that leads out of its folder', 'Copy the file itself there.');
}

function refused(message: string, hint: string): HoldcastError {
  return new HoldcastError('HC_FILE_REFUSED', message, hint);
}

function slow(folder: string): HoldcastError {
  const text = `${folder} does not answer`;
  return new HoldcastError(
    'HC_FILE_SLOW',
    text,
    'Is it on a network drive that is away? It is looked at again.',
  );
}

function sizeText(bytes: number): string {
  const units: readonly [number, string][] = [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ];
  const [size, unit] = units.find(([least]) => bytes >= least) ?? [1, 'bytes'];
  return `${Math.round(bytes / size)} ${unit}`;
}

/** Whether a path does not exist; any other error deserves a message. */
export function isAbsent(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
