// The transcriber, judged: sentences mixed here, of the shipped words, over music as the product ducks it.
// If it took one word for a like one, or overlooked a wrong one, a caller could be told a wrong amount and no test knew.
import { decodeMulaw, encodeMulaw } from '../lab/g711';
import { RATE, tracks } from '../lab/media';
import { promptsOf, wordsOf, type LanguageTag } from '../lab/speech';
import type { Sources } from './exact';
import { Transcriber } from './transcribe';

const music = tracks(1, 60)['music/track-1.wav']!;
const DUCKED = 0.1;
/** Two letters of one sound: the same recording. */
const TWINS = ['о'];
const PAUSE_SAMPLES = 2000;

const vocabularies = { en: wordsOf('en'), ru: wordsOf('ru') };
const by = {
  en: new Transcriber({ words: vocabularies.en, prompts: renamed(promptsOf('en')) }),
  ru: new Transcriber({ words: vocabularies.ru, prompts: renamed(promptsOf('ru')) }),
};

function renamed(prompts: Sources): Sources {
  return Object.fromEntries(Object.entries(prompts).map(([id, pcm]) => [/([^/]+)\.wav$/.exec(id)![1]!, pcm]));
}

/** Sentences, each after a second of music at the least; `at` moves them all. */
function recording(sentences: readonly (readonly Int16Array[])[], at = 0): Int16Array {
  const length = sentences.flat().reduce((sum, { length }) => sum + length, 0);
  const heard = music
    .slice(0, length + at + (sentences.length + 1) * 2 * RATE)
    .map((x) => Math.round(x * DUCKED));
  let from = at + RATE + 137;
  for (const sentence of sentences) {
    for (const clip of sentence) {
      for (const [i, sample] of clip.entries()) heard[from + i]! += sample;
      from += clip.length;
    }
    from += RATE;
  }
  return heard;
}

/** The recordings of a text; "," is a pause. */
function clipsOf(language: LanguageTag, text: string): Int16Array[] {
  return text
    .split(' ')
    .map((word) => (word === ',' ? new Int16Array(PAUSE_SAMPLES) : vocabularies[language][word]!));
}

const heardOf = (language: LanguageTag, text: string): string[] =>
  by[language].transcribe(recording([clipsOf(language, text)])).map((one) => one.text);

describe('transcription', () => {
  it.each([
    'your-balance-is twelve dollars and fifty cents',
    'on-account-number zero zero four , one two seven seven , your-balance-is minus thirteen euros and thirty cents',
    'thirty thirteen forty fourteen fifty fifteen seventy seventeen eight eighteen eighty',
    'dollar dollars ruble rubles cent cents m n b d v t two q u',
  ])('of English: %s', (text) => {
    expect(heardOf('en', text)).toEqual([text]);
  });

  it.each([
    'на-вашем-счете двадцать один рубль две копейки',
    'рубль рубля рублей копейка копейки копеек тиын тиына тиынов',
    'на-счете-номер ноль ноль семь , минус одна тысяча пятьсот пять рублей',
    'три тридцать тринадцать четыре четыреста четырнадцать пять пятьдесят пятьсот цент цента центов',
  ])('of Russian: %s', (text) => {
    expect(heardOf('ru', text)).toEqual([text]);
  });

  it('tells every single word of both languages from all others', () => {
    for (const language of ['en', 'ru'] as const) {
      const names = Object.keys(vocabularies[language]).filter((name) => !TWINS.includes(name));
      for (let i = 0; i < names.length; i += 30) {
        const text = names.slice(i, i + 30).join(' ');
        expect(heardOf(language, text)).toEqual([text]);
      }
    }
  });

  it('sees one word that is another, at the beginning, in the middle and at the end', () => {
    const right = 'your-balance-is thirteen dollars and two cents';
    for (const wrong of [
      'your-balance-is thirty dollars and two cents',
      'on-account-number thirteen dollars and two cents',
      'your-balance-is thirteen dollars and two cent',
      'your-balance-is thirteen dollars and cents',
    ]) {
      expect(heardOf('en', wrong)).toEqual([wrong]);
      expect(heardOf('en', wrong)).not.toEqual([right]);
    }
  });

  it('hears that there is a word it does not know, and goes on after it', () => {
    const words = vocabularies.en;
    const strange = vocabularies.ru['рублей']!;
    const said = [words['your-balance-is']!, words['two']!, strange, words['and']!, words['cents']!];
    const texts = by.en.transcribe(recording([said])).map(({ text }) => text);
    expect(texts).toEqual(['your-balance-is two ?', 'and cents']);
  });

  it('hears that a word was cut off', () => {
    const said = clipsOf('en', 'your-balance-is seventy dollars');
    said[2] = said[2]!.subarray(0, said[2]!.length / 2);
    expect(by.en.transcribe(recording([said])).map(({ text }) => text)).toEqual([
      'your-balance-is seventy ?',
    ]);
  });

  it('tells what is said one after the other, and where', () => {
    const prompts = renamed(promptsOf('en'));
    const said = [[prompts['one-moment']!], clipsOf('en', 'your-balance-is one dollar')];
    const found = by.en.transcribe(recording(said, 3000));
    expect(found.map(({ text }) => text)).toEqual(['one-moment', 'your-balance-is one dollar']);
    expect(found.map(({ at }) => at)).toEqual([
      3000 + RATE + 137,
      3000 + 2 * RATE + 137 + prompts['one-moment']!.length,
    ]);
  });

  it('knows the words through a telephone’s G.711', () => {
    const text = 'your-balance-is two thousand eighteen dollars and thirteen cents';
    const heard = decodeMulaw(encodeMulaw(recording([clipsOf('en', text)])));
    expect(by.en.transcribe(heard).map((one) => one.text)).toEqual([text]);
  });

  it('hears nothing in music, loud or low, nor in silence', () => {
    expect(by.en.transcribe(music.subarray(0, 5 * RATE))).toEqual([]);
    expect(by.en.transcribe(recording([]))).toEqual([]);
    expect(by.ru.transcribe(new Int16Array(5 * RATE))).toEqual([]);
    expect(by.ru.transcribe(new Int16Array(0))).toEqual([]);
  });

  it('refuses a prompt that is called as a word is', () => {
    expect(() => new Transcriber({ words: vocabularies.en, prompts: { one: music } })).toThrow('one');
  });
});
