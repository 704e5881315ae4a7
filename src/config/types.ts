// What an operator may write in config.ts, as it is inferred from the schema, and what the program makes of it.
import type { AmiSettings } from '../asterisk/settings';
import type { BillingSettings } from '../billing/settings';
import type { MediaSettings } from '../media/settings';
import type { ProgramSettings } from '../program/settings';
import type { KeyBinding } from '../session/actions';
import type { PositionRules } from '../session/positionWords';
import type { VoiceSettings } from '../speech/voice';
import type { StoreSettings } from '../store/settings';
import type { Where } from '../util/http/listening';
import type { LogLevel } from '../util/log';
import type { CampaignOptions, Digit } from './callOptions';
import type { DayParts } from './dayPart';
import type { Written, WrittenOf } from './pieces';
import type { schema } from './schema';

export type { Digit } from './callOptions';
export type { DayParts, DayWindow } from './dayPart';

/** What config.ts exports: any of the options; absent options have their defaults. */
export type Config = Written<typeof schema>;
export type Campaign = WrittenOf<CampaignOptions>;

/** Where the hub listens. */
export interface HubSettings {
  readonly listen: Where;
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly play: 'hub' | 'stream';
  /** Absolute. */
  readonly folder: string;
  readonly callers: number;
  /** Absent: one a core. */
  readonly threads?: number;
  readonly cacheMb: number;
  /** Absent: nobody is told. */
  readonly observe?: Where;
}

/** The config with every default in place and every path absolute. */
export interface ResolvedConfig {
  readonly language: string;
  /** Absent: the machine's. */
  readonly timeZone?: string;
  readonly program: ProgramSettings;
  readonly media: MediaSettings;
  readonly stream: { readonly leadMs: number; readonly undrainedMs: number };
  readonly advice: { readonly dayParts: DayParts; readonly campaigns: readonly Campaign[] };
  /** Absent: no AMI connection. */
  readonly ami?: AmiSettings;
  readonly hub: HubSettings;
  readonly calls: { readonly folder: string; readonly everyMs: number; readonly keepMs: number };
  readonly position: PositionRules;
  /** In the order in which they are tried. */
  readonly voices: readonly VoiceSettings[];
  /** Absent: no balances. */
  readonly billing?: BillingSettings;
  readonly store: StoreSettings;
  readonly keys: { readonly [digit in Digit]?: KeyBinding };
  /** `file` absent: stderr. */
  readonly log: { readonly level: LogLevel; readonly file?: string };
}
