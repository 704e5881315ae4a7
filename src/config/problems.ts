// How a complaint about a config reads: the key, what was found there, what is allowed.
// What was found is shown with secrets masked, since such lines end up in logs and in questions to colleagues.
import { inspect } from 'node:util';
import { nearest } from '../util/nearest';

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
  /pass(word|wd|phrase)?$|secret|token|credential|auth(orization)?$|^headers$|(api|private)_?key|(^|_)pin$/i;
/** The section of that name holds rules, no PIN. */
const PIN_RULES = 'pin';
const LONGEST = 80;

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

/**
 * The value at `path` in `config` on one line of at most 80 characters. Masked: whatever stands under a key that
 * sounds secret, texts that are the value of a secret in `env`, and passwords in URLs.
 */
export function foundText(
  config: unknown,
  path: readonly PropertyKey[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (path.some((step) => step !== PIN_RULES && isSecretName(step))) return MASK;
  const secrets = new Set(Object.entries(env).flatMap(([name, v]) => (v && isSecretName(name) ? [v] : [])));
  const value = path.reduce<unknown>(
    (at, step) => (at as Record<PropertyKey, unknown> | null)?.[step],
    config,
  );
  if (typeof value === 'function') return 'a function';
  const text = inspect(withoutSecrets(value, secrets, 3), {
    breakLength: Infinity,
    depth: 3,
    customInspect: false,
  });
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** For JSON.stringify: what stands under a key that sounds secret is masked. */
export function withoutSecret(name: string, value: unknown): unknown {
  return name !== PIN_RULES && value !== undefined && isSecretName(name) ? MASK : value;
}

function isSecretName(name: PropertyKey): boolean {
  return typeof name === 'string' && SECRET_NAME.test(name);
}

function withoutSecrets(value: unknown, secrets: ReadonlySet<string>, depth: number): unknown {
  if (typeof value === 'string') {
    return secrets.has(value) ? MASK : value.replace(/(\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${MASK}@`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return MASK;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, secrets, depth - 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecretName(name) ? MASK : withoutSecrets(item, secrets, depth - 1),
    ]),
  );
}

/** The one of `known` that `name` was probably meant to be, or undefined when none is near. */
export function typoOf(name: string, known: readonly string[]): string | undefined {
  return nearest(name, known, () => Math.max(1, Math.floor(name.length / 3)));
}
