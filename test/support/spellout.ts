// Numbers in words as ICU has them (Debian's python3-icu): the independent oracle of all languages.
// One process spells a hundred thousand at once. Where ICU is not installed the tests are skipped, saying so.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { seededRandom } from '../../src/util/random';

const SCRIPT = join(__dirname, 'spellout.py');
/** Debian's own Python first: it has Debian's packages, whatever else stands in the PATH. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import icu']).status === 0,
);

if (!python) console.warn('no comparison with ICU: its tests are skipped (apt-get install python3-icu)');

/** `it` where ICU is there; elsewhere its tests are skipped. */
export const itWithIcu = python ? it : it.skip;

/**
 * The numbers in the words of an ICU rule set ("%spellout-cardinal-feminine"), without soft hyphens.
 * @throws Error when ICU refuses; is not to be called outside `itWithIcu`
 */
export function spellOut(locale: string, ruleSet: string, numbers: readonly bigint[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(python!, [SCRIPT], {
    input: JSON.stringify({ locale, ruleSet, numbers: numbers.map(String) }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`ICU refused: ${stderr}`);
  const spelled = JSON.parse(stdout) as string[];
  return spelled.map((text) => text.replaceAll('\u00ad', ''));
}

const EDGE = 10n ** 12n;

/**
 * What every language is compared on: all of 0 to 10,000, the neighbourhood of every power of ten and of its multiples,
 * and 110,000 random numbers of all lengths, of either sign, up to 10^12. The same ones in every run.
 */
export function comparedNumbers(seed = 4): readonly bigint[] {
  const random = seededRandom(seed);
  const upTo = Array.from({ length: 10_001 }, (_, n) => BigInt(n));
  const edges = Array.from({ length: 12 }, (_, k) => 10n ** BigInt(k + 1)).flatMap((power) =>
    [-1n, 0n, 1n].flatMap((step) => [1n, 2n, 5n, 11n, 21n].map((factor) => power * factor + step)),
  );
  const uniform = Array.from({ length: 80_000 }, () => {
    const [high, low] = [Math.floor(random() * 2e6), Math.floor(random() * 1e6)];
    return BigInt(high) * 1_000_000n + BigInt(low) - EDGE;
  });
  const anyLength = Array.from({ length: 30_000 }, () => BigInt(Math.floor(10 ** (random() * 12))));
  return [...upTo, ...edges, ...uniform, ...anyLength, ...anyLength.map((n) => -n)].filter(
    (n) => n >= -EDGE && n <= EDGE,
  );
}

/** Where words differ: at most ten, so that a failure can be read. */
export function differences(
  numbers: readonly bigint[],
  expected: readonly string[],
  actual: (n: bigint) => string,
): readonly { n: bigint; expected: string | undefined; actual: string }[] {
  return numbers
    .map((n, k) => ({ n, expected: expected[k], actual: actual(n) }))
    .filter((row) => row.expected !== row.actual)
    .slice(0, 10);
}

/** "-12.05": an amount in minor units as a billing system writes it. */
export function printAmount(minor: bigint, digits: number): string {
  const signs = String(minor < 0n ? -minor : minor).padStart(digits + 1, '0');
  const [whole, fraction] = [signs.slice(0, signs.length - digits), signs.slice(signs.length - digits)];
  return `${minor < 0n ? '-' : ''}${whole}${fraction && '.'}${fraction}`;
}
