// How a complaint about a config reads: the key, what was found there, what is allowed.
// What was found is shown with secrets masked, since such lines end up in logs and in questions to colleagues.
import { inspect } from 'node:util';

/** One thing wrong with a config. */
export interface Problem {
  /** Path of the key: 'advice.campaigns[0].cron'; '(config)' for the whole. */
  readonly key: string;
  /** What stands there, secrets masked. */
  readonly found: string;
  /** What may stand there, with range and unit. */
  readonly allowed: string;
}

const MASK = '•••';
const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|token|credential|auth(orization)?$|^(headers|body|command)$|(api|private)_?key|_key$|(^|_)pin$/i;
/** "//user:password@": also where the password has signs in it that no URL allows. */
const USER_INFO = /\/\/(?:[^\s/?#]*|[^\s/:@]*:[^\s@]*)@/g;
/** "?key=value"; one that is nothing but a placeholder may be seen: "?phone={phone}". */
const QUERY_VALUE = /([?&][^\s?&#=]+=)(?!\{\w+\}(?:[&#]|$))[^\s&#]+/g;
/** The section of that name holds rules, no PIN. */
const PIN_RULES = 'pin';
const LONGEST = 80;
const DEEPEST_FOUND = 3;
/** No config is deeper. */
const DEEPEST = 12;
/** Characters of a secret that is looked for in other texts; a shorter one would be found everywhere. */
const SHORTEST_FOUND = 4;

/** 'stream.leadMs: found 400, allowed: a number from 80 to 240 ms' */
export function problemLine({ key, found, allowed }: Problem): string {
  return `${key}: found ${found}; allowed: ${allowed}`;
}

/** ['advice', 'campaigns', 0, 'cron'] as 'advice.campaigns[0].cron', with keys that are no names in brackets. */
export function keyText(path: readonly PropertyKey[]): string {
  const text = path.map((step) =>
    typeof step === 'string' && /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${inspect(step)}]`,
  );
  return text.join('').replace(/^\./, '') || '(config)';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The value at `path` in `config` on one line of at most 80 characters, masked as `withoutSecrets` does. */
export function foundText(config: unknown, path: readonly PropertyKey[], env: Environment): string {
  if (path.some((step) => step !== PIN_RULES && isSecretName(step))) return MASK;
  const value = path.reduce<unknown>(
    (at, step) => (at as Record<PropertyKey, unknown> | null)?.[step],
    config,
  );
  if (typeof value === 'function') return 'a function';
  const text = inspect(withoutSecrets(value, env, DEEPEST_FOUND), {
    breakLength: Infinity,
    depth: DEEPEST_FOUND,
    customInspect: false,
  });
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/**
 * A copy of a config, or a part of it, to be shown. Masked: whatever stands under a key that sounds secret or may hold
 * a secret anywhere (`body`, `command`), the values of secrets in `env` wherever they stand, users and passwords in
 * URLs and the values of their queries, and what lies deeper than `deepest`.
 */
export function withoutSecrets(value: unknown, env: Environment, deepest = DEEPEST): unknown {
  return masked(value, secretsOf(env), deepest);
}

function isSecretName(name: PropertyKey): boolean {
  return typeof name === 'string' && SECRET_NAME.test(name);
}

interface Secrets {
  readonly short: ReadonlySet<string>;
  /** Long enough to be found in other texts, the longest first; as they are and as they stand in a URL. */
  readonly long: readonly string[];
}

function secretsOf(env: Environment): Secrets {
  const values = Object.entries(env).flatMap(([name, value]) => (value && isSecretName(name) ? [value] : []));
  const long = values.filter((value) => value.length >= SHORTEST_FOUND);
  const written = new Set(long.flatMap((value) => [value, encodeURIComponent(value)]));
  return { short: new Set(values), long: [...written].sort((a, b) => b.length - a.length) };
}

function masked(value: unknown, secrets: Secrets, depth: number): unknown {
  if (typeof value === 'string') return maskedText(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(item, secrets, depth - 1));
  if (value instanceof Map || value instanceof Set) return MASK;
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskedOption(name, item, secrets, depth - 1)]),
  );
}

function maskedOption(name: string, value: unknown, secrets: Secrets, depth: number): unknown {
  const isRules = name === PIN_RULES && typeof value === 'object';
  return value !== undefined && isSecretName(name) && !isRules ? MASK : masked(value, secrets, depth);
}

function maskedText(text: string, { short, long }: Secrets): string {
  if (short.has(text)) return MASK;
  const rest = long.reduce((left, secret) => left.replaceAll(secret, MASK), text);
  return rest.replace(USER_INFO, `//${MASK}@`).replace(QUERY_VALUE, `$1${MASK}`);
}
