// Who is calling: from options, else from the environment as the old system passed it.
// A wrong option never stops the stream: it is reported in the log and the caller hears music.
import { parseArgs } from 'node:util';
import { isUniqueid } from '../asterisk/callNews';
import { isToken } from '../asterisk/token';

export interface StreamOptions {
  config?: string;
  uniqueid?: string;
  token?: string;
  channel?: string;
  phone?: string;
  queue?: string;
}

/** Options of `stream` with their help; the command line shows the same list. */
export const STREAM_OPTIONS = {
  config: 'path of config.ts',
  uniqueid: "the channel's Uniqueid (default: $UNIQUEID)",
  token: 'token of the look-up, passed by the hub, which names its call',
  channel: "the channel's name (default: $CHANNEL)",
  phone: "the caller's number (default: $PHONE)",
  queue: 'the queue of the caller (default: $QUEUE)',
} as const satisfies Record<keyof StreamOptions, string>;

const IDENTITY = ['uniqueid', 'channel', 'phone', 'queue'] as const;
const FROM_ENV: ReadonlySet<string> = new Set(IDENTITY);
const NAMES = Object.keys(STREAM_OPTIONS) as (keyof StreamOptions)[];

export interface ParsedOptions {
  options: StreamOptions;
  /**
   * Whether the call is who the options say: they were all given on the command line, each once. The environment of
   * Asterisk is shared by all its calls, and a caller's name with spaces in it can bring a second `--phone`.
   */
  certain: boolean;
  /** Words that were not understood. */
  unknown: string[];
}

export function parseStreamOptions(argv: string[], env: NodeJS.ProcessEnv): ParsedOptions {
  const text = { type: 'string' as const };
  const spec = { ...Object.fromEntries(NAMES.map((name) => [name, text])), config: { ...text, short: 'c' } };
  const { values, positionals } = parseArgs({
    args: argv.map((word, i) => (withoutValue(word, argv[i + 1]) ? `${word}=` : word)),
    options: spec,
    strict: false,
    allowPositionals: true,
  });
  const options: StreamOptions = {};
  // The environment of Asterisk is left as the last call of the old way set it: it adds nothing to what is known.
  const isNamed = values['uniqueid'] !== undefined || values['token'] !== undefined;
  const fromEnv = isNamed ? {} : env;
  for (const name of NAMES) {
    const value = values[name] ?? (FROM_ENV.has(name) ? fromEnv[name.toUpperCase()] : undefined);
    if (typeof value === 'string' && value !== '') options[name] = value;
  }
  const wrong = [
    ...(options.uniqueid !== undefined && !isUniqueid(options.uniqueid) ? (['uniqueid'] as const) : []),
    ...(options.token !== undefined && !isToken(options.token) ? (['token'] as const) : []),
  ];
  for (const name of wrong) delete options[name];
  // Who hears a look-up the hub says, and nobody else.
  if (values['token'] !== undefined) for (const name of IDENTITY) delete options[name];
  const strange = Object.keys(values).filter((name) => !(name in STREAM_OPTIONS) || values[name] === true);
  const unknown = [
    ...strange.map((name) => `--${name}`),
    ...wrong.map((name) => `--${name}`),
    ...positionals,
  ];
  return { options, certain: unknown.length === 0 && identityIsCertain(options, argv), unknown };
}

function identityIsCertain(options: StreamOptions, argv: string[]): boolean {
  const times = (name: string): number =>
    argv.filter((word) => word.replace(/=.*$/s, '') === `--${name}`).length;
  const given = IDENTITY.filter((name) => options[name] !== undefined);
  return given.includes('uniqueid') && given.every((name) => times(name) === 1);
}

/** "--uniqueid" before "--phone": its value is missing, the next option is not its value. */
function withoutValue(word: string, next: string | undefined): boolean {
  return NAMES.some((name) => word === `--${name}`) && next?.startsWith('--') === true;
}
