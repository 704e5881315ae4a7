// What several commands of the command line share: options, and how their values are read.
// commander is known in this folder and in program.ts only.
import { InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../util/errors';
import { becomeOwnerOf, becomeUser } from '../../util/privileges';

export const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('a number of seconds, more than 0, at most 86400');
  return value;
};
export const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`a whole number, 0 to ${Number.MAX_SAFE_INTEGER}`);
  return value;
};
export const configOption = (): Option =>
  new Option(
    '-c, --config <file>',
    'path of config.ts (default: $HOLDCAST_CONFIG, ./config.ts except for root, /etc/holdcast/config.ts)',
  );
/** How the commands that tests run in their own process give root up. */
export const asOwner = { becomeOwnerOf, becomeUser };
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

/** What `parse` throws is what is told. */
export function orInvalid<T>(
  parse: (text: string, before: T | undefined) => T,
): (text: string, before: T) => T {
  return (text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}
