// The options of what Holdcast asks and where it remembers: voices, billing, the store.
// What an option may be is checked here and nowhere else; an editor shows its comment with unit, range and default.
import * as z from 'zod';
import { pinIsLost } from '../billing/fill';
import { defaultPin, type BillingFunction, type HttpBilling, type SqlBilling } from '../billing/settings';
import { minorDigits } from '../speech/money';
import {
  complain,
  cron,
  flag,
  host,
  HOUR_MS,
  isLanguage,
  isNotEmpty,
  line,
  oneOf,
  password,
  path,
  section,
  text,
  whole,
  within,
  type Context,
} from './pieces';

const commandWords = "a program and its arguments: ['espeak-ng', '-v', '{language}', '--stdout']";
const tags = "tags of languages: ['en', 'de']";
/** One voice: `recorded`, `asterisk` or `command`, one of them. */
export class SpeakerOptions {
  /** Folder of recordings word by word, <folder>/<language>/<clip>.wav; relative to the config file. */
  recorded = path('a folder');
  /** Folder of Asterisk's sound packs: '/usr/share/asterisk/sounds'. */
  asterisk = path('a folder');
  /**
   * A program and its arguments. It reads the text from its standard input (or from `{text}`, or the file `{file}` among
   * the arguments) and writes a WAV to its standard output (or to `{out}`); `{language}` is the caller's.
   */
  command = z
    .tuple([text(commandWords, isNotEmpty)], z.string(commandWords), commandWords)
    .readonly()
    .optional();
  /** `command` only: the languages that it speaks, ['en', 'de']. Default: the config's `language`. */
  languages = z.array(text(tags, isLanguage), tags).min(1, 'at least one language').readonly().optional();
  /** `command` only: time limit for a sentence, ms, 500 to 12,000. Default 10000. */
  limitMs = within(500, 12_000, 'ms');
}

export const speaker = section(new SpeakerOptions()).superRefine(isOneVoice);

export class DatabaseOptions {
  /** Path of its Unix socket. Default: host and port. */
  socket = path('the path of a Unix socket');
  /** Default '127.0.0.1'. */
  host = host();
  /** 1 to 65535. Default 3306. */
  port = whole(1, 65_535);
  /** Default 'holdcast'. */
  user = line('the name of a user');
  password = password();
  database = text('the name of a database', (value) => /^[^\0/\\]{1,64}$/.test(value));
  /**
   * Whether the connection is TLS; the certificate of the server is always checked. Default: true with `ca`, else false.
   * Without TLS, a socket or `serverPublicKey`, a server that asks for the password itself (MySQL 8: caching_sha2_password)
   * does not get it.
   */
  tls = flag();
  /** File with the certificate (PEM) of the server's authority, or of the server itself. Default: the known authorities. */
  ca = path('the file of a certificate (PEM)');
  /** Name in the certificate of the server, if it is not `host`. */
  tlsName = host('the name or address in a certificate');
  /** File with the server's RSA key (PEM; MySQL: public_key.pem): the password may be encrypted for it without TLS. */
  serverPublicKey = path('the file of an RSA key (PEM)');
  /** Connections at once, 1 to 100. Default 4. */
  connections = whole(1, 100);
  /** Time limit of connecting, ms, 100 to 60,000. Default 2000. */
  connectMs = within(100, 60_000, 'ms');
  /** Time limit of a query; then its connection is cut, ms, 100 to 60,000. Default 3000. */
  queryMs = within(100, 60_000, 'ms');
}

const ownFunction = <T>(example: string) =>
  z.custom<T>((value) => typeof value === 'function', `a function: ${example}`).optional();

/** What is said of each is in billing/settings.ts, since the billing room takes it as it is written. */
const http: z.ZodType<HttpBilling, HttpBilling> = section({
  url: text("an address: 'https://billing.example/balance?phone={phone}'", isWebAddress),
  method: oneOf('GET', 'POST', 'PUT'),
  headers: z
    .record(z.string(), z.string('a text').optional(), "an object: { 'X-Api-Key': process.env.BILLING_KEY }")
    .optional(),
  body: z.unknown().optional(),
  user: line('the name of a user'),
  password: password(),
  token: line('a bearer token'),
  ca: path('the file of a certificate (PEM)'),
  answer: ownFunction<NonNullable<HttpBilling['answer']>>('(json) => [{ number, balance }]'),
});

export class SqlOptions {
  database = section(new DatabaseOptions()).superRefine(tlsIsWanted);
  /** With `:phone`, `:uniqueid`, `:language`, `:pin`, which are passed as parameters, never as text. */
  query = text("a query: 'select number, balance from account where phone = :phone'", isNotEmpty);
  /** From the rows to what is said. Default: the columns number, balance, currency. DECIMAL comes as a string. */
  answer = ownFunction<NonNullable<SqlBilling['answer']>>('(rows) => [{ number, balance }]');
}

