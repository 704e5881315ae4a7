// The commands around a running installation: stream, hub, status, asterisk, doctor, config.
// Each command's code is imported when it runs.
import type { Command } from 'commander';
import { STREAM_OPTIONS } from '../../stream/options';
import { becomeOwnerOfConfig, configOf, runCommand } from '../context';
import { asOwner, configOption, examples } from './options';

/** Only its help: bin/holdcast starts `stream` itself, without commander. */
export function addStream(program: Command): void {
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

export function addHub(program: Command): void {
  program
    .command('hub')
    .description('play to every caller of the machine, and tell Asterisk what to start for each (a daemon)')
    .addOption(configOption())
    .addHelpText('after', examples('holdcast hub', 'holdcast hub --config /etc/holdcast/config.ts'))
    .action((options: { config?: string }) =>
      runCommand(async (context) => (await import('../hubCommand')).hubCommand(options, context), {
        daemon: true,
      }),
    );
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show who is on hold, what each caller hears, and the state of the hub')
    .option('-w, --watch', 'repeat every two seconds, until Ctrl-C')
    .option('--json', 'print the result as JSON; with --watch one line each time')
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
          import('../statusCommand'),
          import('../../util/clock'),
        ]);
        const { hub } = await configOf(options.config, (config) => [config.hub.folder]);
        return statusCommand({ ...options, folder: hub.folder }, { ...context, clock: systemClock() });
      }),
    );
}

export function addAsterisk(program: Command): void {
  program
    .command('asterisk')
    .description("print the lines that Asterisk's files need, or write them as files to include")
    .option('--write <folder>', 'write the files, for example to /etc/asterisk/holdcast')
    .option('--force', 'overwrite files that were changed by hand')
    .option('--freepbx', 'use the custom files of FreePBX (default where it is installed)')
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
          (await import('../asteriskCommand')).asteriskCommand(options, { ...context, ...asOwner }),
        ),
    );
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check everything between Asterisk and the caller, and say what to do; changes nothing')
    .option('--asterisk-etc <folder>', "folder of Asterisk's files", '/etc/asterisk')
    .option('--user <name>', 'user that runs Asterisk', 'asterisk')
    .option('--json', 'print the result as JSON')
    .addOption(configOption())
    .addHelpText('after', examples('sudo holdcast doctor', 'holdcast doctor --json'))
    .action((options: { asteriskEtc: string; user?: string; json?: boolean; config?: string }) =>
      runCommand(async (context) =>
        (await import('../doctorCommand')).doctorCommand(options, { ...context, ...asOwner }),
      ),
    );
}

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('manage config.ts')
    .addHelpText('after', examples('holdcast config check'))
    .command('check')
    .description('load and validate the config, and show its settings')
    .option('--json', 'print the result as JSON')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples('holdcast config check', 'holdcast config check --config /etc/holdcast/config.ts'),
    )
    .action((options: { json?: boolean; config?: string }) =>
      runCommand(async ({ out }) => {
        const { configCheck } = await import('../configCommand');
        becomeOwnerOfConfig(options.config);
        return configCheck({
          out,
          ...(options.config && { path: options.config }),
          ...(options.json && { json: true }),
        });
      }),
    );
}
