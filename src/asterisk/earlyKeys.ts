// Keys that are pressed while nobody follows the call yet: its stream takes a moment before it asks who it is, and again
// after each respawn. The last press of that moment is kept for it.
import type { Clock } from '../util/clock';
import type { KeyEvent } from './keys';

/** A stream that begins in a crowd asks after four and a half seconds at the latest; who hears nothing for longer gives up. */
const KEPT_MS = 5000;
const MOST_CALLS = 1000;

export class EarlyKeys {
  /** The latest press stands last. */
  readonly #pressed = new Map<string, { event: KeyEvent; atMs: number }>();

  constructor(private readonly clock: Clock) {}

  keep(event: KeyEvent): void {
    // The end of a press counts where nothing was told of its beginning.
    if (!event.received || (event.type === 'key-up' && this.#pressed.has(event.uniqueid))) return;
    this.#pressed.delete(event.uniqueid);
    this.#pressed.set(event.uniqueid, { event, atMs: this.clock.now() });
    for (const [oldest] of this.#pressed) {
      if (this.#pressed.size <= MOST_CALLS) break;
      this.#pressed.delete(oldest);
    }
  }

  /** The press of this call, unless it is too old; forgotten then. */
  take(uniqueid: string): KeyEvent | undefined {
    const kept = this.#pressed.get(uniqueid);
    this.#pressed.delete(uniqueid);
    return kept && this.clock.now() - kept.atMs <= KEPT_MS ? kept.event : undefined;
  }
}
