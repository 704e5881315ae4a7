// Asterisk's bytes as text, as words of a command line, and as names of files: nothing is lost, and nothing gets out of its place.
// A Uniqueid is what an operator's system name or a dialer makes it; its file must be its own and nobody else's.
import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileNameOf, ofWord, percentDecoded, percentEncoded, textOf, wordOf } from '../../src/util/bytesText';

test('the same name in UTF-8 and in Latin-1 is the same text; what is neither is some text', () => {
  expect([textOf(Buffer.from('Büro-1.1')), textOf(Buffer.from('Büro-1.1', 'latin1'))]).toEqual([
    'Büro-1.1',
    'Büro-1.1',
  ]);
  expect(textOf(Buffer.from([0xef, 0xbb, 0xbf, 0x31]))).toBe('\ufeff1');
  expect(textOf(Buffer.from([0x80, 0xff]))).toHaveLength(2);
});

test('percent-encoding brings bytes through unchanged, and a wrong one is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(percentDecoded(percentEncoded(bytes, /[\w.]/), 'latin1')).toEqual(Buffer.from(bytes));
    }),
  );
  for (const wrong of ['%', '%4', '%GG', '1%', '%%41']) expect(percentDecoded(wrong, 'utf8')).toBeUndefined();
  expect(percentDecoded('%41+b', 'utf8')?.toString()).toBe('A+b');
});

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 160 }),
  fc.string({
    unit: fc.constantFrom('a', 'A', '.', '/', '-', '%', ' ', ';', '+', 'ü', '4', '1'),
    maxLength: 160,
  }),
);

test('any text is one word of a command line that is no option and no path, and comes out of it again', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const word = wordOf(text);
      expect(word).toMatch(/^([\w.;+%][\w.;+%-]*)?$/);
      expect(ofWord(word)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test('any text has a file name of its own, also where upper and lower case are alike', () => {
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const name = fileNameOf(one);
      expect(name.length).toBeLessThanOrEqual(230);
      expect(name).not.toMatch(/^\.|[/\0]/);
      expect(name.toLowerCase() === fileNameOf(other).toLowerCase()).toBe(one === other);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['1795225281.1', '1795225281.1'],
  ['us-1.4;2', 'us-1.4;2'],
  ['.', '%2E'],
  ['..', '%2E.'],
  ['PBX', '%50%42%58'],
])('%s is %s', (text, name) => {
  expect(fileNameOf(text)).toBe(name);
});

test('names that a file system would take for one, or for a folder, are files side by side', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-names-'));
  try {
    const all = [
      'a',
      'A',
      '.',
      '..',
      '../a',
      '/etc/passwd',
      'a/b',
      'ü'.repeat(74),
      'ü'.repeat(149),
      'é',
      'e\u0301',
    ];
    for (const text of all)
      writeFileSync(join(folder, `${fileNameOf(text)}.json.4194304`), text, { flag: 'wx' });
    expect(readdirSync(folder)).toHaveLength(all.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
