// Puts one call together: Program and Session over a library and an operator's settings.
// Every host does it the same way, so that what is rendered offline is what a caller hears.
import { Playlist } from '../program/playlist';
import { Program, type ProgramEvent } from '../program/program';
import { AdviceRota } from '../program/rota';
import type { ProgramSettings } from '../program/settings';
import type { DayPart, AdviceSlot } from '../program/adviceSlots';
import type { Random } from '../util/random';
import type { CallServices } from './callServices';
import { Journal } from './journal';
import { Session, type SessionParts } from './session';
import type { Speech } from './speech';
import { atRate, type CallState } from './state';
import type { Clip } from '../audio/source';

/** What an operator's config decides for every call. */
export interface CallRules extends Pick<SessionParts, 'keys' | 'position' | 'asksPin'> {
  /** The house's: spoken to callers in whose own there are no prompts. */
  language: string;
  program: ProgramSettings;
  /** The part of the day at a wall time, milliseconds since 1970. */
  dayPart(wallMs: number): DayPart | undefined;
  /** Whether campaigns let an advice be heard at a wall time. */
  allowed(adviceId: string, wallMs: number): boolean;
}

export interface CallSetup extends Pick<SessionParts, 'call' | 'clock' | 'log' | 'onKey'> {
  rules: CallRules;
  media: PlayableMedia;
  random: Random;
  onEvent: (event: ProgramEvent) => void;
  /** What is asked of the operator's systems, asked for anew each time; see `Session.opened`. Absent: nothing. */
  services?: (() => CallServices | undefined) | undefined;
  /** Who says places that are not recorded, asked for anew each time. Absent: nobody. */
  speech?: (() => Pick<Speech, 'position'> | undefined) | undefined;
  /** What an earlier process of this call has left; the media must have its track already. */
  resume?: CallState | undefined;
  /** Music that was playing before the listener was known: it continues at the same sample. */
  playing?: PlayingMusic | undefined;
}

export interface PlayingMusic {
  /** But for its music and how long it was heard, it counts for nothing. */
  readonly state: CallState;
  /** The call began with it: its track is one that the call has heard from the beginning. */
  readonly fresh: boolean;
}

/** The caller of this closes both. */
export function assembleCall(setup: CallSetup): { program: Program; session: Session } {
  const { call, rules, clock, random } = setup;
  const media = inHouseLanguage(setup.media, rules.language);
  const resume = setup.resume && atRate(setup.resume, rules.program.rate);
  const { services = () => undefined, speech = () => undefined } = setup;
  const playing = setup.playing && atRate(setup.playing.state, rules.program.rate);
  const from = playing ? movedOn(resume ?? playing, playing) : resume;
  let isFirst = setup.playing?.fresh === true;
  // Of a call that may be another one nothing is kept.
  const journal = new Journal(() => (call.certain ? services() : undefined), clock);
  const rota: AdviceRota = new AdviceRota(
    {
      advices: (shelf) => media.advices(shelf, session.call.language),
      dayPart: () => rules.dayPart(clock.wall()),
      allowed: (advice) => rules.allowed(advice.id, clock.wall()),
      random,
    },
    resume,
  );
  const program = new Program(rules.program, {
    ...from,
    playlist: new Playlist(() => media.music(), rules.program.music.order, random, from?.bag),
    rota,
    onEvent: (given) => {
      const event = isFirst && given.type === 'track' ? { ...given, fromSample: 0 } : given;
      isFirst &&= given.type !== 'track';
      journal.hear(event);
      setup.onEvent(event);
    },
  });
  const session: Session = new Session({
    ...{ ...setup, ...rules, ...media },
    ...{ program, services, speech, journal, resume },
  });
  return { program, session };
}

/** The state of a call whose music has gone on meanwhile. */
function movedOn(state: CallState, { music, heardSamples, bag }: CallState): CallState {
  const { sinceVoice } = state;
  return {
    ...state,
    ...(music && { music }),
    ...(sinceVoice !== undefined && { sinceVoice: sinceVoice + heardSamples - state.heardSamples }),
    heardSamples,
    bag,
  };
}

/** What can be played now; asked anew each time, since it changes while calls run. */
export interface PlayableMedia
  extends Pick<SessionParts, 'prompt' | 'find'>, Partial<Pick<SessionParts, 'speaks'>> {
  music(): readonly Clip[];
  advices(shelf: AdviceSlot, language: string): readonly Clip[];
}

/** @param house language of prompts and advices where there are no prompts in the caller's own */
export function inHouseLanguage(media: PlayableMedia, house: string): Required<PlayableMedia> {
  const speaks = (language: string): boolean => media.speaks?.(language) ?? true;
  const spoken = (language: string): string => (speaks(language) ? language : house);
  return {
    music: () => media.music(),
    advices: (shelf, language) => media.advices(shelf, spoken(language)),
    prompt: (name, language) => media.prompt(name, spoken(language)),
    speaks,
    find: (id) => media.find(id),
  };
}
