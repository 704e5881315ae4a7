// The order in which languages and voices are tried, and that a caller hears one whole sentence or none.
import { join } from 'node:path';
import { memoryClip, type Clip } from '../../src/audio/source';
import { openSpeaker } from '../../src/speech/open';
import { Speaker } from '../../src/speech/speaker';
import type { Spoken } from '../../src/speech/spoken';
import type { Voice } from '../../src/speech/voice';
import { ManualClock } from '../../src/util/clock';
import { keptLog, put, rampWav, settingsIn, ship, tempFolder } from '../media/fixtures';
import { script, smallLanguage } from './voiceFixtures';

const NEVER = new AbortController().signal;
const languages = ['en', 'ru', 'de'].map((tag) => smallLanguage(tag));
const languageOf = (tag: string) => languages.find((language) => tag.startsWith(language.tag));

type Answer = 'says' | 'cannot' | 'throws' | 'nothing' | 'waits';

/** A voice that answers as it is told, and notes what it was asked. */
function fakeVoice(name: string, answers: Readonly<Record<string, Answer>>, asked: string[] = []): Voice {
  const base = (tag: string): string => tag.slice(0, 2);
  return {
    name,
    clips(spoken: Spoken, tag, signal): Promise<readonly Clip[] | undefined> {
      if (!(base(tag) in answers)) return Promise.resolve(undefined);
      asked.push(`${name} ${tag}`);
      const answer = answers[base(tag)];
      if (answer === 'throws') return Promise.reject(new Error('broken'));
      if (answer === 'waits')
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
      const clip = memoryClip(`${name} ${tag} ${spoken.clips.join(' ')}`, new Float32Array(1));
      return Promise.resolve(answer === 'says' ? [clip] : answer === 'nothing' ? [] : undefined);
    },
  };
}

function speakerOf(voices: readonly Voice[], fallbackLanguage = 'en') {
  const { log, lines } = keptLog();
  return { speaker: new Speaker({ voices, fallbackLanguage, log, languageOf }), lines };
}

const said = async (speaker: Speaker, language: string, place = 2): Promise<string | undefined> =>
  (await speaker.position(place, language, NEVER))?.map(({ id }) => id).join();

test('the first voice that speaks the caller’s language and can say all of it says it', async () => {
  const asked: string[] = [];
  const { speaker, lines } = speakerOf([
    fakeVoice('a', { en: 'says' }, asked),
    fakeVoice('b', { ru: 'cannot' }, asked),
    fakeVoice('c', { ru: 'nothing' }, asked),
    fakeVoice('d', { ru: 'says', en: 'says' }, asked),
    fakeVoice('e', { ru: 'says' }, asked),
  ]);
  expect(await said(speaker, 'ru_RU')).toBe('d ru_RU place , two ,');
  expect([asked, lines]).toEqual([['b ru_RU', 'c ru_RU', 'd ru_RU'], []]);
});

test('where none can, all of it is said in the house’s language', async () => {
  const { speaker } = speakerOf([
    fakeVoice('a', { ru: 'cannot', en: 'cannot' }),
    fakeVoice('b', { en: 'says' }),
  ]);
  expect(await said(speaker, 'ru')).toBe('b en place , two ,');
});

test('a language without grammar is answered in the house’s', async () => {
  const { speaker } = speakerOf([fakeVoice('a', { ja: 'says', de: 'says' })], 'de_DE');
  expect(await said(speaker, 'ja')).toBe('a de_DE place , two ,');
  expect(await said(speaker, '')).toBe('a de_DE place , two ,');
});

test('the house’s language is not tried twice', async () => {
  const asked: string[] = [];
  const { speaker } = speakerOf([fakeVoice('a', { en: 'cannot' }, asked)]);
  expect(await said(speaker, 'en_GB')).toBeUndefined();
  expect(asked).toEqual(['a en_GB']);
});

test('a voice that throws keeps no other from speaking', async () => {
  const { speaker, lines } = speakerOf([fakeVoice('a', { en: 'throws' }), fakeVoice('b', { en: 'says' })]);
  expect(await said(speaker, 'en')).toBe('b en place , two ,');
  expect(lines.map(({ fields }) => fields['voice'])).toEqual(['a']);
});

test('that nobody can speak is told once a language, and again after somebody could', async () => {
  const answers: Record<string, Answer> = { en: 'cannot' };
  const { speaker, lines } = speakerOf([fakeVoice('a', answers)]);
  for (let k = 0; k < 2; k++) expect(await said(speaker, 'en')).toBeUndefined();
  expect(lines.map(({ level, fields }) => `${level} ${String(fields['code'])}`)).toEqual([
    'error HC_VOICE_FAILED',
  ]);
  answers['en'] = 'says';
  await said(speaker, 'en');
  answers['en'] = 'cannot';
  await said(speaker, 'en');
  expect(lines).toHaveLength(2);
});

test('a number that no language has words for is not said, and nothing is thrown', async () => {
  const { speaker } = speakerOf([fakeVoice('a', { en: 'says' })]);
  expect(await said(speaker, 'en', 99)).toBeUndefined();
  expect(await speaker.balance([], 'en', NEVER)).toHaveLength(1);
});

test('aborted before or meanwhile, it answers nothing and logs nothing', async () => {
  const asked: string[] = [];
  const { speaker, lines } = speakerOf([
    fakeVoice('a', { en: 'waits' }, asked),
    fakeVoice('b', { en: 'says' }, asked),
  ]);
  expect(await speaker.position(1, 'en', AbortSignal.abort())).toBeUndefined();
  const stop = new AbortController();
  const clips = speaker.position(1, 'en', stop.signal);
  stop.abort();
  expect([await clips, asked, lines]).toEqual([undefined, ['a en'], []]);
});

test('closing ends what is at work, and what is asked afterwards', async () => {
  const { speaker } = speakerOf([fakeVoice('a', { en: 'waits' })]);
  const clips = speaker.position(1, 'en', NEVER);
  await speaker.close();
  expect(await clips).toBeUndefined();
  expect(await speaker.position(1, 'en', NEVER)).toBeUndefined();
});

test('is put together from settings, in their order', async () => {
  const settings = settingsIn(tempFolder());
  const ids = ['you-are-number', 'one', 'four'].map((word) => `voices/ru/${word}.wav`);
  for (const id of ids) put(settings, id, rampWav(100));
  ship(settings, Object.fromEntries(ids.map((id) => [id, {}])));
  const seen = join(tempFolder(), 'seen');
  const { log, lines } = keptLog();
  const speaker = await openSpeaker({
    voices: [
      { recorded: join(settings.folder, 'voices') },
      { asterisk: join(settings.folder, 'nowhere') },
      { command: [script(`cat > ${seen}; exit 1`)], languages: ['en'], limitMs: 10_000 },
    ],
    media: settings,
    language: 'en',
    currency: 'USD',
    clock: new ManualClock(),
    log,
  });
  expect(await speaker.position(4, 'ru', NEVER)).toBeUndefined();
  const told = lines.map(({ level, message, fields }) => {
    const voice = fields['voice'] as string | undefined;
    return `${level} ${voice?.split(' ')[0] ?? ''} ${message}`;
  });
  expect(told).toEqual([
    'error recorded clips are missing',
    'error command the voice cannot speak',
    'error  no voice can say a sentence',
  ]);
  await speaker.close();
});
