// Outage: what the log says of a store that is away, slow or refuses: once when it begins, once when it is over.
// Between the two there may be thousands of attempts, none of which is worth a line. What is dropped is counted.
import type { Clock } from '../util/clock';
import { errnoOf, errorFields } from '../util/errors';
import type { LogFields, Logger } from '../util/log';
import type { StoreEntry } from './store';

export interface OutageParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** Told of each entry that will never be in the store. */
  readonly onDropped?: ((type: StoreEntry['type']) => void) | undefined;
}

/** What is dropped is said once in this time. */
const TELL_MS = 3_600_000;
const HINT = 'repair the store; refused choices are in refused.jsonl in the folder store.spool';

export class Outage {
  #lasts = false;
  #late = 0;
  #dropped = 0;
  #toldAt = -Infinity;

  constructor(private readonly parts: OutageParts) {}

  /** The store does not do what it is for. */
  begin(error: unknown): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.#late = this.#dropped = 0;
    this.parts.log.warn(troubleFields(error), 'the store does not work; calls continue without it');
  }

  /** So many entries are in the store. */
  wrote(entries: number): void {
    this.#late += entries;
  }

  /** There is no room for these, the store refuses them, or the process ends. @param error of the store */
  dropped(entries: readonly Pick<StoreEntry, 'type'>[], error?: unknown): void {
    if (entries.length === 0) return;
    const { log, clock, onDropped } = this.parts;
    this.#dropped += entries.length;
    for (const { type } of entries) onDropped?.(type);
    if (clock.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.now();
    const why = error === undefined ? {} : troubleFields(error);
    log.error({ hint: HINT, ...why, entries: entries.length }, 'store: entries are dropped');
  }

  /** It does again, and nothing waits. */
  over(): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    this.parts.log.info({ writtenLate: this.#late, dropped: this.#dropped }, 'the store works again');
  }
}

/** What may be logged of an error: words that are not ours may hold what was to be written. */
export function troubleFields(error: unknown): LogFields {
  const code = errnoOf(error);
  if (code?.startsWith('HC_')) return errorFields(error);
  return { error: code ?? (error instanceof Error ? error.name : typeof error) };
}
