// Events of real Asterisks (22.10 and 16.28, as they came) become typed ones; what lacks its point is dropped.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EVENT_CLASSES, EVENT_FILTER, phoneIn, readEvent, type AmiEvent } from '../../src/asterisk/events';
import { AmiParser } from '../../src/asterisk/message';
import { message } from '../support/fakeAmi';

function read(text: string): AmiEvent | undefined {
  let event: AmiEvent | undefined;
  const bytes = Buffer.from(`Asterisk Call Manager/11.0.0\r\n${text.replaceAll('\n', '\r\n')}\r\n\r\n`);
  new AmiParser().push(bytes, (message) => (event = readEvent(message)));
  return event;
}

/** What Asterisk says of a channel in every event, around what an event has of its own. */
function about(event: string, own = '', change: Record<string, string> = {}): string {
  const headers = {
    Event: event,
    Privilege: 'agent,all',
    Channel: 'PJSIP/trunk-00000007',
    ChannelState: '6',
    CallerIDNum: '+442079460018',
    CallerIDName: 'Zoë Ж',
    ConnectedLineNum: '<unknown>',
    Language: 'ru',
    AccountCode: '',
    Uniqueid: '1795242739.1',
    Linkedid: '1795242739.0',
    ...change,
  };
  return [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), own].join('\n').trimEnd();
}

const CHANNEL = { uniqueid: '1795242739.1', channel: 'PJSIP/trunk-00000007' };
const CALLER = { number: '+442079460018', language: 'ru' };

test('a key says when it goes down and up, whose it is, and which way it went', () => {
  const key = { ...CHANNEL, digit: '3', received: true };
  expect(read(about('DTMFBegin', 'Digit: 3\nDirection: Received'))).toEqual({ type: 'key-down', ...key });
  expect(read(about('DTMFEnd', 'Digit: 3\nDurationMs: 200\nDirection: Received'))).toEqual({
    type: 'key-up',
    ...key,
  });
  const sent = read(about('DTMFBegin', 'Digit: #\nDirection: Sent'));
  expect(sent).toEqual({ type: 'key-down', ...CHANNEL, digit: '#', received: false });
});

test('a caller who joins has their queue and place; leaving, hanging up and being answered say which', () => {
  const waiter = { queue: 'support', uniqueid: CHANNEL.uniqueid };
  expect(read(about('QueueCallerJoin', 'Queue: support\nPosition: 2\nCount: 3'))).toEqual({
    type: 'queue-join',
    ...waiter,
    ...CHANNEL,
    ...CALLER,
    position: 2,
  });
  expect(read(about('QueueCallerLeave', 'Queue: support\nPosition: 2\nCount: 1'))).toEqual({
    type: 'queue-leave',
    ...waiter,
    position: 2,
  });
  const connect =
    'DestUniqueid: 1795242744.4\nQueue: support\nInterface: Local/a@b\nHoldTime: 61\nRingTime: 2';
  expect(read(about('AgentConnect', connect))).toEqual({ type: 'queue-connect', ...waiter, holdMs: 61_000 });
});

test('music, hang-ups and new names belong to a channel', () => {
  const music = { ...CHANNEL, ...CALLER };
  expect(read(about('MusicOnHoldStart', 'Class: hold-1795242739.1'))).toEqual({
    type: 'moh-start',
    ...music,
    class: 'hold-1795242739.1',
  });
  expect(read(about('MusicOnHoldStop'))).toEqual({ type: 'moh-stop', ...music });
  expect(read(about('Hangup', 'Cause: 16\nCause-txt: Normal Clearing'))).toEqual({
    type: 'hangup',
    ...CHANNEL,
  });
  expect(read(about('Rename', 'Newname: PJSIP/trunk-00000009'))).toEqual({
    type: 'renamed',
    uniqueid: CHANNEL.uniqueid,
    channel: 'PJSIP/trunk-00000009',
  });
});

test.each(['<unknown>', 'unknown', 'Unknown', '', 'anonymous', 'Anonymous', 'Restricted', '<private>'])(
  'a number that is "%s" is no number',
  (number) => {
    const event = read(about('MusicOnHoldStart', '', { CallerIDNum: number, Language: '' }));
    expect(event).toEqual({ type: 'moh-start', ...CHANNEL });
  },
);

test.each<[string, Record<string, string>, object]>([
  ['may be shown', { Variable: 'CALLERID(num-pres)=allowed_not_screened' }, { phone: '+442079460018' }],
  [
    'was checked by the network',
    { Variable: 'CALLERID(num-pres)=allowed_passed_screen' },
    { phone: '+442079460018' },
  ],
  ['is withheld', { Variable: 'CALLERID(num-pres)=prohib_passed_screen' }, {}],
  ['is withheld, in old words', { Variable: 'CALLERID(num-pres)=prohib' }, {}],
  ['is not available', { Variable: 'CALLERID(num-pres)=unavailable' }, {}],
  ['may be shown or not: nothing was asked', {}, {}],
  ['may be shown or not: Asterisk has no such function', { Variable: 'CALLERID(num-pres)=' }, {}],
  ['is not the one that may be shown', { Variable: 'X=CALLERID(num-pres)=allowed' }, {}],
  ['is none', { Variable: 'CALLERID(num-pres)=allowed_not_screened', CallerIDNum: '<unknown>' }, {}],
])('a number that %s, in an answer to Status', (_, headers, phone) => {
  const status = message({ Event: 'Status', CallerIDNum: '+442079460018', ...headers });
  expect(phoneIn(status)).toEqual(phone);
});

