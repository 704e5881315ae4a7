// What `import … from 'holdcast'` gives a config file: the types and a few plain functions.
// It is copied into every compiled config, so it stays tiny and imports nothing that does anything.
import type { Config } from './schema';

export { nextTrack, quiet, run, sayBalance, sayPosition } from '../session/actions';
export type { BillingQuestion } from '../billing/billing';
export type { BillingAccount, BillingAnswer, BillingFunction } from '../billing/settings';
export type { BuiltinAction, KeyBinding, KeyFunction, KeySession } from '../session/actions';
export type { Campaign, Digit } from './callOptions';
export type { DayParts, DayWindow } from './dayPart';
export type { Config } from './schema';

/** Returns `config` unchanged; it is there so that an editor knows the options and their types. */
export function defineConfig(config: Config): Config {
  return config;
}
