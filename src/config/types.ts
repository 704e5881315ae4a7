// What an operator may write in config.ts, and what the program makes of it.
// Every option carries its unit, range and default, since an editor shows them while the operator types.
import type { SampleRate } from '../audio/frame';
import type { MediaSettings } from '../media/settings';
import type { ProgramSettings } from '../program/settings';
import type { DayPart } from '../program/adviceSlots';
import type { AmiSettings } from '../asterisk/settings';
import type { BillingFunction, BillingSettings, HttpBilling, SqlBilling } from '../billing/settings';
import type { KeyBinding, KeyFunction } from '../session/actions';
import type { PositionRules } from '../session/position';
import type { VoiceSettings } from '../speech/voice';
import type { StoreSettings } from '../store/settings';
import type { LogLevel } from '../util/log';

/** A key of the telephone. */
export type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '*' | '#';

/** From (inclusive) and to (exclusive), 'HH:MM' each, '00:00' to '24:00'; may cross midnight: ['22:00', '06:00']. */
export type DayWindow = readonly [from: string, to: string];

/** When each part-of-day folder is used. An absent part is never used; gaps are allowed, overlaps are not. */
export type DayParts = { readonly [part in DayPart]?: DayWindow | undefined };

/** Limits some advices to dates and to times. An advice that no campaign matches is always allowed. */
export interface Campaign {
  /**
   * File, folder or pattern below media/advices: 'last', 'middle/offer.en.mp3', 'middle/offer' (with any ending and in
   * any language), 'middle/summer-*' (`*`: any text, `?`: one character).
   */
  match: string;
  /** First day, 'YYYY-MM-DD' in `timeZone`. Default: no limit. */
  from?: string | undefined;
  /** Last day, inclusive, 'YYYY-MM-DD' in `timeZone`. Default: no limit. */
  to?: string | undefined;
  /**
   * The minutes in which it may be heard, a five-field cron expression in `timeZone`: '* 9-17 * * mon-fri'.
   * Day of month and day of week must both match. Default: always.
   */
  cron?: string | undefined;
}

/** Every option with its meaning; `Config` is the same with everything optional. */
export interface Options {
  /** Language for callers whose channel has none: 'en', 'ru', 'pt-BR'. Default 'en'. */
  language: string;
  /** IANA time zone for parts of the day and campaigns: 'Europe/Moscow'. Default: the machine's. */
  timeZone: string;
  /** Where music and advices are, and how they are prepared. */
  media: MediaOptions;
  /** Format of the sound for Asterisk. */
  sound: {
    /** Samples per second: 8000, 16000 (Asterisk's `format=slin16`) or 48000 (`slin48`). Default 8000. */
    rate: SampleRate;
  };
  /** The background music. */
  music: MusicOptions;
  /** Ducking: how the music fades down under speech. */
  duck: DuckOptions;
  /** How announcements follow each other. */
  voice: VoiceOptions;
  /** When advices are heard. */
  advice: AdviceOptions;
  /** Prevents clipping of the sum of music and speech. */
  limiter: LimiterOptions;
  /** Fade at both ends of every clip, which prevents clicks, ms, 1 to 100. Default 5. */
  edgeMs: number;
  /** How audio is written to Asterisk. */
  stream: StreamOptions;
  /** The Asterisk Manager Interface, which reports callers, keys and places in the queue. Default: not used. */
  ami: AmiOptions;
  /** The daemon `holdcast hub`, which plays to all callers. */
  hub: HubOptions;
  /** The state of running calls, so that music resumes where it stopped when Asterisk restarts the program. */
  calls: CallsOptions;
  /** When callers hear their place in the queue. */
  position: PositionOptions;
  /** The soft tone that acknowledges a key. */
  keyTone: KeyToneOptions;
  /**
   * The voices that say numbers, amounts and places. The first one that can say a whole sentence says it.
   * Replaces the default set as a whole. Default: the shipped recordings (en, ru).
   */
  voices: VoiceOption[];
  /** The source of the balance that key 2 says. Default: none; callers hear that it is not available. */
  billing: BillingOptions;
  /** Data kept from call to call: each caller's music, what was heard, keys. */
  store: StoreOptions;
  /**
   * What a caller's keys do. Replaces the default set as a whole; `{}` turns keys off.
   * Default `{ '2': sayBalance(), '3': nextTrack(), '4': sayPosition(), '0': quiet() }`.
   */
  keys: Record<Digit, KeyBinding | KeyFunction>;
  /** The log. Personal data is masked in all lines. */
  log: LogOptions;
}

