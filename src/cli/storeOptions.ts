// `holdcast store …` as data: what each command takes, its help, and what it runs.
// The commands themselves are in storeCommand.ts, which is imported when one of them runs.
import { configOf, type Context } from './context';
import type * as storeCommands from './storeCommand';

export interface StoreOption {
  readonly flags: string;
  readonly help: string;
  /** Given each time that the option stands there, with what came of it before. @throws Error with what is allowed */
  readonly parse?: (text: string, before: unknown) => unknown;
}

/** As they were given: the options, and the argument of a command that has one. */
export interface Given {
  readonly given: Readonly<Record<string, unknown>>;
  readonly argument: unknown;
}

export interface StoreCommandLine {
  readonly name: string;
  readonly description: string;
  readonly argument?: readonly [name: string, help: string];
  readonly options: readonly StoreOption[];
  /** Examples. */
  readonly lines: readonly string[];
  run(this: void, given: Given, context: Context): Promise<number>;
}

const json: StoreOption = { flags: '--json', help: 'print the result as JSON' };

export const STORE_COMMANDS: readonly StoreCommandLine[] = [
  {
    name: 'migrate',
    description: 'create or upgrade the tables, and define the numbers of an old system; may be repeated',
    options: [
      { flags: '--dry-run', help: 'change nothing, show what would change' },
      {
        flags: '--class <number=track>',
        help: 'the track that a music_class of the old table means (repeatable)',
        parse: musicClass,
      },
      json,
    ],
    lines: [
      'sudo -u asterisk holdcast store migrate --dry-run',
      'sudo -u asterisk holdcast store migrate --class 1=music/first-light.wav --class 2=music/slow-water.wav',
    ],
    run: ({ given }, context) => run('storeMigrate', given, context),
  },
  {
    name: 'check',
    description: 'check that it can be reached, has its tables and can be written; changes nothing',
    options: [json],
    lines: ['sudo -u asterisk holdcast store check', 'sudo -u asterisk holdcast store check --json'],
    run: ({ given }, context) => run('storeCheck', given, context),
  },
  {
    name: 'export',
    description: 'print everything as JSON lines, which `import` reads',
    options: [
      {
        flags: '-o, --out <file>',
        help: 'file to write, readable by its owner only (default: standard output)',
      },
    ],
    lines: [
      'sudo -u asterisk holdcast store export --out calls.jsonl',
      'sudo -u asterisk holdcast store export | gzip > calls.jsonl.gz',
    ],
    run: ({ given }, context) => run('storeExport', given, context),
  },
  {
    name: 'import',
    description:
      'add the records of an export; existing records are not duplicated, the newer of two choices wins',
    argument: ['<file>', 'JSON lines; - for standard input'],
    options: [
      {
        flags: '--skip-bad',
        help: 'skip lines that are not records (default: import nothing)',
      },
      json,
    ],
    lines: [
      'sudo -u asterisk holdcast store import calls.jsonl',
      'sudo -u asterisk holdcast store export -c old.ts | sudo -u asterisk holdcast store import -c new.ts -',
    ],
    run: ({ given, argument }, context) => run('storeImport', { ...given, file: String(argument) }, context),
  },
  {
    name: 'purge',
    description: 'remove entries older than store.keepDays now',
    options: [{ flags: '--days <n>', help: 'days to keep (default: store.keepDays)', parse: days }, json],
    lines: ['sudo -u asterisk holdcast store purge', 'sudo -u asterisk holdcast store purge --days 90'],
    run: ({ given }, context) => run('storePurge', given, context),
  },
];

type StoreCommands = typeof storeCommands;

async function run<Name extends keyof StoreCommands>(
  name: Name,
  given: Parameters<StoreCommands[Name]>[0] & { config?: string },
  context: Context,
): Promise<number> {
  const [commands, { systemClock }] = await Promise.all([import('./storeCommand'), import('../util/clock')]);
  const command = commands[name] as (
    options: Parameters<StoreCommands[Name]>[0],
    context: Parameters<StoreCommands['storeImport']>[1],
  ) => Promise<number>;
  const { out = [] } = given as { out?: string };
  const config = await configOf(given.config, ({ store }) =>
    [out].flat().concat(store.mysql ? [] : [store.file]),
  );
  return command(given, { ...context, config, clock: systemClock(), input: process.stdin });
}

/** Collects "3=music/x.wav" of each --class. */
function musicClass(text: string, before: unknown = {}): Record<number, string> {
  const [, number = '', track = ''] = /^(-?\d{1,5})=(.+)$/.exec(text) ?? [];
  if (track === '') throw new Error('a number and a track: 3=music/first-light.wav');
  const known = (before as Record<string, string>)[number];
  if (known !== undefined && known !== track) throw new Error(`music class ${number} is ${known} already`);
  return { ...(before as Record<string, string>), [number]: track };
}

function days(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 36_500) throw new Error('a number of days, 1 to 36500');
  return value;
}
