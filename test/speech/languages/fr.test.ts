// French is judged by ICU number for number, by num2words where ICU's spelling is old news or wrong, and by hand.
// What would go wrong: "deux cents mille", "soixante-onze", "un million euros", "vingt et un livres".
import { fr } from '../../../src/speech/languages/fr';
import {
  amount,
  describeLaws,
  describePack,
  itWithNum2words,
  num2words,
  soundsOf,
} from '../../support/languageLaws';
import { comparedNumbers, differences, itWithIcu, spellOut } from '../../support/spellout';

describeLaws(fr, (text) => text.replaceAll(/[ -]/g, ''));
describePack(fr);

const numbers = comparedNumbers();
const some = numbers.filter((_, k) => k % 8 === 0);
/**
 * Spelling only: ICU hyphenates by the reform of 1990 ("vingt-et-un") and leaves "cent" and "vingt" without s before
 * "million", a noun before which they have one ("deux cents millions"; num2words has it too).
 */
const spelling = (text: string) => text.replaceAll('-', ' ').replaceAll(/\b(cent|vingt)s(?= milli)/g, '$1');
const amountsOf = (currency: string) => (n: bigint) => fr.money(amount(n, currency)).text;

describe('French numbers', () => {
  itWithIcu('are those of ICU', () => {
    expect(numbers.length).toBeGreaterThan(100_000);
    const expected = spellOut('fr', '%spellout-numbering', numbers).map(spelling);
    expect(differences(numbers, expected, (n) => spelling(fr.cardinal(n).text))).toEqual([]);
  });

  itWithNum2words('are spelled as num2words spells them, letter by letter', () => {
    const few = numbers.filter((_, k) => k % 25 === 0);
    expect(differences(few, num2words('fr', few), (n) => fr.cardinal(n).text)).toEqual([]);
  });

  itWithIcu('agree with a feminine unit as those of ICU', () => {
    const expected = spellOut('fr', '%spellout-cardinal-feminine', some).map(spelling);
    const alone = (text: string) => spelling(text.replace(/( de)? livres?$/, ''));
    expect(differences(some, expected, (n) => alone(amountsOf('GBP')(n)))).toEqual([]);
  });

  it.each([
    [0, 'zéro'],
    [17, 'dix-sept'],
    [21, 'vingt et un'],
    [22, 'vingt-deux'],
    [70, 'soixante-dix'],
    [71, 'soixante et onze'],
    [72, 'soixante-douze'],
    [80, 'quatre-vingts'],
    [81, 'quatre-vingt-un'],
    [91, 'quatre-vingt-onze'],
    [99, 'quatre-vingt-dix-neuf'],
    [100, 'cent'],
    [101, 'cent un'],
    [180, 'cent quatre-vingts'],
    [200, 'deux cents'],
    [201, 'deux cent un'],
    [1000, 'mille'],
    [2000, 'deux mille'],
    [80_000, 'quatre-vingt mille'],
    [200_000, 'deux cent mille'],
    [280_280, 'deux cent quatre-vingt mille deux cent quatre-vingts'],
    [80_000_000, 'quatre-vingts millions'],
    [200_000_000, 'deux cents millions'],
    [1_000_000_000, 'un milliard'],
    [-71, 'moins soixante et onze'],
  ])('%d is %j', (n, text) => {
    expect(fr.cardinal(n).text).toBe(text);
  });

  it('are said word by word, hyphenated words as one', () => {
    expect(fr.cardinal(271_097).clips).toEqual([
      ...['deux', 'cent', 'soixante', 'et', 'onze', 'mille', 'quatre-vingt-dix-sept'],
    ]);
  });
});

