// AMI bytes become messages: wherever they are cut, whatever is in them.
import fc from 'fast-check';
import {
  type AmiMessage,
  AmiParser,
  AmiProtocolError,
  LONGEST_LINE,
  LONGEST_MESSAGE,
} from '../../src/asterisk/message';

/** What comes of pieces: each message as one of its headers, or whatever `look` says. */
function parse<T>(pieces: readonly (string | Buffer)[], look: (message: AmiMessage) => T): T[] {
  const parser = new AmiParser();
  const seen: T[] = [];
  for (const piece of pieces) parser.push(Buffer.from(piece), (message) => seen.push(look(message)));
  return seen;
}

const GREETING = 'Asterisk Call Manager/11.0.0\r\n';
const CONVERSATION =
  GREETING +
  'Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n' +
  'Event: QueueCallerJoin\r\nCallerIDName: Zoë Ж 😀\r\nUniqueid: pbx-1795242739.1\r\nVariable: a=1\r\nVariable: b: 2\r\n\r\n' +
  'Response: Success\r\nActionID: 2\r\nMessage:   indented\r\n\r\n' +
  'Event: Hangup\r\nCause-txt: Ж\r\n\r\n';

const everything = (message: AmiMessage): unknown[] => [
  message.get('response') ?? message.get('EVENT'),
  message.get('ActionID'),
  message.get('CallerIDName') ?? message.get('Cause-txt'),
  message.all('variable'),
  message.bytes,
];

test('the same messages come out wherever the bytes are cut, also inside a line end and inside a character', () => {
  const bytes = Buffer.from(CONVERSATION);
  const whole = parse([bytes], everything);
  expect(whole.map(([name]) => name)).toEqual(['Success', 'QueueCallerJoin', 'Success', 'Hangup']);
  expect(whole[1]).toEqual(['QueueCallerJoin', undefined, 'Zoë Ж 😀', ['a=1', 'b: 2'], expect.any(Number)]);
  for (let cut = 1; cut < bytes.length; cut++)
    expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)], everything)).toEqual(whole);
  const single = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1));
  expect(parse(single, everything)).toEqual(whole);
});

test('equal headers are all there, in order; names do not care about case, values keep their colons', () => {
  const [message] = parse([`${GREETING}Event: A\nVARIABLE: x\nEmpty:\nvariable:y:z \n\n`], (m) => m);
  expect(message!.all('Variable')).toEqual(['x', 'y:z']);
  expect([message!.get('variable'), message!.get('empty'), message!.get('Var')]).toEqual([
    'x',
    '',
    undefined,
  ]);
});

test('lone line feeds, lines without a colon, empty messages and a missing greeting are no trouble', () => {
  const names = (text: string): unknown[] => parse([text], (message) => message.get('Event'));
  expect(names(`${GREETING}\r\n\r\n\n\nEvent: A\njunk\n: nameless\n\nEvent: B\r\n\r\n`)).toEqual(['A', 'B']);
  expect(names('Event: A\r\n\r\n')).toEqual(['A']);
});

test('the greeting is known and is part of no message', () => {
  const parser = new AmiParser();
  parser.push(Buffer.from(`${GREETING}Event: A\r\n\r\n`), (message) =>
    expect(message.get('Event')).toBe('A'),
  );
  expect(parser.greeting).toBe('Asterisk Call Manager/11.0.0');
});

test('a message may be as long as the limit; one byte more, or a line without an end, is refused', () => {
  const longest = (bytes: number): Buffer => {
    const head = 'Event: A\r\nX: ';
    return Buffer.from(`${head}${'x'.repeat(bytes - head.length - 4)}\r\n\r\n`);
  };
  expect(parse([GREETING, longest(LONGEST_MESSAGE)], (message) => message.bytes)).toEqual([LONGEST_MESSAGE]);
  expect(() => parse([GREETING, longest(LONGEST_MESSAGE + 1)], everything)).toThrow(AmiProtocolError);
  const endless = Array.from({ length: 17 }, () => Buffer.alloc(1 << 16, 'x'));
  expect(() => parse(endless, everything)).toThrow(AmiProtocolError);
  const manyLines = Array.from({ length: 17 }, () => Buffer.alloc(1 << 16, 'x: y\n'));
  expect(() => parse([GREETING, ...manyLines], everything)).toThrow(AmiProtocolError);
});

test('the limit counts each message by itself', () => {
  const half = `Event: A\r\nX: ${'x'.repeat(LONGEST_MESSAGE / 2)}\r\n\r\n`;
  expect(parse([GREETING, half, half, half], (message) => message.get('Event'))).toEqual(['A', 'A', 'A']);
});

test('a long line in pieces of one byte is not copied again for each piece', () => {
  const parser = new AmiParser();
  const byte = Buffer.from('x');
  const lengths: number[] = [];
  const take = (message: AmiMessage): void => void lengths.push(message.get('X')!.length);
  const copies = jest.spyOn(Buffer, 'allocUnsafe');
  parser.push(Buffer.from(`${GREETING}Event: A\r\nX: `), take);
  for (let i = 0; i < 500_000; i++) parser.push(byte, take);
  const made = copies.mock.calls.length;
  copies.mockRestore();
  parser.push(Buffer.from('\r\n\r\n'), take);
  expect(lengths).toEqual([LONGEST_LINE - 'X: '.length]);
  expect(made).toBeLessThan(20);
});

test('any bytes at all: it never throws below the limit, and what follows an empty line is read', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const parser = new AmiParser();
      for (const piece of pieces) parser.push(Buffer.from(piece), (message) => void everything(message));
      let last: unknown;
      const rescue = '\r\n--END COMMAND--\r\n\r\nEvent: After\r\n\r\n';
      parser.push(Buffer.from(rescue), (message) => (last = message.get('Event')));
      expect(last).toBe('After');
    }),
  );
});
