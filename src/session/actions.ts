// What a key can do, as data: the config names an action or brings a function, the Session carries it out.
import type { Logger } from '../util/log';

export const BUILTIN_ACTIONS = ['nextTrack', 'quiet', 'sayPosition', 'sayBalance'] as const;
export type BuiltinAction = (typeof BUILTIN_ACTIONS)[number];

/** What an operator's own key function may do with the call. Times out with the function: what it does later is ignored. */
export interface KeySession {
  /** The call as far as it is certain: a number that may be somebody else's is absent. */
  readonly call: {
    readonly uniqueid?: string | undefined;
    readonly channel?: string | undefined;
    readonly phone?: string | undefined;
    readonly language: string;
  };
  /** The caller's queue and place in it; undefined where that is not known. */
  readonly queue: { readonly name: string; readonly position: number } | undefined;
  /**
   * Says recorded prompts one after the other, by name as they lie in media/prompts/<language>: say('position-3').
   * Resolves when the last word is spoken, or when something more important has taken its place.
   * @throws when one of them does not exist: then nothing is said
   */
  say(...prompts: string[]): Promise<void>;
  /** Plays one file of the media folder ('prompts/en/opening-hours.wav') over the ducked music; as `say`. */
  play(file: string): Promise<void>;
  /** Crossfades to another track. */
  nextTrack(): void;
  /** Writes to the log; numbers of callers are masked there. */
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Aborted when the function has taken too long or the call is over. */
  readonly signal: AbortSignal;
}

/** An operator's own action. When it throws or takes too long, the caller hears music and the log says why. */
export type KeyFunction = (session: KeySession) => Promise<void> | void;

export interface KeyBinding {
  readonly action: BuiltinAction | KeyFunction;
  /** A second press of the same key within this time does nothing, milliseconds. */
  readonly holdOffMs: number;
  /** `quiet` only: the music goes too. */
  readonly music?: boolean;
  /** An operator's function that takes longer is left alone, milliseconds; while its words are said, time stands. */
  readonly timeoutMs?: number;
}

export interface KeyOptions {
  /** A second press of the same key within this time does nothing, milliseconds, 0 to 600,000. */
  holdOffMs?: number;
}

/** On the makers below, so that `'3': nextTrack` without its () is not taken for the operator's own function. */
export const MAKER = Symbol.for('holdcast.keyBindingMaker');

const maker = <T extends (options?: KeyOptions) => KeyBinding>(make: T): T =>
  Object.assign(make, { [MAKER]: true });
const binding = (action: BuiltinAction, defaultHoldOffMs: number) =>
  maker(({ holdOffMs = defaultHoldOffMs }: KeyOptions = {}): KeyBinding => ({ action, holdOffMs }));

/** Crossfades to another track. */
export const nextTrack = binding('nextTrack', 3000);
/** Says the caller's place in the queue. */
export const sayPosition = binding('sayPosition', 8000);
/** Says the caller's balance. */
export const sayBalance = binding('sayBalance', 15_000);

export interface QuietOptions extends KeyOptions {
  /** Silences the music too, not only advices. Default false. */
  music?: boolean;
}

/** Turns advices (or the music too) off, and on again at the next press. */
export const quiet = maker(({ holdOffMs = 1000, music }: QuietOptions = {}): KeyBinding => ({
  action: 'quiet',
  holdOffMs,
  ...(music && { music }),
}));

export interface RunOptions extends KeyOptions {
  /**
   * A function that takes longer is left alone, milliseconds, 100 to 60,000. Default 5000. The time in which its own
   * words are said does not count.
   */
  timeoutMs?: number;
}

export const DEFAULT_RUN_MS = 5000;

/** Binds an operator's own function with its own hold-off and time limit. */
export const run = (
  action: KeyFunction,
  { holdOffMs = 1000, timeoutMs = DEFAULT_RUN_MS }: RunOptions = {},
): KeyBinding => ({ action, holdOffMs, timeoutMs });

/** What a binding does, for logs and timelines. */
export function actionName({ action }: KeyBinding): string {
  return typeof action === 'string' ? action : action.name || 'function';
}
