// The words that tell a caller his place in the queue: the number, and how long the wait may be.
import type { QueuePlace } from '../asterisk/feed';
import type { Clip } from '../audio/source';
import type { Prompts } from './prompts';
import { WAIT_RUNGS, waitRung } from './waitPhrase';

/** Places up to this have a sentence of their own; further back it is said that they are. */
export const MOST_SAID = 50;
export const MANY_PROMPT = 'position-many';
export const UNKNOWN_PROMPT = 'position-unknown';

export const positionPrompt = (position: number): string => `position-${position}`;

export interface PositionWords {
  /** The number first. */
  readonly clips: readonly Clip[];
  /** The rung of the wait that its last clip tells; absent: none is told. */
  readonly rung?: number;
}

export interface WordRules {
  /** Whether the wait is told. */
  readonly wait: boolean;
  /** The rung of the wait that this caller heard last. */
  readonly lastRung?: number | undefined;
}

/** What to say now; undefined when there is no prompt for the number. */
export function positionWords(
  place: QueuePlace,
  prompts: Prompts,
  { wait, lastRung }: WordRules,
): PositionWords | undefined {
  const number =
    prompts.find(positionPrompt(place.position)) ??
    (place.position > MOST_SAID ? prompts.find(MANY_PROMPT) : undefined);
  if (!number) return undefined;
  const rung = wait && place.waitMs ? waitRung(place.waitMs) : undefined;
  if (rung === undefined) return { clips: [number] };
  // A wait that has grown is not told without saying so: all of it or nothing.
  const longer = lastRung !== undefined && rung > lastRung;
  const phrase = prompts.all([...(longer ? ['wait-longer'] : []), WAIT_RUNGS[rung]!.prompt]);
  return phrase ? { clips: [number, ...phrase], rung } : { clips: [number] };
}
