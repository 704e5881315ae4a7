// KeySigns: makes one press of the begin and the end of a tone.
// Asterisk says both for a telephone, and only the end for a key that came as a message (SIP INFO, PlayDTMF).
import type { AmiEvent } from './events';

export type KeyEvent = Extract<AmiEvent, { type: 'key-down' | 'key-up' }>;

/** An end that comes later belongs to no begin that was seen, milliseconds: nobody holds a key that long. */
const LONGEST_HELD_MS = 60_000;

/** The keys of one call. */
export class KeySigns {
  /** When each key that is down went down, milliseconds. */
  readonly #down = new Map<string, number>();

  /**
   * The digit when this event is the first sign of a press, else undefined. What the call itself sends is no press.
   * @param nowMs monotonic
   */
  read({ type, digit, received }: KeyEvent, nowMs: number): string | undefined {
    const key = digit.toUpperCase();
    if (!received || !/^[0-9A-D*#]$/.test(key)) return undefined;
    if (type === 'key-down') {
      this.#down.set(key, nowMs);
      return key;
    }
    const downAt = this.#down.get(key) ?? -Infinity;
    this.#down.delete(key);
    return nowMs - downAt > LONGEST_HELD_MS ? key : undefined;
  }
}