export interface MediaOptions {
  /** Folder with music/ and advices/; relative to the config file. Default: the shipped media. */
  folder: string;
  /**
   * Folder for prepared files; relative to the config file. Default: HOLDCAST_CACHE, otherwise /var/cache/holdcast
   * if writable, otherwise the user's cache folder.
   */
  cache: string;
  /** Path or name of ffmpeg. Default: FFMPEG_PATH, otherwise `ffmpeg` on PATH, otherwise the package ffmpeg-static. */
  ffmpeg: string;
  /** Interval between scans for new and changed files, ms, 500 to 3,600,000. Default 5000. */
  scanMs: number;
  /** Loudness to which music is prepared, LUFS, -50 to -10. Default -24. */
  musicLufs: number;
  /** Loudness to which speech is prepared, LUFS, -50 to -10. Default -19. */
  speechLufs: number;
  /** Highest true peak of prepared files, dBTP, -20 to 0. Default -3. */
  peakDbtp: number;
  /** Lower edge of the band that is kept, Hz, 10 to 2000. Default by rate: 200, 80, 40. */
  lowHz: number;
  /** Upper edge of the band that is kept, Hz, 1000 to half the rate. Default by rate: 3400, 7000, 20000. */
  highHz: number;
}

export interface MusicOptions {
  /** 'shuffle': every track once in random order, then again; 'order': by name; 'loop': the first track only. Default 'shuffle'. */
  order: 'shuffle' | 'order' | 'loop';
  /** Overlap of two tracks, equal power, ms, 0 to 15000. Default 3000. */
  crossfadeMs: number;
  /** The shorter overlap when a caller asks for the next track, ms, 0 to 5000. Default 250. */
  skipMs: number;
  /** Added to the prepared level, dB, -40 to 12. Default 0. */
  gainDb: number;
}

export interface DuckOptions {
  /** Depth of the fade under a voice, dB, 0 to 60. Default 20. */
  depthDb: number;
  /** Time to fade down, after which the voice starts, ms, 20 to 5000. Default 300. */
  attackMs: number;
  /** The music stays down this long after a voice, so that short gaps do not pump, ms, 0 to 10000. Default 800. */
  holdMs: number;
  /** Time to fade back up, ms, 20 to 10000. Default 1000. */
  releaseMs: number;
}

export interface VoiceOptions {
  /** Pause between two announcements that follow each other, ms, 0 to 10000. Default 250. */
  gapMs: number;
  /** Fade-out of a voice that a more important one takes over from, ms, 5 to 2000. Default 80. */
  takeOverMs: number;
  /** Added to the prepared level, dB, -40 to 12. Default 0. */
  gainDb: number;
}

export interface AdviceOptions {
  /** From the beginning of the call to the first advice, ms, 0 to 3,600,000. Default 20000. */
  firstAfterMs: number;
  /** From the end of any voice to the next advice, ms, 0 to 3,600,000. Default 20000. */
  everyMs: number;
  /** Shortest distance between an advice and another voice, ms, 0 to 600,000. Default 3000. */
  guardMs: number;
  /**
   * When advices/firstMorning, firstDay and firstEvening are used. Replaces the default set as a whole.
   * Default `{ firstMorning: ['00:00', '10:00'], firstDay: ['10:00', '21:00'], firstEvening: ['21:00', '24:00'] }`.
   */
  dayParts: DayParts;
  /** Limits files or folders to dates and times. An advice in several campaigns is heard when any of them allows it. Default none. */
  campaigns: Campaign[];
}

