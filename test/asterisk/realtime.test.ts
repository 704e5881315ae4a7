// The answers to res_config_curl: a class for a Uniqueid, and nothing for anything else.
// What gets through here becomes a command line that Asterisk runs, so attackers are tried, too.
import fc from 'fast-check';
import { answer, holdApplication, readerApplication } from '../../src/asterisk/realtime';
import { isToken, mintToken } from '../../src/asterisk/token';
import { HoldcastError } from '../../src/util/errors';

const PROGRAM = '/opt/holdcast/bin/holdcast';
const application = holdApplication(PROGRAM, 8000);
const TOKEN = mintToken();
const single = (body: string, path = '/realtime/musiconhold/single') =>
  answer({ path, body }, application, TOKEN);

/** What res_config_curl makes of an answer: a list of fields (it splits at & and the first =, then decodes). */
function asteriskReads(body: string): [string, string][] {
  const line = /^[^\r\n]*/.exec(body)![0];
  return line.split('&').flatMap((pair): [string, string][] => {
    const [key = '', ...rest] = pair.split('=');
    return key === '' ? [] : [[key, decodeURIComponent(rest.join('='))]];
  });
}

test('a class of its own for each look-up, called after its token, with that and nothing else in the command line', () => {
  const { status, body, call } = single('name=hold-1795225281.1');
  expect([status, call]).toEqual([200, '1795225281.1']);
  expect(body).not.toMatch(/[\s+]/);
  expect(asteriskReads(body)).toEqual([
    ['name', `hold-${TOKEN}`],
    ['mode', 'custom'],
    ['application', `${PROGRAM} stream --token ${TOKEN}`],
  ]);
});

test.each([
  [16000, 'slin16'],
  [48000, 'slin48'],
] as const)('at %d Hz Asterisk is told to read %s', (rate, format) => {
  const { body } = answer({ path: '/single', body: 'name=hold-1.1' }, holdApplication(PROGRAM, rate), TOKEN);
  expect(asteriskReads(body)).toContainEqual(['format', format]);
});

test.each([
  ['with fields that it does not know', 'name=hold-1.1&variable=x&%20=%20'],
  ['with fields before it', 'x=1&name=hold-1.1'],
  ['encoded more than it need be', '%6eame=%68old%2d1%2E1'],
  ['with a system name in the Uniqueid', 'name=hold-pbx_2-1.1'],
  ['at its longest', `name=hold-${'1'.repeat(74)}`],
])('a name %s is found', (_, body) => {
  expect(single(body).call).toBeDefined();
});

test.each([
  ['no name', ''],
  ['an empty name', 'name='],
  ['another class', 'name=default'],
  ['no Uniqueid', 'name=hold-'],
  ['another prefix', 'name=HOLD-1.1'],
  ['a pattern', 'name LIKE=hold-%25'],
  ['the name twice', 'name=hold-1.1&name=hold-1.1'],
  ['the name twice, once in disguise', 'name=hold-1.1&n%61me=hold-2.2'],
  ['an option after a tab', 'name=hold-1%09--config'],
  ['a second line', 'name=hold-1.1%0Aapplication=/bin/sh'],
  ['a zero byte', 'name=hold-1.1%00'],
  ['a percent sign alone', 'name=hold-1.1%'],
  ['wrong hexadecimal digits', 'name=hold-%GG'],
  ['another field wrongly encoded', 'name=hold-1.1&x=%'],
  ['a name that is too long', `name=hold-${'1'.repeat(75)}`],
  ['a name that is too long in bytes', `name=hold-${'%C3%BC'.repeat(38)}`],
  ['a blank at its end', 'name=hold-1.1%20'],
])('%s: no such class', (_, body) => {
  const { status, body: text, call } = single(body);
  expect([status, text, call]).toEqual([200, '', undefined]);
});

