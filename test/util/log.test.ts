// The log: personal data never reaches a writer in clear, at any level, at any depth, however the log was made.
// A caller's number in a log file is a data leak that nobody notices for years.
import { createLogger, masked, maskFields, type LogFields, type LogLevel } from '../../src/util/log';

const LEVELS: LogLevel[] = ['debug', 'info', 'warn', 'error'];
const NUMBER = '+442079460018';

function kept(level: LogLevel = 'debug', bound: LogFields = {}) {
  const lines: { level: LogLevel; fields: LogFields; message: string; wallMs: number }[] = [];
  const log = createLogger(
    (lineLevel, fields, message, wallMs) => lines.push({ level: lineLevel, fields, message, wallMs }),
    () => 1234,
    level,
    bound,
  );
  return { log, lines, text: () => JSON.stringify(lines) };
}

describe('masking', () => {
  test.each(LEVELS)('a phone number is never in clear at %s', (level) => {
    const { log, lines, text } = kept();
    log[level]({ phone: NUMBER, queue: 'sales' }, 'a call');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.fields['queue']).toBe('sales');
    expect(text()).not.toContain('2079460');
  });

  test.each<[string, unknown]>([
    ['phone', NUMBER],
    ['Phone', NUMBER],
    ['callerid', NUMBER],
    ['CallerIDNum', NUMBER],
    ['number', NUMBER],
    ['phone', 442079460018],
    ['balance', 1523.75],
    ['balance', '1523.75'],
    ['digits', '20794600'],
    ['account', '20794600'],
    ['pin', 20794600],
  ])('%s: %p keeps at most its last two characters', (name, value) => {
    const text = JSON.stringify(maskFields({ [name]: value }));
    const clear = String(value);
    for (let from = 0; from + 3 <= clear.length; from++)
      expect(text).not.toContain(clear.slice(from, from + 3));
  });

  test.each(['key', 'digit', 'digits', 'balance', 'pin'])('a short %s shows nothing at all', (name) => {
    for (const value of ['7', 7, '7531', 42])
      expect(JSON.stringify(maskFields({ [name]: value }))).not.toMatch(/\d/);
  });

  test('at any depth of objects', () => {
    const { log, text } = kept();
    log.info({ call: { caller: { phone: NUMBER, balance: 1523.75 }, queue: 'sales' } }, 'x');
    expect(text()).not.toContain('2079460');
    expect(text()).not.toContain('1523');
    expect(text()).toContain('sales');
  });

  test('inside lists', () => {
    const { log, text } = kept();
    log.info({ callers: [{ phone: NUMBER, queue: 'sales' }], phone: [NUMBER], deep: [[{ key: '5' }]] }, 'x');
    expect(text()).not.toContain('2079460');
    expect(text()).not.toContain('"5"');
    expect(text()).toContain('sales');
  });

  test('in what a child log carries, and a child of a child', () => {
    const { log, lines, text } = kept();
    log
      .child({ uniqueid: '1.1', phone: NUMBER })
      .child({ call: { phone: NUMBER } })
      .debug({}, 'x');
    expect(lines[0]!.fields['uniqueid']).toBe('1.1');
    expect(text()).not.toContain('2079460');
  });

  test('in what a log was made with', () => {
    const { log, text } = kept('debug', { phone: NUMBER });
    log.info({}, 'x');
    expect(text()).not.toContain('2079460');
  });

  test('what is absent stays absent, what is not personal stays as it is', () => {
    const error = new Error('x');
    const fields = { phone: undefined, balance: null, track: 'a.mp3', ms: 12.5, on: true, error };
    expect(maskFields(fields)).toEqual(fields);
  });

  test.each([
    ['Local/442079460018@queue-0000001f;1', 'Local/…18@queue-0000001f;1'],
    ['SIP/+442079460018-00000001', 'SIP/…18-00000001'],
    ['PJSIP/trunk-12345678', 'PJSIP/trunk-12345678'],
    ['PJSIP/100-0000001f', 'PJSIP/100-0000001f'],
    ['', ''],
  ])('the number in the channel %s', (channel, seen) => {
    expect(maskFields({ channel, call: { Channel: channel } })).toEqual({
      channel: seen,
      call: { Channel: seen },
    });
  });

  test('does not change what it was given', () => {
    const fields = { call: { phone: NUMBER } };
    maskFields(fields);
    expect(fields.call.phone).toBe(NUMBER);
  });

  test('two lines about one caller can be told to be of one', () => {
    expect(masked(NUMBER)).toBe(masked(NUMBER));
    expect(masked(NUMBER)).not.toBe(masked('+442079460099'));
  });
});

describe('levels', () => {
  test.each(LEVELS)('at %s, what is lower is not written', (level) => {
    const { log, lines } = kept(level);
    for (const each of LEVELS) log[each]({}, each);
    expect(lines.map((line) => line.message)).toEqual(LEVELS.slice(LEVELS.indexOf(level)));
    expect(lines.every((line) => line.level === line.message)).toBe(true);
  });

  test('a child has the level of its parent, and its fields; its own win', () => {
    const { log, lines } = kept('warn');
    const child = log.child({ a: 1, b: 1 });
    child.info({}, 'not written');
    child.error({ b: 2 }, 'written');
    expect(lines).toEqual([{ level: 'error', fields: { a: 1, b: 2 }, message: 'written', wallMs: 1234 }]);
  });
});