export class PinOptions {
  /** Digits of a PIN, 3 to 12. Default 4. */
  digits = whole(3, 12);
  /** Wrong PINs in a row that lock the number, 1 to 10. Default 3. */
  tries = whole(1, 10);
  /** Length of the lock, from the last wrong PIN, ms, 1000 to 86,400,000. Default 3600000. */
  lockMs = within(1000, 24 * HOUR_MS, 'ms');
  /** Wrong PINs over all numbers within `allMs` after which no PIN is accepted, 3 to 10,000. Default 30. */
  allTries = whole(3, 10_000);
  /** ms, 1000 to 86,400,000. Default 600000. */
  allMs = within(1000, 24 * HOUR_MS, 'ms');
}

export class BillingOptions {
  /** Over HTTP. Use exactly one of `http`, `sql` and `ask`. */
  http = http.optional();
  /** From MySQL or MariaDB. */
  sql = section(new SqlOptions()).optional();
  /** Your own function: async ({ phone }) => [{ number: '000412', balance: '12.50' }]. */
  ask = ownFunction<BillingFunction>('async ({ phone }) => [{ number, balance }]');
  /** ISO 4217 code for balances that name none. Default 'USD'. */
  currency = text("the ISO 4217 code of a currency: 'EUR'", isCurrency).optional();
  /** Time limit of an answer, ms, 200 to 10,000. Default 3000. */
  limitMs = within(200, 10_000, 'ms');
  /** How long an answer is reused, ms, 0 to 600,000. Default 30000. */
  cacheMs = within(0, 600_000, 'ms');
  /** Failures in a row after which billing is paused, 1 to 100. Default 5. */
  failures = whole(1, 100);
  /** Length of that pause, ms, 1000 to 600,000. Default 30000. */
  restMs = within(1000, 600_000, 'ms');
  /** ISO 3166 code of the country of national numbers: 'GB'. Default: numbers are passed on as Asterisk reports them. */
  country = text("the ISO 3166 code of a country: 'GB'", (value) => /^[A-Z]{2}$/.test(value)).optional();
  /** Format of numbers for billing, with `country`: 'e164' (+442079460018), 'national' (02079460018), 'digits' (442079460018). Default 'e164'. */
  phone = oneOf('e164', 'national', 'digits');
  /** A PIN that callers enter before they hear a balance. Default: none. */
  pin = section(new PinOptions()).optional();
}

export const billing = section(new BillingOptions()).superRefine(isOneSource).superRefine(pinArrives);

export class StoreOptions {
  /** A MySQL or MariaDB database. Default: the embedded store. */
  mysql = section(new DatabaseOptions()).superRefine(tlsIsWanted).optional();
  /**
   * File of the embedded store; relative to the config file. Default: holdcast.db in HOLDCAST_DATA, otherwise in
   * /var/lib/holdcast if writable, otherwise in the user's data folder.
   */
  file = path('a file');
  /** Days for which choices and heard items are kept, 0 (for ever) to 36,500. Default 365. */
  keepDays = within(0, 36_500, 'days');
  /** When older entries are removed, five cron fields in `timeZone`. Default '17 4 * * *'. */
  purge = cron();
}

function tlsIsWanted(
  { tls, ca, tlsName }: { tls?: unknown; ca?: unknown; tlsName?: unknown },
  context: Context,
): void {
  if (tls === false && (ca !== undefined || tlsName !== undefined))
    complain(context, ['tls'], 'true, as `ca` and `tlsName` say');
}

/** Placeholders may stand behind the host only: who is asked is not the caller's to say. */
function isWebAddress(value: string): boolean {
  return /^https?:\/\/[^/?#{}]+([/?#]|$)/.test(value) && URL.canParse(value.replace(/[{}]/g, ''));
}

function isCurrency(value: string): boolean {
  return minorDigits(value) !== undefined;
}

interface Sources {
  http?: HttpBilling | undefined;
  sql?: Pick<SqlBilling, 'query' | 'answer'> | undefined;
  ask?: unknown;
  pin?: unknown;
}

function isOneSource({ http, sql, ask }: Sources, context: Context): void {
  if ([http, sql, ask].filter((source) => source !== undefined).length !== 1)
    complain(context, [], 'one of http, sql, ask');
}

function pinArrives({ http, sql, pin }: Sources, context: Context): void {
  const source = sql ? { sql } : http && { http };
  if (pin && source && pinIsLost({ pin: defaultPin, source }))
    complain(
      context,
      ['pin'],
      'a PIN that somebody checks: use {pin} in `url`, `headers` or `body`, or :pin in `query`',
    );
}

const VOICES = ['recorded', 'asterisk', 'command'] as const;

function isOneVoice(
  voice: { [kind in (typeof VOICES)[number]]?: unknown } & { languages?: unknown; limitMs?: unknown },
  context: Context,
): void {
  const kinds = VOICES.filter((kind) => voice[kind] !== undefined);
  if (kinds.length !== 1) complain(context, [], `one of ${VOICES.join(', ')}`);
  for (const option of ['languages', 'limitMs'] as const)
    if (voice.command === undefined && voice[option] !== undefined)
      complain(context, [option], 'nothing: only a `command` has it');
}
