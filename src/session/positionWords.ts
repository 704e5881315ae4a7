// The words that tell callers their place in the queue: the number, and how long the wait may be.
import type { QueuePlace } from '../asterisk/callNews';
import type { Clip } from '../audio/source';
import { lengthOf } from '../program/announcement';
import type { Prompts } from './replies';
import type { SpokenPlace } from './spokenPlaces';

/** What each means is said in config/callOptions.ts. */
export const defaultPositionRules = { announce: true, gapMs: 20_000, everyMs: 120_000, wait: false };
export type PositionRules = Readonly<typeof defaultPositionRules>;

/** Places up to this have a sentence of their own; further back it is said that they are. */
export const MOST_SAID = 50;
export const MANY_PROMPT = 'position-many';
export const UNKNOWN_PROMPT = 'position-unknown';

export const positionPrompt = (position: number): string => `position-${position}`;

export interface PositionWords {
  readonly clips: readonly Clip[];
  /** Samples of the number, which may be several clips. */
  readonly number: number;
  /** The rung of the wait that its last clip tells; absent: none is told. */
  readonly rung?: number;
  /** For people, where a voice says it; else the title of the number's prompt. */
  readonly title?: string;
}

export interface WordRules {
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

export interface WaitRung {
  /** Name of the recorded prompt: "The wait is about three to five minutes." */
  readonly prompt: string;
  /** The rung ends before this many minutes; it begins where the one below ends. */
  readonly belowMinutes: number;
}

export const WAIT_RUNGS: readonly WaitRung[] = [
  { prompt: 'wait-under-1', belowMinutes: 1 },
  { prompt: 'wait-1-2', belowMinutes: 2 },
  { prompt: 'wait-2-3', belowMinutes: 3 },
  { prompt: 'wait-3-5', belowMinutes: 5 },
  { prompt: 'wait-5-10', belowMinutes: 10 },
  { prompt: 'wait-10-15', belowMinutes: 15 },
  { prompt: 'wait-15-20', belowMinutes: 20 },
  { prompt: 'wait-20-30', belowMinutes: 30 },
  { prompt: 'wait-30-45', belowMinutes: 45 },
  { prompt: 'wait-45-60', belowMinutes: 60 },
  { prompt: 'wait-over-60', belowMinutes: Infinity },
];

/**
 * Index of the rung in which the middle of an estimate lies: a longer estimate never gets a lower rung.
 * @param waitMs least and most, milliseconds; below 0 counts as 0
 * @returns undefined when it is not a number
 */
export function waitRung([least, most]: readonly [least: number, most: number]): number | undefined {
  const minutes = (least + most) / 2 / 60_000;
  const rung = WAIT_RUNGS.findIndex(({ belowMinutes }) => minutes < belowMinutes);
  if (rung >= 0) return rung;
  return minutes === Infinity ? WAIT_RUNGS.length - 1 : undefined;
}
