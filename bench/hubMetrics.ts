// What the hub under test says of itself to Prometheus, in one window: counters as differences, histograms as bounds.
// Beside what is measured from outside it shows whether the hub's own figures can be believed.

/** Values by series: `name{labels}`. */
export type LastAnnounced = ReadonlyMap<string, number>;

/** Reads Prometheus' text format; what is not understood is passed over. */
export function parseMetrics(text: string): LastAnnounced {
  const told = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (found && Number.isFinite(Number(found[2]))) told.set(found[1]!, Number(found[2]));
  }
  return told;
}

const COUNTERS = ['frames', 'frames_late', 'underruns', 'pages_late', 'sessions_rescued', 'key_presses'];
/** With the label of the series that count; '': all. Pauses of the other threads are measured by hubGc.cjs. */
const HISTOGRAMS = {
  ...{ tick_lag: '', tick: '', event_loop_lag: '', key_to_audio: '', lookup: '' },
  gc_pause: '{thread="mixing"}',
};
const GAUGES = { mixing_threads: 1, pcm_cache_bytes: 2 ** -20, main_heap_bytes: 2 ** -20 };

/** Rows for a table; a histogram's are upper bounds by its buckets, in milliseconds. Absent is what it does not tell. */
export function windowOf(before: LastAnnounced, after: LastAnnounced): Record<string, number | string> {
  const rows: Record<string, number | string> = {};
  for (const name of COUNTERS) {
    const counted = summed(after, `holdcast_${name}_total`) - summed(before, `holdcast_${name}_total`);
    if (Number.isFinite(counted)) rows[name] = counted;
  }
  for (const [name, label] of Object.entries(HISTOGRAMS)) {
    const bounds = boundsOf(before, after, `holdcast_${name}_seconds_bucket`, label.slice(1, -1));
    if (bounds) rows[`${name}${label}: 99 % and all within, ms`] = bounds.join(', ');
  }
  for (const [name, scale] of Object.entries(GAUGES)) {
    const value = after.get(`holdcast_${name}`);
    if (value !== undefined) rows[scale === 1 ? name : name.replace('bytes', 'MiB')] = value * scale;
  }
  return rows;
}

/** Of all labels; NaN when it is not told. */
function summed(told: LastAnnounced, name: string): number {
  const values = [...told].filter(([series]) => series === name || series.startsWith(`${name}{`));
  return values.length === 0 ? NaN : values.reduce((total, [, value]) => total + value, 0);
}

/** @param label that a series has; '': any */
function boundsOf(
  before: LastAnnounced,
  after: LastAnnounced,
  name: string,
  label: string,
): string[] | undefined {
  const counts = new Map<number, number>();
  for (const [series, value] of after) {
    if (!series.startsWith(`${name}{`) || !series.includes(label)) continue;
    const edge = /[{,]le="([^"]+)"/.exec(series)?.[1];
    const le = edge === '+Inf' ? Infinity : Number(edge);
    counts.set(le, (counts.get(le) ?? 0) + value - (before.get(series) ?? 0));
  }
  const edges = [...counts].sort(([one], [other]) => one - other);
  const total = edges.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  return [0.99, 1].map((share) => {
    const edge = edges.find(([, count]) => count >= share * total)![0];
    return Number.isFinite(edge) ? String(edge * 1000) : `over ${(edges.at(-2)?.[0] ?? 0) * 1000}`;
  });
}
