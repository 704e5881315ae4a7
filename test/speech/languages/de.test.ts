// German is judged by ICU number for number, and by hand where it is known to trip.
// What would go wrong: "zweihunderteinstausend", "eins Euro", a compound that no recordings can say.
import { de } from '../../../src/speech/languages/de';
import { amount, describeLaws } from '../../support/languageLaws';
import { comparedNumbers, differences, itWithIcu, spellOut } from '../../support/spellout';

describeLaws(de, (text) => text.toLowerCase().replaceAll(' ', ''));

const numbers = comparedNumbers();

describe('German numbers', () => {
  itWithIcu('are those of ICU', () => {
    expect(numbers.length).toBeGreaterThan(100_000);
    const expected = spellOut('de', '%spellout-numbering', numbers);
    expect(differences(numbers, expected, (n) => de.cardinal(n).text)).toEqual([]);
  });

  itWithIcu('agree with a masculine unit and with a feminine one as those of ICU', () => {
    const some = numbers.filter((_, k) => k % 8 === 0);
    const euros = spellOut('de', '%spellout-cardinal-masculine', some).map((text) => `${text} Euro`);
    expect(differences(some, euros, (n) => de.money(amount(n, 'EUR')).text)).toEqual([]);
    const kronor = spellOut('de', '%spellout-cardinal-feminine', some).map(
      (text) => `${text} schwedische Kronen`,
    );
    const plural = (text: string) => text.replace(/Krone$/, 'Kronen');
    expect(differences(some, kronor, (n) => plural(de.money(amount(n, 'SEK')).text))).toEqual([]);
  });

  it.each([
    [0, 'null'],
    [1, 'eins'],
    [16, 'sechzehn'],
    [17, 'siebzehn'],
    [21, 'einundzwanzig'],
    [30, 'dreißig'],
    [66, 'sechsundsechzig'],
    [77, 'siebenundsiebzig'],
    [101, 'einhunderteins'],
    [1000, 'eintausend'],
    [1001, 'eintausendeins'],
    [21_000, 'einundzwanzigtausend'],
    [101_000, 'einhunderteintausend'],
    [201_000, 'zweihunderteintausend'],
    [1_000_000, 'eine Million'],
    [1_000_001, 'eine Million eins'],
    [2_000_000, 'zwei Millionen'],
    [1_001_000_000, 'eine Milliarde eine Million'],
    [-7, 'minus sieben'],
  ])('%d is %j', (n, text) => {
    expect(de.cardinal(n).text).toBe(text);
  });

  it('are said from their morphemes', () => {
    expect(de.cardinal(21_000).clips).toEqual(['ein', 'und', 'zwanzig', 'tausend']);
    expect(de.cardinal(2_117_131n).clips.join(' ')).toBe(
      'zwei millionen ein hundert siebzehn tausend ein hundert ein und dreißig',
    );
  });
});

describe('German money', () => {
  it.each([
    [1, 0, 'EUR', 'ein Euro'],
    [0, 0, 'EUR', 'null Euro'],
    [0, 1, 'EUR', 'ein Cent'],
    [21, 50, 'EUR', 'einundzwanzig Euro und fünfzig Cent'],
    [-5, -1, 'EUR', 'minus fünf Euro und ein Cent'],
    [0, -30, 'EUR', 'minus dreißig Cent'],
    [1_000_000, 0, 'EUR', 'eine Million Euro'],
    [1, 1, 'GBP', 'ein Pfund und ein Penny'],
    [2, 2, 'GBP', 'zwei Pfund und zwei Pence'],
    [1, 1, 'RUB', 'ein Rubel und eine Kopeke'],
    [22, 21, 'RUB', 'zweiundzwanzig Rubel und einundzwanzig Kopeken'],
    [1, 0, 'CZK', 'eine tschechische Krone'],
    [101, 0, 'CZK', 'einhunderteine tschechische Kronen'],
    [1, 0, 'CAD', 'ein kanadischer Dollar'],
    [2, 0, 'CAD', 'zwei kanadische Dollar'],
    [1, 0, 'JPY', 'ein Yen'],
    [3, 5, 'KWD', 'drei Kuwait-Dinar und fünf Fils'],
    [1, 1, 'UAH', 'eine Hrywnja und eine Kopeke'],
    [1, 0, 'ISK', 'eine Isländische Krone'],
    [101, 0, 'ISK', 'einhunderteine Isländische Kronen'],
    [1, 0, 'MUR', 'eine Mauritius-Rupie'],
    [1, 0, 'KZT', 'ein Kasachischer Tenge'],
    [1, 0, 'HUF', 'ein Ungarischer Forint'],
    [1, 0, 'EGP', 'ein Ägyptisches Pfund'],
    [12, 50, 'HUF', 'zwölf Komma fünf null Ungarische Forint'],
  ])('%d and %d parts of %s is %j', (major, minor, currency, text) => {
    expect(de.money(amount(major, currency, minor)).text).toBe(text);
  });
});

describe('German sentences', () => {
  it('tell one balance, and several by their account numbers', () => {
    const own = { number: '00421-7A', balance: amount(12, 'EUR', 5) };
    expect(de.balance([own]).text).toBe('Ihr Kontostand ist zwölf Euro und fünf Cent.');
    expect(de.balance([own, { number: '9', balance: amount(-1, 'EUR') }])).toEqual({
      text:
        'Der Stand des Kontos null null vier, zwei eins, sieben A ist zwölf Euro und fünf Cent. ' +
        'Der Stand des Kontos neun ist minus ein Euro.',
      clips: [
        ...['der-stand-des-kontos', 'null', 'null', 'vier', ',', 'zwei', 'eins', ',', 'sieben', 'a', 'ist'],
        ...['zwölf', 'euro', 'und', 'fünf', 'cent', ','],
        ...['der-stand-des-kontos', 'neun', 'ist', 'minus', 'ein', 'euro', ','],
      ],
    });
  });

  it('are in the nominative, as an amount is said', () => {
    expect(de.balance([{ number: '9', balance: amount(1, 'EUR') }]).text).toBe(
      'Ihr Kontostand ist ein Euro.',
    );
  });

  it('tell the place in the queue', () => {
    expect(de.position(1).text).toBe('Sie sind als Nächstes an der Reihe.');
    expect(de.position(21).text).toBe('Sie sind in der Warteschlange auf Platz einundzwanzig.');
  });
});
