// Money: what is an amount and what is none; the decimal places of ISO 4217.
import fc from 'fast-check';
import { LARGEST_AMOUNT, minorDigits, parseMoney } from '../../src/speech/money';
import { printAmount } from '../support/spellout';

const currencies = fc.constantFrom('JPY', 'USD', 'RUB', 'KWD', 'CLF');

/** An amount in minor units that is not too large for its currency. */
const amounts = currencies.chain((currency) => {
  const max = LARGEST_AMOUNT * 10n ** BigInt(minorDigits(currency)!);
  return fc.record({ currency: fc.constant(currency), minor: fc.bigInt({ min: -max, max }) });
});

describe('an amount', () => {
  it('is read as it was printed', () => {
    fc.assert(
      fc.property(amounts, ({ minor, currency }) => {
        const printed = printAmount(minor, minorDigits(currency)!);
        expect(parseMoney(printed, currency)).toEqual({ minor, currency });
      }),
      { numRuns: 5_000 },
    );
  });

  it('is the same as a number of JSON and as a string', () => {
    fc.assert(
      fc.property(amounts, ({ minor, currency }) => {
        const printed = printAmount(minor, minorDigits(currency)!);
        const number = JSON.parse(printed) as number;
        fc.pre(Math.abs(number) < 1e11);
        expect(parseMoney(number, currency)).toEqual({ minor, currency });
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['12', 'USD', 1200n],
    ['12.5', 'USD', 1250n],
    ['-0012.50', 'USD', -1250n],
    ['12.345000', 'KWD', 12345n],
    ['7.00', 'JPY', 7n],
    ['-0.00', 'EUR', 0n],
    [-0, 'EUR', 0n],
    [0.1, 'EUR', 10n],
    ['000001000000000000', 'EUR', 100_000_000_000_000n],
  ])('%s %s has %s minor units', (amount, currency, minor) =>
    expect(parseMoney(amount, currency)).toEqual({ minor, currency }),
  );

  it.each([
    ...[
      '',
      ' ',
      '12,50',
      '1,234.50',
      '1 234',
      ' 12',
      '12\n',
      '12.',
      '.5',
      '+5',
      '--5',
      '1.2.3',
      '1e3',
      '0x10',
    ],
    ...[
      'NaN',
      'Infinity',
      '12.345',
      '१२',
      '−5',
      '12.50 USD',
      '9'.repeat(100_000),
      `1.${'0'.repeat(100_000)}`,
    ],
    ...[NaN, Infinity, -Infinity, 1e21, 1e-7, 0.1 + 0.2, 12.345, 1_000_000_000_000.01, '1000000000000.01'],
    ...[null, undefined, true, 12n, [12], { valueOf: () => 12 }, new Date(0), Symbol('12')],
  ])('is not %p', (amount) => expect(parseMoney(amount, 'USD')).toBeUndefined());

  it.each(['usd', 'XXX', 'XAU', 'DEM', 'US', '', 'USDT', '__proto__', 'constructor'])(
    'is nothing in the currency %p',
    (currency) => {
      expect(parseMoney('12', currency)).toBeUndefined();
      expect(minorDigits(currency)).toBeUndefined();
    },
  );
});

describe('decimal places', () => {
  it('are those of ISO 4217 where daily use and CLDR differ from it', () => {
    const digits = Object.fromEntries(
      ['IQD', 'LBP', 'ALL', 'HUF', 'COP', 'IDR', 'MGA', 'KRW', 'ISK', 'UGX', 'CLF', 'TND', 'RUB'].map(
        (code) => [code, minorDigits(code)],
      ),
    );
    expect(digits).toEqual({
      ...{ IQD: 3, LBP: 2, ALL: 2, HUF: 2, COP: 2, IDR: 2, MGA: 2 },
      ...{ KRW: 0, ISK: 0, UGX: 0, CLF: 4, TND: 3, RUB: 2 },
    });
  });

  it('are those of Intl for all other currencies of today', () => {
    const knownToDiffer =
      'AFN ALL COP HUF IDR IRR KPW LAK LBP MGA MMK PKR SOS SYP YER IQD RSD TZS UZS AMD CRC MNT MUR GYD'.split(
        ' ',
      );
    const differing = Intl.supportedValuesOf('currency').filter((currency) => {
      const { maximumFractionDigits } = new Intl.NumberFormat('en', {
        style: 'currency',
        currency,
      }).resolvedOptions();
      const ours = minorDigits(currency);
      return ours !== undefined && ours !== maximumFractionDigits;
    });
    expect(differing.filter((currency) => !knownToDiffer.includes(currency))).toEqual([]);
  });
});
