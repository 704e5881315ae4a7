// The hub's socket protocol: what is encoded is read again, in pieces of any size; junk is told apart from novelty.
// A stream and a hub of different versions meet at every update, and neither may fall over the other.
import fc from 'fast-check';
import type { CallNews } from '../../src/asterisk/feed';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type OfficeReply,
  type OfficeRequest,
} from '../../src/asterisk/officeWire';
import {
  decodeHello,
  decodeNews,
  encodeHello,
  encodeNews,
  LineReader,
  LONGEST_LINE,
  WireError,
} from '../../src/asterisk/wire';

const lineOf = (text: string): string => {
  expect(text.endsWith('\n')).toBe(true);
  expect(text.slice(0, -1)).not.toContain('\n');
  return text.slice(0, -1);
};
const roundTrip = (news: CallNews): CallNews | undefined => decodeNews(lineOf(encodeNews(news)));

const EVERY: CallNews[] = [
  { type: 'identity', identity: { uniqueid: '1.1' } },
  {
    type: 'identity',
    identity: {
      uniqueid: '1795225281.1',
      channel: 'PJSIP/Anna "А" Жук-00000001',
      phone: '+442079460018',
      language: 'pt_BR',
      queue: 'продажи',
    },
  },
  { type: 'key', digit: '3' },
  { type: 'key', digit: '#' },
  { type: 'place', place: { queue: 'sales', position: 3, waitMs: [60_000, 180_000] } },
  { type: 'place', place: { queue: 'sales', position: 1 } },
  { type: 'place', place: undefined },
  { type: 'ended' },
];

test.each(EVERY)('news are read as they were written: %j', (news) => {
  expect(roundTrip(news)).toEqual(news);
});

test('hello says the version and the call', () => {
  expect(decodeHello(lineOf(encodeHello({ uniqueid: '1795225281.1' })))).toEqual({
    v: 1,
    uniqueid: '1795225281.1',
  });
});

test('a hello of a newer version is welcome, with whatever it adds', () => {
  expect(decodeHello('{"type":"hello","v":7,"uniqueid":"1.1","wants":["keys"]}')).toEqual({
    v: 7,
    uniqueid: '1.1',
  });
});

test('what a newer version adds is passed over', () => {
  expect(decodeNews('{"type":"weather","sun":true}')).toBeUndefined();
  expect(decodeHello('{"type":"ping"}')).toBeUndefined();
  expect(decodeNews('{"type":"key","digit":"1","heldMs":260}')).toEqual({ type: 'key', digit: '1' });
});

test.each([
  ['nothing', ''],
  ['no JSON', 'hello'],
  ['JSON that is cut', '{"type":"key"'],
  ['a list', '["key"]'],
  ['null', 'null'],
  ['no type', '{"digit":"1"}'],
  ['a type that is not text', '{"type":1}'],
  ['a key that is not one', '{"type":"key","digit":"12"}'],
  ['a key that is a number', '{"type":"key","digit":1}'],
  ['an identity without a Uniqueid', '{"type":"identity","identity":{"phone":"1"}}'],
  ['a Uniqueid with a line end', '{"type":"identity","identity":{"uniqueid":"1.1\\n2"}}'],
  ['no identity', '{"type":"identity"}'],
  ['a number that is not text', '{"type":"identity","identity":{"uniqueid":"1.1","phone":12}}'],
  ['a place without a number', '{"type":"place","place":{"queue":"q"}}'],
  ['place 0', '{"type":"place","place":{"queue":"q","position":0}}'],
  ['a place between two', '{"type":"place","place":{"queue":"q","position":1.5}}'],
  ['no place', '{"type":"place"}'],
])('%s is junk', (_, text) => {
  expect(() => decodeNews(text)).toThrow(WireError);
});

test.each([
  '{"type":"hello"}',
  '{"type":"hello","v":1}',
  '{"type":"hello","v":"1","uniqueid":"1.1"}',
  '{"type":"hello","v":1,"uniqueid":" x"}',
])('%s is no hello', (text) => {
  expect(() => decodeHello(text)).toThrow(WireError);
});

test.each(['[5,1]', '[1]', '"x"', '[null,null]', '[-1,5]'])(
  'a wait of %s is not known, the place is',
  (wait) => {
    const text = `{"type":"place","place":{"queue":"q","position":2,"waitMs":${wait}}}`;
    expect(decodeNews(text)).toEqual({ type: 'place', place: { queue: 'q', position: 2 } });
  },
);