export interface LimiterOptions {
  /** Highest output level, dBFS, -20 to 0. Default -3. */
  ceilingDb: number;
  /** How far the limiter looks ahead, ms, 1 to 20. Default 5. */
  lookaheadMs: number;
  /** Release time, ms, 1 to 2000. Default 80. */
  releaseMs: number;
}

export interface StreamOptions {
  /** Audio written ahead of Asterisk, ms, 80 to 200. Less: keys are heard sooner; more: survives a busier machine. Default 160. */
  leadMs: number;
  /** A stream that Asterisk does not read ends after this, and so does the reader of a call that the hub plays to; ms, 1000 to
   * 600,000. Default 30000: an Asterisk that stood still for long goes on with the same readers. */
  undrainedMs: number;
}

/** A user of this machine, by name or number. */
export type AccountName = string | number;

export interface AmiOptions {
  /** Name or address of the machine that runs Asterisk. Default '127.0.0.1'. */
  host: string;
  /** 1 to 65535. Default 5038. */
  port: number;
  /** As in manager.conf; `holdcast asterisk` prints a section with the least rights. Default 'holdcast'. */
  user: string;
  /** As in manager.conf. Without one there is no AMI connection. */
  secret: string;
  /**
   * Users trusted as the AMI of this machine, besides root and the user that Holdcast runs as (Asterisk's): for example
   * that of a tunnel (stunnel, ssh), by name or number: 'stunnel4', ['stunnel4', 1001]. Other programs on that port are told
   * nothing. Default: no other user.
   */
  trustUid: AccountName | readonly AccountName[];
  /** Time limit of connecting and of the login; then Holdcast tries again, ms, 100 to 60,000. Default 5000. */
  connectMs: number;
  /** A connection that is silent for this time is tested with a Ping, ms, 500 to 600,000. Default 10000. */
  pingMs: number;
}

export interface HubOptions {
  /** Where the hub answers Asterisk's realtime look-ups: port on 127.0.0.1 ('8099', '127.0.0.1:8099', '[::1]:8099') or
   * path of a Unix socket. Other addresses are refused. Default '127.0.0.1:8099'. */
  listen: string;
  /**
   * Host names that a proxy before `listen` or `observe` passes on, without a port: 'pbx.example'. Requests for any
   * other host than this machine's loopback are refused. Default: none.
   */
  hosts: string[];
  /** Ignored; accepted because configs of earlier versions have it. Nothing listens there. */
  socket: string;
  /**
   * The player. 'fifo': the hub plays to all callers, each through Asterisk's pipe of a tiny reader process. 'stream':
   * one process per caller, with its own AMI connection for keys, places and balance, if the config that it reads
   * has `ami.secret`. Default 'fifo'.
   */
  play: 'fifo' | 'stream';
  /** Folder that hub, readers and streams share; relative to the config file. Default: play, beside `calls.folder`. */
  folder: string;
  /** Most callers at once, 1 to 20000; callers beyond that hear fallback music. Default 4000. */
  callers: number;
  /** Most mixing threads, 1 to 64; another starts when one is busy. Default: one per core. */
  threads: number;
  /** Memory for audio being played, shared by all callers, MB, 8 to 65536. Default 128. */
  cacheMb: number;
  /**
   * Address for Prometheus and health checks (/metrics, /health, /ready): a port of this machine, as `listen`; false: none.
   * Default '127.0.0.1:9463'.
   */
  observe: string | false;
}

