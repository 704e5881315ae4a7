// Puts one call together: Program and Session over a library and an operator's settings.
// Every host does it the same way, so that what is rendered offline is what a caller hears.
import type { Clip } from '../audio/source';
import type { BedPosition } from '../program/bed';
import { Playlist } from '../program/playlist';
import { Program, type ProgramEvent } from '../program/program';
import { AdviceRota } from '../program/rota';
import type { ProgramSettings } from '../program/settings';
import type { DayPart, Shelf } from '../program/shelves';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { KeyBinding } from './actions';
import { Session, type Call } from './session';

/** What can be played now; asked anew each time, since it changes while calls run. */
export interface PlayableMedia {
  music(): readonly Clip[];
  advices(shelf: Shelf, language: string): readonly Clip[];
  /** A recorded prompt by name ("position-3"). */
  prompt(name: string, language: string): Clip | undefined;
}

/** What an operator's config decides for every call. */
export interface CallRules {
  program: ProgramSettings;
  keys: Readonly<Record<string, KeyBinding>>;
  /** The part of the day at a wall time, milliseconds since 1970. */
  dayPart(wallMs: number): DayPart | undefined;
  /** Whether campaigns let an advice be heard at a wall time. */
  allowed(adviceId: string, wallMs: number): boolean;
}

export interface CallSetup {
  call: Call;
  rules: CallRules;
  media: PlayableMedia;
  clock: Clock;
  random: Random;
  log: Logger;
  onEvent: (event: ProgramEvent) => void;
  resume?: BedPosition;
  /** Samples of this call that were heard before. */
  heardSamples?: number;
  heard?: Iterable<string>;
}

export function assembleCall(setup: CallSetup): { program: Program; session: Session; rota: AdviceRota } {
  const { call, rules, media, clock, random, log } = setup;
  const rota = new AdviceRota(
    {
      advices: (shelf) => media.advices(shelf, call.language),
      dayPart: () => rules.dayPart(clock.wall()),
      allowed: (advice) => rules.allowed(advice.id, clock.wall()),
      random,
    },
    setup.heard,
  );
  const program = new Program(rules.program, {
    playlist: new Playlist(() => media.music(), rules.program.music.order, random),
    rota,
    onEvent: setup.onEvent,
    ...(setup.resume && { resume: setup.resume }),
    ...(setup.heardSamples !== undefined && { heardSamples: setup.heardSamples }),
  });
  const prompt = (name: string): Clip | undefined => media.prompt(name, call.language);
  return { program, rota, session: new Session({ call, program, keys: rules.keys, prompt, clock, log }) };
}
