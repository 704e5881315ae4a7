// Outbox: what the store does not have yet, in memory. Of each caller's choices only the latest.
// Bounded: choices by callers, the journal (what was heard, keys) by entries; beyond that the oldest is dropped.
import { latestBelieved } from './rows';
import type { Phone, StoreEntry } from './store';

export type Choice = StoreEntry & { readonly type: 'choice' };

export interface OutboxParts {
  /** Callers whose choice may wait, and entries of the journal that may. */
  readonly most: { readonly choices: number; readonly journal: number };
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly onDropped: (entry: StoreEntry) => void;
}

export class Outbox {
  /** The oldest first, as in the journal. */
  readonly #choices = new Map<Phone, Choice>();
  readonly #journal = new Set<StoreEntry>();

  constructor(private readonly parts: OutboxParts) {}

  get size(): number {
    return this.#choices.size + this.#journal.size;
  }

  get choices(): readonly Choice[] {
    return [...this.#choices.values()];
  }

  get journal(): readonly StoreEntry[] {
    return [...this.#journal];
  }

  /** The track of this caller's latest choice; undefined: none waits. */
  choice(phone: Phone): string | undefined {
    return this.#choices.get(phone)?.track;
  }

  /** Never throws. A choice is ignored where a newer one of the same caller waits. */
  add(entry: StoreEntry): void {
    if (entry.type === 'choice') this.#addChoice(entry);
    else this.#journal.add(entry);
    const { most } = this.parts;
    const [choice] = this.#choices.size > most.choices ? this.#choices.values() : [];
    const [heard] = this.#journal.size > most.journal ? this.#journal : [];
    for (const oldest of [choice, heard]) {
      if (!oldest) continue;
      this.settled([oldest]);
      this.parts.onDropped(oldest);
    }
  }

  /** The oldest of both sorts, at most `count`; they stay until they are settled. */
  first(count: number): StoreEntry[] {
    const choices = this.choices.slice(0, Math.max(count >> 1, count - this.#journal.size));
    return [...choices, ...this.journal.slice(0, count - choices.length)];
  }

  /** The store has these, or will never have them. */
  settled(entries: readonly StoreEntry[]): void {
    for (const entry of entries) this.#delete(entry);
  }

  /** Others have their turn before these. */
  toBack(entries: readonly StoreEntry[]): void {
    for (const entry of entries) if (this.#delete(entry)) this.add(entry);
  }

  #addChoice(choice: Choice): void {
    const known = this.#choices.get(choice.phone);
    const isBelieved = known && known.wallMs <= latestBelieved(this.parts.wall());
    if (isBelieved && known.wallMs > choice.wallMs) return;
    this.#choices.delete(choice.phone);
    this.#choices.set(choice.phone, choice);
  }

  #delete(entry: StoreEntry): boolean {
    if (entry.type !== 'choice') return this.#journal.delete(entry);
    return this.#choices.get(entry.phone) === entry && this.#choices.delete(entry.phone);
  }
}