test('any text in an identity is read again, or left out where no Asterisk has such a thing', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, text, (channel, phone) => {
      const news: CallNews = { type: 'identity', identity: { uniqueid: '1.1', channel, phone } };
      const line = lineOf(encodeNews(news));
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LONGEST_LINE);
      const kept = (value: string): boolean => value !== '' && value.length <= 200;
      expect(decodeNews(line)).toEqual({
        type: 'identity',
        identity: { uniqueid: '1.1', ...(kept(channel) && { channel }), ...(kept(phone) && { phone }) },
      });
    }),
  );
});

test('the longest line that can be written is one that is read', () => {
  const text = '\u0000'.repeat(200);
  const identity = { uniqueid: '1'.repeat(64), channel: text, phone: text, language: text, queue: text };
  for (const news of [
    { type: 'identity', identity },
    { type: 'place', place: { queue: text, position: Number.MAX_SAFE_INTEGER } },
    { type: 'place', place: { queue: `${text}.`, position: 1 } },
  ] as const) {
    const [line, ...more] = new LineReader().push(Buffer.from(encodeNews(news)));
    expect(more).toEqual([]);
    expect(decodeNews(line!)).toBeDefined();
  }
});

test('what is too long to be a thing of Asterisk is not told', () => {
  const [long, longest] = ['x'.repeat(201), 'x'.repeat(200)];
  expect(roundTrip({ type: 'identity', identity: { uniqueid: '1.1', phone: long, queue: longest } })).toEqual(
    {
      type: 'identity',
      identity: { uniqueid: '1.1', queue: longest },
    },
  );
  expect(decodeNews(`{"type":"identity","identity":{"uniqueid":"1.1","phone":"${long}"}}`)).toEqual({
    type: 'identity',
    identity: { uniqueid: '1.1' },
  });
  expect(roundTrip({ type: 'place', place: { queue: long, position: 1 } })).toEqual({
    type: 'place',
    place: undefined,
  });
});

