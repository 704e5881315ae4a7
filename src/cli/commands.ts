// What the command line has: each command with its options, its help and what it runs. commander is known here only.
// A command's code is imported when it runs.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { speakerSettings } from '../config/rules';
import { STREAM_OPTIONS } from '../stream/options';
import { systemClock } from '../util/clock';
import { becomeOwnerOf } from '../util/privileges';
import type { AsteriskCommandOptions } from './asteriskCommand';
import { becomeOwnerOfConfig, configOf, runCommand, type Context } from './context';
import type { DoctorCommandOptions } from './doctorCommand';
import type { RenderOptions } from './renderCommand';
import type * as storeCommands from './storeCommand';

type Given<Options> = Options & { config?: string };
/** What a command does: its exit code. */
type Run<Options> = (options: Given<Options>, context: Context) => Promise<number>;

export function addCommands(program: Command): void {
  // Only its help: bin/holdcast starts `stream` itself, without commander.
  const stream = add(program, 'stream', {
    is: "play to one caller: raw audio on standard output until nobody reads it (Asterisk runs this with hub.play 'stream')",
    examples: [
      'holdcast stream --uniqueid 1795225281.1 | aplay -f S16_LE -r 8000',
      'UNIQUEID=1795225281.1 holdcast stream > call.raw',
    ],
  });
  for (const [name, help] of Object.entries(STREAM_OPTIONS)) stream.option(`--${name} <value>`, help);
  add(program, 'hub', {
    is: 'play to every caller of the machine, and tell Asterisk what to start for each (a daemon)',
    examples: ['holdcast hub', 'holdcast hub --config /etc/holdcast/config.ts'],
  })
    .addOption(configOption())
    .action((options: Given<object>) =>
      runCommand(async (context) => (await import('./hubCommand')).hubCommand(options, context), {
        daemon: true,
      }),
    );
  addStatus(program);
  addAsterisk(program);
  addDoctor(program);
  addRender(program);
  addMedia(program);
  addStore(program);
  addConfig(program);
  addDemo(program);
}

interface About<Options> {
  /** What it does, in half a sentence. */
  is: string;
  examples: string[];
  /** What it takes besides --config: flags, help, and how a value is read. */
  options?: [flags: string, help: string, parse?: (text: string, before: unknown) => unknown][];
  /** Absent: it has commands of its own, or is started otherwise. */
  run?: Run<Options>;
}

function add<Options>(parent: Command, name: string, { is, examples, options, run }: About<Options>) {
  const command = parent.command(name).description(is).addHelpText('after', examplesText(examples));
  for (const [flags, help, parse] of options ?? [])
    if (parse) command.option(flags, help, parse);
    else command.option(flags, help);
  if (!run) return command;
  return command.addOption(configOption()).action((...given: unknown[]) => {
    // An argument, where there is one, comes before the options.
    const file = command.registeredArguments.length > 0 && { file: given[0] };
    return runCommand((context) => run({ ...command.opts<Given<Options>>(), ...file }, context));
  });
}