test.each([
  ['the second half of a Local channel', 'X;2', 'name=hold-X%3B2'],
  ['a space', 'two words', 'name=hold-two%20words'],
  ['a slash and a plus', 'a/b+c-1.1', 'name=hold-a%2Fb%2Bc-1.1'],
  ['umlauts in UTF-8', 'Büro-1.1', 'name=hold-B%C3%BCro-1.1'],
  ['umlauts in Latin-1', 'Büro-1.1', 'name=hold-B%FCro-1.1'],
  ['the look of an option', '--config', 'name=hold---config'],
  ['the look of a second option', '1 --config /tmp/x.ts', 'name=hold-1%20--config%20%2Ftmp%2Fx.ts'],
  ['the look of a path', '../../bin/sh', 'name=hold-..%2F..%2Fbin%2Fsh'],
  ['the look of a second field', '1&application=/bin/sh', 'name=hold-1%26application%3D%2Fbin%2Fsh'],
  ['the look of a variable', '${SHELL(id)}', 'name=hold-%24%7BSHELL(id)%7D'],
  ['a percent sign', '1%2E1', 'name=hold-1%252E1'],
  ['a no-break space', '1\u00a0x', 'name=hold-1%C2%A0x'],
])('a Uniqueid with %s is found, and nothing of it is in the answer', (_, uniqueid, body) => {
  expect(single(body).call).toBe(uniqueid);
  expect(asteriskReads(single(body).body)).toEqual([
    ['name', `hold-${TOKEN}`],
    ['mode', 'custom'],
    ['application', `${PROGRAM} stream --token ${TOKEN}`],
  ]);
});

test('whatever is asked, nothing of it is in the answer', () => {
  const encoded = fc.string({ unit: 'binary', maxLength: 40 }).map(encodeURIComponent);
  const bodies = fc.oneof(
    fc.string({ unit: 'binary' }),
    encoded.map((text) => `name=hold-${text}`),
    fc.string({ maxLength: 12 }).map((text) => `name=hold-${text}`),
    fc
      .string({ unit: fc.constantFrom('a', '1', '.', '-', '_', '%', '2', '0', ' ', '/', '=', '&') })
      .map((t) => `name=hold-${t}`),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const { status, body: text, call } = single(body);
      expect(status).toBe(200);
      if (call === undefined) return expect(text).toBe('');
      const [, , [, command] = ['', '']] = asteriskReads(text);
      const words = command.split(' ');
      expect(words).toEqual([PROGRAM, 'stream', '--token', TOKEN]);
    }),
    { numRuns: 2000 },
  );
});

test.each(['update?name=x', 'store', 'destroy', 'require'])(
  '%s gets a number, since Asterisk reads past the end of an empty answer to find one',
  (action) => {
    expect(answer({ path: `/moh/${action}`, body: 'name=hold-1.1' }, application, TOKEN)).toEqual({
      status: 200,
      body: '0',
    });
  },
);

test.each(['multi', 'static?file=musiconhold.conf'])('%s: there is nothing', (action) => {
  expect(answer({ path: `/moh/${action}`, body: 'name=hold-1.1' }, application, TOKEN).body).toBe('');
});

test.each(['/', '', '/single/', '/x', '/singles', '/x?/single', '/x#/single', '*'])(
  'nothing is at %p, and Asterisk reads nothing from that',
  (path) => {
    expect(single('name=hold-1.1', path)).toEqual({ status: 404, body: '' });
  },
);

test.each(['/single', '/a/b/c/single', '/single?x=/multi'])(
  'the operator may choose the path: %s',
  (path) => {
    expect(single('name=hold-1.1', path).call).toBe('1.1');
  },
);

function thrownBy(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    return error;
  }
}

