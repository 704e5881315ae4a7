// The hub's figures as Prometheus reads them: right after a thread's restart, few series, nothing of any caller.
// A counter that goes down or a label for each call would spoil the operator's graphs, or tell who called.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubMetrics, type GcThread, type MetricsSources } from '../../src/observe/metrics';
import type { HubMethods, MixerFigures } from '../../src/mixer/messages';
import { watchGc, type GcKind } from '../../src/util/gcPauses';
import { ManualClock } from '../../src/util/clock';
import { ERROR_CODES } from '../../src/util/errors';
import { createLogger } from '../../src/util/log';
import { until } from '../hub/fixtures';

const figures = (more: Partial<MixerFigures> = {}): MixerFigures => ({
  playing: 0,
  waiting: 0,
  frames: 0,
  framesLate: 0,
  underruns: 0,
  pagesLate: 0,
  rescued: 0,
  plain: 0,
  worstLagMs: 0,
  worstTickMs: 0,
  busyMs: 0,
  keys: [],
  gcPauses: [],
  heapBytes: 0,
  ...more,
});

const sources: MetricsSources = {
  mostCallers: () => 4000,
  cacheBytes: () => 1024,
  cacheLimitBytes: () => 4096,
  ami: () => 'connected',
  store: () => 'away',
  ready: () => true,
};

function metricsOf(more: Partial<MetricsSources> = {}) {
  const metrics = new HubMetrics({ ...sources, ...more }, { version: '1.2.3', clock: new ManualClock() });
  /** Value of a series, as it stands in the text. */
  const value = async (series: string): Promise<string | undefined> => {
    const lines = (await metrics.text()).split('\n');
    return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
  };
  return { metrics, value };
}

test('counters of two threads add up, second after second', async () => {
  const { metrics, value } = metricsOf();
  metrics.figures(0, figures({ frames: 100, playing: 4, framesLate: 1, underruns: 2 }));
  metrics.figures(1, figures({ frames: 50, playing: 2, waiting: 1, plain: 2 }));
  metrics.figures(0, figures({ frames: 200, playing: 5, framesLate: 1, underruns: 3, plain: 1 }));
  expect(await value('holdcast_frames_total')).toBe('250');
  expect(await value('holdcast_frames_late_total')).toBe('1');
  expect(await value('holdcast_underruns_total')).toBe('3');
  expect(await value('holdcast_callers{status="playing"}')).toBe('7');
  expect(await value('holdcast_callers{status="waiting"}')).toBe('1');
  expect(await value('holdcast_callers{status="plain"}')).toBe('3');
  expect(await value('holdcast_mixing_threads')).toBe('2');
  // Asked a second time, nothing is counted again.
  expect(await value('holdcast_frames_total')).toBe('250');
});

test('what the store will never have is counted by type', async () => {
  const { metrics, value } = metricsOf();
  for (const type of ['key', 'choice', 'key'] as const) metrics.dropped(type);
  const told = ['choice', 'heard', 'key'].map((type) =>
    value(`holdcast_store_dropped_total{type="${type}"}`),
  );
  expect(await Promise.all(told)).toEqual(['1', '0', '2']);
});

test('a thread that replaces one that ended counts on from where the old one ended', async () => {
  const { metrics, value } = metricsOf();
  metrics.figures(0, figures({ frames: 110, underruns: 6, playing: 1 }));
  metrics.threadGone(0);
  expect(await value('holdcast_callers{status="playing"}')).toBe('0');
  expect(await value('holdcast_frames_total')).toBe('110');
  metrics.figures(0, figures({ frames: 40, underruns: 2 }));
  expect(await value('holdcast_frames_total')).toBe('150');
  expect(await value('holdcast_underruns_total')).toBe('8');
});

test("keys count by action; an operator's functions are one, whatever their names", async () => {
  const { metrics, value } = metricsOf();
  const keys = [
    { action: 'nextTrack', audibleMs: 180 },
    { action: 'callMrsMiller', audibleMs: 240 },
    { action: 'constructor', audibleMs: 900 },
  ];
  metrics.figures(0, figures({ keys }));
  metrics.key('quiet');
  expect(await value('holdcast_key_presses_total{action="nextTrack"}')).toBe('1');
  expect(await value('holdcast_key_presses_total{action="function"}')).toBe('2');
  expect(await value('holdcast_key_presses_total{action="quiet"}')).toBe('1');
  expect(await metrics.text()).not.toMatch(/Miller/);
  expect(await value('holdcast_key_to_audio_seconds_count')).toBe('3');
  expect(await value('holdcast_key_to_audio_seconds_bucket{le="0.2"}')).toBe('1');
  expect(await value('holdcast_key_to_audio_seconds_bucket{le="0.25"}')).toBe('2');
  expect(await value('holdcast_key_to_audio_seconds_sum')).toBe(String(0.18 + 0.24 + 0.9));
});

test('errors count by code as they are logged; what is no code of ours is other', async () => {
  const { metrics, value } = metricsOf();
  const lines: string[] = [];
  const log = createLogger(
    metrics.counting((_, __, message) => lines.push(message)),
    () => 0,
  );
  log.warn({ code: 'HC_AMI_LOST' }, 'away');
  log.error({ code: 'ENOSPC' }, 'full');
  log.error({ code: 'toString' }, 'odd');
  log.info({ code: 'HC_AMI_LOST' }, 'only told');
  log.error({}, 'without');
  expect(await value('holdcast_errors_total{code="HC_AMI_LOST"}')).toBe('1');
  expect(await value('holdcast_errors_total{code="other"}')).toBe('2');
  expect(lines).toEqual(['away', 'full', 'odd', 'only told', 'without']);
});

