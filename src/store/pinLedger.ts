// PinLedger: how often PINs were tried, one count for all processes and machines that share a store.
// A try is counted before the PIN is asked about: what dies in between has counted, and calls at once gain nothing.

/** Whose PIN is tried. A store keeps neither text, only keyed hashes of them. */
export interface PinCaller {
  /** What all spellings of the caller's number share. Tries are counted, and numbers locked, by this. */
  readonly line: string;
  /** The number as billing is asked about it. A right PIN forgives only tries of this very number. */
  readonly told: string;
}

export interface PinLimits {
  /** Tries after which a line is locked … */
  readonly tries: number;
  /** … until so long after the last of them, milliseconds. */
  readonly lockMs: number;
  /** Tries over all lines within `allMs` milliseconds, at most `lockMs`, after which none is taken. */
  readonly allTries: number;
  readonly allMs: number;
}

/** Tries that count now: those that were not right, and those that are being asked about. */
export interface PinCounts {
  readonly ofLine: number;
  readonly ofAll: number;
}

/** Every method throws HoldcastError HC_STORE_AWAY or HC_STORE_REFUSED (no tables, no rights). */
export interface PinLedger {
  /** Lines whose lock is over are removed by it. */
  counts(caller: PinCaller, limits: PinLimits): Promise<PinCounts>;
  /** Counts one more, unless a limit is reached. @returns whether it did, and the counts after it */
  begin(caller: PinCaller, limits: PinLimits): Promise<PinCounts & { readonly begun: boolean }>;
  /** `right`: all that were told the same are forgiven. `unjudged`: the one that was begun does not count. */
  end(caller: PinCaller, outcome: 'right' | 'unjudged'): Promise<void>;
}