describe('French money', () => {
  it.each([
    [0, 0, 'EUR', 'zéro euro'],
    [1, 1, 'EUR', 'un euro et un centime'],
    [21, 50, 'EUR', 'vingt et un euros et cinquante centimes'],
    [80, 0, 'EUR', 'quatre-vingts euros'],
    [-5, -2, 'EUR', 'moins cinq euros et deux centimes'],
    [0, -30, 'EUR', 'moins trente centimes'],
    [1_000_000, 0, 'EUR', "un million d'euros"],
    [3_000_000_000, 0, 'EUR', "trois milliards d'euros"],
    [1_000_100, 0, 'EUR', 'un million cent euros'],
    [2_000_000, 0, 'USD', 'deux millions de dollars'],
    [2, 2, 'USD', 'deux dollars et deux centimes'],
    [1, 1, 'GBP', 'une livre et un penny'],
    [21, 21, 'GBP', 'vingt et une livres et vingt et un pence'],
    [81, 0, 'GBP', 'quatre-vingt-une livres'],
    [71, 0, 'GBP', 'soixante et onze livres'],
    [21_000, 0, 'GBP', 'vingt et un mille livres'],
    [1, 0, 'SEK', 'une couronne suédoise'],
    [1, 0, 'JPY', 'un yen'],
    [5, 11, 'CHF', 'cinq francs suisses et onze centimes'],
    [21, 1, 'UAH', 'vingt et une hryvnias et un kopeck'],
    [1, 0, 'ISK', 'une couronne islandaise'],
    [21, 0, 'EGP', 'vingt et une livres égyptiennes'],
    [1, 0, 'MUR', 'une roupie mauricienne'],
    [21, 0, 'HUF', 'vingt et un forints hongrois'],
    [12, 50, 'HUF', 'douze virgule cinq zéro forints hongrois'],
    [1_000_000, 0, 'MGA', "un million d'ariarys malgaches"],
    [1_000_000, 0, 'HUF', 'un million de forints hongrois'],
  ])('%d and %d parts of %s is %j', (major, minor, currency, text) => {
    expect(fr.money(amount(major, currency, minor)).text).toBe(text);
  });

  it('is one recording where "de" is shortened', () => {
    expect(fr.money(amount(1_000_000, 'EUR')).clips).toEqual(['un', 'million', 'd-euros']);
  });
});

describe('French sentences', () => {
  it('tell one balance, and several by their account numbers', () => {
    const own = { number: '0042A', balance: amount(1, 'EUR', 5) };
    expect(fr.balance([own]).text).toBe("Votre solde s'élève à un euro et cinq centimes.");
    expect(fr.balance([own, { number: '9', balance: amount(-1, 'GBP') }])).toEqual({
      text:
        "Le solde du compte zéro zéro quatre deux, A s'élève à un euro et cinq centimes. " +
        "Le solde du compte neuf s'élève à moins une livre.",
      clips: [
        ...['le-solde-du-compte', 'zéro', 'zéro', 'quatre', 'deux', ',', 'a', 's-élève-à'],
        ...['un', 'euro', 'et', 'cinq', 'centimes', ','],
        ...['le-solde-du-compte', 'neuf', 's-élève-à', 'moins', 'une', 'livre', ','],
      ],
    });
  });

  it('tell the place in the queue', () => {
    expect(fr.position(1).text).toBe('Votre appel est le prochain.');
    expect(fr.position(21).text).toBe("Vous êtes l'appelant numéro vingt et un.");
  });
});

it('French numbers are said by the pack from its tens and units', () => {
  expect(soundsOf(fr, 22)).toEqual(['digits/20', 'digits/2']);
  expect(soundsOf(fr, 71)).toEqual(['digits/60', 'digits/et', 'digits/11']);
  expect(soundsOf(fr, 77)).toEqual(['digits/60', 'digits/17']);
  expect(soundsOf(fr, 80)).toEqual(['digits/80']);
  expect(soundsOf(fr, 97)).toEqual(['digits/80', 'digits/17']);
  expect(soundsOf(fr, 280)).toEqual(['digits/2', 'digits/hundred', 'digits/80']);
});