test('look-ups, questions, lag and pauses are seconds', async () => {
  const { metrics, value } = metricsOf();
  metrics.lookup(4, 'answered');
  metrics.lookup(2, 'plain');
  metrics.question('balance', 700);
  metrics.figures(0, figures({ worstLagMs: 15, worstTickMs: 9, busyMs: 250, heapBytes: 77 }));
  metrics.loopLag(30);
  metrics.gc('minor', 1.5);
  metrics.caller('begun');
  expect(await value('holdcast_lookup_seconds_bucket{le="0.005",result="answered"}')).toBe('1');
  expect(await value('holdcast_lookup_seconds_count{result="plain"}')).toBe('1');
  expect(await value('holdcast_lookup_seconds_count{result="empty"}')).toBe('0');
  expect(await value('holdcast_question_seconds_sum{about="balance"}')).toBe('0.7');
  expect(await value('holdcast_tick_lag_seconds_bucket{le="0.02"}')).toBe('1');
  expect(await value('holdcast_tick_lag_seconds_bucket{le="0.01"}')).toBe('0');
  expect(await value('holdcast_mixing_seconds_total')).toBe('0.25');
  expect(await value('holdcast_event_loop_lag_seconds_sum')).toBe('0.03');
  expect(await value('holdcast_gc_pause_seconds_sum{thread="main",kind="minor"}')).toBe('0.0015');
  expect(await value('holdcast_calls_total{event="begun"}')).toBe('1');
  expect(await value('holdcast_mixing_heap_bytes')).toBe('77');
  expect(metrics.overview().lag).toEqual({ tickMs: 15, loopMs: 30 });
});

test("pauses of all mixing threads are apart from the main thread's", async () => {
  const { metrics, value } = metricsOf();
  metrics.gc('major', 40);
  metrics.figures(0, figures({ gcPauses: [{ kind: 'minor', ms: 0.5 }] }));
  metrics.figures(0, figures({ gcPauses: [{ kind: 'minor', ms: 1.5 }] }));
  metrics.figures(1, figures({ gcPauses: [{ kind: 'major', ms: 6 }] }));
  const series = (name: string, labels: string): string => `holdcast_gc_pause_seconds_${name}{${labels}}`;
  expect(await value(series('count', 'thread="mixing",kind="minor"'))).toBe('2');
  expect(await value(series('sum', 'thread="mixing",kind="minor"'))).toBe('0.002');
  expect(await value(series('bucket', 'le="0.005",thread="mixing",kind="major"'))).toBe('0');
  expect(await value(series('bucket', 'le="0.01",thread="mixing",kind="major"'))).toBe('1');
  expect(await value(series('count', 'thread="main",kind="major"'))).toBe('1');
});

test('what is asked at each look: connections, cache, limit, build', async () => {
  const { value } = metricsOf();
  expect(await value('holdcast_ami_connected')).toBe('1');
  expect(await value('holdcast_store_connected')).toBe('0');
  expect(await value('holdcast_pcm_cache_bytes')).toBe('1024');
  expect(await value('holdcast_callers_limit')).toBe('4000');
  expect(await value(`holdcast_build_info{version="1.2.3",node="${process.version}"}`)).toBe('1');
  expect(Number(await value('process_resident_memory_bytes'))).toBeGreaterThan(1e6);
  expect(Number(await value('process_open_fds'))).toBeGreaterThan(2);
  expect(Number(await value('process_cpu_seconds_total'))).toBeGreaterThan(0);
});

const QUESTIONS: Record<keyof HubMethods, true> = {
  choice: true,
  place: true,
  balance: true,
  'say-position': true,
  function: true,
};
const GC_KINDS: Record<GcKind, true> = { minor: true, major: true, incremental: true, weakcb: true };
const GC_THREADS: Record<GcThread, true> = { main: true, mixing: true };

/** The number that the operator reads. */
function seriesTold(): number {
  const page = readFileSync(join(__dirname, '../../docs/operating.md'), 'utf8');
  return Number(/at most (\d+) series/.exec(page)?.[1]);
}

test('names and labels are those that Prometheus wants, and few', async () => {
  const { metrics } = metricsOf();
  metrics.figures(0, figures({ keys: [{ action: 'x1795225281.1', audibleMs: 1 }] }));
  for (let thread = 1; thread < 50; thread++) metrics.figures(thread, figures());
  for (const code of [...ERROR_CODES, 'ENOSPC']) metrics.error(code);
  for (const about of Object.keys(QUESTIONS)) metrics.question(about as keyof HubMethods, 1);
  for (const kind of Object.keys(GC_KINDS))
    for (const thread of Object.keys(GC_THREADS)) metrics.gc(kind as GcKind, 1, thread as GcThread);
  const text = await metrics.text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(series).toHaveLength(seriesTold());
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    expect(name).toMatch(/^(holdcast|process)_[a-z_]+$/);
    expect([name, name!.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(name).not.toMatch(/_ms$|milli|_mb$/);
  }
  expect(text).not.toContain('1795225281');
});

test('two hubs in one process do not share figures', async () => {
  const [one, other] = [metricsOf(), metricsOf()];
  one.metrics.caller('begun');
  expect(await other.value('holdcast_calls_total{event="begun"}')).toBe('0');
});

test('the collector of this thread is watched until that is over', async () => {
  const kinds: string[] = [];
  const stop = watchGc((kind, ms) => kinds.push(`${kind} ${ms >= 0}`));
  // Made until the collector has run: each round leaves some megabytes behind.
  await until('a pause', () => {
    Array.from({ length: 50_000 }, (_, i) => ({ i }));
    return kinds.length > 0;
  });
  stop();
  expect(kinds[0]).toMatch(/^(minor|major|incremental|weakcb) true$/);
});
