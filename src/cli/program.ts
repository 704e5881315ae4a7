// The command line: the only file that knows commander. Each command's code is imported when it runs.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { speakerSettings } from '../config/rules';
import { STREAM_OPTIONS } from '../stream/options';
import { messageOf } from '../util/errors';
import { becomeOwnerOf, becomeUser } from '../util/privileges';
import { version } from '../util/version';
import { becomeOwnerOfConfig, configOf, EXIT_USAGE, runCommand } from './context';
import { STORE_COMMANDS } from './storeOptions';

const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('a number of seconds, more than 0, at most 86400');
  return value;
};
const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`a whole number, 0 to ${Number.MAX_SAFE_INTEGER}`);
  return value;
};
const configOption = (): Option =>
  new Option(
    '-c, --config <file>',
    'path of config.ts (else $HOLDCAST_CONFIG, ./config.ts but for root, /etc/holdcast/config.ts)',
  );
/** How the commands that tests run in their own process give root up. */
const asOwner = { becomeOwnerOf, becomeUser };
const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

/** Runs what the command line says. Help and version, too, are printed as a command prints, so that they arrive whole. */
export async function runProgram(): Promise<void> {
  let said = '';
  try {
    await buildProgram((text) => (said += text)).parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    await runCommand(({ out }) => {
      out.write(said);
      // Commander's own code is 1.
      return Promise.resolve(error.exitCode === 0 ? 0 : EXIT_USAGE);
    });
  }
}

/** @param writeOut takes help and version */
export function buildProgram(writeOut: (text: string) => void): Command {
  const program = new Command('holdcast')
    .description(
      'Programmable music on hold for Asterisk: music, advice over it, answers to the caller’s keys',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .showHelpAfterError('(try --help)')
    .showSuggestionAfterError()
    // Before any command is added: each takes these over.
    .configureOutput({ writeOut })
    .exitOverride()
    .addHelpText(
      'after',
      examples(
        'holdcast demo',
        'holdcast media prepare',
        'holdcast config check',
        'holdcast stream | aplay -f S16_LE -r 8000',
      ),
    );
  addStream(program);
  addHub(program);
  addStatus(program);
  addAsterisk(program);
  addDoctor(program);
  addRender(program);
  addMedia(program);
  addStore(program);
  addConfig(program);
  addDemo(program);
  addCompletion(program);
  return program;
}

/** Only its help: bin/holdcast starts `stream` itself, without commander. */
function addStream(program: Command): void {
  const stream = program
    .command('stream')
    .description(
      "play to one caller: raw audio on standard output until nobody reads it (Asterisk runs this with hub.play 'stream')",
    )
    .addHelpText(
      'after',
      examples(
        'holdcast stream --uniqueid 1795225281.1 | aplay -f S16_LE -r 8000',
        'UNIQUEID=1795225281.1 holdcast stream > call.raw',
      ),
    );
  for (const [name, help] of Object.entries(STREAM_OPTIONS)) stream.option(`--${name} <value>`, help);
}

function addHub(program: Command): void {
  program
    .command('hub')
    .description('play to every caller of the machine, and tell Asterisk what to start for each (a daemon)')
    .addOption(configOption())
    .addHelpText('after', examples('holdcast hub', 'holdcast hub --config /etc/holdcast/config.ts'))
    .action((options: { config?: string }) =>
      runCommand(async (context) => (await import('./hubCommand')).hubCommand(options, context), {
        daemon: true,
      }),
    );
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description('show who is on hold and what each hears, and how the hub does')
    .option('-w, --watch', 'again every two seconds, until Ctrl-C')
    .option('--json', 'print it as JSON; with --watch a line each time')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples(
        'sudo holdcast status',
        'sudo holdcast status --watch',
        "sudo holdcast status --json | jq '.calls[] | select(.underruns > 0)'",
      ),
    )
    .action((options: { watch?: boolean; json?: boolean; config?: string }) =>
      runCommand(async (context) => {
        const [{ statusCommand }, { systemClock }] = await Promise.all([
          import('./statusCommand'),
          import('../util/clock'),
        ]);
        const { hub } = await configOf(options.config, (config) => [config.hub.folder]);
        return statusCommand({ ...options, folder: hub.folder }, { ...context, clock: systemClock() });
      }),
    );
}

