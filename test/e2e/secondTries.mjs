// Tests on a real Asterisk that failed beside others and passed by themselves: the run fails by them, unless they are
// named in secondTries.json with a reason. A name there that no test has is an error too, so the list never outlives its reason.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LIST = fileURLToPath(new URL('secondTries.json', import.meta.url));

/**
 * The list: an array of `{ file, test, reason }`; `file` relative to test/e2e, `test` the full name as Jest says it.
 * @throws Error for an entry without one of the three
 */
export function readAllowed(path = LIST) {
  const list = JSON.parse(readFileSync(path, 'utf8'));
  for (const entry of list)
    for (const key of ['file', 'test', 'reason'])
      if (typeof entry[key] !== 'string' || entry[key].trim() === '')
        throw new Error(`secondTries.json: an entry without ${key}: ${JSON.stringify(entry)}`);
  return list;
}

/**
 * Tests that failed in a file, by their full names. Where the file itself failed (it does not load, a hook threw), that is
 * a failure of no test, and no list can name it: undefined.
 * @param result one of Jest's `testResults`
 */
export function failedTests({ assertionResults }) {
  const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  return failed.length === 0 ? undefined : failed;
}

/**
 * Why a file that passed at its second try may have failed at its first.
 * @param file relative to test/e2e
 * @param failed what `failedTests` said of the first try
 * @returns one reason for each test, or undefined when not each of them is in the list
 */
export function reasonsFor(allowed, file, failed) {
  if (failed === undefined) return undefined;
  const found = failed.map((test) => allowed.find((entry) => entry.file === file && entry.test === test));
  return found.includes(undefined) ? undefined : found.map(({ reason }) => reason);
}
