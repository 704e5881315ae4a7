// What the hub tells of itself: `holdcast status` prints it, the status socket serves it as JSON.
// It names calls by their Uniqueids, so it never leaves a socket of the hub's own user; a caller's number is not in it.
import { join } from 'node:path';
import type { CallStatus, MixerFigures } from '../mixer/messages';

/** The socket that answers /status, in config.hub.folder. */
export const statusSocket = (folder: string): string => join(folder, 'status.sock');

/** Times are milliseconds, memory is bytes. */
export interface HubStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly state: 'starting' | 'ready' | 'draining';
  /** config.hub.play. 'stream': each call has a process of its own, so callers, totals, threads and calls are empty. */
  readonly play: 'hub' | 'stream';
  /** Why it is not healthy or not ready, in words; none: all is well. */
  readonly problems: readonly string[];
  readonly callers: CallerTotals & {
    /** Most callers at once; callers beyond that hear fallback music. */
    readonly most: number;
  };
  readonly totals: HubTotals;
  readonly lag: {
    /** The longest delay of a tick, of all threads, in the last second. */
    readonly tickMs: number;
    /** The longest delay of the main thread in the last second. */
    readonly loopMs: number;
  };
  readonly memory: {
    readonly rssBytes: number;
    /** Of all threads. */
    readonly heapBytes: number;
    readonly cacheBytes: number;
    readonly cacheLimitBytes: number;
  };
  readonly threads: readonly ThreadStatus[];
  /** `none`: there is none in the config. */
  readonly ami: LinkStatus;
  readonly store: LinkStatus;
  /** What keeps the hub from as many callers as the config asks for. */
  readonly limits: readonly string[];
  readonly calls: readonly CallStatus[];
}

export type LinkStatus = 'connected' | 'away' | 'none';

/** `plain`: of both others, calls whose Session or Program failed, with music only. */
export type CallerTotals = Pick<MixerFigures, 'playing' | 'waiting' | 'plain'>;

/** Figures of a thread that count up from its start. */
export const COUNTED = ['frames', 'framesLate', 'underruns', 'pagesLate', 'rescued'] as const;

/** Since the hub's start, of all threads that there were. */
export type HubTotals = Pick<MixerFigures, (typeof COUNTED)[number]> & { readonly keys: number };

/** A mixing thread, in the last second that it reported. */
export type ThreadStatus = Pick<
  MixerFigures,
  'playing' | 'waiting' | 'worstLagMs' | 'worstTickMs' | 'busyMs' | 'heapBytes'
> & { readonly thread: number };
