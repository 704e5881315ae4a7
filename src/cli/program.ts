// The command line: the program, its help and errors, and shell completion from the tree of its commands.
import { Command, CommanderError } from 'commander';
import { version } from '../util/version';
import { addCommands, examplesText } from './commands';
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
      examplesText([
        'holdcast demo',
        'holdcast media prepare',
        'holdcast config check',
        'holdcast stream | aplay -f S16_LE -r 8000',
      ]),
    );
  addCommands(program);
  addCompletion(program);
  return program;
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for bash')
    .addHelpText('after', examplesText(['holdcast completion > /etc/bash_completion.d/holdcast']))
    .action(() =>
      runCommand(({ out }) => {
        out.write(bashCompletion(wordsOf(program)));
        return Promise.resolve(0);
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

/** @param words for each command path ("", "media", "media prepare") the words that may follow */
export function bashCompletion(words: ReadonlyMap<string, readonly string[]>): string {
  const commands = [...words.keys()].filter((path) => path !== '').map((path) => `'${path}'`);
  const cases = [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n');
  return `# bash completion for holdcast
_holdcast() {
  local words path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${commands.join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _holdcast holdcast
`;
}
