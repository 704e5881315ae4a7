// Does the system name of Asterisk, with which each Uniqueid begins, keep it from telling of calls?
import { errnoOf, messageOf } from '../../util/errors';
import { notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { valueOf } from './confFile';
import type { Site } from './site';

export function systemNameChecks(site: Site): Check[] {
  return [{ name: 'systemname', run: () => systemName(site) }];
}

/** Asterisk keeps so many bytes of it (ast_config_AST_SYSTEM_NAME, 16 to 22). */
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
  const kept = Buffer.from(text).subarray(0, LONGEST);
  if (text.includes('\ufffd') || !isUtf8(kept))
    return problem(
      `${shown} is no UTF-8${text.includes('\ufffd') ? '' : ` where Asterisk cuts it, after ${LONGEST} bytes`}: Asterisk tells no call's name in its events, so there are no keys and no places`,
      'Set systemname in [options] of asterisk.conf to letters, digits and "-", and restart Asterisk.',
    );
  if (/\p{Cc}/u.test(text))
    return problem(
      `${shown} has control characters: no call gets a class of its own`,
      'Set systemname in [options] of asterisk.conf to letters, digits and "-", and restart Asterisk.',
    );
  // In the dialplan's ${UNIQUEID} and in Asterisk's CURL() these end what they stand in.
  const breaking = /[(){}[\]"'\\,$]/.exec(text);
  return breaking
    ? warning(
        `${shown}: Asterisk's own dialplan and CURL() may stumble over ${breaking[0]}`,
        'Use letters, digits and "-" only.',
      )
    : ok(shown);
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString()).equals(bytes);
}
