// The commands around what callers hear: render, media, demo.
// Each command's code is imported when it runs.
import { Option, type Command } from 'commander';
import { speakerSettings } from '../../config/rules';
import { becomeOwnerOf } from '../../util/privileges';
import { configOf, runCommand } from '../context';
import { configOption, examples, seconds, wholeNumber } from './options';

export function addRender(program: Command): void {
  program
    .command('render')
    .description('render a call offline, as fast as the machine goes')
    .option('-s, --script <file>', 'what happens when, as JSON (see docs/render.md)')
    .requiredOption('-o, --out <file>', 'WAV file to write')
    .option('--seconds <n>', 'length of the call (default: that of the script)', seconds)
    .option('--seed <n>', 'seed of everything random (default: that of the script)', wholeNumber)
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
          const { renderCommand } = await import('../renderCommand');
          const { out, picture = out } = options;
          const config = await configOf(options.config, ({ media }) => [media.cache, out, picture]);
          return renderCommand({ ...options, config }, context);
        }),
    );
}

export function addMedia(program: Command): void {
  const media = program
    .command('media')
    .description('manage the media folders')
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
    .option('--force', 'prepare again files that are already prepared')
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
          const { mediaPrepare } = await import('../mediaCommand');
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
          const { mediaCheck, mediaList } = await import('../mediaCommand');
          const command = name === 'list' ? mediaList : mediaCheck;
          return command({ ...options, ...(await settings(options)), ...context });
        }),
      );
  }
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'play a scripted call of 90 seconds into a file and draw it; needs no Asterisk and no ffmpeg',
    )
    .option('-o, --out <folder>', 'where call.wav and call.png go', 'demo')
    .addHelpText('after', examples('holdcast demo', 'holdcast demo --out /tmp/holdcast'))
    .action((options: { out: string }) =>
      runCommand(async (context) => {
        const { demoCommand, demoFiles } = await import('../demoCommand');
        becomeOwnerOf(demoFiles(options.out));
        return demoCommand(options, context);
      }),
    );
}
