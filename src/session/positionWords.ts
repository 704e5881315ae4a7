// The words that tell callers their place in the queue: the number, and how long the wait may be.
import type { QueuePlace } from '../asterisk/feed';
import type { Clip } from '../audio/source';
import { lengthOf } from '../program/announcement';
import type { Prompts } from './prompts';
import type { SpokenPlace } from './spokenPlaces';
import { WAIT_RUNGS, waitRung } from './waitPhrase';

/** Places up to this have a sentence of their own; further back it is said that they are. */
export const MOST_SAID = 50;
export const MANY_PROMPT = 'position-many';
export const UNKNOWN_PROMPT = 'position-unknown';

export const positionPrompt = (position: number): string => `position-${position}`;

export interface PositionWords {
  /** The number first. */
  readonly clips: readonly Clip[];
  /** Samples of the number, which may be several clips. */
  readonly number: number;
  /** The rung of the wait that its last clip tells; absent: none is told. */
  readonly rung?: number;
  /** For people, where a voice says it; else the title of the number's prompt. */
  readonly title?: string;
}

export interface WordRules {
  /** Whether the wait is told. */
  readonly wait: boolean;
  /** The rung of the wait that this caller heard last. */
  readonly lastRung?: number | undefined;
  /** The place as a voice says it. Default: none does. */
  readonly spoken?: (place: number) => SpokenPlace;
}

/** What to say now: a prompt, else a voice, else a prompt in another language. Undefined: nothing says the number. */
export function positionWords(
  place: QueuePlace,
  prompts: Prompts,
  { wait, lastRung, spoken = () => undefined }: WordRules,
): PositionWords | 'asked' | undefined {
  const { position } = place;
  const own = prompts.findOwn(positionPrompt(position));
  const voiced = own ? undefined : spoken(position);
  if (voiced === 'asked') return 'asked';
  const prompt = own ?? prompts.find(positionPrompt(position)) ?? manyPrompt(position, prompts);
  const number = voiced ?? (prompt && [prompt]);
  if (!number) return undefined;
  const words = {
    clips: number,
    number: lengthOf({ clips: number }),
    ...(voiced && { title: `Position ${position}` }),
  };
  // No sentence in two languages.
  const told = wait && (!voiced || prompts.findOwn(WAIT_RUNGS[0]!.prompt));
  const rung = told && place.waitMs ? waitRung(place.waitMs) : undefined;
  if (rung === undefined) return words;
  // A wait that has grown is not told without saying so: all of it or nothing.
  const longer = lastRung !== undefined && rung > lastRung;
  const phrase = prompts.all([...(longer ? ['wait-longer'] : []), WAIT_RUNGS[rung]!.prompt]);
  return phrase ? { ...words, clips: [...number, ...phrase], rung } : words;
}

function manyPrompt(position: number, prompts: Prompts): Clip | undefined {
  return position > MOST_SAID ? prompts.find(MANY_PROMPT) : undefined;
}
