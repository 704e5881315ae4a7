// Scope: the owner closes what it opened, last in, first out, once, and awaited.
// Nothing opened in a Scope outlives it, even if opening the next resource throws.
import { messageOf } from './errors';

export interface Closeable {
  close(): void | Promise<void>;
}

export class Scope implements Closeable {
  readonly #owned: Closeable[] = [];
  #closed: Promise<void> | undefined;
  #over = false;

  /** Closes `resource` when the scope closes, at once if it is closed already. @returns the resource */
  own<T extends Closeable>(resource: T): T {
    if (this.#over) void resource.close();
    else this.#owned.push(resource);
    return resource;
  }

  defer(close: () => void | Promise<void>): void {
    this.own({ close });
  }

  /** Closes everything, newest first. A failure does not keep the others open; all failures are thrown together. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let resource = this.#owned.pop(); resource; resource = this.#owned.pop()) {
      try {
        await resource.close();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#over = true;
    if (failures.length > 0) throw new AggregateError(failures, failures.map(messageOf).join('; '));
  }
}
