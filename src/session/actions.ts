// What a key can do, as data: the config names an action, the Session carries it out.

export const BUILTIN_ACTIONS = ['nextTrack', 'quiet', 'sayPosition'] as const;
export type BuiltinAction = (typeof BUILTIN_ACTIONS)[number];

export interface KeyBinding {
  readonly action: BuiltinAction;
  /** A second press of the same key within this time does nothing, milliseconds. */
  readonly holdOffMs: number;
}

export interface KeyOptions {
  /** A second press of the same key within this time does nothing, milliseconds. */
  holdOffMs?: number;
}

const binding =
  (action: BuiltinAction, defaultHoldOffMs: number) =>
  ({ holdOffMs = defaultHoldOffMs }: KeyOptions = {}): KeyBinding => ({ action, holdOffMs });

/** Crossfades to another track. */
export const nextTrack = binding('nextTrack', 3000);
/** Turns advices off, and on again at the next press. */
export const quiet = binding('quiet', 1000);
/** Says the caller's place in the queue. */
export const sayPosition = binding('sayPosition', 8000);
