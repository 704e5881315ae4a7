// Waiting: from a caller's question until its answer is there. The music begins to go down at once, so that an answer
// that comes quickly is not delayed by it; after one second the caller is asked for a moment, and hears music meanwhile.
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Cancel, Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import type { Prompts, Reply } from './replies';

export interface WaitingParts {
  program: Program;
  prompts: Prompts;
  clock: Clock;
}

/** A caller who waits longer is asked for a moment, milliseconds. */
const MOMENT_MS = 1000;
const MOMENT_PROMPT = 'one-moment';
/** The music stays down for no longer than this without a voice, whatever the clock does, milliseconds. */
const EXPECTED_MS = 2 * MOMENT_MS;

export class Waiting {
  readonly #abort = new AbortController();
  readonly #cancelMoment: Cancel;
  readonly #letUp: Cancel;
  #moment: Announcement | undefined;
  #began = false;

  /** Ended by its creator, with `answered` or `end`. */
  constructor(
    private readonly parts: WaitingParts,
    reply: Reply,
  ) {
    this.#letUp = parts.program.expectVoice(EXPECTED_MS);
    this.#cancelMoment = parts.clock.after(MOMENT_MS, () => this.#askForAMoment(reply));
  }

  /** It has its answer, or was ended. */
  get over(): boolean {
    return this.#abort.signal.aborted;
  }

  /** What `task` has after at most `limitMs`; undefined: nothing in time, it failed, or this is over. Never rejects. */
  async within<T>(limitMs: number, task: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { clock } = this.parts;
    const answer = await inTime(clock, limitMs, task, this.#abort.signal).catch(() => LATE);
    return answer === LATE ? undefined : (answer as T);
  }

  /** The answer is there: `say` says it. A "one moment" that has not begun is not said any more. */
  answered(say: () => void): void {
    if (this.over) return;
    this.#cancelMoment();
    say();
    // Only now, so that the music stays down between the two.
    if (this.#moment && !this.#began) this.parts.program.cancel(this.#moment);
    this.end();
  }

  /** Nobody waits any more. May be called again. */
  end(): void {
    this.#cancelMoment();
    this.#abort.abort();
    this.#letUp();
  }

  #askForAMoment(reply: Reply): void {
    const clips = this.parts.prompts.all([MOMENT_PROMPT]);
    if (clips) this.#moment = reply.say({ clips }, { began: () => void (this.#began = true) });
    this.#letUp();
  }
}
