// Who is calling: from options, else from the environment as the old system passed it.
// A wrong option never stops the stream: it is reported in the log and the caller hears music.
import { parseArgs } from 'node:util';

export interface StreamOptions {
  config?: string;
  uniqueid?: string;
  channel?: string;
  phone?: string;
  queue?: string;
}

/** Options of `stream` with their help; the command line shows the same list. */
export const STREAM_OPTIONS = {
  config: 'path of config.ts',
  uniqueid: "the channel's Uniqueid (else $UNIQUEID)",
  channel: "the channel's name (else $CHANNEL)",
  phone: "the caller's number (else $PHONE)",
  queue: 'the queue in which the caller waits (else $QUEUE)',
} as const satisfies Record<keyof StreamOptions, string>;

const NAMES = Object.keys(STREAM_OPTIONS) as (keyof StreamOptions)[];

/** @returns the options found, and the words that were not understood */
export function parseStreamOptions(
  argv: string[],
  env: NodeJS.ProcessEnv,
): { options: StreamOptions; unknown: string[] } {
  const text = { type: 'string' as const };
  const spec = { ...Object.fromEntries(NAMES.map((name) => [name, text])), config: { ...text, short: 'c' } };
  const { values, positionals } = parseArgs({
    args: argv.map((word, i) => (withoutValue(word, argv[i + 1]) ? `${word}=` : word)),
    options: spec,
    strict: false,
    allowPositionals: true,
  });
  const options: StreamOptions = {};
  for (const name of NAMES) {
    const value = values[name] ?? (name === 'config' ? undefined : env[name.toUpperCase()]);
    if (typeof value === 'string' && value !== '') options[name] = value;
  }
  const strange = Object.keys(values).filter((name) => !(name in STREAM_OPTIONS) || values[name] === true);
  return { options, unknown: [...strange.map((name) => `--${name}`), ...positionals] };
}

/** "--uniqueid" before "--phone": its value is missing, the next option is not its value. */
function withoutValue(word: string, next: string | undefined): boolean {
  return NAMES.some((name) => word === `--${name}`) && next?.startsWith('--') === true;
}
