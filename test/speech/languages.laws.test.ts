// Laws that hold for every language there is: what is asked for was recorded, breaks are single, plurals agree.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { languageFor, LANGUAGES } from '../../src/speech/languages';
import { LARGEST_AMOUNT, minorDigits, type Money } from '../../src/speech/money';
import { PAUSE, type Spoken } from '../../src/speech/spoken';
import { comparedNumbers } from '../support/spellout';

const SOUNDS = '/usr/share/asterisk/sounds';
const OWN = 'AUD BRL BYN CAD CHF CNY CZK DKK EUR GBP INR JPY KWD KZT NOK PLN RUB SEK TRY UAH USD'.split(' ');
/** For none of them there are words in all languages: they are said as decimal numbers with 0, 2, 3 and 4 places. */
const FOREIGN = 'ISK HKD COP IQD CLF'.split(' ');
const CURRENCIES = [...OWN, ...FOREIGN];

const numbers = fc.oneof(
  fc.constantFrom(...comparedNumbers().slice(0, 10_200)),
  fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
);
const amountsIn = (currency: string): fc.Arbitrary<Money> => {
  const max = LARGEST_AMOUNT * 10n ** BigInt(minorDigits(currency)!);
  return fc.record({
    currency: fc.constant(currency),
    minor: fc.oneof(fc.bigInt({ min: -max, max }), fc.bigInt({ min: -30_000n, max: 30_000n })),
  });
};
const accountNumbers = fc.oneof(fc.stringMatching(/^[0-9A-Za-z /.-]{0,20}$/), fc.string());

