// `holdcast status`: asks the hub's own socket, once or again and again, and prints what it tells: a head of totals and a table of
// callers, by Uniqueid.
import type { CallStatus } from '../mixer/messages';
import { statusSocket, type HubStatus } from '../observe/status';
import type { Clock } from '../util/clock';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { ask } from '../util/http/ask';
import { inTime } from '../util/inTime';
import { labelled, textTable } from '../util/textTable';
import type { Terminal } from './terminal';

export interface StatusOptions {
  /** config.hub.folder. */
  folder: string;
  json?: boolean;
  watch?: boolean;
}

export interface StatusContext {
  out: Terminal;
  signal: AbortSignal;
  clock: Clock;
}

const WATCH_EVERY_MS = 2000;
const QUESTION = {
  path: '/status',
  limitMs: 5000,
  /** Some hundred for each caller; whatever answers there with more is no hub. */
  mostBytes: 32 * 1024 * 1024,
  words: { late: 'no answer within 5 s', long: 'it answers endlessly' },
};
/** Of a table that is drawn again every two seconds. */
const WATCHED_ROWS = 40;
/** Moves to the first line and clears what is below. */
const CLEAR = '\u001b[H\u001b[J';

/**
 * The exit code: 0. With `watch` until `signal` fires or nobody reads, also while there is no hub.
 * @throws HoldcastError HC_HUB_AWAY when no hub answers
 */
export async function statusCommand(options: StatusOptions, context: StatusContext): Promise<number> {
  if (!options.watch) {
    context.out.write(shown(await askHub(options.folder, context), options));
    return 0;
  }
  while (!context.signal.aborted && !context.out.closed) {
    const text = await watched(options, context);
    const screen = context.out.isTTY && !options.json;
    context.out.write(screen ? CLEAR + text : text);
    await context.out.drained?.();
    await inTime(context.clock, WATCH_EVERY_MS, new Promise(() => {}), context.signal);
  }
  return 0;
}

function shown(status: HubStatus, { json, watch }: StatusOptions): string {
  if (json) return `${JSON.stringify(status, undefined, watch ? 0 : 2)}\n`;
  return statusText(status, watch ? { rows: WATCHED_ROWS } : {});
}

/** A hub that is started anew meanwhile is no reason to stop watching. */
async function watched(options: StatusOptions, context: StatusContext): Promise<string> {
  try {
    return shown(await askHub(options.folder, context), options);
  } catch (error) {
    if (!(error instanceof HoldcastError)) throw error;
    const { message, hint = '', code } = error;
    return options.json ? `${JSON.stringify({ error: message, code, hint })}\n` : `${message}\n  → ${hint}\n`;
  }
}

/** @throws HoldcastError HC_HUB_AWAY */
export async function askHub(folder: string, context: Omit<StatusContext, 'out'>): Promise<HubStatus> {
  const path = statusSocket(folder);
  try {
    const { code, text } = await ask({ path }, QUESTION, context);
    const told = JSON.parse(text) as unknown;
    if (code === 200 && isStatus(told)) return told;
    throw new Error(problemsIn(told) ?? `it answers ${code}`);
  } catch (error) {
    throw away(path, error);
  }
}

/** Another version's hub may tell other things; what the table is made of must be there. */
function isStatus(told: unknown): told is HubStatus {
  const parts = ['callers', 'totals', 'lag', 'memory', 'threads', 'calls', 'problems', 'limits'];
  return typeof told === 'object' && told !== null && parts.every((name) => isPart(told, name));
}

function isPart(whole: object, name: string): boolean {
  const part = (whole as Record<string, unknown>)[name];
  return typeof part === 'object' && part !== null;
}

function problemsIn(told: unknown): string | undefined {
  if (typeof told !== 'object' || told === null || !('problems' in told)) return undefined;
  return Array.isArray(told.problems) ? told.problems.map(String).join('; ') : undefined;
}

function away(path: string, cause: unknown): HoldcastError {
  const [why, hint] = WHY[errnoOf(cause) ?? ''] ?? [messageOf(cause), LOOK];
  return new HoldcastError('HC_HUB_AWAY', `no answer from the hub at ${path}: ${why}`, hint, { cause });
}

const LOOK = 'look at: systemctl status holdcast-hub; journalctl -u holdcast-hub';
const START = 'start it (systemctl start holdcast-hub), or name its config with --config';
const WHY: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOENT: ['none runs with this config', START],
  ECONNREFUSED: ['it has died', START],
  EACCES: ['this user has no access', 'ask as its user: sudo -u asterisk holdcast status'],
};