function addAsterisk(program: Command): void {
  program
    .command('asterisk')
    .description("print what Asterisk's files need for Holdcast, or write it as files to include")
    .option('--write <folder>', 'write the files, for example to /etc/asterisk/holdcast')
    .option('--force', 'overwrite what was changed by hand')
    .option('--freepbx', 'use the custom files of FreePBX (noticed by itself where it is installed)')
    .option('--asterisk-etc <folder>', "folder of Asterisk's files", '/etc/asterisk')
    .option('--user <name>', 'user that runs Asterisk', 'asterisk')
    .option('--json', 'print the result as JSON')
    .addOption(configOption())
    .addHelpText('after', examples('holdcast asterisk', 'holdcast asterisk --write /etc/asterisk/holdcast'))
    .action(
      (options: {
        write?: string;
        force?: boolean;
        freepbx?: boolean;
        asteriskEtc: string;
        user: string;
        json?: boolean;
        config?: string;
      }) =>
        runCommand(async (context) =>
          (await import('./asteriskCommand')).asteriskCommand(options, { ...context, ...asOwner }),
        ),
    );
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at everything between Asterisk and the caller, and say what to do; changes nothing')
    .option('--asterisk-etc <folder>', "folder of Asterisk's files", '/etc/asterisk')
    .option('--user <name>', 'user that runs Asterisk', 'asterisk')
    .option('--json', 'print the result as JSON')
    .addOption(configOption())
    .addHelpText('after', examples('sudo holdcast doctor', 'holdcast doctor --json'))
    .action((options: { asteriskEtc: string; user?: string; json?: boolean; config?: string }) =>
      runCommand(async (context) =>
        (await import('./doctorCommand')).doctorCommand(options, { ...context, ...asOwner }),
      ),
    );
}

function addRender(program: Command): void {
  program
    .command('render')
    .description('render a call offline, as fast as the machine goes')
    .option('-s, --script <file>', 'what happens when, as JSON (see docs/render.md)')
    .requiredOption('-o, --out <file>', 'WAV file to write')
    .option('--seconds <n>', 'length of the call (else that of the script)', seconds)
    .option('--seed <n>', 'decides everything random (else that of the script)', wholeNumber)
    .option('--picture <file>', 'also draw the call as a PNG')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples(
        'holdcast render --script docs/calls/keys.json --out keys.wav --picture keys.png',
        'holdcast render --seconds 3600 --out hour.wav',
      ),
    )
    .action(
      (options: {
        script?: string;
        out: string;
        seconds?: number;
        seed?: number;
        picture?: string;
        config?: string;
      }) =>
        runCommand(async (context) => {
          const { renderCommand } = await import('./renderCommand');
          const { out, picture = out } = options;
          const config = await configOf(options.config, ({ media }) => [media.cache, out, picture]);
          return renderCommand({ ...options, config }, context);
        }),
    );
}

