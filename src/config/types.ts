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
import type { VoiceSettings } from '../speech/settings';
import type { StoreSettings } from '../store/settings';
import type { LogLevel } from '../util/log';

/** A key of the telephone. */
export type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '*' | '#';

/** From (inclusive) and to (exclusive), 'HH:MM' each, '00:00' to '24:00'; may cross midnight: ['22:00', '06:00']. */
export type DayWindow = readonly [from: string, to: string];

/** When each part-of-day folder is used. A part that is absent is never used; gaps are legal, overlaps are not. */
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
  /** Language in which callers are spoken to: 'en', 'ru', 'pt-BR'. Default 'en'. */
  language: string;
  /** IANA time zone for parts of the day and campaigns: 'Europe/Moscow'. Default: the machine's. */
  timeZone: string;
  /** Where music and advices are, and how they are prepared. */
  media: MediaOptions;
  /** The form of the sound that Asterisk is given. */
  sound: {
    /** Samples a second: 8000, 16000 (Asterisk's `format=slin16`) or 48000 (`slin48`). Default 8000. */
    rate: SampleRate;
  };
  /** The background music. */
  music: MusicOptions;
  /** How the music goes down under speech. */
  duck: DuckOptions;
  /** How announcements follow each other. */
  voice: VoiceOptions;
  /** When advices are heard. */
  advice: AdviceOptions;
  /** Keeps the sum of music and speech from clipping. */
  limiter: LimiterOptions;
  /** Fade at both ends of every clip, so that nothing clicks, ms, 1 to 100. Default 5. */
  edgeMs: number;
  /** How audio is handed to Asterisk. */
  stream: StreamOptions;
  /** The Asterisk Manager Interface: keys and queue positions come from it. Default: none is asked. */
  ami: AmiOptions;
  /** The daemon `holdcast hub`, which tells each call's stream who it is. */
  hub: HubOptions;
  /** What is kept of a call, so that it goes on where it was when Asterisk starts the program again. */
  calls: CallsOptions;
  /** When callers hear their place in the queue. */
  position: PositionOptions;
  /** The soft tone that acknowledges a key. */
  keyTone: KeyToneOptions;
  /**
   * Who speaks numbers, amounts and places, in the order in which they are tried: a sentence is said whole by one of them.
   * Replaces the default set as a whole. Default: the shipped recordings (en, ru).
   */
  voices: VoiceOption[];
  /** Where the balance that key 2 says comes from. Default: that it is not available. */
  billing: BillingOptions;
  /** What is remembered from call to call: each caller's music, what was heard, keys. */
  store: StoreOptions;
  /**
   * What a caller's keys do. Replaces the default set as a whole; `{}` turns keys off.
   * Default `{ '2': sayBalance(), '3': nextTrack(), '4': sayPosition(), '0': quiet() }`.
   */
  keys: Record<Digit, KeyBinding | KeyFunction>;
  /** Where log lines go. Personal data is masked in all of them. */
  log: LogOptions;
}

export interface MediaOptions {
  /** Folder with music/ and advices/; relative to the config file. Default: the shipped media. */
  folder: string;
  /**
   * Folder for prepared files; relative to the config file. Default: HOLDCAST_CACHE, else /var/cache/holdcast
   * where it may be written, else the user's cache folder.
   */
  cache: string;
  /** Path or name of ffmpeg. Default: FFMPEG_PATH, else `ffmpeg` on PATH, else the package ffmpeg-static. */
  ffmpeg: string;
  /** How often the folders are looked at for new and changed files, ms, 500 to 3,600,000. Default 5000. */
  scanMs: number;
  /** Loudness to which music is prepared, LUFS, -50 to -10. Default -24. */
  musicLufs: number;
  /** Loudness to which speech is prepared, LUFS, -50 to -10. Default -19. */
  speechLufs: number;
  /** True peak that nothing prepared exceeds, dBTP, -20 to 0. Default -3. */
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
  /** How far the music goes down under a voice, dB, 0 to 60. Default 20. */
  depthDb: number;
  /** The music takes this long to go down; the voice starts then, ms, 20 to 5000. Default 300. */
  attackMs: number;
  /** The music stays down this long after a voice, so that short gaps do not pump, ms, 0 to 10000. Default 800. */
  holdMs: number;
  /** Time to come back up, ms, 20 to 10000. Default 1000. */
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
  /** An advice never starts nearer than this to another voice, ms, 0 to 600,000. Default 3000. */
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
  /** No sample leaves louder than this, dBFS, -20 to 0. Default -3. */
  ceilingDb: number;
  /** How far the limiter looks ahead, ms, 1 to 20. Default 5. */
  lookaheadMs: number;
  /** Time in which it lets go, ms, 1 to 2000. Default 80. */
  releaseMs: number;
}