const HEAD = ['uniqueid', 'queue', 'place', 'on hold', 'state', 'hears', 'says', 'ahead', 'underruns'];
const RIGHT = [2, 3, 7, 8];

/** @param rows callers shown at most; absent: all */
export function statusText(status: HubStatus, { rows = Infinity }: { rows?: number } = {}): string {
  const calls = [...status.calls].sort(byQueue);
  const shown = calls.slice(0, rows);
  const table =
    calls.length === 0 ? nobody(status) : textTable(shown.map(rowOf), { head: HEAD, right: RIGHT });
  const more = calls.length > shown.length ? `… and ${calls.length - shown.length} more\n` : '';
  return `${headOf(status)}\n${table}${more}`;
}

function nobody({ play }: HubStatus): string {
  return play === 'stream'
    ? 'Each caller has a process of their own (hub.play): the hub does not know the calls.\n'
    : 'No caller is on hold.\n';
}

function headOf(status: HubStatus): string {
  const { lag, memory, problems, limits } = status;
  const [plays, loop] = [status.play !== 'stream', `main thread ${msText(lag.loopMs)}`];
  const rows: [string, string][] = [
    ['Hub', `${status.version}, process ${status.pid}, ${status.state}, up ${timeText(status.uptimeMs)}`],
    ...(plays ? playedRows(status) : []),
    ['Lag', `${plays ? `ticks ${msText(lag.tickMs)}, ` : ''}${loop} (worst of the last second)`],
    [
      'Memory',
      `${mibText(memory.rssBytes)}, heaps ${mibText(memory.heapBytes)}, audio ${mibText(memory.cacheBytes)} of ${mibText(memory.cacheLimitBytes)}`,
    ],
    ...(plays ? [threadsRow(status)] : []),
    ['Asterisk', LINKS[status.ami]],
    ['Store', LINKS[status.store]],
    ...[...limits].map((limit): [string, string] => ['Limit', limit]),
    ...[...problems].map((problem): [string, string] => ['Problem', problem]),
  ];
  return labelled(rows);
}

/** What the hub knows only where it plays itself. */
function playedRows({ callers, totals }: HubStatus): [string, string][] {
  const { frames, framesLate, underruns, pagesLate, rescued, keys } = totals;
  return [
    [
      'Callers',
      `${callers.playing} playing, ${callers.waiting} waiting; ${callers.plain} of them with music only; at most ${callers.most}`,
    ],
    [
      'Frames',
      `${frames}, late ${framesLate}, underruns ${underruns}, pages late ${pagesLate}, sessions rescued ${rescued}`,
    ],
    ['Keys', String(keys)],
  ];
}

function threadsRow({ threads }: HubStatus): [string, string] {
  return ['Threads', threads.map(threadText).join('; ') || 'none'];
}

const LINKS = { connected: 'connected', away: 'away', none: 'none in the config' } as const;

function threadText({ thread, playing, waiting, busyMs, worstTickMs }: HubStatus['threads'][number]): string {
  const calls = playing + waiting;
  return `${thread}: ${calls} call${calls === 1 ? '' : 's'}, ${Math.round(busyMs / 10)} % busy, tick ${msText(worstTickMs)}`;
}

function rowOf(call: CallStatus): string[] {
  const { says } = call;
  return [
    call.uniqueid ?? '-',
    call.queue ?? '—',
    call.position === undefined ? '—' : String(call.position),
    timeText(call.heardMs),
    call.status,
    call.status === 'plain' ? 'music only' : (call.track ?? 'chord'),
    says ? [says.kind, ...(says.title === undefined ? [] : [says.title])].join(': ') : '',
    msText(call.aheadMs),
    String(call.underruns),
  ];
}

/** Queue by queue, by place; those without a place behind, longest on hold first. */
function byQueue(a: CallStatus, b: CallStatus): number {
  const queues = (a.queue ?? '\uffff').localeCompare(b.queue ?? '\uffff');
  return queues || (a.position ?? 1e9) - (b.position ?? 1e9) || b.heardMs - a.heardMs;
}

/** 3 725 000 → "1:02:05"; 65 000 → "1:05". */
export function timeText(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes, seconds] = [
    Math.floor(all / 86_400),
    Math.floor(all / 3600) % 24,
    Math.floor(all / 60) % 60,
    all % 60,
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (days > 0) return `${days} d ${hours}:${two(minutes)}:${two(seconds)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function mibText(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
