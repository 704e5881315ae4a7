// Russian: every number in every gender against ICU, roubles against the library's, cases against Intl's names.
import { toCurrency } from 'n2words/ru-RU';
import { ru } from '../../../src/speech/languages/ru';
import { minorDigits, parseMoney } from '../../../src/speech/money';
import { comparedNumbers, differences, itWithIcu, printAmount, spellOut } from '../../support/spellout';

const withoutYo = (text: string): string => text.replaceAll('ё', 'е');
const money = (amount: string, currency: string): string => ru.money(parseMoney(amount, currency)!).text;

describe('numbers', () => {
  const numbers = comparedNumbers();

  itWithIcu('are those of ICU, from −10^12 to 10^12', () => {
    const expected = spellOut('ru', '%spellout-cardinal-masculine', numbers).map(withoutYo);
    expect(numbers.length).toBeGreaterThan(100_000);
    expect(differences(numbers, expected, (n) => ru.cardinal(n).text)).toEqual([]);
  });

  itWithIcu('are feminine before a unit that is (ICU)', () => {
    const expected = spellOut('ru', '%spellout-cardinal-feminine', numbers).map(withoutYo);
    const spoken = (minor: bigint): string => ru.money({ minor, currency: 'JPY' }).text;
    expect(differences(numbers, expected, (n) => spoken(n).replace(/ иен[аы]?$/, ''))).toEqual([]);
  });

  itWithIcu('are neuter before a unit that is (ICU)', () => {
    const below100 = Array.from({ length: 99 }, (_, n) => BigInt(n + 1));
    const expected = spellOut('ru', '%spellout-cardinal-neuter', below100);
    const spoken = (minor: bigint): string => ru.money({ minor, currency: 'SEK' }).text;
    expect(differences(below100, expected, (n) => spoken(n).replace(/ эре$/, ''))).toEqual([]);
  });

  it('are said word by word, one recording for each', () => {
    expect(ru.cardinal(-1_021).clips).toEqual(['минус', 'одна', 'тысяча', 'двадцать', 'один']);
  });
});

describe('money', () => {
  it.each([
    ['21.05', 'RUB', 'двадцать один рубль пять копеек'],
    ['11.12', 'RUB', 'одиннадцать рублей двенадцать копеек'],
    ['1002.02', 'RUB', 'одна тысяча два рубля две копейки'],
    ['0', 'RUB', 'ноль рублей'],
    ['0.50', 'RUB', 'пятьдесят копеек'],
    ['-0.01', 'RUB', 'минус одна копейка'],
    ['-22', 'USD', 'минус двадцать два доллара'],
    ['2.01', 'UAH', 'две гривны одна копейка'],
    ['21', 'JPY', 'двадцать одна иена'],
    ['1.005', 'KWD', 'один кувейтский динар пять филсов'],
    ['1.01', 'SEK', 'одна шведская крона одно эре'],
    ['1000000000000', 'RUB', 'один триллион рублей'],
  ])('%s %s is "%s"', (amount, currency, text) => expect(money(amount, currency)).toBe(text));

  it.each([
    ['12.5', 'HKD', 'двенадцать целых пятьдесят сотых гонконгского доллара'],
    ['-1.01', 'HKD', 'минус одна целая одна сотая гонконгского доллара'],
    ['0.021', 'IQD', 'ноль целых двадцать одна тысячная иракского динара'],
    ['1', 'ISK', 'одна исландская крона'],
    ['21', 'COP', 'двадцать один колумбийский песо'],
    ['2', 'HKD', 'два гонконгских доллара'],
  ])('%s %s, a currency without words of ours, is "%s"', (amount, currency, text) =>
    expect(money(amount, currency)).toBe(text),
  );

  it('says roubles and kopecks as the library does, whose grammar of money is not ours', () => {
    const amounts = comparedNumbers(6).filter((_, k) => k % 3 === 0);
    const expected = amounts.map((minor) => toCurrency(printAmount(minor, 2), { and: false }));
    expect(differences(amounts, expected, (minor) => ru.money({ minor, currency: 'RUB' }).text)).toEqual([]);
  });

  const OWN = 'AUD BRL BYN CAD CHF CNY CZK DKK EUR GBP INR JPY KWD KZT NOK PLN RUB SEK TRY UAH USD'.split(
    ' ',
  );
  it.each(OWN)('declines %s as Intl does', (currency) => {
    const format = new Intl.NumberFormat('ru', {
      style: 'currency',
      currencyDisplay: 'name',
      currency,
      maximumFractionDigits: 0,
    });
    const unit = 10n ** BigInt(minorDigits(currency)!);
    const unlike = Array.from({ length: 300 }, (_, n) => BigInt(n)).filter((n) => {
      const name = format.formatToParts(n).find(({ type }) => type === 'currency')!.value;
      const [number, ours] = [ru.cardinal(n).clips.length, ru.money({ minor: n * unit, currency }).text];
      return !name.includes(ours.split(' ').slice(number).join(' '));
    });
    expect(unlike).toEqual([]);
  });
});

describe('sentences', () => {
  it('tell one balance', () => {
    const balance = ru.balance([{ number: '0042', balance: { minor: 2105n, currency: 'RUB' } }]);
    expect(balance.text).toBe('На вашем счете двадцать один рубль пять копеек.');
    expect(balance.clips).toEqual([
      ...['на-вашем-счете', 'двадцать', 'один', 'рубль'],
      ...['пять', 'копеек', ','],
    ]);
  });

  it('tell several balances, each with its account number', () => {
    const { text } = ru.balance([
      { number: '004217', balance: { minor: -500n, currency: 'RUB' } },
      { number: 'ЛС-12', balance: { minor: 0n, currency: 'USD' } },
    ]);
    expect(text).toBe(
      'На счете номер ноль ноль четыре, два один семь: минус пять рублей. ' +
        'На счете номер эль эс, один два: ноль долларов.',
    );
  });

  it('tell a place in the queue', () => {
    expect(ru.position(1).text).toBe('Вы следующий в очереди.');
    expect(ru.position(121).text).toBe('Ваш номер в очереди сто двадцать один.');
  });
});