describe.each(LANGUAGES.map((language) => [language.tag, language] as const))('in %s', (tag, language) => {
  const withoutMoney: fc.Arbitrary<Spoken> = fc.oneof(
    numbers.map((n) => language.cardinal(n)),
    accountNumbers.map((number) => language.digits(number)),
    fc.integer({ min: 1, max: 1_000_000 }).map((place) => language.position(place)),
  );
  const withMoney = (currency: string): fc.Arbitrary<Spoken> => {
    const account = fc.record({ number: accountNumbers, balance: amountsIn(currency) });
    return fc.oneof(
      amountsIn(currency).map((amount) => language.money(amount)),
      fc.array(account, { minLength: 1, maxLength: 4 }).map((accounts) => language.balance(accounts)),
    );
  };
  const utterances = fc.oneof(withoutMoney, fc.constantFrom(...CURRENCIES).chain(withMoney));

  const unlisted = ({ clips }: Spoken, currencies: readonly string[]): readonly string[] => {
    const listed = new Set([PAUSE, ...language.vocabulary(currencies)]);
    return clips.filter((clip) => !listed.has(clip));
  };

  it('no recording is asked for that the vocabulary does not list, even of no currency', () => {
    const all = fc.sample(withoutMoney, { numRuns: 5_000, seed: 4 });
    const clips = [...new Set(all.flatMap((spoken) => spoken.clips))];
    expect(unlisted({ text: '', clips }, [])).toEqual([]);
  });

  it.each(CURRENCIES)(
    'no recording is asked for that the vocabulary of %s alone does not list',
    (currency) => {
      const all = fc.sample(withMoney(currency), { numRuns: 300, seed: 4 });
      const clips = [...new Set(all.flatMap((spoken) => spoken.clips))];
      expect(unlisted({ text: '', clips }, [currency])).toEqual([]);
    },
  );

  it('the vocabulary lists each recording once, by a name that is a file’s', () => {
    const listed = language.vocabulary(CURRENCIES);
    expect(listed).toHaveLength(new Set(listed).size);
    expect(listed.filter((clip) => !/^[\p{L}\p{N}]+(-[\p{L}\p{N}]+)*$/u.test(clip))).toEqual([]);
  });

  it('no break is at the beginning or follows another', () => {
    fc.assert(
      fc.property(utterances, ({ clips }) => {
        expect(clips.filter((clip, k) => clip === PAUSE && (k === 0 || clips[k - 1] === PAUSE))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the text has no hole, and punctuation where speech breaks', () => {
    fc.assert(
      fc.property(utterances, ({ text, clips }) => {
        expect(text).not.toMatch(/undefined|\s\s|^\s|\s$|\s[.,:]|[.,:]{2}/);
        expect(text.match(/[.,:]/g)?.length ?? 0).toBe(clips.filter((clip) => clip === PAUSE).length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('an account number can be told from what is heard', () => {
    const digitOf = new Map(
      [...'0123456789'].map((digit) => [language.digits(digit).clips.join(' '), digit]),
    );
    expect(digitOf.size).toBe(10);
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,25}$/), (number) => {
        const heard = language.digits(number).clips.filter((clip) => clip !== PAUSE);
        expect(heard.map((clip) => digitOf.get(clip)).join('')).toBe(number);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['Ω-100', '१००', '5²', 'A\u0316-1', 'ß1'])(
    'a sign that it has no name for is not left out, as another account would be heard: %s',
    (number) => {
      expect(() => language.digits(number)).toThrow(RangeError);
      const account = { number, balance: { minor: 100n, currency: 'USD' } };
      expect(() => language.balance([account, account])).toThrow(RangeError);
    },
  );

  it('punctuation in an account number is a break, or nothing', () => {
    expect(language.digits('№ (12)_34—5*').clips).toEqual(language.digits('12-34-5').clips);
  });

  it('the name of a currency depends on the plural category of Intl alone', () => {
    const rules = new Intl.PluralRules(tag);
    const samples = [...Array.from({ length: 130 }, (_, n) => n), 1_000, 1_001, 10_002, 1_000_000, 2_000_000];
    for (const currency of OWN) {
      const unit = 10n ** BigInt(minorDigits(currency)!);
      const forms = new Map<string, string>();
      for (const n of samples) {
        const form = language.money({ minor: BigInt(n) * unit, currency }).clips.at(-1)!;
        const category = rules.select(n);
        expect({ n, currency, form }).toEqual({ n, currency, form: forms.get(category) ?? form });
        forms.set(category, form);
      }
    }
  });

  it('numbers that nobody should hear are refused', () => {
    for (const n of [10n ** 12n + 1n, -(10n ** 12n) - 1n, 0.5, NaN, Infinity, 1e15]) {
      expect(() => language.cardinal(n)).toThrow(RangeError);
    }
    for (const place of [0, -1, 1.5, NaN]) expect(() => language.position(place)).toThrow(RangeError);
    expect(() => language.balance([])).toThrow(RangeError);
    expect(() => language.money({ minor: 1n, currency: 'XXX' })).toThrow(RangeError);
  });

  it('what Asterisk’s pack is asked for has a name in the vocabulary', () => {
    const all = new Set(language.vocabulary([...CURRENCIES, 'MXN', 'ARS']));
    expect(Object.keys(language.asterisk).filter((clip) => !all.has(clip))).toEqual([]);
  });

  const pack = join(SOUNDS, tag);
  const itWithPack = existsSync(pack) || Object.keys(language.asterisk).length === 0 ? it : it.skip;
  itWithPack(`every sound file is in the pack (asterisk-core-sounds-${tag}-wav; skipped without it)`, () => {
    const files = Object.values(language.asterisk).flat();
    expect(files.filter((file) => !existsSync(join(pack, `${file}.wav`)))).toEqual([]);
  });
});

describe('Asterisk’s packs', () => {
  it.each([
    ['en', 999_999],
    ['ru', 199],
  ])('tell every place in the queue in %s, to %d', (tag, last) => {
    const language = languageFor(tag)!;
    const unsaid = Array.from({ length: 500 }, (_, k) => (k < 199 ? k + 1 : Math.ceil((last * k) / 500)))
      .flatMap((place) => language.position(place).clips)
      .filter((clip) => clip !== PAUSE && !(clip in language.asterisk));
    expect(unsaid).toEqual([]);
  });
});

describe('a language', () => {
  it.each([
    ['en', 'en'],
    ['en_GB', 'en'],
    ['ru-RU', 'ru'],
    ['RU', 'ru'],
    ['de.UTF-8', 'de'],
  ])('is found by the tag %p of a channel', (tag, base) => expect(languageFor(tag)?.tag).toBe(base));

  it.each(['', 'tlh', 'english', '_', 'e', '../en'])('is not made up for %p', (tag) =>
    expect(languageFor(tag)).toBeUndefined(),
  );
});
