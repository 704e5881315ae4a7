// Choice: the music that a caller chose. A track that they asked for with a key is remembered once they have listened to it, and
// plays at the beginning of their next call.
import type { Program } from '../program/program';
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Call } from './knownCall';
import type { CallServices } from './callServices';
import type { Journal } from './journal';

export interface ChoiceParts {
  program: Program;
  journal: Journal;
  services(): Pick<CallServices, 'choice'> | undefined;
  call(): Call;
  clock: Clock;
  log: Logger;
  /** The call goes on from an earlier process, which had its music already. */
  resumed: boolean;
  /** The track that a key had brought there, and that they had not listened to for long enough. */
  pending?: string | undefined;
}

/** Later in a call the music is not changed without a key, milliseconds. */
const FIRST_MOMENTS_MS = 10_000;
/** A track that leads for this time was chosen, one skipped sooner was not: given the lead, a second of it was heard. */
const LISTENED_MS = 1500;

export class Choice {
  readonly #beganMs: number;
  /** Asked for, or it is too late to ask. */
  #settled: boolean;
  /** An answer counts no more. */
  #forgotten = false;
  #cancelKeep: Cancel = () => {};
  #pending: string | undefined;

  constructor(private readonly parts: ChoiceParts) {
    this.#beganMs = parts.clock.now();
    this.#settled = parts.resumed;
    if (parts.pending !== undefined) this.keep(parts.pending);
  }

  /** The track that the caller has chosen and must listen to a little longer. */
  get pending(): string | undefined {
    return this.#pending;
  }

  /** Plays the choice of an earlier call, once, if the caller is known and the call has just begun. */
  recall(): void {
    const { certain, phone } = this.parts.call();
    const known = certain === true && phone !== undefined;
    const services = this.#settled || !known || this.#tooLate ? undefined : this.parts.services();
    if (!services) return;
    this.#settled = true;
    services.choice().then(
      (track) => {
        if (track !== undefined && !this.#forgotten && this.parts.call().phone === phone) this.#play(track);
      },
      () => {},
    );
  }

  /** The caller has asked for other music: the earlier choice no longer counts. */
  forget(): void {
    this.#settled = true;
    this.#forgotten = true;
  }

  /** Keeps the track that a key has brought, if the caller goes on listening to it. */
  keep(track: string): void {
    const { program, journal, clock } = this.parts;
    this.#cancelKeep();
    this.#pending = track;
    this.#cancelKeep = clock.after(LISTENED_MS, () => {
      this.#pending = undefined;
      if (program.position?.trackId === track) journal.remember({ type: 'choice', track });
    });
  }

  /** It may be another caller from now on: what was chosen and not listened to for long enough is nobody's. */
  drop(): void {
    this.#cancelKeep();
    this.#pending = undefined;
  }

  close(): void {
    this.forget();
    this.drop();
  }

  get #tooLate(): boolean {
    return this.parts.clock.now() - this.#beganMs > FIRST_MOMENTS_MS;
  }

  #play(track: string): void {
    const { program, log } = this.parts;
    const playing = program.position?.trackId === track;
    if (!playing && !this.#tooLate && program.play(track))
      log.info({ track }, 'the music they chose earlier');
  }
}
