// The options of the machine: Asterisk's manager interface, the hub, streams, the state of calls, the log.
// What an option may be is checked here and nowhere else; an editor shows its comment with unit, range and default.
import * as z from 'zod';
import { parseListen } from './listen';
import { host, HOUR_MS, line, oneOf, path, text, whole, within } from './pieces';

export class StreamOptions {
  /** Audio written ahead of Asterisk, ms, 80 to 200. Less: keys are heard sooner; more: survives a busier machine. The hub
   * keeps at most 100 while its turns are on time. Default 160. */
  leadMs = within(80, 200, 'ms');
  /** A stream that Asterisk does not read ends after this, and so does the reader of a call that the hub plays to; ms, 1000 to
   * 600,000. Default 30000: an Asterisk that stood still for long goes on with the same readers. */
  undrainedMs = within(1000, 600_000, 'ms');
}

/** A user of this machine, by name or number. */
type AccountName = string | number;
const isAccount = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1
    : typeof value === 'string' && /^[\w.-]{1,64}\$?$/.test(value);

export class AmiOptions {
  /** Name or address of the machine that runs Asterisk. Default '127.0.0.1'. */
  host = host();
  /** 1 to 65535. Default 5038. */
  port = whole(1, 65_535);
  /** As in manager.conf; `holdcast asterisk` prints a section with the least rights. Default 'holdcast'. */
  user = line('a name as in manager.conf');
  /** As in manager.conf. Without one there is no AMI connection. */
  secret = line('the secret as in manager.conf');
  /**
   * Users trusted as the AMI of this machine, besides root and the user that Holdcast runs as (Asterisk's): for example
   * that of a tunnel (stunnel, ssh), by name or number: 'stunnel4', ['stunnel4', 1001]. Other programs on that port are told
   * nothing. Default: no other user.
   */
  trustUid = z
    .custom<AccountName | readonly AccountName[]>(
      (value) => [value].flat().every(isAccount),
      "the name or number of a user: 'stunnel4', 1001, or a list of them",
    )
    .optional();
  /** Time limit of connecting and of the login; then Holdcast tries again, ms, 100 to 60,000. Default 5000. */
  connectMs = within(100, 60_000, 'ms');
  /** A connection that is silent for this time is tested with a Ping, ms, 500 to 600,000. Default 10000. */
  pingMs = within(500, 600_000, 'ms');
}

const address =
  "a port on this machine ('8099', '127.0.0.1:8099', '[::1]:8099') or the path of a Unix socket";
const isAddress = (value: string): boolean => parseListen(value, '/') !== undefined;
/** As it stands in a request's Host, without a port. */
const isHostName = (value: string): boolean => /^([\w.-]+|\[[\da-f:.]+\])$/i.test(value);

export class HubOptions {
  /** Where the hub answers Asterisk's realtime look-ups: port on 127.0.0.1 ('8099', '127.0.0.1:8099', '[::1]:8099') or
   * path of a Unix socket. Other addresses are refused. Default '127.0.0.1:8099'. */
  listen = text(address, isAddress).optional();
  /**
   * Host names that a proxy before `listen` or `observe` passes on, without a port: 'pbx.example'. Requests for any
   * other host than this machine's loopback are refused. Default: none.
   */
  hosts = z
    .array(text("a name without a port: 'pbx.example', '192.0.2.1'", isHostName), "a list ['pbx.example']")
    .optional();
  /** Ignored; accepted because configs of earlier versions have it. Nothing listens there. */
  socket = path('the path of a Unix socket');
  /**
   * The player. 'hub': the hub plays to all callers, each through Asterisk's pipe of a tiny reader process. 'stream':
   * one process per caller, with its own AMI connection for keys, places and balance, if the config that it reads
   * has `ami.secret`. 'fifo': what 'hub' was called before. Default 'hub'.
   */
  play = oneOf('hub', 'stream', 'fifo');
  /** Folder that hub, readers and streams share; relative to the config file. Default: play, beside `calls.folder`. */
  folder = path('a folder');
  /** Most callers at once, 1 to 20000; callers beyond that hear fallback music. Default 4000. */
  callers = whole(1, 20_000);
  /** Most mixing threads, 1 to 64; another starts when one is busy. Default: one per core. */
  threads = whole(1, 64);
  /** Memory for audio being played, shared by all callers, MB, 8 to 65536. Default 128. */
  cacheMb = within(8, 65_536, 'MB');
  /**
   * Address for Prometheus and health checks (/metrics, /health, /ready): a port of this machine, as `listen`; false: none.
   * Default '127.0.0.1:9463'.
   */
  observe = z.union([z.literal(false), z.string().refine(isAddress)], `${address}, or false`).optional();
}

export class CallsOptions {
  /** Folder for the state of calls in progress; relative to the config file. Default: HOLDCAST_RUN/calls, otherwise
   * /run/holdcast/calls if writable, otherwise run/calls in the cache folder. */
  folder = path('a folder');
  /** Interval between writes while a call lasts, ms, 200 to 60,000. Default 2000. */
  everyMs = within(200, 60_000, 'ms');
  /** A state that no process has used for this time is removed, ms, 10,000 to 86,400,000. Default 3600000. */
  keepMs = within(10_000, 24 * HOUR_MS, 'ms');
}

export class LogOptions {
  /** Lowest level that is written: 'debug', 'info', 'warn' or 'error'. Default 'info'. */
  level = oneOf('debug', 'info', 'warn', 'error');
  /** File to append to; relative to the config file. Default: stderr. */
  file = path('a file');
}
