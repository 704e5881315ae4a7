// The garbage collector's pauses. V8 reports them only to the thread that had them, so each thread watches its own.
// They are events of the engine, so no Clock is involved.
import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks';
import type { Cancel } from './clock';

export type GcKind = 'minor' | 'major' | 'incremental' | 'weakcb';

const KINDS: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Calls `take` for each pause of this thread's collector until it is cancelled. */
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