export function examplesText(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

const configOption = (): Option =>
  new Option(
    '-c, --config <file>',
    'path of config.ts (default: $HOLDCAST_CONFIG, ./config.ts except for root, /etc/holdcast/config.ts)',
  );
const JSON_OPTION: [flags: string, help: string] = ['--json', 'print the result as JSON'];

function addStatus(program: Command): void {
  add<{ watch?: boolean; json?: boolean }>(program, 'status', {
    is: 'show who is on hold, what each caller hears, and the state of the hub',
    options: [
      ['-w, --watch', 'repeat every two seconds, until Ctrl-C'],
      ['--json', 'print the result as JSON; with --watch one line each time'],
    ],
    examples: [
      'sudo holdcast status',
      'sudo holdcast status --watch',
      "sudo holdcast status --json | jq '.calls[] | select(.underruns > 0)'",
    ],
    run: async (options, context) => {
      const { statusCommand } = await import('./statusCommand');
      const { hub } = await configOf(options.config, (config) => [config.hub.folder]);
      return statusCommand({ ...options, folder: hub.folder }, { ...context, clock: systemClock() });
    },
  });
}

const etc = (command: Command): Command =>
  command
    .option('--asterisk-etc <folder>', "folder of Asterisk's files", '/etc/asterisk')
    .option('--user <name>', 'user that runs Asterisk', 'asterisk');

function addAsterisk(program: Command): void {
  const command = add<AsteriskCommandOptions>(program, 'asterisk', {
    is: "print the lines that Asterisk's files need, or write them as files to include",
    options: [
      ['--write <folder>', 'write the files, for example to /etc/asterisk/holdcast'],
      ['--force', 'overwrite files that were changed by hand'],
      ['--freepbx', 'use the custom files of FreePBX (default where it is installed)'],
      JSON_OPTION,
    ],
    examples: ['holdcast asterisk', 'holdcast asterisk --write /etc/asterisk/holdcast'],
    run: async (options, context) =>
      (await import('./asteriskCommand')).asteriskCommand(options, { ...context, becomeOwnerOf }),
  });
  etc(command);
}

function addDoctor(program: Command): void {
  const command = add<DoctorCommandOptions>(program, 'doctor', {
    is: 'check everything between Asterisk and the caller, and say what to do; changes nothing',
    options: [JSON_OPTION],
    examples: ['sudo holdcast doctor', 'holdcast doctor --json'],
    run: async (options, context) => (await import('./doctorCommand')).doctorCommand(options, context),
  });
  etc(command);
}

function addRender(program: Command): void {
  add<Omit<RenderOptions, 'config'>>(program, 'render', {
    is: 'render a call offline, as fast as the machine goes',
    options: [
      ['-s, --script <file>', 'what happens when, as JSON (see docs/render.md)'],
      ['--seconds <n>', 'length of the call (default: that of the script)', seconds],
      ['--seed <n>', 'seed of everything random (default: that of the script)', wholeNumber],
      ['--picture <file>', 'also draw the call as a PNG'],
    ],
    examples: [
      'holdcast render --script docs/calls/keys.json --out keys.wav --picture keys.png',
      'holdcast render --seconds 3600 --out hour.wav',
    ],
    run: async (options, context) => {
      const { renderCommand } = await import('./renderCommand');
      const { out, picture = out } = options;
      const config = await configOf(options.config, ({ media }) => [media.cache, out, picture]);
      return renderCommand({ ...options, config }, context);
    },
  }).requiredOption('-o, --out <file>', 'WAV file to write');
}

function addMedia(program: Command): void {
  const media = add(program, 'media', {
    is: 'manage the media folders',
    examples: ['holdcast media prepare', 'holdcast media list', 'holdcast media check'],
  });
  const runMedia =
    (name: 'mediaPrepare' | 'mediaList' | 'mediaCheck'): Run<object> =>
    async (options, context) => {
      const commands = await import('./mediaCommand');
      const config = await configOf(options.config, ({ media: { cache } }) => [cache]);
      const { media: settings, ...voices } = speakerSettings(config);
      return commands[name]({ ...options, settings, ...voices, ...context });
    };
  add(media, 'prepare', {
    is: 'decode and level every file once, so that calls need no ffmpeg',
    options: [
      ['--force', 'prepare again files that are already prepared'],
      ['--prune', 'remove prepared files that no media file needs any more'],
      JSON_OPTION,
    ],
    examples: ['holdcast media prepare', 'holdcast media prepare --config /etc/holdcast/config.ts --prune'],
    run: runMedia('mediaPrepare'),
  }).addOption(new Option('--background', 'no output, low priority, one at a time').hideHelp());
  add(media, 'list', {
    is: 'show what callers can hear, in the order in which they hear it',
    options: [JSON_OPTION],
    examples: ['holdcast media list', 'holdcast media list --json'],
    run: runMedia('mediaList'),
  });
  add(media, 'check', {
    is: 'find what cannot be played and say what to do; changes nothing',
    options: [JSON_OPTION],
    examples: ['holdcast media check', 'holdcast media check --json'],
    run: runMedia('mediaCheck'),
  });
}

/** One of the store's commands, with the store's folder and what it writes as its own. */
const runStore =
  <Options extends object>(
    commandIn: (
      commands: typeof storeCommands,
    ) => (options: Options, context: storeCommands.StoreContext) => Promise<number>,
  ): Run<Options> =>
  async (options, context) => {
    const written = 'out' in options ? [String(options.out)] : [];
    const config = await configOf(options.config, ({ store }) =>
      store.mysql ? written : [...written, store.file],
    );
    const command = commandIn(await import('./storeCommand'));
    return command(options, { ...context, config, clock: systemClock(), input: () => process.stdin });
  };

function addStore(program: Command): void {
  const store = add(program, 'store', {
    is: 'manage the data kept about callers: their music, what they heard, which keys they pressed',
    examples: ['holdcast store check', 'holdcast store migrate', 'holdcast store export'],
  });
  add(store, 'migrate', {
    is: 'create or upgrade the tables, and define the numbers of an old system; may be repeated',
    options: [
      ['--dry-run', 'change nothing, show what would change'],
      [
        '--class <number=track>',
        'the track that a music_class of the old table means (repeatable)',
        musicClass,
      ],
      JSON_OPTION,
    ],
    examples: [
      'sudo -u asterisk holdcast store migrate --dry-run',
      'sudo -u asterisk holdcast store migrate --class 1=music/first-light.wav --class 2=music/slow-water.wav',
    ],
    run: runStore((commands) => commands.storeMigrate),
  });
  add(store, 'check', {
    is: 'check that it can be reached, has its tables and can be written; changes nothing',
    options: [JSON_OPTION],
    examples: ['sudo -u asterisk holdcast store check', 'sudo -u asterisk holdcast store check --json'],
    run: runStore((commands) => commands.storeCheck),
  });
  add(store, 'export', {
    is: 'print everything as JSON lines, which `import` reads',
    options: [['-o, --out <file>', 'file to write, readable by its owner only (default: standard output)']],
    examples: [
      'sudo -u asterisk holdcast store export --out calls.jsonl',
      'sudo -u asterisk holdcast store export | gzip > calls.jsonl.gz',
    ],
    run: runStore((commands) => commands.storeExport),
  });
  add(store, 'import', {
    is: 'add the records of an export; existing records are not duplicated, the newer of two choices wins',
    options: [['--skip-bad', 'skip lines that are not records (default: import nothing)'], JSON_OPTION],
    examples: [
      'sudo -u asterisk holdcast store import calls.jsonl',
      'sudo -u asterisk holdcast store export -c old.ts | sudo -u asterisk holdcast store import -c new.ts -',
    ],
    run: runStore((commands) => commands.storeImport),
  }).argument('<file>', 'JSON lines; - for standard input');
  add(store, 'purge', {
    is: 'remove entries older than store.keepDays now',
    options: [['--days <n>', 'days to keep (default: store.keepDays)', days], JSON_OPTION],
    examples: ['sudo -u asterisk holdcast store purge', 'sudo -u asterisk holdcast store purge --days 90'],
    run: runStore((commands) => commands.storePurge),
  });
}

function addConfig(program: Command): void {
  const config = add(program, 'config', { is: 'manage config.ts', examples: ['holdcast config check'] });
  add<{ json?: boolean }>(config, 'check', {
    is: 'load and validate the config, and show its settings',
    options: [JSON_OPTION],
    examples: ['holdcast config check', 'holdcast config check --config /etc/holdcast/config.ts'],
    run: async (options, { out }) => {
      const { configCheck } = await import('./configCommand');
      becomeOwnerOfConfig(options.config);
      return configCheck(options, { out });
    },
  });
}

function addDemo(program: Command): void {
  add(program, 'demo', {
    is: 'play a scripted call of 90 seconds into a file and draw it; needs no Asterisk and no ffmpeg',
    examples: ['holdcast demo', 'holdcast demo --out /tmp/holdcast'],
  })
    .option('-o, --out <folder>', 'where call.wav and call.png go', 'demo')
    .action((options: { out: string }) =>
      runCommand(async (context) => {
        const { demoCommand, demoFiles } = await import('./demoCommand');
        becomeOwnerOf(demoFiles(options.out));
        return demoCommand(options, context);
      }),
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('a number of seconds, more than 0, at most 86400');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`a whole number, 0 to ${Number.MAX_SAFE_INTEGER}`);
}

function days(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 36_500) return value;
  throw new InvalidArgumentError('a number of days, 1 to 36500');
}

/** Collects "3=music/x.wav" of each --class. */
function musicClass(text: string, before: unknown = {}): Record<number, string> {
  const [, number = '', track = ''] = /^(-?\d{1,5})=(.+)$/.exec(text) ?? [];
  if (track === '') throw new InvalidArgumentError('a number and a track: 3=music/first-light.wav');
  const known = (before as Record<string, string>)[number];
  if (known !== undefined && known !== track)
    throw new InvalidArgumentError(`music class ${number} is ${known} already`);
  return { ...(before as Record<string, string>), [number]: track };
}
