// `holdcast status`: asks the hub's own socket, once or again and again, and prints what it tells.
import { statusSocket, type HubStatus } from '../observe/status';
import type { Clock } from '../util/clock';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { ask } from '../util/http/ask';
import { inTime } from '../util/inTime';
import { statusText } from './statusTable';
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
