// SingleFlight: the same thing, asked for twice before it is there, is done once: a question to billing, a sentence of a voice.
// Each asker may leave; the work is given up when the last one has.

interface Flight<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  askers: number;
}

export class SingleFlight<T> {
  readonly #flying = new Map<string, Flight<T>>();

  /** Whether this is being asked just now. */
  has(key: string): boolean {
    return this.#flying.has(key);
  }

  /**
   * The answer, or undefined for an asker whose `signal` was aborted before.
   * @param start asks; its signal is aborted when nobody waits any more
   * @throws what `start` throws
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const flight = this.#flying.get(key) ?? this.#start(key, start);
    flight.askers++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        resolve(undefined);
        if (--flight.askers === 0) this.#giveUp(key, flight);
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** Gives up all. Their askers get what `start` makes of that. */
  close(): void {
    for (const [key, flight] of this.#flying) this.#giveUp(key, flight);
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const abort = new AbortController();
    const flight: Flight<T> = { result: start(abort.signal), abort, askers: 0 };
    this.#flying.set(key, flight);
    const landed = (): void => this.#forget(key, flight);
    flight.result.then(landed, landed);
    return flight;
  }

  /** Later callers start a new request. */
  #giveUp(key: string, flight: Flight<T>): void {
    this.#forget(key, flight);
    flight.abort.abort();
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flying.get(key) === flight) this.#flying.delete(key);
  }
}
