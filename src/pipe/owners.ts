// Owners: which call hears each token, in a small file each, for a hub after this one. Without it a hub that is started again
// would know readers, and not whose they are.
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { isPipeToken, pipeFolder, type PipeFolder } from './folder';

export class Owners {
  readonly #names: PipeFolder;

  /** @param folder absolute */
  constructor(
    folder: string,
    private readonly log: Logger,
  ) {
    this.#names = pipeFolder(folder);
  }

  /**
   * A folder that cannot be written costs the call its keys and places after a crash, not its music. Never throws.
   * @param uniqueid undefined: nobody, or not any more
   */
  note(token: string, uniqueid: string | undefined): void {
    const file = this.#names.owner(token);
    try {
      if (uniqueid === undefined) rmSync(file, { force: true });
      else writeFileSync(file, `${uniqueid}\n`, { mode: 0o600 });
    } catch (error) {
      this.log.debug({ file: basename(file), ...errorFields(error) }, 'cannot be noted');
    }
  }

  /** The call that was noted. Never throws. */
  of(token: string): string | undefined {
    try {
      const file = this.#names.owner(token);
      // A hub that was killed while it wrote has left no end of line.
      return lstatSync(file).isFile() ? /^(.+)\n$/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
    } catch {
      return undefined;
    }
  }

  /** Tokens of which an owner was noted. Never throws. */
  tokens(): string[] {
    const prefix = basename(this.#names.owner(''));
    try {
      return readdirSync(this.#names.folder)
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .filter(isPipeToken);
    } catch {
      return [];
    }
  }
}
