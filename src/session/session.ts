// Session: turns what happens to one call (a key, a new position) into calls on its Program.
// It is the same object in a process of its own, in the hub and offline; it knows time only through its clock.
import type { Clip } from '../audio/source';
import type { AnnouncementKind } from '../program/announcement';
import type { Program } from '../program/program';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { BuiltinAction, KeyBinding } from './actions';

/** One channel's call as the host knows it; only what was certain is set. */
export interface Call {
  readonly uniqueid?: string | undefined;
  readonly channel?: string | undefined;
  readonly phone?: string | undefined;
  readonly queue?: string | undefined;
  readonly language: string;
}

export interface SessionParts {
  call: Call;
  program: Program;
  keys: Readonly<Record<string, KeyBinding>>;
  /** A recorded prompt in the caller's language by name ("position-3"); undefined when there is none. */
  prompt(name: string): Clip | undefined;
  clock: Clock;
  log: Logger;
}

export class Session {
  readonly #pressedAt = new Map<string, number>();
  readonly #actions: Record<BuiltinAction, () => void> = {
    nextTrack: () => this.parts.program.nextTrack(),
    quiet: () => (this.parts.program.quiet = !this.parts.program.quiet),
    sayPosition: () => this.#sayPosition('answer'),
  };
  #position: number | undefined;

  constructor(private readonly parts: SessionParts) {}

  /** A key press; unbound keys and presses within a key's hold-off do nothing. */
  press(digit: string): void {
    const { keys, clock, log } = this.parts;
    const binding = Object.hasOwn(keys, digit) ? keys[digit] : undefined;
    const last = this.#pressedAt.get(digit) ?? -Infinity;
    if (!binding || clock.now() - last < binding.holdOffMs) return;
    this.#pressedAt.set(digit, clock.now());
    log.info({ action: binding.action }, 'key');
    this.#actions[binding.action]();
  }

  /** The caller's place in the queue, 1 and more; it is said when it improves. */
  moveTo(position: number): void {
    const before = this.#position;
    this.#position = position;
    if (before === undefined || position < before) this.#sayPosition('position');
  }

  #sayPosition(kind: AnnouncementKind): void {
    const clip = this.#position === undefined ? undefined : this.parts.prompt(`position-${this.#position}`);
    if (!clip) {
      this.parts.log.warn({ position: this.#position }, 'no prompt for this position');
      return;
    }
    this.parts.program.say({ kind, title: clip.title, clips: [clip], again: kind === 'position' });
  }
}
