// Notices a peer that is gone without a word: a half-open connection looks like a quiet one until it is asked.
// Every byte counts as a sign of life, so a busy connection is never asked.
import type { Cancel, Clock } from '../util/clock';

export interface WatchdogParts {
  clock: Clock;
  /** After this silence the peer is asked; after as much again it is dead. Milliseconds. */
  silenceMs: number;
  ask: () => void;
  /** Called once, after which nothing is called. */
  dead: () => void;
}

export class Watchdog {
  #heardAt: number;
  #askedAt: number | undefined;
  #cancel: Cancel;

  constructor(private readonly parts: WatchdogParts) {
    this.#heardAt = parts.clock.now();
    this.#cancel = this.#wait(parts.silenceMs);
  }

  heard(): void {
    this.#heardAt = this.parts.clock.now();
    this.#askedAt = undefined;
  }

  stop(): void {
    this.#cancel();
  }

  #wait(ms: number): Cancel {
    const due = this.parts.clock.now() + ms;
    return this.parts.clock.after(ms, () => this.#look(due));
  }

  #look(due: number): void {
    const { clock, silenceMs, ask, dead } = this.parts;
    const now = clock.now();
    // A process that was itself held up has not read what came meanwhile: it asks (again) before it judges.
    const late = now - due > silenceMs / 2;
    if (this.#askedAt !== undefined && !late && now - this.#askedAt >= silenceMs) return dead();
    const quietMs = now - this.#heardAt;
    if (quietMs < silenceMs) {
      this.#cancel = this.#wait(silenceMs - quietMs);
      return;
    }
    this.#askedAt = now;
    this.#cancel = this.#wait(silenceMs);
    ask();
  }
}
