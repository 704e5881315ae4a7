// Outage: what the log says of a store that is away, slow or refuses: once when it begins, once when it is over.
// Between the two there may be thousands of attempts, none of which is worth a line.
import { errnoOf, errorFields } from '../util/errors';
import type { LogFields, Logger } from '../util/log';

export class Outage {
  #lasts = false;
  #late = 0;
  #lost = 0;

  /** @param onBegin told of each, once */
  constructor(
    private readonly log: Logger,
    private readonly onBegin: () => void,
  ) {}

  get lasts(): boolean {
    return this.#lasts;
  }

  /** The store does not do what it is for. */
  begin(error: unknown): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.log.warn(troubleFields(error), 'store does not work; calls go on without it');
    this.onBegin();
  }

  /** So many entries are in the store. */
  wrote(entries: number): void {
    if (this.#lasts) this.#late += entries;
  }

  /** So many entries had no room anywhere. */
  lost(entries: number, error: unknown): void {
    if (this.#lost === 0) {
      const hint = 'make room on the disk of the spool, or let this user write there, and mend the store';
      this.log.error({ ...troubleFields(error), hint }, 'store: what cannot be kept is lost');
    }
    this.#lost += entries;
  }

  /** It does again, and nothing waits. */
  over(): void {
    if (this.#lasts || this.#lost > 0)
      this.log.info({ writtenLate: this.#late, lost: this.#lost }, 'store works again');
    this.#lasts = false;
    this.#late = this.#lost = 0;
  }
}

/** What may be logged of an error: words that are not ours may hold what was to be written. */
export function troubleFields(error: unknown): LogFields {
  const code = errnoOf(error);
  if (code?.startsWith('HC_')) return errorFields(error);
  return { error: code ?? (error instanceof Error ? error.name : typeof error) };
}
