// English: every number against ICU, amounts against the library's own, sentences as a caller hears them.
import { toCurrency } from 'n2words/en-US';
import { en } from '../../../src/speech/languages/en';
import { parseMoney } from '../../../src/speech/money';
import { comparedNumbers, differences, itWithIcu, printAmount, spellOut } from '../../support/spellout';

const money = (amount: string, currency: string): string => en.money(parseMoney(amount, currency)!).text;

describe('numbers', () => {
  itWithIcu('are those of ICU, from −10^12 to 10^12', () => {
    const numbers = comparedNumbers();
    const expected = spellOut('en', '%spellout-cardinal', numbers);
    expect(numbers.length).toBeGreaterThan(100_000);
    expect(differences(numbers, expected, (n) => en.cardinal(n).text)).toEqual([]);
  });

  it('are said word by word: one recording serves "twenty" and "twenty-one"', () => {
    expect(en.cardinal(-1_021).clips).toEqual(['minus', 'one', 'thousand', 'twenty', 'one']);
  });
});

describe('money', () => {
  it.each([
    ['21.05', 'USD', 'twenty-one dollars and five cents'],
    ['1.01', 'USD', 'one dollar and one cent'],
    ['0', 'USD', 'zero dollars'],
    ['0.50', 'USD', 'fifty cents'],
    ['-0.01', 'EUR', 'minus one cent'],
    ['-1234', 'GBP', 'minus one thousand two hundred thirty-four pounds'],
    ['0.01', 'GBP', 'one penny'],
    ['1500', 'JPY', 'one thousand five hundred yen'],
    ['1.005', 'KWD', 'one Kuwaiti dinar and five fils'],
    ['2.02', 'SEK', 'two Swedish kronor and two öre'],
    ['1000000000000', 'RUB', 'one trillion rubles'],
  ])('%s %s is "%s"', (amount, currency, text) => expect(money(amount, currency)).toBe(text));

  it.each([
    ['12.5', 'HKD', 'twelve point five zero Hong Kong dollars'],
    ['1', 'HKD', 'one Hong Kong dollar'],
    ['-0.05', 'MXN', 'minus zero point zero five Mexican pesos'],
    ['12.345', 'IQD', 'twelve point three four five Iraqi dinars'],
  ])('%s %s, a currency without words of ours, is "%s"', (amount, currency, text) =>
    expect(money(amount, currency)).toBe(text),
  );

  it('has a recording for the name of any currency, by its form', () => {
    expect(en.money(parseMoney('1', 'HKD')!).clips).toEqual(['one', 'hong-kong-dollar']);
    expect(en.vocabulary(['HKD'])).toEqual(
      expect.arrayContaining(['point', 'hong-kong-dollar', 'hong-kong-dollars']),
    );
  });

  it('says dollars and cents as the library does, whose grammar of money is not ours', () => {
    const amounts = comparedNumbers(6).filter((_, k) => k % 3 === 0);
    const expected = amounts.map((minor) => toCurrency(printAmount(minor, 2)));
    expect(differences(amounts, expected, (minor) => en.money({ minor, currency: 'USD' }).text)).toEqual([]);
  });
});

describe('sentences', () => {
  it('tell one balance', () => {
    const balance = en.balance([{ number: '0042', balance: { minor: 2105n, currency: 'USD' } }]);
    expect(balance.text).toBe('Your balance is twenty-one dollars and five cents.');
    expect(balance.clips).toEqual([
      ...['your-balance-is', 'twenty', 'one', 'dollars'],
      ...['and', 'five', 'cents', ','],
    ]);
  });

  it('tell several balances, each with its account number', () => {
    const { text } = en.balance([
      { number: '004217', balance: { minor: -500n, currency: 'USD' } },
      { number: 'A-12', balance: { minor: 0n, currency: 'EUR' } },
    ]);
    expect(text).toBe(
      'On account number zero zero four, two one seven, your balance is minus five dollars. ' +
        'On account number A, one two, your balance is zero euros.',
    );
  });

  it('tell a place in the queue', () => {
    expect(en.position(1).text).toBe('You are next.');
    expect(en.position(121).text).toBe('You are number one hundred twenty-one in the queue.');
  });
});
