// Placeholders in a URL, in headers and in a body: what a channel says stays the value of its place.
// Would catch: a caller who asks for somebody else by what their telephone says of itself, or writes headers.
import fc from 'fast-check';
import type { BillingQuestion } from '../../src/billing/billing';
import { filledHeader, filledJson, filledPath, templateUrl } from '../../src/billing/fill';

const question = (more: Partial<BillingQuestion> = {}): BillingQuestion => ({
  phone: '+442079460018',
  uniqueid: '1795225281.7',
  language: 'en',
  ...more,
});

const FAILED = expect.objectContaining({ code: 'HC_BILLING_FAILED' }) as Error;

const anyText = fc.string({ unit: 'grapheme', maxLength: 20 });
/** Nothing that a URL's path would take for its own: refused, see below. */
const anySegment = anyText.filter(
  (text) => !/^\.{0,2}$|^\.{1,2};|[/\\\x00-\x1f\x7f]|%(2e|2f|5c)/i.test(text),
);

describe('in a URL', () => {
  test('a plus is one, and a PIN that is not asked for is empty', () => {
    const path = filledPath('https://billing.example/of/{phone}?id={uniqueid}&pin={pin}', question());
    expect(path).toBe('/of/%2B442079460018?id=1795225281.7&pin=');
  });

  test('any value comes out as it went in, and changes nothing beside', () => {
    const template = 'https://billing.example/v1/{phone}/balance?a={language}&b={uniqueid}&c=3#x';
    fc.assert(
      fc.property(anySegment, anyText, anyText, (phone, language, uniqueid) => {
        const url = new URL(
          filledPath(template, question({ phone, language, uniqueid })),
          'https://billing.example',
        );
        expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', phone, 'balance']);
        expect([...url.searchParams]).toEqual([
          ['a', language],
          ['b', uniqueid],
          ['c', '3'],
        ]);
      }),
    );
  });

  const WRONG = ['.', '..', '', '../x', 'a/b', '/', '..\\x', 'a\\b', 'en\0', 'en\r\n'];
  const PLACES = [
    'secret/{language}/balance',
    'secret/{language}',
    '{language}',
    'a/{language}/',
    'a/{language}?b=1#c',
  ];
  test.each(WRONG.flatMap((value) => PLACES.map((place) => [value, place] as const)))(
    'a value %j does not leave its folder in %s',
    (language, place) => {
      expect(() => filledPath(`https://billing.example/${place}`, question({ language }))).toThrow(
        /more of its URL/,
      );
    },
  );

  test.each(['phone', 'uniqueid', 'pin'] as const)('nor does {%s}', (name) => {
    const template = `https://billing.example/of/{${name}}`;
    for (const value of WRONG)
      expect(() => filledPath(template, question({ [name]: value }))).toThrow(/more of its URL/);
  });

  test.each([
    ['{language}{pin}', '.', '.'],
    ['.{language}', '.', '1'],
    ['%2e{language}', '.', '1'],
    ['%2E{language}', '', '1'],
    ['x{language}', '/..', '1'],
    ['x{language}', '%2f..', '1'],
    ['x{language}', '%5C..', '1'],
    ['x-{language}', '', '1'],
    ['{language};v=1', '..', '1'],
    ['{language}', '..;', '1'],
  ])('nor do values and text together: %s', (place, language, pin) => {
    const ask = (): string => filledPath(`https://billing.example/a/${place}`, question({ language, pin }));
    expect(ask).toThrow(/more of its URL/);
  });

  test('in the query they may be anything', () => {
    for (const language of WRONG)
      expect(
        new URL(
          filledPath('https://b.example/?l={language}', question({ language })),
          'https://b.example',
        ).searchParams.get('l'),
      ).toBe(language);
  });

  test.each(['https://{language}.example/', 'https://{language}/', 'https://billing.example:{phone}/'])(
    'a placeholder in the host is refused: %s',
    (template) => {
      expect(() => filledPath(template, question({ phone: '8080', language: 'evil.example' }))).toThrow(
        FAILED,
      );
    },
  );

  test('half a character is refused, and does not throw anything else', () => {
    expect(() => filledPath('https://b.example/{language}', question({ language: '\ud800' }))).toThrow(
      FAILED,
    );
  });

  test.each(['billing.example/{phone}', 'ftp://billing.example/', 'https://me:secret@billing.example/'])(
    'what is no address to ask is refused, without repeating it: %s',
    (template) => {
      expect(() => templateUrl(template)).toThrow(FAILED);
      expect(() => templateUrl(template)).not.toThrow(/secret|billing\.example/);
    },
  );
});

test('a header has one line, whatever a value holds', () => {
  fc.assert(
    fc.property(anyText, (language) => {
      expect(filledHeader('x {language} y', question({ language }))).toMatch(/^x [\x20-\x7e]* y$/);
    }),
  );
  expect(filledHeader('{language}', question({ language: 'en\r\nX-Admin: 1\u0000' }))).toBe('enX-Admin: 1');
});

describe('in a body', () => {
  test('any value stays the text that it is, and a placeholder within a value is none', () => {
    fc.assert(
      fc.property(anyText, (language) => {
        const body = { phone: '{phone}', deep: [{ of: 'in {language}' }], limit: 3, none: null };
        expect(JSON.parse(filledJson(body, question({ language })))).toEqual({
          phone: '+442079460018',
          deep: [{ of: `in ${language}` }],
          limit: 3,
          none: null,
        });
      }),
    );
    expect(filledJson(['{language}'], question({ language: '{pin}', pin: '1234' }))).toBe('["{pin}"]');
  });

  test.each([1n, () => 1, Symbol('x')])('what JSON does not have is refused: %p', (body) => {
    expect(() => filledJson(body, question())).toThrow(FAILED);
  });
});