describe('the reader of lines', () => {
  const stream = Buffer.from(EVERY.map(encodeNews).join(''));
  const read = (chunks: Buffer[]): unknown[] => {
    const reader = new LineReader();
    return chunks.flatMap((chunk) => reader.push(chunk)).map((line) => decodeNews(line));
  };

  test('split in two at every byte', () => {
    for (let at = 0; at <= stream.length; at++)
      expect(read([stream.subarray(0, at), stream.subarray(at)])).toEqual(EVERY);
  });

  test('byte by byte', () => {
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toEqual(EVERY);
  });

  test('a line without an end is given up once it is too long, in whatever pieces it comes', () => {
    for (const size of [1000, LONGEST_LINE + 1]) {
      const reader = new LineReader();
      const flood = (): void => {
        for (let bytes = 0; bytes <= LONGEST_LINE; bytes += size) reader.push(Buffer.alloc(size, 'x'));
      };
      expect(flood).toThrow(WireError);
    }
  });

  test('a line that is too long is given up though its end is there', () => {
    const reader = new LineReader();
    expect(() => reader.push(Buffer.from(`${'x'.repeat(LONGEST_LINE + 1)}\nx\n`))).toThrow(WireError);
    expect(new LineReader().push(Buffer.from(`${'x'.repeat(LONGEST_LINE)}\n`))).toHaveLength(1);
  });

  test('random bytes are lines or an error, never anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 60 }), (chunks) => {
        try {
          read(chunks.map((chunk) => Buffer.from(chunk)));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe('what is asked of the hub, and answered', () => {
  const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const text = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength });
  const what = fc.oneof(
    fc.record({ type: fc.constant('choice' as const), track: text(512) }),
    fc.record(
      {
        type: fc.constant('heard' as const),
        kind: fc.constantFrom('track' as const, 'advice' as const, 'position' as const, 'answer' as const),
        id: text(512),
      },
      { requiredKeys: ['type', 'kind'] },
    ),
    fc.record({
      type: fc.constant('key' as const),
      digit: fc.constantFrom('0', '9', '*', '#'),
      action: text(100),
    }),
  );
  const requests: fc.Arbitrary<OfficeRequest> = fc.oneof(
    fc.record({ type: fc.constantFrom('choice' as const, 'cancel' as const), id }),
    fc.record(
      {
        type: fc.constant('balance' as const),
        id,
        language: text(100),
        pin: fc.stringMatching(/^[0-9]{1,12}$/),
      },
      { requiredKeys: ['type', 'id', 'language'] },
    ),
    fc.record({
      type: fc.constant('remember' as const),
      seq: id,
      wallMs: fc.double({ min: 0, max: 4e12, noNaN: true }).map(Math.abs),
      what,
    }),
  );
  const account = fc.record({
    number: text(64),
    balance: fc.record({
      minor: fc.bigInt(-(10n ** 14n), 10n ** 14n),
      currency: fc.constantFrom('USD', 'RUB'),
    }),
  });
  const answers = fc.oneof(
    fc.record({ status: fc.constant('accounts' as const), accounts: fc.array(account, { maxLength: 10 }) }),
    fc.record({
      status: fc.constant('pin' as const),
      wrong: fc.boolean(),
      digits: fc.integer({ min: 3, max: 12 }),
    }),
    fc.record({
      status: fc.constantFrom('locked' as const, 'unknown-caller' as const, 'unavailable' as const),
    }),
  );
  const replies: fc.Arbitrary<OfficeReply> = fc.oneof(
    fc.record({ type: fc.constant('choice' as const), id, track: fc.option(text(512), { nil: undefined }) }),
    fc.record({ type: fc.constant('balance' as const), id, answer: answers }),
    fc.record({ type: fc.constant('kept' as const), seq: id }),
  );
  const fits = (line: string): string => {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LONGEST_LINE);
    return lineOf(line);
  };

  test('is read as it was written, and never too long', () => {
    fc.assert(
      fc.property(requests, (each) => expect(decodeRequest(fits(encodeRequest(each)))).toEqual(each)),
    );
    fc.assert(fc.property(replies, (each) => expect(decodeReply(fits(encodeReply(each)))).toEqual(each)));
  });

  test('at its longest is still read', () => {
    const number = '\u0000'.repeat(64);
    const balance = { minor: -(10n ** 16n), currency: 'CLF' };
    const accounts = Array.from({ length: 10 }, () => ({ number, balance }));
    const reply = {
      type: 'balance',
      id: Number.MAX_SAFE_INTEGER,
      answer: { status: 'accounts', accounts },
    } as const;
    expect(decodeReply(fits(encodeReply(reply)))).toEqual(reply);
  });

  test('an older hub and an older stream pass it over', () => {
    fc.assert(
      fc.property(requests, (each) => expect(decodeHello(fits(encodeRequest(each)))).toBeUndefined()),
    );
    fc.assert(fc.property(replies, (each) => expect(decodeNews(fits(encodeReply(each)))).toBeUndefined()));
    expect(decodeRequest('{"type":"weather"}')).toBeUndefined();
    expect(decodeReply('{"type":"weather"}')).toBeUndefined();
  });

  test('an answer that only a newer hub knows is that it is not available', () => {
    expect(decodeReply('{"type":"balance","id":1,"answer":{"status":"call-back"}}')).toEqual({
      type: 'balance',
      id: 1,
      answer: { status: 'unavailable' },
    });
  });

  test('what the desk may not say is not told', () => {
    const account = { number: 'x'.repeat(65), balance: { minor: 1n, currency: 'USD' } };
    const many = Array.from({ length: 11 }, () => ({ ...account, number: '1' }));
    for (const accounts of [[account], many, [{ number: '', balance: account.balance }]]) {
      const line = encodeReply({ type: 'balance', id: 1, answer: { status: 'accounts', accounts } });
      expect(decodeReply(lineOf(line))).toMatchObject({ answer: { status: 'unavailable' } });
    }
  });

  test.each([
    '{"type":"choice"}',
    '{"type":"choice","id":0}',
    '{"type":"choice","id":"1"}',
    '{"type":"cancel","id":1.5}',
    '{"type":"balance","id":1}',
    '{"type":"balance","id":1,"language":""}',
    '{"type":"balance","id":1,"language":"en","pin":1234}',
    '{"type":"balance","id":1,"language":"en","pin":"12 OR 1=1"}',
    '{"type":"balance","id":1,"language":"en","pin":"1234567890123"}',
    '{"type":"remember","seq":1,"wallMs":1}',
    '{"type":"remember","seq":1,"what":{"type":"choice","track":"x"}}',
    '{"type":"remember","seq":1,"wallMs":-1,"what":{"type":"choice","track":"x"}}',
    '{"type":"remember","seq":1,"wallMs":1,"what":{"type":"choice"}}',
    '{"type":"remember","seq":1,"wallMs":1,"what":{"type":"heard","kind":"thunder"}}',
    '{"type":"remember","seq":1,"wallMs":1,"what":{"type":"key","digit":"33","action":"x"}}',
    '{"type":"remember","seq":1,"wallMs":1,"what":["choice"]}',
  ])('%s is junk', (line) => {
    expect(() => decodeRequest(line)).toThrow(WireError);
  });
});
