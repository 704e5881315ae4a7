// KeySigns: one press from what Asterisk says of it.
// Would catch: a press that acts twice or late, one that is lost, keys that the call itself sends.
import { KeySigns } from '../../src/asterisk/followedCall';

/** "+3" goes down, "-3" comes up, "~" before it: sent by the call; "1000" lets milliseconds go by. Returns the presses. */
function pressed(...signs: string[]): string {
  const keys = new KeySigns();
  let nowMs = 5000;
  let presses = '';
  for (const sign of signs) {
    if (/^\d{2,}$/.test(sign)) {
      nowMs += Number(sign);
      continue;
    }
    const digit = sign.at(-1)!;
    const type = sign.includes('+') ? ('key-down' as const) : ('key-up' as const);
    const received = !sign.startsWith('~');
    presses += keys.read({ type, uniqueid: 'me', channel: 'x', digit, received }, nowMs) ?? '';
  }
  return presses;
}

test('a press acts when the key goes down, not again when it comes up', () => {
  expect(pressed('+3')).toBe('3');
  expect(pressed('+3', '260', '-3')).toBe('3');
});

test('where only the end is told, the end is the press', () => {
  expect(pressed('-3')).toBe('3');
  expect(pressed('-3', '200', '-3')).toBe('33');
  expect(pressed('+3', '80', '-3', '200', '-3')).toBe('33');
});

test('each press of a key that is pressed again and again', () => {
  expect(pressed('+3', '80', '-3', '80', '+3', '80', '-3')).toBe('33');
});

test('a key whose end was lost is pressed again when it goes down again', () => {
  expect(pressed('+3', '500', '+3', '80', '-3')).toBe('33');
});

test('a key held for five seconds is one press', () => {
  expect(pressed('+3', '5000', '-3')).toBe('3');
});

test('an end long after a begin is a press of its own', () => {
  expect(pressed('+3', '61000', '-3')).toBe('33');
});

test('keys do not disturb each other', () => {
  expect(pressed('+1', '+2', '-1', '-2', '-3')).toBe('123');
});

test('what the call itself sends is no press, and ends none', () => {
  expect(pressed('~+3', '~-3')).toBe('');
  expect(pressed('+3', '~-3', '-3')).toBe('3');
  expect(pressed('~+3', '-3')).toBe('3');
});

test.each([...'0123456789*#ABCD'])('%s is a key', (digit) => {
  expect(pressed(`+${digit}`, `-${digit}`)).toBe(digit);
});
