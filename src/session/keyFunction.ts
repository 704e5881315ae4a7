// Key functions: an operator's own actions, run so that nothing they do can harm the call.
// What they say goes through the same Reply as a built-in answer; after their time or the call is over they are deaf.
import type { Clip } from '../audio/source';
import type { Announcement } from '../program/announcement';
import type { Program } from '../program/program';
import type { Clock } from '../util/clock';
import { errorFields, HoldcastError } from '../util/errors';
import type { LogFields, Logger } from '../util/log';
import { DEFAULT_RUN_MS, type KeyFunction, type KeySession } from './actions';
import { Limited, withoutNumbers } from './limited';
import type { Prompts, Reply } from './replies';

export interface KeyFunctionParts {
  program: Program;
  prompts: Prompts;
  /** A file of the media folder by its id; undefined when there is none that can be played. */
  find(file: string): Clip | undefined;
  nextTrack(): void;
  clock: Clock;
  log: Logger;
  /** The call as far as it is certain. */
  call(): KeySession['call'];
  queue(): KeySession['queue'];
}

export interface KeyFunctionRun {
  /** The key: one function runs on each at a time. */
  digit: string;
  action: KeyFunction;
  timeoutMs?: number | undefined;
  reply: Reply;
}

/** Even one that does nothing but speak is over after this, milliseconds. */
const LONGEST_MS = 120_000;
/** Announcements of one function that wait to be said. */
const MOST_WAITING = 20;
const MOST_PROMPTS = 50;
const RECORD = 'put it into the media folder, or correct its name in config.ts';

export class KeyFunctions {
  readonly #running = new Map<string, Limited>();
  /** What is being said or waits to be; it may outlast the function that says it. */
  readonly #words = new Set<Announcement>();

  constructor(private readonly parts: KeyFunctionParts) {}

  get busy(): boolean {
    return this.#running.size > 0;
  }

  runs(digit: string): boolean {
    return this.#running.has(digit);
  }

  run({ digit, action, timeoutMs = DEFAULT_RUN_MS, reply }: KeyFunctionRun): void {
    const limits = { limitMs: timeoutMs, longestMs: Math.max(timeoutMs, LONGEST_MS) };
    const words = new Set<Announcement>();
    const limited = new Limited(this.parts.clock, limits, (failure) => {
      this.#running.delete(digit);
      if (!failure) return;
      for (const announcement of words) this.parts.program.cancel(announcement);
      this.parts.log.error(errorFields(failure), 'the function of a key failed');
    });
    this.#running.set(digit, limited);
    const session = keySession(this.parts, { reply, limited, words, all: this.#words });
    limited.start(() => action(session));
  }

  /**
   * The call is over, or another caller's: those that run are aborted, and deaf, and what they say is said no further. May
   * be called again; what runs after it is not concerned.
   */
  end(): void {
    for (const limited of this.#running.values()) limited.end();
    this.#running.clear();
    for (const announcement of [...this.#words]) this.parts.program.cancel(announcement);
  }
}

interface Voice {
  readonly reply: Reply;
  readonly limited: Limited;
  /** What is being said or waits to be. */
  readonly words: Set<Announcement>;
  /** The same of all functions of the call. */
  readonly all: Set<Announcement>;
}

function keySession(parts: KeyFunctionParts, voice: Voice): KeySession {
  const { limited } = voice;
  return {
    call: parts.call(),
    queue: parts.queue(),
    say: (...names) => {
      if (limited.over) return never();
      if (names.length === 0) return Promise.resolve();
      if (names.length > MOST_PROMPTS)
        return refused('too many prompts at once', 'say them in several parts');
      // Their names may be somebody's balance: the log has the number of the one that is missing.
      const clips = names.map((name) => parts.prompts.find(name));
      const missing = clips.indexOf(undefined);
      return missing < 0
        ? speak(voice, clips as Clip[])
        : refused(`prompt ${missing + 1} of ${names.length} that it says is missing`, RECORD);
    },
    play: (file) => {
      if (limited.over) return never();
      const clip = parts.find(file);
      return clip ? speak(voice, [clip]) : refused(`there is no file ${file} that can be played`, RECORD);
    },
    nextTrack: () => {
      if (!limited.over) parts.nextTrack();
    },
    log: operatorLog(parts.log, limited),
    signal: limited.signal,
  };
}

/** Resolves when it was said, or not any further. The time that it takes is not the function's. */
function speak({ reply, limited, words, all }: Voice, clips: readonly Clip[]): Promise<void> {
  if (words.size >= MOST_WAITING)
    return refused('too many announcements are waiting', 'await session.say() and session.play()');
  limited.hold();
  return new Promise((resolve) => {
    const over = (): void => {
      words.delete(announcement);
      all.delete(announcement);
      limited.release();
      resolve();
    };
    // What it says may be a balance or an appointment.
    const announcement = reply.say({ clips, personal: true }, { over });
    words.add(announcement);
    all.add(announcement);
  });
}

/** For a function whose time is over: it waits in vain, where an answer could set it going again. */
const never = (): Promise<never> => new Promise(() => {});

/** Thrown to the function; one that does not wait for it does no harm either. */
function refused(message: string, hint: string): Promise<never> {
  const refusal = Promise.reject<never>(new HoldcastError('HC_ACTION_FAILED', message, hint));
  refusal.catch(() => {});
  return refusal;
}

/** The log of the call, numbers masked wherever the operator writes them; silent when the function is over. */
function operatorLog(log: Logger, limited: Limited): KeySession['log'] {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (!limited.over) log[level](plainFields(fields), withoutNumbers(String(message)));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Deeper than this nothing is shown. */
const DEEPEST = 5;
const MOST_ITEMS = 100;
const LONGEST_TEXT = 2000;

/** What a function logs, as data that can be sent to a thread: numbers of callers masked, and what is no data left out. */
export function plainFields(fields: LogFields): LogFields {
  return plain(fields) as LogFields;
}

function plain(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutNumbers(value.slice(0, LONGEST_TEXT));
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = withoutNumbers(String(value));
    return text === String(value) ? value : text;
  }
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => plain(item, depth + 1));
  const entries = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, plain(item, depth + 1)]));
}
