// Laws of the languages that say compounds from their parts, beyond those of all languages (test/speech/laws.test.ts):
// nothing of a number is lost in its recordings, and each currency needs its own recordings only.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import type { Language } from '../../src/speech/language';
import { minorDigits } from '../../src/speech/money';
import { PAUSE, type Spoken } from '../../src/speech/spoken';

/** Currencies that every language has words for. */
export const KNOWN_CURRENCIES =
  'EUR USD GBP CHF RUB PLN CZK SEK NOK DKK TRY JPY CNY INR BRL MXN ARS CAD AUD KWD'.split(' ');
/** Some that are named by ICU: with two decimal places, none, three and four. */
export const FOREIGN_CURRENCIES = ['ISK', 'HUF', 'AFN', 'XOF', 'TND', 'CLF'];

const EDGE = 10n ** 12n;

const anyNumber = fc.oneof(
  fc.bigInt({ min: -EDGE, max: EDGE }),
  fc.bigInt({ min: -2000n, max: 2000n }),
  fc
    .tuple(fc.bigInt({ min: -999n, max: 999n }), fc.integer({ min: 0, max: 3 }))
    .map(([n, k]) => n * 1000n ** BigInt(k)),
);
const amountIn = (currency: string) =>
  fc
    .tuple(anyNumber, fc.bigInt({ min: 0n, max: 99n }))
    .filter(([major]) => major < EDGE && major > -EDGE)
    .map(([major, rest]) => {
      const unit = 10n ** BigInt(minorDigits(currency)!);
      return { currency, minor: major * unit + (rest % unit) };
    });
const anyAccount = (currency: string) =>
  fc.record({ number: fc.stringMatching(/^[0-9A-Za-z-]{1,20}$/), balance: amountIn(currency) });

/** 12.34 EUR: whole minor units from major ones. */
export function amount(major: bigint | number, currency: string, minor: bigint | number = 0n) {
  return { currency, minor: BigInt(major) * 10n ** BigInt(minorDigits(currency)!) + BigInt(minor) };
}

function expectInVocabulary(vocabulary: ReadonlySet<string>, spoken: Spoken): void {
  expect(spoken.clips.filter((clip) => clip !== PAUSE && !vocabulary.has(clip))).toEqual([]);
  expect(spoken.text).not.toMatch(/undefined| {2}|^ | $| [.,:]|[.,:]{2}/);
}

/** @param bare what of a number's text and clips is compared with each other: no spaces, hyphens, accents, elisions */
export function describeLaws(language: Language, bare: (text: string) => string): void {
  describe(`${language.tag}: whatever is said`, () => {
    it('a number says in its clips what its text says, and no two numbers are said alike', () => {
      fc.assert(
        fc.property(anyNumber, anyNumber, (n, other) => {
          const { text, clips } = language.cardinal(n);
          expect(bare(clips.join(''))).toBe(bare(text));
          expect(text === language.cardinal(other).text).toBe(n === other);
        }),
        { numRuns: 2000 },
      );
    });

    it('every group of three digits, before every scale, has its recordings in the vocabulary', () => {
      const vocabulary = new Set(language.vocabulary([]));
      const groups = Array.from({ length: 999 }, (_, k) => BigInt(k + 1));
      for (const n of [
        0n,
        EDGE,
        ...[0n, 1n, 2n, 3n].flatMap((k) => groups.map((group) => -group * 1000n ** k)),
      ]) {
        expectInVocabulary(vocabulary, language.cardinal(n));
      }
    });

    it.each([...KNOWN_CURRENCIES, ...FOREIGN_CURRENCIES])(
      'needs no recording beyond its vocabulary in %s',
      (code) => {
        const vocabulary = new Set(language.vocabulary([code]));
        for (const major of [0n, 1n, 2n, 21n, 101n, 200n, 10n ** 6n, 10n ** 9n, EDGE]) {
          expectInVocabulary(vocabulary, language.money(amount(major, code)));
        }
        const accounts = fc.array(anyAccount(code), { minLength: 1, maxLength: 3 });
        fc.assert(
          fc.property(anyNumber, accounts, fc.integer({ min: 1, max: 100_000 }), (n, owned, place) => {
            const [{ balance, number }] = owned as [(typeof owned)[number]];
            const said = [language.cardinal(n), language.money(balance), language.digits(number)];
            for (const spoken of [...said, language.position(place), language.balance(owned)]) {
              expectInVocabulary(vocabulary, spoken);
            }
          }),
          { numRuns: 40 },
        );
      },
    );

    it.each(KNOWN_CURRENCIES)(
      '%s has words of its own, in both numbers, and tells a minor unit from none',
      (code) => {
        const minors = minorDigits(code)! > 0 ? [0, 1, 2] : [0];
        const texts = [1, 2, 5].flatMap((major) =>
          minors.map((minor) => language.money(amount(major, code, minor)).text),
        );
        expect(new Set(texts).size).toBe(texts.length);
        const [, point] = language.money(amount(1, 'HUF', 50)).clips;
        expect(language.vocabulary([code])).not.toContain(point);
      },
    );

    it('the amounts of two currencies are never said alike', () => {
      const texts = KNOWN_CURRENCIES.map((code) => language.money(amount(5, code)).text);
      expect(new Set(texts).size).toBe(texts.length);
    });
  });
}

/** Debian's recordings need not be installed for this: test/speech/laws.test.ts compares their names with the packs. */
export function describePack(language: Language): void {
  it("Asterisk's own recordings say every place up to 10,000, and any account number, as a whole", () => {
    const sayable = ({ clips }: Spoken) => clips.every((clip) => clip === PAUSE || clip in language.asterisk);
    const places = Array.from({ length: 10_000 }, (_, k) => k + 1);
    expect(places.filter((place) => !sayable(language.position(place)))).toEqual([]);
    expect(sayable(language.digits('0123456789 abcdefghijklmnopqrstuvwxyz'))).toBe(true);
  });
}

/** The sound files, in their order, that say a number; "missing" where there is none. */
export function soundsOf(language: Language, n: number): readonly string[] {
  return language.cardinal(n).clips.flatMap((clip) => language.asterisk[clip] ?? 'missing');
}

const NUM2WORDS =
  'import json, sys, num2words; a = json.load(sys.stdin); ' +
  'json.dump([num2words.num2words(int(n), lang=a["tag"]) for n in a["numbers"]], sys.stdout)';
const second = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import num2words']).status === 0,
);

/** `it` where Python's num2words is there: a second oracle for where ICU's spelling is in doubt. */
export const itWithNum2words: (name: string, test: () => void) => void = second
  ? it
  : (name, test) => it.skip(`${name} (skipped: apt-get install python3-num2words)`, test);

/** @throws Error when Python fails; is not to be called outside `itWithNum2words` */
export function num2words(tag: string, numbers: readonly bigint[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(second!, ['-c', NUM2WORDS], {
    input: JSON.stringify({ tag, numbers: numbers.map(String) }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`num2words refused: ${stderr}`);
  return JSON.parse(stdout) as string[];
}