test.each([
  ['DTMFBegin', 'Digit: 33\nDirection: Received'],
  ['DTMFBegin', 'Direction: Received'],
  ['DTMFEnd', 'Digit: x\nDirection: Received'],
  ['QueueCallerJoin', 'Queue: support\nPosition: 0'],
  ['QueueCallerJoin', 'Queue: support\nPosition: 1.5'],
  ['QueueCallerJoin', 'Queue: support'],
  ['QueueCallerJoin', 'Position: 1'],
  ['QueueCallerLeave', 'Queue: support\nPosition: -1'],
  ['AgentConnect', 'Queue: support\nHoldTime: NaN'],
  ['AgentConnect', 'Queue: support'],
  ['Rename', ''],
  ['Newexten', 'Extension: q'],
  ['constructor', ''],
  ['__proto__', ''],
])('%s with "%s" is no event', (name, own) => {
  expect(read(about(name, own))).toBeUndefined();
});

test.each(['X;2', 'a b', 'a/b+c-1.1', 'Büro-1.1', '--help', '1..2', 'x'.repeat(149)])(
  'a Uniqueid like "%s" is somebody',
  (Uniqueid) => {
    expect(read(about('Hangup', '', { Uniqueid }))).toMatchObject({ uniqueid: Uniqueid });
  },
);

test.each(['', '1\u001b[31m', '1\u00852', 'x'.repeat(150)])('a Uniqueid like %j is nobody', (Uniqueid) => {
  const events: [string, string][] = [
    ['DTMFBegin', 'Digit: 3\nDirection: Received'],
    ['QueueCallerJoin', 'Queue: support\nPosition: 2'],
    ['MusicOnHoldStart', ''],
    ['Hangup', ''],
  ];
  for (const [name, own] of events) expect(read(about(name, own, { Uniqueid }))).toBeUndefined();
});

test('a response is no event', () => {
  expect(read('Response: Success\nMessage: Hangup')).toBeUndefined();
});

test('what is subscribed to is what is read, and no more', () => {
  expect([...EVENT_CLASSES].sort()).toEqual(['agent', 'call', 'dtmf']);
  // Asterisk's expressions are POSIX extended ones: [[:space:]] is what differs from JavaScript's.
  const filter = new RegExp(EVENT_FILTER.replace('[[:space:]]', '\\s'));
  const wanted = (name: string): boolean => filter.test(`Event: ${name}\r\nPrivilege: call,all\r\n`);
  expect(['DTMFBegin', 'DTMFEnd', 'AgentConnect', 'Hangup'].every(wanted)).toBe(true);
  expect(['HangupRequest', 'FullyBooted', 'VarSet', 'AgentCalled', 'SoftHangupRequest'].some(wanted)).toBe(
    false,
  );
  expect(filter.test('Event: VarSet\r\nValue: Event: Hangup\r\n')).toBe(false);
});

describe('texts that are longer than any of Asterisk’s', () => {
  const long = 'x'.repeat(200_000);

  test('a channel’s name is cut, and the event counts', () => {
    expect(read(about('Hangup', '', { Channel: long }))).toEqual({
      type: 'hangup',
      uniqueid: '1795242739.1',
      channel: 'x'.repeat(200),
    });
  });

  test('a number, a language or a class that were cut would be others: there is none', () => {
    const change = { CallerIDNum: `+44${'0'.repeat(100)}`, Language: long, Channel: 'PJSIP/a-1' };
    expect(read(about('MusicOnHoldStart', `Class: ${long}`, change))).toEqual({
      type: 'moh-start',
      uniqueid: '1795242739.1',
      channel: 'PJSIP/a-1',
    });
  });

  test('nor is a queue another one, or a call another call', () => {
    expect(read(about('QueueCallerJoin', `Queue: ${long}\nPosition: 1`))).toBeUndefined();
    expect(read(about('Hangup', '', { Uniqueid: `1.${'1'.repeat(5000)}` }))).toBeUndefined();
  });

  test('nothing of them is kept with what is', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const kept: AmiEvent[] = [];
    const parser = new AmiParser();
    const megabytes = (): number => {
      collect();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const before = megabytes();
    for (let i = 0; i < 1000; i++) {
      const change = { Uniqueid: `${i}.1`, Channel: `PJSIP/${i}-${long}`, CallerIDName: long };
      const text = about('MusicOnHoldStart', `Class: default`, change).replaceAll('\n', '\r\n');
      parser.push(Buffer.from(`${text}\r\n\r\n`), (message) => kept.push(readEvent(message)!));
    }
    expect(megabytes() - before).toBeLessThan(10);
    expect(kept[999]).toMatchObject({
      uniqueid: '999.1',
      channel: expect.stringMatching(/^PJSIP\/999-x+$/) as string,
    });
  });
});
