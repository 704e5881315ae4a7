// What a config may hold, checked value by value; each problem names the key, what was found and what is allowed.
// The type of a config is inferred from it. Imported only when a config is new or changed: zod takes some 30 ms to load.
import * as z from 'zod';
import { nearest } from '../util/nearest';
import { AdviceOptions, keys, PositionOptions } from './callOptions';
import { AmiOptions, CallsOptions, HubOptions, LogOptions, StreamOptions } from './hostOptions';
import { isLanguage, section, text, within, type Written } from './pieces';
import { foundText, keyText, type Problem } from './problems';
import { billing, speaker, StoreOptions } from './serviceOptions';
import {
  bandFits,
  DuckOptions,
  KeyToneOptions,
  LimiterOptions,
  MediaOptions,
  MusicOptions,
  SoundOptions,
  VoiceOptions,
} from './soundOptions';

class Options {
  /** Language for callers whose channel has none: 'en', 'ru', 'pt-BR'. Default 'en'. */
  language = text("the tag of a language: 'en', 'ru', 'pt-BR'", isLanguage).optional();
  /** IANA time zone for parts of the day and campaigns: 'Europe/Moscow'. Default: the machine's. */
  timeZone = text("an IANA time zone: 'Europe/Moscow', 'UTC'", isTimeZone).optional();
  /** Where music and advices are, and how they are prepared. */
  media = section(new MediaOptions()).optional();
  /** Format of the sound for Asterisk. */
  sound = section(new SoundOptions()).optional();
  /** The background music. */
  music = section(new MusicOptions()).optional();
  /** Ducking: how the music fades down under speech. */
  duck = section(new DuckOptions()).optional();
  /** How announcements follow each other. */
  voice = section(new VoiceOptions()).optional();
  /** When advices are heard. */
  advice = section(new AdviceOptions()).optional();
  /** Prevents clipping of the sum of music and speech. */
  limiter = section(new LimiterOptions()).optional();
  /** Fade at both ends of every clip, which prevents clicks, ms, 1 to 100. Default 5. */
  edgeMs = within(1, 100, 'ms');
  /** How audio is written to Asterisk. */
  stream = section(new StreamOptions()).optional();
  /** The Asterisk Manager Interface, which reports callers, keys and places in the queue. Default: not used. */
  ami = section(new AmiOptions()).optional();
  /** The daemon `holdcast hub`, which plays to all callers. */
  hub = section(new HubOptions()).optional();
  /** The state of running calls, so that music resumes where it stopped when Asterisk restarts the program. */
  calls = section(new CallsOptions()).optional();
  /** When callers hear their place in the queue. */
  position = section(new PositionOptions()).optional();
  /** The soft tone that acknowledges a key. */
  keyTone = section(new KeyToneOptions()).optional();
  /**
   * The voices that say numbers, amounts and places. The first one that can say a whole sentence says it.
   * Replaces the default set as a whole. Default: the shipped recordings (en, ru).
   */
  voices = z
    .array(speaker, "a list [{ recorded: 'voices' }, { asterisk: '/usr/share/asterisk/sounds' }]")
    .optional();
  /** The source of the balance that key 2 says. Default: none; callers hear that it is not available. */
  billing = billing.optional();
  /** Data kept from call to call: each caller's music, what was heard, keys. */
  store = section(new StoreOptions()).optional();
  /**
   * What a caller's keys do. Replaces the default set as a whole; `{}` turns keys off.
   * Default `{ '2': sayBalance(), '3': nextTrack(), '4': sayPosition(), '0': quiet() }`.
   */
  keys = keys.optional();
  /** The log. Personal data is masked in all lines. */
  log = section(new LogOptions()).optional();
}

export const schema = section(new Options()).superRefine(bandFits);

/** What config.ts exports: any of the options; absent options have their defaults. */
export type Config = Written<typeof schema>;

function isTimeZone(value: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: value })) && !/^[+-]/.test(value);
  } catch {
    return false;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Everything that is wrong with what a config file exports; empty when nothing is.
 * @param env names the secrets that must not be shown
 */
export function validateConfig(
  value: unknown,
  env: Environment = process.env,
): { ok: true } | { ok: false; problems: Problem[] } {
  // zod takes a Promise or a Map for an empty object, which would quietly mean "all defaults".
  const result = schema.safeParse(Object.prototype.toString.call(value) === '[object Object]' ? value : null);
  if (result.success) return { ok: true };
  const problem = (at: readonly PropertyKey[], allowed: string): Problem => ({
    key: keyText(at),
    found: foundText(value, at, env),
    allowed,
  });
  const problems = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => problem([...issue.path, name], noSuchOption(name, issue.message)))
      : [problem(issue.path, issue.message)],
  );
  return { ok: false, problems };
}

function noSuchOption(name: string, known: string): string {
  const meant = nearest(name, known.split(', '), () => Math.max(1, Math.floor(name.length / 3)));
  return meant === undefined ? `no such option; here are ${known}` : `no such option; did you mean ${meant}?`;
}