describe('an installation that Asterisk could not start is an error at the start', () => {
  test.each([
    ['a space', '/opt/hold cast/bin/holdcast'],
    ['a line end', '/opt/hold\ncast/bin/holdcast'],
    ['a relative path', 'bin/holdcast'],
    ['a path too long', `/${'x'.repeat(180)}/bin/holdcast`],
    ['a path too long in bytes', `/${'ж'.repeat(90)}/bin/holdcast`],
  ])('%s', (_, program) => {
    const start = (): unknown => holdApplication(program, 8000);
    expect(start).toThrow(HoldcastError);
    expect(thrownBy(start)).toMatchObject({
      code: 'HC_HUB_ADDRESS',
      hint: expect.stringContaining('/opt/holdcast') as string,
    });
  });

  test('the longest that is taken stays within 255 bytes', () => {
    let path = '/opt/bin/holdcast';
    for (;;) {
      try {
        holdApplication(`/x${path}`, 8000);
        path = `/x${path}`;
      } catch {
        break;
      }
    }
    const { body } = answer(
      { path: '/single', body: `name=hold-${'9'.repeat(64)}` },
      holdApplication(path, 8000),
      TOKEN,
    );
    const [, , [, command] = ['', '']] = asteriskReads(body);
    expect(command.length).toBeLessThanOrEqual(255);
    expect(command.length).toBeGreaterThan(250);
  });
});

test('where Asterisk would not find Node, the command line begins with it', () => {
  const started = holdApplication(PROGRAM, 8000, '/opt/node/bin/node');
  const { body } = answer({ path: '/single', body: 'name=hold-1.1' }, started, TOKEN);
  expect(new URLSearchParams(body).get('application')).toBe(
    `/opt/node/bin/node ${PROGRAM} stream --token ${TOKEN}`,
  );
  expect(() => holdApplication(PROGRAM, 8000, '/opt/my node/bin/node')).toThrow('splits a command line');
});

describe('where the hub plays', () => {
  const reader = readerApplication('/opt/holdcast/bin/holdcast-reader', '/run/holdcast/play', 8000);
  const commandOf = (body: string): string | null => new URLSearchParams(body).get('application');

  it('Asterisk starts a reader of the call’s own pipe', () => {
    const { body, call } = answer({ path: '/single', body: 'name=hold-1795225281.7' }, reader, TOKEN);
    expect(call).toBe('1795225281.7');
    expect(commandOf(body)).toBe(`/opt/holdcast/bin/holdcast-reader /run/holdcast/play ${TOKEN}`);
  });

  it('a call for which there is no room is not named to it', () => {
    const { body } = answer({ path: '/single', body: 'name=hold-1795225281.7' }, reader, TOKEN, true);
    expect(commandOf(body)).toBe('/opt/holdcast/bin/holdcast-reader /run/holdcast/play');
    // Nested in music that plays: with another name Asterisk would end that, and start nothing.
    expect(new URLSearchParams(body).get('name')).toBe(`hold-${TOKEN}`);
  });

  it.each(['/run/hold cast', 'run/play', `/${'x'.repeat(200)}`])(
    'a folder that cannot be a word of it is refused: %.20s',
    (folder) => {
      expect(() => readerApplication('/opt/holdcast/bin/holdcast-reader', folder, 8000)).toThrow('Asterisk');
    },
  );
});

describe('tokens', () => {
  const tokens = Array.from({ length: 2000 }, () => mintToken());

  it('are never twice the same, and have their chance in every letter', () => {
    expect(new Set(tokens).size).toBe(tokens.length);
    for (let i = 0; i < 64; i++) {
      const upper = tokens.filter((token) => token[i] === token[i]!.toUpperCase()).length;
      expect(Math.abs(upper - tokens.length / 2)).toBeLessThan(tokens.length / 5);
    }
  });

  it('are all the same to Asterisk, which compares names of classes without regard to case', () => {
    expect(new Set(tokens.map((token) => token.toLowerCase())).size).toBe(1);
    expect(tokens.every((token) => `hold-${token}`.length < 80)).toBe(true);
  });

  it.each(['', 'holdcast', '1795225281.1', `${mintToken()}x`, mintToken().slice(1), `${mintToken()}\n`])(
    'nothing else is one: %j',
    (text) => expect(isToken(text)).toBe(false),
  );
});