export interface CallsOptions {
  /** Folder for the state of calls in progress; relative to the config file. Default: HOLDCAST_RUN/calls, otherwise
   * /run/holdcast/calls if writable, otherwise run/calls in the cache folder. */
  folder: string;
  /** Interval between writes while a call lasts, ms, 200 to 60,000. Default 2000. */
  everyMs: number;
  /** A state that no process has used for this time is removed, ms, 10,000 to 86,400,000. Default 3600000. */
  keepMs: number;
}

export interface PositionOptions {
  /** true: says the first place, each better one, and repeats at intervals. false: only on a key. Default true. */
  announce: boolean;
  /** Shortest time between two announcements, ms, 0 to 3,600,000. Default 20000. */
  gapMs: number;
  /** Repeats an unchanged place after this time, ms, 10,000 to 3,600,000; 0: never. Default 120000. */
  everyMs: number;
  /** Adds an estimated wait, from the queue's recent hold times. Default false. */
  wait: boolean;
}

export interface KeyToneOptions {
  /** Acknowledges keys with a tone. Default true. */
  enabled: boolean;
  /** Frequency, Hz, 300 to 3000. Default 880. */
  hz: number;
  /** Length, ms, 20 to 500. Default 120. */
  ms: number;
  /** Peak, dBFS, -60 to -6. Default -26. */
  levelDb: number;
}

/** One voice: `recorded`, `asterisk` or `command`, one of them. */
export interface VoiceOption {
  /** Folder of recordings word by word, <folder>/<language>/<clip>.wav; relative to the config file. */
  recorded?: string | undefined;
  /** Folder of Asterisk's sound packs: '/usr/share/asterisk/sounds'. */
  asterisk?: string | undefined;
  /**
   * A program and its arguments. It reads the text from its standard input (or from `{text}`, or the file `{file}` among
   * the arguments) and writes a WAV to its standard output (or to `{out}`); `{language}` is the caller's.
   */
  command?: readonly [program: string, ...args: string[]] | undefined;
  /** `command` only: the languages that it speaks, ['en', 'de']. Default: the config's `language`. */
  languages?: readonly string[] | undefined;
  /** `command` only: time limit for a sentence, ms, 500 to 12,000. Default 10000. */
  limitMs?: number | undefined;
}

export interface BillingOptions {
  /** Over HTTP. Use exactly one of `http`, `sql` and `ask`. */
  http: HttpBilling;
  /** From MySQL or MariaDB. */
  sql: SqlOptions;
  /** Your own function: async ({ phone }) => [{ number: '000412', balance: '12.50' }]. */
  ask: BillingFunction;
  /** ISO 4217 code for balances that name none. Default 'USD'. */
  currency: string;
  /** Time limit of an answer, ms, 200 to 10,000. Default 3000. */
  limitMs: number;
  /** How long an answer is reused, ms, 0 to 600,000. Default 30000. */
  cacheMs: number;
  /** Failures in a row after which billing is paused, 1 to 100. Default 5. */
  failures: number;
  /** Length of that pause, ms, 1000 to 600,000. Default 30000. */
  restMs: number;
  /** ISO 3166 code of the country of national numbers: 'GB'. Default: numbers are passed on as Asterisk reports them. */
  country: string;
  /** Format of numbers for billing, with `country`: 'e164' (+442079460018), 'national' (02079460018), 'digits' (442079460018). Default 'e164'. */
  phone: 'e164' | 'national' | 'digits';
  /** A PIN that callers enter before they hear a balance. Default: none. */
  pin: PinOptions;
}

export interface SqlOptions extends Omit<SqlBilling, 'database'> {
  readonly database: DatabaseOptions;
}

export interface PinOptions {
  /** Digits of a PIN, 3 to 12. Default 4. */
  digits: number;
  /** Wrong PINs in a row that lock the number, 1 to 10. Default 3. */
  tries: number;
  /** Length of the lock, from the last wrong PIN, ms, 1000 to 86,400,000. Default 3600000. */
  lockMs: number;
  /** Wrong PINs over all numbers within `allMs` after which no PIN is accepted, 3 to 10,000. Default 30. */
  allTries: number;
  /** ms, 1000 to 86,400,000. Default 600000. */
  allMs: number;
}

