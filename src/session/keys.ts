// KeyPad: which presses count. Each key has its own hold-off, so that mashing does no harm, also across a restart.
import type { Clock } from '../util/clock';
import type { KeyBinding } from './actions';

export type KeyBindings = Readonly<Record<string, KeyBinding>>;
export type KeyTimes = Readonly<Record<string, number>>;

export class KeyPad {
  /** When a press counted last, by the monotonic clock. */
  readonly #pressedAt = new Map<string, number>();

  /** @param pressed presses of this call that another process has taken */
  constructor(
    private readonly keys: KeyBindings,
    private readonly clock: Clock,
    pressed: KeyTimes = {},
  ) {
    const [now, wall] = [clock.now(), clock.wall()];
    for (const [digit, wallMs] of Object.entries(pressed))
      if (this.binding(digit)) this.#pressedAt.set(digit, now - Math.max(0, wall - wallMs));
  }

  binding(digit: string): KeyBinding | undefined {
    return Object.hasOwn(this.keys, digit) ? this.keys[digit] : undefined;
  }

  /** Whether a press counts now; one that does begins the key's hold-off. */
  take(digit: string): boolean {
    const binding = this.binding(digit);
    const last = this.#pressedAt.get(digit) ?? -Infinity;
    if (!binding || this.clock.now() - last < binding.holdOffMs) return false;
    this.#pressedAt.set(digit, this.clock.now());
    return true;
  }

  /** A press that came to nothing: the key's hold-off is over. */
  release(digit: string): void {
    this.#pressedAt.delete(digit);
  }

  /**
   * The presses that were taken at least `agoMs` ago: of a later one the caller has not heard anything yet.
   * @param isPending a key whose answer nobody will give after this process
   */
  timesAt(agoMs: number, isPending: (binding: KeyBinding) => boolean = () => false): KeyTimes {
    const [now, wall] = [this.clock.now(), this.clock.wall()];
    const times = [...this.#pressedAt].filter(
      ([digit, at]) => now - at >= agoMs && !isPending(this.binding(digit)!),
    );
    return Object.fromEntries(times.map(([digit, at]) => [digit, wall - (now - at)]));
  }
}
