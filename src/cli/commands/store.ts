// The commands around what is remembered of callers, as storeOptions.ts lists them.
// Each command's code is imported when it runs.
import type { Command } from 'commander';
import { runCommand } from '../context';
import { STORE_COMMANDS } from '../storeOptions';
import { configOption, examples, orInvalid } from './options';

export function addStore(program: Command): void {
  const store = program
    .command('store')
    .description('manage the data kept about callers: their music, what they heard, which keys they pressed')
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