function addMedia(program: Command): void {
  const media = program
    .command('media')
    .description('look after the media folders')
    .addHelpText('after', examples('holdcast media prepare', 'holdcast media list', 'holdcast media check'));
  const settings = async (options: { config?: string }) => {
    const { media, ...voices } = speakerSettings(
      await configOf(options.config, (config) => [config.media.cache]),
    );
    return { settings: media, ...voices };
  };
  media
    .command('prepare')
    .description('decode and level every file once, so that calls need no ffmpeg')
    .option('--force', 'prepare again what is prepared already')
    .option('--prune', 'remove prepared files that no media file needs any more')
    .option('--json', 'print the result as JSON')
    .addOption(new Option('--background', 'no output, low priority, one at a time').hideHelp())
    .addOption(configOption())
    .addHelpText(
      'after',
      examples('holdcast media prepare', 'holdcast media prepare --config /etc/holdcast/config.ts --prune'),
    )
    .action(
      (options: {
        force?: boolean;
        prune?: boolean;
        json?: boolean;
        background?: boolean;
        config?: string;
      }) =>
        runCommand(async (context) => {
          const { mediaPrepare } = await import('./mediaCommand');
          return mediaPrepare({ ...options, ...(await settings(options)), ...context });
        }),
    );
  for (const [name, description] of [
    ['list', 'show what callers can hear, in the order in which they hear it'],
    ['check', 'find what cannot be played and say what to do; changes nothing'],
  ] as const) {
    media
      .command(name)
      .description(description)
      .option('--json', 'print the result as JSON')
      .addOption(configOption())
      .addHelpText('after', examples(`holdcast media ${name}`, `holdcast media ${name} --json`))
      .action((options: { json?: boolean; config?: string }) =>
        runCommand(async (context) => {
          const { mediaCheck, mediaList } = await import('./mediaCommand');
          const command = name === 'list' ? mediaList : mediaCheck;
          return command({ ...options, ...(await settings(options)), ...context });
        }),
      );
  }
}

function addStore(program: Command): void {
  const store = program
    .command('store')
    .description(
      'look after what is remembered of callers: their music, what they heard, which keys they pressed',
    )
    .addHelpText(
      'after',
      examples('holdcast store check', 'holdcast store migrate', 'holdcast store export'),
    );
  for (const { name, description, argument, options, lines, run } of STORE_COMMANDS) {
    const command = store.command(name).description(description);
    if (argument) command.argument(...argument);
    for (const { flags, help, parse } of options)
      if (parse) command.option(flags, help, orInvalid(parse));
      else command.option(flags, help);
    command.addOption(configOption()).addHelpText('after', examples(...lines));
    command.action((...given: unknown[]) =>
      runCommand((context) => run({ given: command.opts(), argument: given[0] }, context)),
    );
  }
}

/** What `parse` throws is what is told. */
function orInvalid<T>(parse: (text: string, before: T | undefined) => T): (text: string, before: T) => T {
  return (text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

function addConfig(program: Command): void {
  program
    .command('config')
    .description('look after config.ts')
    .addHelpText('after', examples('holdcast config check'))
    .command('check')
    .description('load and validate the config, and say what it means')
    .option('--json', 'print the result as JSON')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples('holdcast config check', 'holdcast config check --config /etc/holdcast/config.ts'),
    )
    .action((options: { json?: boolean; config?: string }) =>
      runCommand(async ({ out }) => {
        const { configCheck } = await import('./configCommand');
        becomeOwnerOfConfig(options.config);
        return configCheck({
          out,
          ...(options.config && { path: options.config }),
          ...(options.json && { json: true }),
        });
      }),
    );
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'play a scripted call of 90 seconds into a file and draw it; needs no Asterisk and no ffmpeg',
    )
    .option('-o, --out <folder>', 'where call.wav and call.png go', 'demo')
    .addHelpText('after', examples('holdcast demo', 'holdcast demo --out /tmp/holdcast'))
    .action((options: { out: string }) =>
      runCommand(async (context) => {
        const { demoCommand, demoFiles } = await import('./demoCommand');
        becomeOwnerOf(demoFiles(options.out));
        return demoCommand(options, context);
      }),
    );
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for bash')
    .addHelpText('after', examples('holdcast completion > /etc/bash_completion.d/holdcast'))
    .action(() =>
      runCommand(async ({ out }) => {
        const { bashCompletion } = await import('./completion');
        out.write(bashCompletion(wordsOf(program)));
        return 0;
      }),
    );
}

/** "media prepare" → its sub-commands and options, for each command of the tree. */
function wordsOf(command: Command, path = ''): Map<string, string[]> {
  const options = command.options
    .filter((option) => !option.hidden)
    .map((option) => option.long ?? option.short ?? '');
  const words = new Map([[path, [...command.commands.map((sub) => sub.name()), ...options, '--help']]]);
  for (const sub of command.commands)
    for (const [key, value] of wordsOf(sub, `${path} ${sub.name()}`.trim())) words.set(key, value);
  return words;
}
