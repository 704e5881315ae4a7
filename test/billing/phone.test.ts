// Numbers of callers on their way to billing: written as billing has them, and never so that one becomes another's.
// Would catch: a caller from abroad who hears a neighbour's balance, a withheld number that is looked up.
import fc from 'fast-check';
import { billedPhone as asked } from '../../src/billing/phone';

const WITHHELD = [
  undefined,
  '',
  's',
  '+',
  '0',
  '000000',
  'anonymous',
  'Anonymous',
  'unknown',
  'private',
  'Restricted',
  '7',
  '+44 20 7946 0018',
  '4420abc',
  '٤٤٢٠٧٩٤٦٠٠١٨',
  '442079460018\n',
  '1'.repeat(21),
  "1' OR '1'='1",
];

test.each(WITHHELD)('%j is nobody’s number, with a country and without', async (told) => {
  expect(await asked({ format: 'e164' }, told)).toBeUndefined();
  expect(await asked({ format: 'national', country: 'GB' }, told)).toBeUndefined();
});

test('without a country a number of 2 to 15 digits goes as Asterisk tells it', async () => {
  const told = ['42', '02079460018', '+442079460018', '0049', '49', '123456789012345'];
  expect(await Promise.all(told.map((number) => asked({ format: 'national' }, number)))).toEqual(told);
  expect(await asked({ format: 'e164' }, '1234567890123456')).toBeUndefined();
});

describe('with a country', () => {
  test.each([
    ['GB', '02079460018', '+442079460018', '02079460018'],
    ['GB', '442079460018', '+442079460018', '02079460018'],
    ['GB', '+442079460018', '+442079460018', '02079460018'],
    ['GB', '00442079460018', '+442079460018', '02079460018'],
    ['GB', '2079460018', '+442079460018', '02079460018'],
    ['RU', '89161234567', '+79161234567', '89161234567'],
    ['RU', '79161234567', '+79161234567', '89161234567'],
    ['RU', '9161234567', '+79161234567', '89161234567'],
    ['US', '2133734253', '+12133734253', '2133734253'],
    ['US', '+12133734253', '+12133734253', '2133734253'],
    ['IT', '0236618300', '+390236618300', '0236618300'],
  ])('%s %s is %s or %s', async (country, told, e164, national) => {
    expect(await asked({ country, format: 'e164' }, told)).toBe(e164);
    expect(await asked({ country, format: 'digits' }, told)).toBe(e164.slice(1));
    expect(await asked({ country, format: 'national' }, told)).toBe(national);
  });

  test.each(['+33142685300', '0033142685300', '33142685300'])(
    '%s from abroad keeps its country, since nationally it would be somebody’s here',
    async (told) => {
      for (const format of ['e164', 'national'] as const)
        expect(await asked({ country: 'GB', format }, told)).toBe('+33142685300');
    },
  );

  test.each(['101', '4711', '234567', '07'])(
    '%s is a telephone in the house and stays as it is',
    async (told) => {
      for (const country of ['GB', 'DE', 'US', 'RU'])
        expect(await asked({ country, format: 'e164' }, told)).toBe(told);
    },
  );

  test('a number that the country’s plan does not know, but could have, is asked about', async () => {
    expect(await asked({ country: 'GB', format: 'e164' }, '02000000000')).toBe('+442000000000');
  });

  test.each(['79460018', '4420794600189999', '+4420', '+999123456789', '+123'])(
    '%s can be no number and is not asked about',
    async (told) => {
      expect(await asked({ country: 'GB', format: 'e164' }, told)).toBeUndefined();
    },
  );

  test('one that is no country is a fault of the config', async () => {
    await expect(asked({ country: 'XX', format: 'e164' }, '02079460018')).rejects.toMatchObject({
      code: 'HC_CONFIG_INVALID',
    });
  });

  test('in any form it is still the same caller, and so never another', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 8, maxLength: 11 });
    const code = fc.constantFrom('44', '33', '49', '7', '1', '39', '34', '380', '54', '52', '55');
    const country = fc.constantFrom('GB', 'FR', 'DE', 'RU', 'US', 'IT', 'ES', 'AR', 'MX', 'BR');
    let nationally = 0;
    await fc.assert(
      fc.asyncProperty(country, code, digits, async (home, calling, rest) => {
        const told = `+${calling}${rest}`;
        const caller = await asked({ country: home, format: 'e164' }, told);
        const written = await asked({ country: home, format: 'national' }, told);
        expect(written === undefined).toBe(caller === undefined);
        if (written?.startsWith('+')) expect(written).toBe(caller);
        else if (written !== undefined) {
          expect(await asked({ country: home, format: 'e164' }, written)).toBe(caller);
          nationally++;
        }
      }),
      { numRuns: 5000 },
    );
    expect(nationally).toBeGreaterThan(50);
  });
});
