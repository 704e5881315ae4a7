// Every shipped clip of speech is what its text says, as far as a test can hear: long enough, without holes or clicks.
// Where the synthesisers are installed, some of each language are spoken again and must sound the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, readSamples, type Entry } from '../../media/make/manifest';
import { spoken, voices } from '../../media/make/speak';
import { speeches, speechFile, type Language } from '../../media/make/texts';
import { hasFfmpeg } from '../support/ffmpeg';

const MEDIA = join(__dirname, '../../media');
/** Under Jest a look-up of a global costs a microsecond. */
const { abs, max } = Math;
const LANGUAGES: readonly Language[] = ['en', 'ru'];
const RATE = 8000;
/** 10 ms: what an ear takes as one moment. */
const BLOCK = 80;
/** Softer than this below the loudest moment, nothing is said. */
const QUIET_DB = -40;
const { files } = readManifest(MEDIA);
const clips = LANGUAGES.flatMap((language) =>
  speeches.map((speech) => ({ file: speechFile(speech, language), language, text: speech.text[language] })),
);

/** Vowels, or groups of vowels, that sound. */
function syllables(text: string, language: Language): number {
  if (language === 'ru') return text.match(/[аеиоуыэюя]/gi)?.length ?? 0;
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  return words.reduce(
    (sum, word) => sum + (word.replace(/(?<=[aeiouy].*)e$/, '').match(/[aeiouy]+/g)?.length ?? 0),
    0,
  );
}

/** Level of each 10 ms below the loudest 10 ms, dB. */
function envelope(samples: Float32Array): number[] {
  const powers = Array.from({ length: Math.floor(samples.length / BLOCK) }, (_, k) =>
    samples.subarray(k * BLOCK, (k + 1) * BLOCK).reduce((sum, x) => sum + x * x, 1e-9),
  );
  const loudest = max(...powers);
  return powers.map((power) => 10 * Math.log10(power / loudest));
}

/** Length of the longest stretch without sound, milliseconds. */
function longestQuiet(levels: readonly number[]): number {
  let [run, longest] = [0, 0];
  for (const level of levels) {
    run = level < QUIET_DB ? run + 1 : 0;
    longest = max(longest, run);
  }
  return 10 * longest;
}

test('no two clips are the same recording', () => {
  const hashes = clips.map(({ file }) => files[file]?.sha256);
  expect(new Set(hashes).size).toBe(clips.length);
});

describe.each(clips)('$file', ({ file, language, text }) => {
  const entry = files[file] as Extract<Entry, { kind: 'speech' }>;

  test('was rendered from its text, by the voice of its language', () => {
    const { text: said, language: inLanguage, voice } = entry;
    expect({ said, inLanguage, voice }).toEqual({
      said: text,
      inLanguage: language,
      voice: voices[language].name,
    });
  });

  test('takes as long as its text does', () => {
    const speaking = readSamples(join(MEDIA, file)).length / RATE - 0.1;
    const perSecond = syllables(text, language) / speaking;
    const [slowest, fastest] = language === 'en' ? [2.5, 5] : [3.6, 6.6];
    expect(perSecond).toBeGreaterThan(slowest);
    expect(perSecond).toBeLessThan(fastest);
  });

  test('speaks from beginning to end: no silence but the pause at a comma or a full stop', () => {
    const levels = envelope(readSamples(join(MEDIA, file)));
    expect(longestQuiet(levels)).toBeLessThan(/[,.!] /.test(text) ? 350 : 150);
  });

  test('begins and ends in silence, and is not clipped: its peak is reached by few samples', () => {
    const samples = readSamples(join(MEDIA, file));
    expect([samples[0], samples.at(-1)]).toEqual([0, 0]);
    const peak = samples.reduce((most, x) => max(most, abs(x)), 0);
    expect(samples.filter((x) => abs(x) === peak).length).toBeLessThan(6);
  });
});

/** How alike the rise and fall of two clips are, stretched to the same length: 1 is the same. */
function likeness(a: readonly number[], b: readonly number[]): number {
  const length = 200;
  const stretched = (levels: readonly number[]): number[] => {
    const at = Array.from({ length }, (_, k) => max(-50, levels[Math.floor((k * levels.length) / length)]!));
    const mean = at.reduce((sum, x) => sum + x, 0) / length;
    return at.map((x) => x - mean);
  };
  const [x, y] = [stretched(a), stretched(b)];
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, k) => sum + value * v[k]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** Where Debian's packages put the voices. */
const VOICE_FILES: Record<Language, string> = {
  en: '/usr/bin/flite',
  ru: '/usr/share/festival/voices/russian/msu_ru_nsh_clunits',
};

describe.each(LANGUAGES)('the synthesiser of %s, spoken to again,', (language) => {
  const again = ['position-1', 'position-13', 'position-38', 'position-many', 'wait-30-45', 'one-moment'];
  (hasFfmpeg && existsSync(VOICE_FILES[language]) ? test : test.skip).each(again)(
    'says %s as it was shipped',
    (name) => {
      const { file, text } = clips.find((clip) => clip.file === `prompts/${language}/${name}.wav`)!;
      const [shipped, now] = [readSamples(join(MEDIA, file)), spoken(text, language)];
      expect(abs(now.length / shipped.length - 1)).toBeLessThan(0.03);
      expect(likeness(envelope(now), envelope(shipped))).toBeGreaterThan(0.95);
    },
  );
});
