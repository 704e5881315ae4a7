// What Node itself tells of a thread: pauses of the garbage collector (main and mixing threads), delays of the event loop.
// Both are events of the engine, not a matter of the Clock.
import {
  constants,
  monitorEventLoopDelay,
  PerformanceObserver,
  type NodeGCPerformanceDetail,
} from 'node:perf_hooks';
import type { Cancel } from '../util/clock';

export type GcKind = 'minor' | 'major' | 'incremental' | 'weakcb';

const KINDS: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Tells each pause of this thread's collector, milliseconds, until it is cancelled. */
export function watchGc(take: (kind: GcKind, pauseMs: number) => void): Cancel {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as { readonly detail?: NodeGCPerformanceDetail };
      const kind = KINDS[detail?.kind ?? -1];
      if (kind) take(kind, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

export interface LoopWatch {
  /** The longest delay of this thread's event loop since this was last called, milliseconds. */
  worstMs(): number;
  close(): void;
}

const RESOLUTION_MS = 20;

export function watchLoop(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    worstMs() {
      const worst = histogram.max / 1e6 - RESOLUTION_MS;
      histogram.reset();
      return Math.max(0, worst);
    },
    close: () => void histogram.disable(),
  };
}
