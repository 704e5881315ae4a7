// Recorded voices: words that join like speech, whole sentences or none, and little work for a caller's process.
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFfmpeg } from '../../src/media/ffmpegBinary';
import { defaultBand, type MediaSettings } from '../../src/media/settings';
import { prepareAll } from '../../src/media/preparation';
import { recordingsOf } from '../../src/speech/packs';
import { PAUSE } from '../../src/speech/spoken';
import type { Voice } from '../../src/speech/voice';
import { WordVoice } from '../../src/speech/wordVoice';
import { ManualClock, systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { wavHeader } from '../../src/audio/wav';
import { keptLog, put, rampWav, settingsIn, ship, tempFolder } from '../media/fixtures';
import { describeWithFfmpeg, measure } from '../support/ffmpeg';
import { voiceContract } from '../support/voiceContract';
import { gapsMs, heard, putWord, sentence, smallLanguage, wordSource, WORDS } from './voiceFixtures';

const NEVER = new AbortController().signal;
const clock = systemClock();
const en = smallLanguage('en');
const languageOf = (tag: string) => (/^en\b|^en_/.test(tag) ? en : undefined);

/** A voice of a pack in a folder of its own, away from the media folder. */
function voiceOf(
  settings: MediaSettings,
  pack: string,
  requestPreparation = (): void => {},
  on = new ManualClock(),
) {
  const { log, lines } = keptLog();
  const parts = { media: settings, log, clock: on, currency: 'USD', requestPreparation };
  return { voice: new WordVoice(recordingsOf({ recorded: pack }, languageOf)!, parts), lines };
}

function prepare(settings: MediaSettings, pack: string) {
  const find = (): ReturnType<typeof findFfmpeg> => findFfmpeg({ env: process.env });
  return prepareAll({
    settings,
    packs: [recordingsOf({ recorded: pack })!.pack],
    log: silentLogger,
    clock,
    findFfmpeg: find,
    parallel: 2,
  });
}

/** A pack that is shipped ready to play at 8 kHz: word k is a ramp of 100·(k + 1) samples. */
function shipped() {
  const settings = settingsIn(tempFolder());
  const above = { ...settings, folder: join(tempFolder(), 'media') };
  const ids = WORDS.map((word) => `voices/en/${word}.wav`);
  ids.forEach((id, k) => put(above, id, rampWav(100 * (k + 1), 8000, k)));
  ship(above, Object.fromEntries(ids.map((id) => [id, {}])));
  return { settings, above, pack: join(above.folder, 'voices') };
}

const lengths = async (voice: Voice, ...clips: string[]): Promise<number[] | undefined> =>
  (await voice.clips(sentence(...clips), 'en', NEVER))?.map((clip) => clip.samples);

describe('a shipped pack is a Voice', () => {
  voiceContract(() => {
    const { settings, pack } = shipped();
    return {
      ...voiceOf(settings, pack),
      whole: sentence('place', PAUSE, 'three', PAUSE),
      impossible: sentence('place', PAUSE, 'ninety'),
    };
  });
});

test('plays shipped words as they are, with a quarter of a second for a pause and none at the ends', async () => {
  const { settings, pack } = shipped();
  const { voice } = voiceOf(settings, pack);
  expect(await lengths(voice, PAUSE, 'one', 'four', PAUSE, 'place', PAUSE)).toEqual([200, 500, 2000, 100]);
  expect(existsSync(settings.cache)).toBe(false);
});

test('a word that vanishes after it was given is heard all the same', async () => {
  const { settings, pack } = shipped();
  const { voice } = voiceOf(settings, pack);
  const clips = await voice.clips(sentence('one', 'two'), 'en', NEVER);
  rmSync(pack, { recursive: true });
  expect(heard(clips!)).toHaveLength(500);
  expect(await lengths(voice, 'one', 'two')).toBeUndefined();
});

test('tells all clips that are missing, each once, and not which of them a sentence lacked', async () => {
  const { settings, pack } = shipped();
  for (const word of ['two', 'four']) rmSync(join(pack, `en/${word}.wav`));
  const { voice, lines } = voiceOf(settings, pack);
  expect(await lengths(voice, 'place', 'four')).toBeUndefined();
  expect(await lengths(voice, 'place', 'two')).toBeUndefined();
  expect(lines.map(({ level, fields }) => [level, fields['clips']])).toEqual([['error', ['four', 'two']]]);
  expect(await lengths(voice, 'place', 'three')).toEqual([100, 400]);
});

test('takes up a word that was recorded meanwhile, and one that was replaced', async () => {
  const { settings, above, pack } = shipped();
  rmSync(join(pack, 'en/two.wav'));
  const { voice } = voiceOf(settings, pack);
  expect(await lengths(voice, 'two')).toBeUndefined();
  put(above, 'voices/en/two.wav', rampWav(300, 8000, 5));
  expect(await lengths(voice, 'two')).toEqual([300]);
  const file = put(above, 'voices/en/two.wav', rampWav(300, 8000, 9));
  utimesSync(file, 1, 1);
  const [clip] = (await voice.clips(sentence('two'), 'en', NEVER))!;
  expect(heard([clip!])[0]! * 32768).toBe(9 - 15000);
});

test('asks for preparation of what waits, at most once a minute, and says so once', async () => {
  const settings = settingsIn(tempFolder());
  const pack = join(settings.folder, 'voices');
  put(settings, 'voices/en/one.mp3', 'x');
  let asked = 0;
  const manual = new ManualClock();
  const { voice, lines } = voiceOf(settings, pack, () => asked++, manual);
  for (let k = 0; k < 2; k++) expect(await lengths(voice, 'one')).toBeUndefined();
  expect(asked).toBe(1);
  manual.advance(60_000);
  expect(await lengths(voice, 'one')).toBeUndefined();
  expect([asked, lines.map(({ level }) => level)]).toEqual([2, ['warn']]);
});

test('a recording of an hour is no word: it is told, and never loaded', async () => {
  const { settings, above, pack } = shipped();
  const bytes = Buffer.concat([wavHeader(8000, 240_001), Buffer.alloc(480_002, 1)]);
  put(above, 'voices/en/two.wav', bytes);
  ship(above, Object.fromEntries(WORDS.map((word) => [`voices/en/${word}.wav`, {}])));
  const { voice, lines } = voiceOf(settings, pack);
  for (let k = 0; k < 2; k++) expect(await lengths(voice, 'two')).toBeUndefined();
  expect(lines.map(({ fields }) => fields['error'])).toEqual(['too long for a word or a phrase']);
});

test('takes the folder of the whole tag, else of its language', async () => {
  const { settings, above, pack } = shipped();
  put(above, 'voices/en-GB/one.wav', rampWav(77));
  ship(above, { 'voices/en-GB/one.wav': {}, 'voices/en/one.wav': {} });
  const { voice } = voiceOf(settings, pack);
  const samples = async (tag: string) => (await voice.clips(sentence('one'), tag, NEVER))?.[0]?.samples;
  expect([await samples('en_GB'), await samples('en'), await samples('en_US')]).toEqual([77, 200, 200]);
});

test('a file name in decomposed letters, as some disks write it, is the same clip', async () => {
  const { settings, above, pack } = shipped();
  const decomposed = 'français'.normalize('NFD');
  put(above, `voices/en/${decomposed}.wav`, rampWav(66));
  ship(above, { [`voices/en/${decomposed}.wav`]: {} });
  const { voice } = voiceOf(settings, pack);
  expect(await lengths(voice, 'français'.normalize('NFC'))).toEqual([66]);
});

describeWithFfmpeg('a pack of an operator', () => {
  const settings = settingsIn(tempFolder());
  const pack = join(tempFolder(), 'my-voices');
  let stand: ReturnType<typeof voiceOf>;

  beforeAll(async () => {
    // With much silence around, none at all, lots at one end; different lengths and levels.
    putWord(pack, 'en/place.wav', wordSource(0, 0.8, 0.4, 0.6));
    putWord(pack, 'en/one.wav', wordSource(1, 0.3, 0, 0));
    putWord(pack, 'en/two.wav', wordSource(2, 0.5, 0, 0.5));
    putWord(pack, 'en/three.wav', wordSource(3, 0.35, 0.5, 0));
    putWord(pack, 'en/four.wav', wordSource(4, 0.25, 0.013, 0.017));
    await prepare(settings, pack);
    stand = voiceOf(settings, pack);
  });

  describe('is a Voice', () => {
    voiceContract(() => ({
      ...voiceOf(settings, pack),
      whole: sentence('place', PAUSE, 'three', PAUSE),
      impossible: sentence('place', PAUSE, 'ninety'),
    }));
  });

  test('each gap between two words is 40 to 80 ms, whatever silence was recorded', async () => {
    const said = [
      'one',
      'one',
      'two',
      'three',
      'four',
      'one',
      'four',
      'four',
      'three',
      'place',
      'two',
      'one',
    ];
    const gaps = gapsMs(heard((await stand.voice.clips(sentence(...said), 'en', NEVER))!), 8000);
    expect(gaps).toHaveLength(said.length - 1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(40);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(80);
  });

  test('a pause is heard as one', async () => {
    const clips = await stand.voice.clips(sentence('place', PAUSE, 'two'), 'en', NEVER);
    const [gap] = gapsMs(heard(clips!), 8000);
    expect(gap).toBeGreaterThanOrEqual(290);
    expect(gap).toBeLessThanOrEqual(330);
  });

  test('joins have no step, and all is at −19 LUFS', async () => {
    const said = ['place', 'one', 'two', 'three', 'four', 'two', 'one', 'place', 'four'];
    const clips = (await stand.voice.clips(sentence(...said), 'en', NEVER))!;
    const samples = heard(clips);
    let at = 0;
    for (const clip of clips.slice(0, -1)) {
      at += clip.samples;
      expect(Math.abs(samples[at]! - samples[at - 1]!)).toBeLessThan(0.001);
    }
    const wav = join(tempFolder(), 'said.wav');
    const pcm = Int16Array.from(samples, (x) => x * 32768);
    writeFileSync(wav, Buffer.concat([wavHeader(8000, pcm.length), Buffer.from(pcm.buffer)]));
    expect(Math.abs(measure(wav).lufs + 19)).toBeLessThanOrEqual(1);
  });

  test('words of the same loudness are equally loud, at other rates too', async () => {
    const wide = { ...settings, rate: 16000 as const, ...defaultBand(16000) };
    const outcomes = await prepare(wide, pack);
    expect(outcomes.map(({ status, words }) => `${status} ${words}`)).toEqual(
      WORDS.map(() => `prepared ${pack}/en`),
    );
    for (const { loudnessAfter } of outcomes) expect(Math.abs(loudnessAfter! + 19)).toBeLessThanOrEqual(0.5);
    const clips = await voiceOf(wide, pack).voice.clips(sentence('one', 'two'), 'en', NEVER);
    const [gap] = gapsMs(heard(clips!), 16000);
    expect(gap).toBeGreaterThanOrEqual(40);
    expect(gap).toBeLessThanOrEqual(80);
  });
});
