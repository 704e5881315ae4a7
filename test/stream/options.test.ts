// Who is calling: options first, then the environment; a wrong word is reported and stops nothing.
// Asterisk splits `application` at single spaces without quoting, so odd arguments do arrive.
import { parseStreamOptions } from '../../src/stream/options';

const parse = (args: string, env: NodeJS.ProcessEnv = {}) =>
  parseStreamOptions(args === '' ? [] : args.split(' '), env);

test('each option, with a space or an equals sign', () => {
  const { options, unknown } = parse(
    '--uniqueid 1.1 --channel=PJSIP/a-1 --phone 100 --queue=q --config /c.ts',
  );
  const channel = 'PJSIP/a-1';
  expect(options).toEqual({ uniqueid: '1.1', channel, phone: '100', queue: 'q', config: '/c.ts' });
  expect(unknown).toEqual([]);
});

test('the environment tells who calls where no Uniqueid is given', () => {
  const env = { UNIQUEID: '2.2', CHANNEL: 'SIP/b-2', PHONE: '200' };
  expect(parse('', env).options).toEqual({ uniqueid: '2.2', channel: 'SIP/b-2', phone: '200' });
  expect(parse('--phone 300', env).options).toEqual({ uniqueid: '2.2', channel: 'SIP/b-2', phone: '300' });
});

test('nothing known is legal, and an empty value is none', () => {
  expect(parse('').options).toEqual({});
  expect(parse('--phone= --uniqueid=', { PHONE: '', CHANNEL: '' }).options).toEqual({});
});

test('CONFIG in the environment is not an identity', () => {
  expect(parse('', { CONFIG: '/tmp/x.ts' }).options).toEqual({});
});

test.each(['--bogus', '--bogus=1', 'word', '-x', '--', '-', '--uniqueid', '--no-phone', '--phone --phone'])(
  '%s stops nothing',
  (args) => {
    expect(() => parse(args)).not.toThrow();
  },
);

test.each(['--bogus', '--bogus=1', 'word', '-x'])('%s is reported, and the rest is understood', (args) => {
  const { options, unknown } = parse(`${args} --uniqueid 1.1`);
  expect(unknown).not.toEqual([]);
  expect(options.uniqueid).toBe('1.1');
});

test('an option without its value does not take the next option for it', () => {
  const { options } = parse('--uniqueid --phone 100');
  expect(options.uniqueid).toBeUndefined();
  expect(options.phone).toBe('100');
});

test('two spaces in `application` make an empty argument, which is no identity', () => {
  expect(parse('--uniqueid 1.1  --phone 100').options).toMatchObject({ uniqueid: '1.1', phone: '100' });
});

test('what an option is called like in every object is still unknown', () => {
  expect(parse('--constructor x --toString y --uniqueid 1.1').options).toEqual({ uniqueid: '1.1' });
  expect(parse('--toString y').unknown).not.toEqual([]);
});

describe('an identity is certain', () => {
  test.each(['--uniqueid 1.1', '--uniqueid=1.1 --phone=100', '--uniqueid 1.1 --config /c.ts'])(
    '%s',
    (args) => {
      expect(parse(args).certain).toBe(true);
    },
  );

  test.each([
    ['without a Uniqueid', '--phone 100'],
    ['given twice, as a name with spaces in it can', '--uniqueid 1.1 --phone 100 --phone 200'],
    ['given twice, once with an equals sign', '--phone=100 --uniqueid 1.1 --phone 200'],
    ['with a Uniqueid that another brought', '--uniqueid 1.1 --uniqueid 2.2'],
    ['with words left over', '--uniqueid 1.1 --phone 100 Smith'],
    ['with a Uniqueid that has a line end', '--uniqueid 1\n2'],
    ['with nothing', ''],
  ])('not %s', (_, args) => {
    expect(parse(args).certain).toBe(false);
  });

  test('not from the environment, which all calls share', () => {
    expect(parse('', { UNIQUEID: '1.1' }).certain).toBe(false);
  });

  test('whatever the environment still has of a call of the old way', () => {
    const { certain, options } = parse('--uniqueid 1.1', { PHONE: '100', UNIQUEID: '2.2' });
    expect([certain, options]).toEqual([true, { uniqueid: '1.1' }]);
  });
});

test.each(['1.1\n2', ' 1.1', '1\u001b[31m', 'x'.repeat(150)])('%j is no Uniqueid', (uniqueid) => {
  const { options, unknown } = parse('', { UNIQUEID: uniqueid });
  expect(options).toEqual({});
  expect(unknown).toEqual(['--uniqueid']);
});
