// Small files and links of the kernel and the system, read synchronously. If one is missing or this user may not read it, the answer is
// undefined.
import { readFileSync, readlinkSync } from 'node:fs';

/** The text of a file. Never throws. */
export function textIfReadable(file: string, encoding: BufferEncoding = 'utf8'): string | undefined {
  try {
    return readFileSync(file, encoding);
  } catch {
    return undefined;
  }
}

/** Where a link leads. Never throws. */
export function targetIfReadable(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
