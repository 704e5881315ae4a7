// How many callers this machine can take, and whether one more is admitted.
// Callers beyond the limit get fallback music: a hub that runs out of descriptors or memory would fail all callers.
import type { HubSettings } from '../config/types';
import type { CallerRoom } from '../observe/hubMonitor';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { LogThrottle } from '../util/logThrottle';
import { readResources, type Resources } from '../util/resources';

const MIB = 1024 * 1024;
/** Asterisk's pipe, opened for writing in the mixing thread. */
const CALLER_DESCRIPTORS = 1;
/** Sockets of look-ups and streams, files that are read. */
const RESERVED_DESCRIPTORS = 512;
/** One caller: Session, Program, pipe, and the reader that Asterisk starts (the figure of issue 5). */
const CALLER_BYTES = 0.25 * MIB;
const THREAD_BYTES = 40 * MIB;
/** Callers per thread; another thread starts only when one is busy. */
const THREAD_CALLERS = 1000;
/** Left for the rest of the machine, mainly Asterisk. */
const RESERVED_BYTES = 64 * MIB;

/** What is possible with `resources`, looked at before the mixing threads are started. */
export function possibleCallers(
  wanted: Required<Pick<HubSettings, 'callers' | 'threads' | 'cacheMb'>>,
  { descriptors, memoryBytes }: Resources,
): CallerRoom {
  const reasons: CallerRoom['reasons'][number][] = [];
  const limited = (limit: string, room: number, hint: (callers: number) => string): void => {
    const callers = Math.max(0, Math.floor(room));
    if (callers < wanted.callers) reasons.push({ code: 'HC_HUB_LIMIT', limit, callers, hint: hint(callers) });
  };
  if (descriptors !== undefined)
    limited('descriptors', (descriptors - RESERVED_DESCRIPTORS) / CALLER_DESCRIPTORS, () => {
      return `set LimitNOFILE=${wanted.callers * CALLER_DESCRIPTORS + RESERVED_DESCRIPTORS} in the service, or hub.callers lower`;
    });
  if (memoryBytes !== undefined) {
    const threads = Math.min(wanted.threads, Math.ceil(wanted.callers / THREAD_CALLERS));
    const rest = memoryBytes - wanted.cacheMb * MIB - threads * THREAD_BYTES - RESERVED_BYTES;
    limited('memory', rest / CALLER_BYTES, (callers) => {
      const missing = Math.ceil(((wanted.callers - callers) * CALLER_BYTES) / MIB);
      return `${missing} MiB more are needed (MemoryMax= of the service, or the machine's), or hub.cacheMb, hub.threads or hub.callers lower`;
    });
  }
  return { mostCallers: Math.min(wanted.callers, ...reasons.map(({ callers }) => callers)), reasons };
}

export interface CallerLimitParts {
  mostCallers: number;
  clock: Clock;
  log: Logger;
  /** Free memory now, bytes; asked at most every two seconds. */
  memoryBytes?: () => number | undefined;
}

const LOOK_EVERY_MS = 2000;
const COMPLAIN_EVERY_MS = 60_000;
const LEAST_FREE_BYTES = 32 * MIB;

/** Checked for each caller that arrives. */
export class CallerLimit {
  readonly #complaint: LogThrottle;
  #lookedAt = -Infinity;
  #freeBytes: number | undefined;

  constructor(private readonly parts: CallerLimitParts) {
    this.#complaint = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
  }

  /**
   * Whether one more can be played to.
   * @param callers those that there are already
   */
  admits(callers: number): boolean {
    const { mostCallers } = this.parts;
    if (callers >= mostCallers)
      return this.#refused({ limit: 'callers', callers, most: mostCallers, hint: 'raise hub.callers' });
    const free = this.#memory();
    if (free !== undefined && free < LEAST_FREE_BYTES)
      return this.#refused({ limit: 'memory', callers, freeMb: Math.floor(free / MIB), hint: MEMORY_HINT });
    return true;
  }

  #memory(): number | undefined {
    const { clock, memoryBytes = () => readResources().memoryBytes } = this.parts;
    if (clock.now() - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = clock.now();
      this.#freeBytes = memoryBytes();
    }
    return this.#freeBytes;
  }

  #refused(fields: { limit: string; hint: string } & Record<string, string | number>): false {
    this.#complaint.say((times) =>
      this.parts.log.warn({ code: 'HC_HUB_LIMIT', ...fields, times }, 'caller limit reached: fallback music'),
    );
    return false;
  }
}

const MEMORY_HINT = 'find out what has taken the memory, or give the machine more';
