// What the sections `voices`, `billing` and `store` may hold: whom Holdcast asks, and where it remembers.
// Beside schema.ts, which puts all sections together.
import { z } from 'zod';
import { pinIsLost } from '../billing/fill';
import { defaultPin, type BillingFunction, type HttpBilling, type SqlBilling } from '../billing/settings';
import { minorDigits } from '../speech/money';
import {
  HOUR_MS,
  isCron,
  isHeader,
  isHost,
  isLanguage,
  oneOf,
  path,
  PORT,
  section,
  text,
  within,
} from './pieces';

const commandWords = "a program and its arguments: ['espeak-ng', '-v', '{language}', '--stdout']";
export const voice = section({
  recorded: path('a folder'),
  asterisk: path('a folder'),
  command: z
    .tuple([text(commandWords, (word) => word.trim() !== '')], z.string(commandWords), commandWords)
    .readonly()
    .optional(),
  languages: z
    .array(text("tags of languages: ['en', 'de']", isLanguage), "tags of languages: ['en', 'de']")
    .min(1, 'at least one language')
    .readonly()
    .optional(),
  limitMs: within(500, 12_000, 'ms'),
}).superRefine(isOneVoice);

const database = section({
  socket: path('the path of a Unix socket'),
  host: text('the name or address of a machine', isHost).optional(),
  port: z.int(PORT).min(1, PORT).max(65_535, PORT).optional(),
  user: text('the name of a user', isHeader).optional(),
  password: text('a password', (value) => value.length <= 256).optional(),
  database: text('the name of a database', (value) => /^[^\0/\\]{1,64}$/.test(value)),
  tls: z.boolean('true or false').optional(),
  ca: path('the file of a certificate (PEM)'),
  tlsName: text('the name or address in a certificate', isHost).optional(),
  serverPublicKey: path('the file of an RSA key (PEM)'),
  connections: z.int('1 to 100').min(1, '1 to 100').max(100, '1 to 100').optional(),
  connectMs: within(100, 60_000, 'ms'),
  queryMs: within(100, 60_000, 'ms'),
}).superRefine(tlsIsWanted);

const ownFunction = <T>(example: string) =>
  z.custom<T>((value) => typeof value === 'function', `a function: ${example}`).optional();

const http = section({
  url: text("an address: 'https://billing.example/balance?phone={phone}'", isWebAddress),
  method: oneOf('GET', 'POST', 'PUT'),
  headers: z
    .record(z.string(), z.string('a text').optional(), "an object: { 'X-Api-Key': process.env.BILLING_KEY }")
    .optional(),
  body: z.unknown().optional(),
  user: text('the name of a user', isHeader).optional(),
  password: text('a password', (value) => value.length <= 256).optional(),
  token: text('a bearer token', isHeader).optional(),
  ca: path('the file of a certificate (PEM)'),
  answer: ownFunction<NonNullable<HttpBilling['answer']>>('(json) => [{ number, balance }]'),
});

const sql = section({
  database,
  query: text("a query: 'select number, balance from account where phone = :phone'", isNotEmpty),
  answer: ownFunction<NonNullable<SqlBilling['answer']>>('(rows) => [{ number, balance }]'),
});

const pin = section({
  digits: z.int('3 to 12').min(3, '3 to 12').max(12, '3 to 12').optional(),
  tries: z.int('1 to 10').min(1, '1 to 10').max(10, '1 to 10').optional(),
  lockMs: within(1000, 24 * HOUR_MS, 'ms'),
  allTries: z.int('3 to 10,000').min(3, '3 to 10,000').max(10_000, '3 to 10,000').optional(),
  allMs: within(1000, 24 * HOUR_MS, 'ms'),
});

export const billing = section({
  http: http.optional(),
  sql: sql.optional(),
  ask: ownFunction<BillingFunction>('async ({ phone }) => [{ number, balance }]'),
  currency: text("the ISO 4217 code of a currency: 'EUR'", isCurrency).optional(),
  limitMs: within(200, 10_000, 'ms'),
  cacheMs: within(0, 600_000, 'ms'),
  failures: z.int('1 to 100').min(1, '1 to 100').max(100, '1 to 100').optional(),
  restMs: within(1000, 600_000, 'ms'),
  country: text("the ISO 3166 code of a country: 'GB'", (value) => /^[A-Z]{2}$/.test(value)).optional(),
  phone: oneOf('e164', 'national', 'digits'),
  pin: pin.optional(),
})
  .superRefine(isOneSource)
  .superRefine(pinArrives);

export const store = section({
  mysql: database.optional(),
  file: path('a file'),
  keepDays: within(0, 36_500, 'days'),
  purge: z.string('a cron expression of five fields').superRefine(isCron).optional(),
});

function tlsIsWanted(
  { tls, ca, tlsName }: { tls?: unknown; ca?: unknown; tlsName?: unknown },
  context: z.core.$RefinementCtx<unknown>,
): void {
  if (tls === false && (ca !== undefined || tlsName !== undefined))
    context.addIssue({ code: 'custom', path: ['tls'], message: 'true, as `ca` and `tlsName` say' });
}

function isNotEmpty(value: string): boolean {
  return value.trim() !== '';
}

/** Placeholders may stand behind the host only: who is asked is not the caller's to say. */
function isWebAddress(value: string): boolean {
  if (!/^https?:\/\/[^/?#{}]+([/?#]|$)/.test(value)) return false;
  return URL.canParse(value.replace(/[{}]/g, ''));
}

function isCurrency(value: string): boolean {
  return minorDigits(value) !== undefined;
}

function pinArrives(
  {
    http,
    sql,
    pin,
  }: {
    http?: HttpBilling | undefined;
    sql?: Pick<SqlBilling, 'query' | 'answer'> | undefined;
    pin?: unknown;
  },
  context: z.core.$RefinementCtx<unknown>,
): void {
  const source = sql ? { sql } : http && { http };
  if (!pin || !source || !pinIsLost({ pin: defaultPin, source })) return;
  const message = 'a PIN that somebody checks: use {pin} in `url`, `headers` or `body`, or :pin in `query`';
  context.addIssue({ code: 'custom', path: ['pin'], message });
}

const VOICES = ['recorded', 'asterisk', 'command'] as const;

function isOneVoice(
  voice: { [kind in (typeof VOICES)[number]]?: unknown } & { languages?: unknown; limitMs?: unknown },
  context: z.core.$RefinementCtx<unknown>,
): void {
  const kinds = VOICES.filter((kind) => voice[kind] !== undefined);
  if (kinds.length !== 1) context.addIssue({ code: 'custom', message: `one of ${VOICES.join(', ')}` });
  for (const option of ['languages', 'limitMs'] as const)
    if (voice.command === undefined && voice[option] !== undefined)
      context.addIssue({ code: 'custom', path: [option], message: 'nothing: only a `command` has it' });
}

function isOneSource(
  { http, sql, ask }: { http?: unknown; sql?: unknown; ask?: unknown },
  context: z.core.$RefinementCtx<unknown>,
): void {
  const sources = [http, sql, ask].filter((source) => source !== undefined);
  if (sources.length !== 1) context.addIssue({ code: 'custom', message: 'one of http, sql, ask' });
}
