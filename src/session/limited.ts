// Limited: runs what an operator wrote, which may throw, hang or go on after the call is over. Whatever it does, it ends
// once within its time or not at all, and that is all the call gets to see of it.
import type { Cancel, Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';

export interface Limits {
  readonly limitMs: number;
  /** Time after which it is over though it is held, milliseconds. */
  readonly longestMs: number;
}

export class Limited {
  readonly #abort = new AbortController();
  #over = false;
  /** Time left while it is not held, milliseconds, and since when it runs down. */
  #leftMs: number;
  #since: number;
  #holds = 0;
  #cancelLimit: Cancel = () => {};
  readonly #cancelLongest: Cancel;

  /** @param settle is called once at most, and never after `end`; with why it failed, if it did */
  constructor(
    private readonly clock: Clock,
    private readonly limits: Limits,
    private readonly settle: (failure?: HoldcastError) => void,
  ) {
    this.#leftMs = limits.limitMs;
    this.#since = clock.now();
    this.#cancelLongest = clock.after(limits.longestMs, () => this.#tooLong(limits.longestMs));
    this.#run();
  }

  /** Aborted when it took too long or was ended. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** It has settled or was ended: what it does from now on counts no more. */
  get over(): boolean {
    return this.#over;
  }

  /** Called once; it fails with what that throws, at once or later. */
  start(task: () => Promise<void> | void): void {
    const attempt = async (): Promise<void> => task();
    attempt().then(
      () => this.#finish(),
      (error: unknown) => this.#finish(failure(harmlessText(error), error)),
    );
  }

  /** Stops the time until as many `release` have come: it waits for us, not we for it. */
  hold(): void {
    if (this.#holds++ > 0 || this.#over) return;
    this.#cancelLimit();
    this.#leftMs -= this.clock.now() - this.#since;
  }

  release(): void {
    if (--this.#holds > 0 || this.#over) return;
    this.#run();
  }

  /** The call is over, and so is this. May be called again. */
  end(): void {
    if (!this.#close()) return;
    this.#abort.abort();
  }

  #run(): void {
    this.#since = this.clock.now();
    this.#cancelLimit = this.clock.after(this.#leftMs, () => this.#tooLong(this.limits.limitMs));
  }

  #tooLong(limitMs: number): void {
    if (this.#over) return;
    this.#finish(failure(`took longer than ${limitMs} ms`));
    this.#abort.abort();
  }

  #finish(error?: HoldcastError): void {
    if (this.#close()) this.settle(error);
  }

  /** @returns whether it was not over yet */
  #close(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#cancelLimit();
    this.#cancelLongest();
    return true;
  }
}

/** Characters of an error's text that stand in the log. */
const LONGEST_TEXT = 1000;

function failure(message: string, cause?: unknown): HoldcastError {
  const hint = 'correct the function in config.ts; the call continues without its words';
  return new HoldcastError('HC_ACTION_FAILED', message, hint, { cause });
}

/** "no account for +442079460018" → "no account for …": what an operator's code says may hold personal data. */
export function withoutNumbers(text: string): string {
  return text.replace(/\+?\d[\d ()./-]{4,}\d/g, '…');
}

/** What an error says that may come from an operator's code: cut, and without numbers. */
export function harmlessText(error: unknown): string {
  return withoutNumbers(messageOf(error).slice(0, LONGEST_TEXT));
}