export interface StoreOptions {
  /** A MySQL or MariaDB database. Default: the embedded store. */
  mysql: DatabaseOptions;
  /**
   * File of the embedded store; relative to the config file. Default: holdcast.db in HOLDCAST_DATA, otherwise in
   * /var/lib/holdcast if writable, otherwise in the user's data folder.
   */
  file: string;
  /** Days for which choices and heard items are kept, 0 (for ever) to 36,500. Default 365. */
  keepDays: number;
  /** When older entries are removed, five cron fields in `timeZone`. Default '17 4 * * *'. */
  purge: string;
}

export interface DatabaseOptions {
  /** Path of its Unix socket. Default: host and port. */
  socket?: string | undefined;
  /** Default '127.0.0.1'. */
  host?: string | undefined;
  /** 1 to 65535. Default 3306. */
  port?: number | undefined;
  /** Default 'holdcast'. */
  user?: string | undefined;
  password?: string | undefined;
  database: string;
  /**
   * Whether the connection is TLS; the certificate of the server is always checked. Default: true with `ca`, else false.
   * Without TLS, a socket or `serverPublicKey`, a server that asks for the password itself (MySQL 8: caching_sha2_password)
   * does not get it.
   */
  tls?: boolean | undefined;
  /** File with the certificate (PEM) of the server's authority, or of the server itself. Default: the known authorities. */
  ca?: string | undefined;
  /** Name in the certificate of the server, if it is not `host`. */
  tlsName?: string | undefined;
  /** File with the server's RSA key (PEM; MySQL: public_key.pem): the password may be encrypted for it without TLS. */
  serverPublicKey?: string | undefined;
  /** Connections at once, 1 to 100. Default 4. */
  connections?: number | undefined;
  /** Time limit of connecting, ms, 100 to 60,000. Default 2000. */
  connectMs?: number | undefined;
  /** Time limit of a query; then its connection is cut, ms, 100 to 60,000. Default 3000. */
  queryMs?: number | undefined;
}

export interface LogOptions {
  /** Lowest level that is written: 'debug', 'info', 'warn' or 'error'. Default 'info'. */
  level: LogLevel;
  /** File to append to; relative to the config file. Default: stderr. */
  file: string;
}

/** `T` with everything optional down to lists, functions and key bindings, which are written whole. */
export type Loose<T> = T extends
  | readonly unknown[]
  | KeyBinding
  | KeyFunction
  | BillingFunction
  | HttpBilling
  | SqlOptions
  | DatabaseOptions
  | DayParts
  ? T
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> | undefined }
    : T;

/** What config.ts exports: any of the options; absent options have their defaults. */
export type Config = Loose<Options>;

/** Where the hub listens. */
export interface HubSettings {
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number };
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly play: 'fifo' | 'stream';
  /** Absolute. */
  readonly folder: string;
  readonly callers: number;
  /** Absent: one a core. */
  readonly threads?: number;
  readonly cacheMb: number;
  /** Absent: nobody is told. */
  readonly observe?: { readonly path: string } | { readonly host: string; readonly port: number };
}

/** The config with every default in place and every path absolute. */
export interface ResolvedConfig {
  readonly language: string;
  /** Absent: the machine's. */
  readonly timeZone?: string;
  readonly program: ProgramSettings;
  readonly media: MediaSettings;
  readonly stream: Readonly<StreamOptions>;
  readonly advice: { readonly dayParts: DayParts; readonly campaigns: readonly Campaign[] };
  /** Absent: no AMI connection. */
  readonly ami?: AmiSettings;
  readonly hub: HubSettings;
  readonly calls: Readonly<CallsOptions>;
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
