// CallState: what the next process of the same call must know so that the caller notices nothing of the change.
// It is read back from a file, so nothing about it is taken for granted.
import type { SampleRate } from '../audio/frame';
import type { BedPosition } from '../program/bed';
import type { ProgramState } from '../program/program';
import type { KeyTimes } from './keys';
import type { ToldPlace } from './lastAnnounced';
import { WAIT_RUNGS } from './positionWords';

/** Plain JSON. Times in samples are at `rate`, moments are wall time, milliseconds since 1970. */
export interface CallState extends ProgramState {
  readonly version: 1;
  readonly rate: SampleRate;
  readonly told?: ToldPlace;
  readonly pressed: KeyTimes;
  /** The track that a key has brought and that the caller has not listened to for long enough, see `Choice`. */
  readonly choosing?: string;
  /** The caller was entering a PIN, or may have been: the next keys may be the rest of it. */
  readonly keying?: true;
}

/** Asterisk has this much in its hands when it kills a reader: 20 to 46 ms, measured on version 22, 2026-11-21. */
export const READ_MS = 30;
const LONGEST_NAME = 512;
/** Characters of all ids of a list, so that the whole is never more than some 50 KB. */
const MOST_CHARS = 20_000;
const MOST_IDS = 2000;

/** Ids from the beginning of a list, as many as are kept. */
export function keptIds(ids: readonly string[]): string[] {
  let chars = 0;
  const kept = ids.filter(({ length }) => length > 0 && length <= LONGEST_NAME).slice(0, MOST_IDS);
  const end = kept.findIndex(({ length }) => (chars += length) > MOST_CHARS);
  return end < 0 ? kept : kept.slice(0, end);
}

/** The state in anything that was read; undefined when it is not one of this version, whole and sound. */
export function parseCallState(value: unknown): CallState | undefined {
  if (!isObject(value) || value['version'] !== 1) return undefined;
  const { rate, music, heardSamples, sinceVoice, heard, bag, quiet, hushed, told, pressed } = value;
  const { choosing, keying, cut } = value;
  if (!isRate(rate) || !isCount(heardSamples) || !isIds(heard) || !isIds(bag)) return undefined;
  if (cut !== undefined && !isIds(cut)) return undefined;
  if (typeof quiet !== 'boolean' || typeof hushed !== 'boolean' || !isKeyTimes(pressed)) return undefined;
  if (music !== undefined && !isPosition(music)) return undefined;
  if (sinceVoice !== undefined && !isCount(sinceVoice)) return undefined;
  if (told !== undefined && !isTold(told)) return undefined;
  if (choosing !== undefined && !isName(choosing)) return undefined;
  if (keying !== undefined && keying !== true) return undefined;
  return {
    version: 1,
    rate,
    heardSamples,
    heard: heard.map(composed),
    bag: bag.map(composed),
    quiet,
    hushed,
    pressed,
    ...(cut && { cut: cut.map(composed) }),
    ...(music && { music: { ...music, trackId: composed(music.trackId) } }),
    ...(sinceVoice !== undefined && { sinceVoice }),
    ...(told && { told }),
    ...(choosing !== undefined && { choosing: composed(choosing) }),
    ...(keying && { keying }),
  };
}

/** An id as the library has it; an earlier version may have written it as the disk had it. */
function composed(id: string): string {
  return id.normalize('NFC');
}

/** The same state where the samples are of another rate. */
export function atRate(state: CallState, rate: SampleRate): CallState {
  const scaled = (samples: number): number => Math.round((samples * rate) / state.rate);
  const { music, sinceVoice } = state;
  return {
    ...state,
    rate,
    heardSamples: scaled(state.heardSamples),
    ...(music && { music: { trackId: music.trackId, sample: scaled(music.sample) } }),
    ...(sinceVoice !== undefined && { sinceVoice: scaled(sinceVoice) }),
  };
}

/** The music of a call and nothing else of it: what may be played while it is not known who listens. */
export function musicOf({ rate, music, heardSamples, bag }: CallState): CallState {
  return { ...BLANK, rate, heardSamples, bag, ...(music && { music }) };
}

/** Of a call that begins with a track: nothing has been heard of it yet. */
export function stateAtBeginning(trackId: string, rate: SampleRate): CallState {
  return { ...BLANK, rate, music: { trackId, sample: 0 }, heardSamples: 0, bag: [] };
}

const BLANK = { version: 1, heard: [], quiet: false, hushed: false, pressed: {} } as const;

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRate(value: unknown): value is SampleRate {
  return value === 8000 || value === 16000 || value === 48000;
}

/** A whole number of samples, and not more than any call has. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME;
}

function isIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isName) && keptIds(value).length === value.length;
}

function isPosition(value: unknown): value is BedPosition {
  return isObject(value) && isName(value['trackId']) && isCount(value['sample']);
}

function isTold(value: unknown): value is ToldPlace {
  if (!isObject(value) || !isName(value['queue']) || !isMoment(value['wallMs'])) return false;
  const { position, rung, joinedMs } = value;
  const isRung = rung === undefined || (isCount(rung) && rung < WAIT_RUNGS.length);
  return isCount(position) && position > 0 && isRung && (joinedMs === undefined || isMoment(joinedMs));
}

function isKeyTimes(value: unknown): value is KeyTimes {
  return isObject(value) && Object.entries(value).every(([key, at]) => /^[0-9*#]$/.test(key) && isMoment(at));
}
