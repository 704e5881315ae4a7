// Reads a file that another user may have put there: it is opened without blocking, must be a regular file, and has a limit.
// A FIFO would block the reader for ever, /dev/zero would fill its memory.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Opening a FIFO does not wait for its writer; a terminal does not become the controlling one. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const CHUNK = 64 << 10;

/**
 * The bytes of a regular file.
 * @param mostBytes a longer file is refused
 * @throws NodeJS.ErrnoException; code EISDIR for a folder, ENOTREG for what is neither file nor folder, EFBIG
 */
export function readRegularSync(path: string, mostBytes: number): Buffer {
  const fd = openSync(path, FLAGS);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw notRegular(path, stats.isDirectory());
    const pieces: Buffer[] = [];
    // Not by its size: files of /proc have none.
    for (let bytes = 0; ;) {
      const piece = Buffer.allocUnsafe(CHUNK);
      const read = readSync(fd, piece, 0, CHUNK, null);
      if (read === 0) return Buffer.concat(pieces);
      if ((bytes += read) > mostBytes) throw tooLong(path, mostBytes);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

function notRegular(path: string, folder: boolean): Error {
  const [code, what] = folder ? ['EISDIR', 'a folder'] : ['ENOTREG', 'a pipe, a socket or a device'];
  return Object.assign(new Error(`${path} is no file, but ${what}`), { code });
}

function tooLong(path: string, mostBytes: number): Error {
  return Object.assign(new Error(`${path} is longer than ${mostBytes} bytes`), { code: 'EFBIG' });
}
