// The command line: the program, and which commands it has (commands/). Each command's code is imported when it runs.
import { Command, CommanderError } from 'commander';
import { version } from '../util/version';
import { addAsterisk, addConfig, addDoctor, addHub, addStatus, addStream } from './commands/host';
import { addDemo, addMedia, addRender } from './commands/media';
import { examples } from './commands/options';
import { addStore } from './commands/store';
import { EXIT_USAGE, runCommand } from './context';

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
