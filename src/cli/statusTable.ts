// What `holdcast status` shows: a head of totals and a table of callers, by Uniqueid. Only text.
import type { CallStatus } from '../mixer/messages';
import type { HubStatus } from '../observe/status';
import { labelled, textTable } from '../util/textTable';

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
