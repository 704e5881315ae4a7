// What is read from file names.
import { baseLanguage, compareNames, isMediaName, languageOf, titleOf } from '../../src/media/names';

test.each([
  ['welcome.en.wav', 'en'],
  ['welcome.RU.mp3', 'ru'],
  ['welcome.pt-BR.wav', 'pt'],
  ['welcome.wav', undefined],
  ['intro.v2.wav', undefined],
  ['intro.hd.wav', undefined],
  ['.en.wav', 'en'],
  ['en.wav', undefined],
])('%s speaks %s', (name, language) => expect(languageOf(name)).toBe(language));

test('a caller’s language counts by its base', () => {
  expect(['en', 'en-GB', 'en_US', 'EN', '', 'xx', 'english'].map(baseLanguage)).toEqual([
    'en',
    'en',
    'en',
    'en',
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ['first-light.wav', 'First light'],
  ['02_first__light.en.wav', 'First light'],
  ['10.wav', '10'],
  ['été.mp3', 'Été'],
  ['noextension', 'Noextension'],
])('%s is called %s', (name, title) => expect(titleOf(name)).toBe(title));

test('notes, hidden and half-copied files are no media', () => {
  const names = [
    'a.wav',
    '.a.wav',
    'a.wav.part',
    'a.filepart',
    'a.crdownload',
    'a.tmp',
    'a.mp3.license',
    'x.json',
    'x.md',
    'x.TXT',
    'b',
  ];
  expect(names.filter(isMediaName)).toEqual(['a.wav', 'b']);
});

test('names sort as people expect, and totally', () => {
  expect(['b2', 'a10', 'B1', 'a9', 'é', 'f', 'a09'].sort(compareNames)).toEqual(
    ['a9', 'a09', 'a10', 'B1', 'b2', 'é', 'f'].sort(compareNames),
  );
  expect(['10-x', '9-x', '1-x'].sort(compareNames)).toEqual(['1-x', '9-x', '10-x']);
  expect(compareNames('a09', 'a9')).not.toBe(0);
});
