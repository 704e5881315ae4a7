// Asterisk's sounds as a voice: which files say what, in which folders they lie, and which of them are prepared.
import { existsSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { findFfmpeg } from '../../src/media/ffmpegBinary';
import { prepareAll, type PreparationOptions } from '../../src/media/preparation';
import type { MediaSettings } from '../../src/media/settings';
import { wordFiles, wordFolders } from '../../src/media/words';
import { languageFor } from '../../src/speech/languages';
import { recordingsOf, type Recordings } from '../../src/speech/packs';
import { PAUSE } from '../../src/speech/spoken';
import { WordVoice } from '../../src/speech/wordVoice';
import { ManualClock, systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { keptLog, put, settingsIn, tempFolder } from '../media/fixtures';
import { toneLevel } from '../support/audio';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { voiceContract } from '../support/voiceContract';
import { gapsMs, heard, putWord, sentence, smallLanguage, wordSource } from './voiceFixtures';

const NEVER = new AbortController().signal;
const INSTALLED = '/usr/share/asterisk/sounds';
const en = smallLanguage('en', ['four']);
const languageOf = (tag: string) => (/^en/.test(tag) ? en : undefined);

const soundsIn = (folder: string): Recordings => recordingsOf({ asterisk: folder }, languageOf)!;

function voiceOf(settings: MediaSettings, folder: string) {
  const { log, lines } = keptLog();
  const parts = { media: settings, log, clock: new ManualClock(), currency: 'USD' };
  return { voice: new WordVoice(soundsIn(folder), parts), lines };
}

function prepare(settings: MediaSettings, more: Partial<PreparationOptions>) {
  const find = (): ReturnType<typeof findFfmpeg> => findFfmpeg({ env: process.env });
  return prepareAll({
    settings,
    log: silentLogger,
    clock: systemClock(),
    findFfmpeg: find,
    parallel: 2,
    ...more,
  });
}

describeWithFfmpeg('sounds as Asterisk installs them', () => {
  const settings = settingsIn(tempFolder());
  const folder = join(tempFolder(), 'sounds');
  let prepared: string[];

  beforeAll(async () => {
    putWord(folder, 'en/queue-place.wav', wordSource(0));
    putWord(folder, 'en/digits/one.wav', wordSource(1));
    putWord(folder, 'en/digits/two.wav', wordSource(2));
    put({ folder } as MediaSettings, 'en/digits/two.sln', 'raw samples, of which nobody knows');
    putWord(folder, 'en/digits/three.wav', wordSource(3));
    put({ folder } as MediaSettings, 'en/vm-goodbye.wav', 'nobody asks for it');
    put({ folder } as MediaSettings, 'fr/digits/one.wav', 'nobody speaks it');
    putWord(folder, 'en_GB/queue-place.wav', wordSource(4, 0.9));
    const outcomes = await prepare(settings, { packs: [soundsIn(folder).pack] });
    prepared = outcomes.map(({ id, status }) => `${id.slice(folder.length + 1)} ${status}`);
  });

  test('only what a language names is prepared', () => {
    expect(prepared.sort()).toEqual(
      ['en/digits/one.wav', 'en/digits/three.wav', 'en/digits/two.wav', 'en/queue-place.wav', 'en_GB/queue-place.wav']
        .map((id) => `${id} prepared`), // prettier-ignore
    );
  });

  describe('are a Voice', () => {
    voiceContract(() => {
      rmSync(join(folder, 'en_GB'), { recursive: true, force: true });
      rmSync(join(folder, 'en/digits/three.wav'), { force: true });
      return {
        ...voiceOf(settings, folder),
        whole: sentence('place', PAUSE, 'two', PAUSE),
        impossible: sentence('place', PAUSE, 'three'),
      };
    });
  });

  test('a clip that no such pack has is another voice’s affair, and no error', async () => {
    const { voice, lines } = voiceOf(settings, folder);
    for (let k = 0; k < 2; k++)
      expect(await voice.clips(sentence('place', 'four'), 'en', NEVER)).toBeUndefined();
    expect(lines.map(({ level }) => level)).toEqual(['info']);
  });

  test('words are joined as those of any pack', async () => {
    const { voice } = voiceOf(settings, folder);
    const [gap] = gapsMs(heard((await voice.clips(sentence('one', 'two'), 'en', NEVER))!), 8000);
    expect(gap).toBeGreaterThanOrEqual(40);
    expect(gap).toBeLessThanOrEqual(80);
  });
});

describeWithFfmpeg('sounds in Asterisk’s own formats', () => {
  test.each([
    ['ulaw', []],
    ['alaw', []],
    ['gsm', []],
    ['g722', ['-ar', '16000']],
    ['sln16', ['-f', 's16le', '-ar', '16000']],
  ])('.%s speaks as a WAV does', async (ending, options) => {
    const settings = settingsIn(tempFolder());
    const folder = join(tempFolder(), 'sounds');
    const encoded = ['ulaw', 'alaw'].includes(ending) ? ['-f', ending.replace('ulaw', 'mulaw')] : options;
    ['queue-place', 'digits/two'].forEach((name, seed) => {
      const file = put({ folder } as MediaSettings, `en/${name}.${ending}`, '');
      makeAudio(wordSource(seed), file, '-ar', '8000', '-ac', '1', ...encoded);
      utimesSync(file, 1, 1);
    });
    await prepare(settings, { packs: [soundsIn(folder).pack] });
    const said = await voiceOf(settings, folder).voice.clips(sentence('place', 'two'), 'en', NEVER);
    const samples = heard(said!);
    // Two words of 400 ms with their tones, and 25 ms of silence at each end of a word.
    expect(Math.abs(samples.length / 8 - 900)).toBeLessThan(60);
    const levels = [300, 900, 340, 1030].map((hz, k) =>
      toneLevel(samples, hz, 8000, k < 2 ? 400 : 4000, k < 2 ? 3200 : 6800),
    );
    for (const level of levels) expect(level).toBeGreaterThan(0.03);
  });

  test('of one sound in many formats the best is taken', async () => {
    const folder = join(tempFolder(), 'sounds');
    for (const ending of ['gsm', 'ulaw', 'WAV', 'sln'])
      putWord(folder, `en/digits/one.${ending}`, wordSource(1));
    for (const ending of ['gsm', 'wav', 'g722', 'sln16'])
      putWord(folder, `en/digits/two.${ending}`, wordSource(2));
    const pack = soundsIn(folder).pack;
    const files = await wordFiles(pack, (await wordFolders(pack))[0]!);
    expect([...files.values()].sort()).toEqual(['digits/one.sln', 'digits/two.sln16']);
  });
});

const installed = existsSync(join(INSTALLED, 'en/digits/1.wav'));
if (!installed) process.stderr.write('asterisk-core-sounds-en-wav is not installed: its tests are skipped\n');

describe('Debian’s packages', () => {
  (installed ? test.each(['en', 'ru', 'es', 'fr', 'it']) : test.skip.each(['en']))(
    'have every sound that the language %s names',
    (tag) => {
      const language = languageFor(tag)!;
      const missing = Object.values(language.asterisk)
        .flat()
        .filter((name) => !existsSync(join(INSTALLED, tag, `${name}.wav`)));
      expect(missing).toEqual([]);
    },
  );
});
