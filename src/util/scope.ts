// Scope: the owner closes what it opened, last in, first out, once, and awaited.
// Whatever is opened in a Scope cannot outlive it, also when opening the next thing throws.
import { messageOf } from './errors';

export interface Closeable {
  close(): void | Promise<void>;
}

export class Scope implements Closeable {
  readonly #owned: Closeable[] = [];
  #closed: Promise<void> | undefined;
  #over = false;

  /** Takes over closing `resource`; returns it. When the scope is closed already, that is at once. */
  own<T extends Closeable>(resource: T): T {
    if (this.#over) void resource.close();
    else this.#owned.push(resource);
    return resource;
  }

  /** Runs `close` when the scope closes. */
  defer(close: () => void | Promise<void>): void {
    this.own({ close });
  }

  /** Closes everything, newest first. One that fails does not keep the others open; all failures are thrown together. */
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