export interface StreamOptions {
  /** Audio kept ahead of the caller's ear, ms, 80 to 200: less answers keys sooner, more survives a busier machine. Default 160. */
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
   * Users whose program may be the AMI of this machine besides root and the user that Holdcast runs as, which is Asterisk's:
   * that of a tunnel (stunnel, ssh), by name or number: 'stunnel4', ['stunnel4', 1001]. Anybody else on that port is told
   * nothing. Default: nobody else.
   */
  trustUid: AccountName | readonly AccountName[];
  /** A connection or a login that takes longer is given up and tried again, ms, 100 to 60,000. Default 5000. */
  connectMs: number;
  /** A connection that is silent for so long is tested with a Ping, ms, 500 to 600,000. Default 10000. */
  pingMs: number;
}

export interface HubOptions {
  /** Where Asterisk's realtime look-ups are answered: port on 127.0.0.1 ('8099', '127.0.0.1:8099', '[::1]:8099') or
   * path of a Unix socket. Other addresses are refused. Default '127.0.0.1:8099'. */
  listen: string;
  /**
   * Names of a proxy's host by which `listen` and `observe` may be asked, without a port: 'pbx.example'. Requests for any
   * other host than this machine's loopback are refused. Default: none.
   */
  hosts: string[];
  /** Of earlier versions: streams asked there who they are. Nothing listens there any more; it is accepted, and ignored. */
  socket: string;
  /**
   * Who plays to callers. 'fifo': the hub to all of them, each hears it through a pipe reader of next to no size. 'stream':
   * a process for each caller, with keys, places and balance by an AMI connection of its own, where the config that it reads
   * has `ami.secret`. Default 'fifo'.
   */
  play: 'fifo' | 'stream';
  /** Folder of the callers' pipes, or of the notes that tell streams their calls; relative to the config file. Default: play in `calls.folder`'s parent. */
  folder: string;
  /** Most callers that the hub plays to, 1 to 20000; who comes on top of them hears plain music. Default 4000. */
  callers: number;
  /** Most mixing threads, 1 to 64; the second begins when one has much to do. Default: one a core. */
  threads: number;
  /** Memory for music and speech that are being played, shared by all callers, MB, 8 to 65536. Default 128. */
  cacheMb: number;
  /**
   * Where Prometheus and health checks ask (/metrics, /health, /ready): a port of this machine, as `listen`; false: nowhere.
   * Default '127.0.0.1:9463'.
   */
  observe: string | false;
}

export interface CallsOptions {
  /** Folder for the state of calls in progress; relative to the config file. Default: HOLDCAST_RUN/calls, else
   * /run/holdcast/calls where it may be written, else run/calls in the cache folder. */
  folder: string;
  /** How often it is written while a call lasts, ms, 200 to 60,000. Default 2000. */
  everyMs: number;
  /** What no process has taken up for so long is removed, ms, 10,000 to 86,400,000. Default 3600000. */
  keepMs: number;
}

