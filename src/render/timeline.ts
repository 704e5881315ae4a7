// What happened in a call, as data and as lines on a terminal.
// The demo, `render` and the picture of a call all tell the same story from the same list.
import { printable } from '../util/printable';

export type TimelineKind = 'music' | 'advice' | 'announcement' | 'key' | 'position' | 'note';

export interface TimelineEvent {
  /** From the beginning of the call, milliseconds. */
  atMs: number;
  kind: TimelineKind;
  /** What people call it: a track's or an advice's title, the key, the new position. */
  title: string;
  /** Shown after the title in parentheses: the shelf of an advice, what a key did. */
  detail?: string;
  /** When it ended, milliseconds from the beginning of the call; missing for what has no length. */
  untilMs?: number;
}

/** ANSI colour of each kind: "1;" is bold. */
const COLOURS: Record<TimelineKind, string> = {
  music: '36',
  advice: '1;33',
  announcement: '1;35',
  key: '1;32',
  position: '32',
  note: '90',
};

/** Kinds whose title is the name of something recorded, and stands in quotation marks. */
const QUOTED: ReadonlySet<TimelineKind> = new Set(['music', 'advice', 'announcement']);

/** 83 000 → "01:23", 3 723 000 → "1:02:03". Negative counts as 0. */
export function formatTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000 + 1e-6));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** 300 → "300 ms", 4 200 → "4.2 s", 41 000 → "41 s", 125 000 → "2:05 min". */
export function formatLength(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

function notesOf(event: TimelineEvent): string {
  const length =
    event.untilMs !== undefined && event.untilMs > event.atMs ? formatLength(event.untilMs - event.atMs) : '';
  const notes = [printable(event.detail ?? ''), length].filter((note) => note !== '');
  return notes.length > 0 ? ` (${notes.join(', ')})` : '';
}

/**
 * One line an event, in the order of time, columns aligned: `00:20  advice  "Welcome" (first, 4.2 s)`.
 * Empty for no events; each line ends with a newline. `colour` adds ANSI colours.
 */
export function formatTimeline(events: readonly TimelineEvent[], { colour = false } = {}): string {
  const sorted = [...events].sort((a, b) => a.atMs - b.atMs);
  const timeWidth = Math.max(0, ...sorted.map((event) => formatTime(event.atMs).length));
  const kindWidth = Math.max(0, ...sorted.map((event) => event.kind.length));
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (event: TimelineEvent): string => {
    const name = printable(event.title);
    const title = QUOTED.has(event.kind) ? `"${name}"` : name;
    const time = paint('90', formatTime(event.atMs).padStart(timeWidth));
    const kind = paint(COLOURS[event.kind], event.kind.padEnd(kindWidth));
    const notes = notesOf(event);
    return `${time}  ${kind}  ${title}${notes && paint('90', notes)}\n`;
  };
  return sorted.map(line).join('');
}
