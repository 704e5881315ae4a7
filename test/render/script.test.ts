// Scripts as people write them: every way to give a time, and a mistake answered with its place and what is allowed.
// Whoever writes their first script makes these mistakes, and has nothing but the message.
import { parseScript } from '../../src/render/script';
import { HoldcastError } from '../../src/util/errors';

const parse = (value: unknown) => parseScript(JSON.stringify(value), 'call.json');

test('an empty script is 90 seconds with nothing in them', () => {
  expect(parse({})).toMatchObject({ seconds: 90, seed: 1, events: [] });
});

test.each([
  [0, 0],
  [42.5, 42_500],
  ['00:12', 12_000],
  ['1:06', 66_000],
  ['01:06.5', 66_500],
  ['90:00', 5_400_000],
  ['1:02:03', 3_723_000],
])('at %p is %d ms', (at, ms) => {
  expect(parse({ events: [{ at, key: '3' }] }).events[0]!.at).toBe(ms);
});

test('events come in the order of time, those of one moment as they stand', () => {
  const events = [
    { at: 9, key: '1' },
    { at: '00:03', key: '2' },
    { at: 9, key: '3' },
  ];
  expect(parse({ events }).events.map((event) => 'key' in event && event.key)).toEqual(['2', '1', '3']);
});

test.each(['0', '9', '*', '#'])('%s is a key', (key) => {
  expect(() => parse({ events: [{ at: 1, key }] })).not.toThrow();
});

const event = (more: object): object => ({ events: [{ at: 1, key: '1' }, more] });

test.each<[string, unknown, RegExp, RegExp]>([
  ['a time that is none', event({ at: 'soon', key: '3' }), /events\.1/, /"mm:ss"/],
  ['a time before the call', event({ at: -1, key: '3' }), /events\.1/, /"mm:ss"/],
  ['no time', event({ key: '3' }), /events\.1/, /"at"/],
  ['a key that is none', event({ at: 1, key: '33' }), /events\.1/, /"key": "3"|"0" to "9"/],
  ['a key as a number', event({ at: 1, key: 3 }), /events\.1/, /"key": "3"/],
  ['place 0', event({ at: 1, position: 0 }), /events\.1/, /1 to 999/],
  ['half a place', event({ at: 1, position: 1.5 }), /events\.1/, /"position": 2|1 to 999/],
  ['an advice without a name', event({ at: 1, advice: '' }), /events\.1/, /advices\//],
  ['nothing to do', event({ at: 1 }), /events\.1/, /"key".*"position".*"advice"/],
  ['two things at once', event({ at: 1, key: '3', position: 2 }), /events\.1/, /"key".*"position".*"advice"/],
  ['events that are no list', { events: {} }, /events/, /array/],
  ['no length', { seconds: 0 }, /seconds/, />\s*0/],
  ['too long', { seconds: 86_401 }, /seconds/, /86400/],
  ['a length in words', { seconds: 'ninety' }, /seconds/, /number/],
  ['a seed that is no whole number', { seed: 1.5 }, /seed/, /int/],
  ['a start without its offset', { start: '2026-01-05T12:00:00' }, /start/, /ISO|offset|Z/],
  ['a start in words', { start: 'tomorrow' }, /start/, /ISO|offset|Z/],
  ['a word that is not known', { secnds: 5 }, /secnds/, /secnds/],
  ['an account without a number', { accounts: [{ balance: '1' }] }, /accounts\.0/, /"number"|account/],
  [
    'an account number that is a number',
    { accounts: [{ number: 412, balance: '1' }] },
    /accounts\.0/,
    /"000412"/,
  ],
  ['a balance that is no amount', { accounts: [{ number: '1', balance: null }] }, /accounts\.0/, /-12\.50/],
  [
    'a currency in words',
    { accounts: [{ number: '1', balance: 1, currency: 'euro' }] },
    /currency/,
    /ISO 4217/,
  ],
  ['too many accounts', { accounts: Array(11).fill({ number: '1', balance: 1 }) }, /accounts/, /10/],
  ['a balance of its own making', { balance: 'much' }, /balance/, /unavailable/],
  ['a PIN as a number', { pin: 4711 }, /pin/, /string/],
  ['a PIN with letters', { pin: 'abcd' }, /pin/, /3 to 12 digits/],
  ['billing before it is asked', { billingMs: -1 }, /billingMs/, /0/],
  ['no object', 42, /call\.json/, /object/],
  ['a list', [], /call\.json/, /object/],
  ['nothing', null, /call\.json/, /object/],
])('%s: the message tells the place and what is allowed', (_, value, place, allowed) => {
  const error = thrown(() => parse(value));
  expect(error.code).toBe('HC_SCRIPT_INVALID');
  expect(error.message).toMatch(/call\.json/);
  expect(error.message).toMatch(place);
  expect(error.message).toMatch(allowed);
  expect(error.hint).toMatch(/\w/);
});

test('all mistakes are told at once', () => {
  const { message } = thrown(() => parse({ seconds: -1, seed: 'x', events: [{ at: 1, key: 'A' }] }));
  for (const place of ['seconds', 'seed', 'events.0']) expect(message).toContain(place);
});

test.each(['', '{', '{ "seconds": 5, }', 'seconds: 5'])('%p is not JSON', (text) => {
  const error = thrown(() => parseScript(text, 'call.json'));
  expect(error.code).toBe('HC_SCRIPT_INVALID');
  expect(error.message).toMatch(/call\.json.*not JSON/);
});

function thrown(action: () => unknown): HoldcastError {
  try {
    action();
  } catch (error) {
    if (error instanceof HoldcastError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a byte order mark in front is no mistake', () => {
  expect(parseScript('\ufeff{"seconds": 3}', 'call.json').seconds).toEqual(
    parseScript('{"seconds": 3}', 'x').seconds,
  );
});