export interface PositionOptions {
  /** Whether places are said by themselves: the first, each better one, and at intervals. false: only by a key. Default true. */
  announce: boolean;
  /** Not more often than this, ms, 0 to 3,600,000. Default 20000. */
  gapMs: number;
  /** Said again after so long without a change, ms, 10,000 to 3,600,000; 0: never. Default 120000. */
  everyMs: number;
  /** Whether an estimated wait is said with it, from the queue's recent hold times. Default false. */
  wait: boolean;
}

export interface KeyToneOptions {
  /** Whether a key that does something is answered with a tone. Default true. */
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
  /** `command` only: it has so long for a sentence, ms, 500 to 12,000. Default 10000. */
  limitMs?: number | undefined;
}

export interface BillingOptions {
  /** Asked over HTTP; of `http`, `sql` and `ask` there is one. */
  http: HttpBilling;
  /** Asked of MySQL or MariaDB. */
  sql: SqlOptions;
  /** Your own function: async ({ phone }) => [{ number: '000412', balance: '12.50' }]. */
  ask: BillingFunction;
  /** ISO 4217 code of balances that name none. Default 'USD'. */
  currency: string;
  /** An answer that takes longer is none, ms, 200 to 10,000. Default 3000. */
  limitMs: number;
  /** An answer is good for so long, ms, 0 to 600,000. Default 30000. */
  cacheMs: number;
  /** After so many failures in a row billing is left alone, 1 to 100. Default 5. */
  failures: number;
  /** For so long, ms, 1000 to 600,000. Default 30000. */
  restMs: number;
  /** ISO 3166 code of the country that national numbers are of: 'GB'. Default: numbers go as Asterisk tells them. */
  country: string;
  /** Form in which billing wants numbers, where there is a country: 'e164' (+442079460018), 'national' (02079460018), 'digits' (442079460018). Default 'e164'. */
  phone: 'e164' | 'national' | 'digits';
  /** A PIN that callers key in before they hear a balance. Default: none. */
  pin: PinOptions;
}

export interface SqlOptions extends Omit<SqlBilling, 'database'> {
  readonly database: DatabaseOptions;
}

export interface PinOptions {
  /** Digits of a PIN, 3 to 12. Default 4. */
  digits: number;
  /** Wrong ones in a row until the number is locked, 1 to 10. Default 3. */
  tries: number;
  /** For so long after the last of them, ms, 1000 to 86,400,000. Default 3600000. */
  lockMs: number;
  /** Wrong ones over all numbers within `allMs` until no PIN is taken, 3 to 10,000. Default 30. */
  allTries: number;
  /** ms, 1000 to 86,400,000. Default 600000. */
  allMs: number;
}

export interface StoreOptions {
  /** A MySQL or MariaDB database. Default: the embedded store. */
  mysql: DatabaseOptions;
  /**
   * File of the embedded store; relative to the config file. Default: holdcast.db in HOLDCAST_DATA, else in
   * /var/lib/holdcast where it may be written, else in the user's data folder.
   */
  file: string;
  /** Days that choices, and what was heard, are kept, 0 (for ever) to 36,500. Default 365. */
  keepDays: number;
  /** When older ones are removed, five cron fields in `timeZone`. Default '17 4 * * *'. */
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
  /** The name that the certificate of the server is for, where it is not `host`. */
  tlsName?: string | undefined;
  /** File with the server's RSA key (PEM; MySQL: public_key.pem): the password may be encrypted for it without TLS. */
  serverPublicKey?: string | undefined;
  /** Connections at once, 1 to 100. Default 4. */
  connections?: number | undefined;
  /** A connection that takes longer is given up, ms, 100 to 60,000. Default 2000. */
  connectMs?: number | undefined;
  /** A query that takes longer is cut, with its connection, ms, 100 to 60,000. Default 3000. */
  queryMs?: number | undefined;
}

export interface LogOptions {
  /** The least important lines that are written: 'debug', 'info', 'warn' or 'error'. Default 'info'. */
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

/** What config.ts exports: any part of the options; what is absent has its default. */
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
