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
  ['welcome.EN.mp3', 'en'],
  ['welcome.vi.mp3', 'vi'],
  ['Sonata.Part.II.mp3', undefined],
  ['Sonata.Part.VI.mp3', undefined],
  ['Prelude.ii.mp3', undefined],
  ['Vol.XL.mp3', undefined],
  ['What.It.Is.mp3', undefined],
  ['Track.No.mp3', undefined],
  ['Mozart.So.mp3', undefined],
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
  ['Sonata.Part.II.mp3', 'Sonata Part II'],
  ['e\u0301te\u0301.mp3', '\u00c9t\u00e9'],
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
    ...[
      'cover.jpg',
      'Folder.PNG',
      'a.webp',
      'lyrics.lrc',
      'list.pls',
      'list.m3u8',
      'scene.nfo',
      'desktop.ini',
      'Thumbs.db',
    ],
    ...[
      'a.mp3.!ut',
      'a.mp3.crdownload',
      'a.mp3.part',
      'a.mp3~',
      '~a.mp3',
      '#a.mp3#',
      'a.mp3.bak',
      'a.mp3.filepart',
      'a.wav.aria2',
    ],
    ...[
      'a.cue',
      'a.log',
      'album.sfv',
      'a.mp3.sha256',
      'a.mp3:Zone.Identifier',
      'a.url',
      'a.mp3.opdownload',
      'a.mp3.dpkg-new',
      'a.mp3.td',
      'README',
      'LICENSE',
    ],
  ];
  expect(names.filter(isMediaName)).toEqual(['a.wav', 'b']);
});

test.each([
  'a.mp3',
  'a.part.mp3',
  'cover.jpg.mp3',
  'a.xyz',
  'Live at the log.wav',
  'bak.mp3',
  'a.ogg',
  'a.sln16',
  'a.vox',
])('%s may be audio', (name) => expect(isMediaName(name)).toBe(true));

test('names sort as people expect, and totally', () => {
  expect(['b2', 'a10', 'B1', 'a9', 'é', 'f', 'a09'].sort(compareNames)).toEqual(
    ['a9', 'a09', 'a10', 'B1', 'b2', 'é', 'f'].sort(compareNames),
  );
  expect(['10-x', '9-x', '1-x'].sort(compareNames)).toEqual(['1-x', '9-x', '10-x']);
  expect(compareNames('a09', 'a9')).not.toBe(0);
});
