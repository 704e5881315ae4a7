// Does the system name of Asterisk, with which each Uniqueid begins, keep calls from having keys and places? Nearly anything may
// be in it (tried on 22.10: spaces, slashes, brackets, quotes, umlauts in UTF-8), but not bytes that are no UTF-8.
import { errnoOf, messageOf } from '../util/errors';
import { notChecked, ok, problem, type Check, type Finding } from './check';
import { valueOf } from './confFile';
import type { Site } from './site';

export function systemNameChecks(site: Site): Check[] {
  return [{ name: 'systemname', run: () => systemName(site) }];
}

const REMEDY =
  'Set systemname in [options] of asterisk.conf to letters, digits and "-", and restart Asterisk.';
/** Bytes of it that Asterisk keeps (ast_config_AST_SYSTEM_NAME, 16 to 22). */
const LONGEST = 19;

async function systemName({ conf, etc }: Site): Promise<Finding> {
  let text: string | undefined;
  try {
    const { sections } = await conf('asterisk.conf');
    text = valueOf(
      sections.find(({ name }) => name === 'options'),
      'systemname',
    )?.value.trim();
  } catch (error) {
    return errnoOf(error) === 'ENOENT'
      ? ok('not set')
      : notChecked(`${etc}/asterisk.conf: ${messageOf(error)}`);
  }
  if (!text) return ok('not set');
  const shown = JSON.stringify(text);
  const isCut = !isUtf8(Buffer.from(text).subarray(0, LONGEST));
  if (text.includes('\ufffd') || isCut)
    return problem(
      `${shown} is no UTF-8${isCut ? ` where Asterisk cuts it, after ${LONGEST} bytes` : ''}: calls have music, but no keys and no places`,
      REMEDY,
    );
  return /\p{Cc}/u.test(text)
    ? problem(`${shown} has control characters: no call gets its own class`, REMEDY)
    : ok(shown);
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString()).equals(bytes);
}
