// Turns the texts into speech with free synthesisers from Debian, at the rate, band and level of a telephone.
// flite's rms voice was the best understood of seven by a speech recogniser; festvox-ru speaks with recorded Russian.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../src/util/errors';
import { TELEPHONE_RATE } from './compose';
import { highPass, highShelf } from './filters';
import { levelled, linear } from './level';
import { BAND_EDGE_HZ, type Samples } from './resample';
import type { Language } from './texts';

export interface Voice {
  /** For the manifest: program, voice, what it is. */
  name: string;
  /** SPDX expression of what it speaks: our text, the voice's licence. */
  licence: string;
  /** Debian packages that bring it. */
  packages: string;
  /** Lift of what lies above PRESENCE_HZ: a telephone takes the chest from a voice but not the lips. dB. */
  presenceDb: number;
  /** Words that the voice gets wrong, and the spelling it gets right. */
  respelled: ReadonlyMap<string, string>;
  /** Program and arguments that speak `textFile` into `wavFile`. */
  command: (textFile: string, wavFile: string) => readonly [program: string, ...args: string[]];
  /** Arguments more for a word alone: as even as the voice can, since any word may stand before or behind it. */
  evenly: readonly string[];
}

/** Words are joined to sentences, so with little silence around them: what two of them have makes 40 to 80 ms. */
export type Utterance = 'sentence' | 'word';

export const voices: Record<Language, Voice> = {
  en: {
    name: 'flite, cmu_us_rms (US English, male)',
    licence: 'CC0-1.0 AND MIT-Festival',
    packages: 'flite',
    presenceDb: 7,
    respelled: new Map(),
    command: (textFile, wavFile) => [
      'flite', '-voice', 'rms', '--setf', 'duration_stretch=1.08', '-f', textFile, '-o', wavFile,
    ],
    evenly: ['--setf', 'int_f0_target_stddev=7'],
  },
  ru: {
    name: 'festival, msu_ru_nsh_clunits (Russian, male)',
    licence: 'CC0-1.0 AND MIT-Festival',
    packages: 'festival festvox-ru',
    presenceDb: 5,
    // "+" stands before the stressed vowel; without it forty is a magpie.
    respelled: new Map([
      ['займет', 'займёт'], ['сорока', 'сорок+а'],
      // A vowel alone would be said as without stress, О as А.
      ...[...'АЕИОУЫЭЮЯ'].map((letter) => [letter, `+${letter.toLowerCase()}`] as const),
    ]),
    command: (textFile, wavFile) => ['text2wave', '-eval', '(voice_msu_ru_nsh_clunits)', textFile, '-o', wavFile],
    evenly: [],
  },
}; // prettier-ignore

export const SPEECH_LUFS = -19;
export const SPEECH_PEAK_DBTP = -3;
/** What is kept of the silence before and after speech. */
const EDGE_SEC: Readonly<Record<Utterance, number>> = { sentence: 0.05, word: 0.03 };
/** Quieter than this below the loudest 10 ms is silence: at the end of a word also its last breath. */
const SILENCE_DB: Readonly<Record<Utterance, number>> = { sentence: -42, word: -34 };
const BAND_LOW_HZ = 200;
const PRESENCE_HZ = 900;

/** Speaks `text`; floats at the telephone's rate, trimmed and at their level. Throws when a program is missing. */
export function spoken(text: string, language: Language, kind: Utterance = 'sentence'): Samples {
  const voice = voices[language];
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-speech-'));
  try {
    const [textFile, wavFile] = [join(folder, 'text.txt'), join(folder, 'speech.wav')];
    writeFileSync(textFile, `${respelled(text, voice)}\n`);
    const command = voice.command(textFile, wavFile);
    run(voice.packages, kind === 'word' ? [...command, ...voice.evenly] : command);
    const heard = highPass(telephoneRate(wavFile), TELEPHONE_RATE, BAND_LOW_HZ);
    const clear = highShelf(heard, TELEPHONE_RATE, PRESENCE_HZ, voice.presenceDb);
    const level = (samples: Samples): Samples =>
      levelled(trimmed(samples, kind), TELEPHONE_RATE, SPEECH_LUFS, SPEECH_PEAK_DBTP);
    // In a word what was just loud enough beside the loudest is not when that has been limited.
    return kind === 'word' ? level(level(clear)) : level(clear);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function respelled(text: string, voice: Voice): string {
  return text.replace(/\p{L}+/gu, (word) => voice.respelled.get(word) ?? word);
}

function telephoneRate(wavFile: string): Samples {
  const cutoff = BAND_EDGE_HZ / (TELEPHONE_RATE / 2);
  const filter = `aresample=${TELEPHONE_RATE}:resampler=soxr:precision=28:cutoff=${cutoff}`;
  const bytes = run('ffmpeg', [
    'ffmpeg',
    '-v',
    'error',
    '-i',
    wavFile,
    '-af',
    filter,
    '-ac',
    '1',
    '-f',
    'f32le',
    '-',
  ]);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function run(packages: string, [program, ...args]: readonly [string, ...string[]]): Buffer {
  try {
    return execFileSync(program, args, { maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    throw new Error(`${program} is not installed; install it with: apt-get install ${packages}`, { cause });
  }
}

/** Without the silence at both ends, but for a little of it, faded. */
function trimmed(samples: Samples, kind: Utterance): Samples {
  const block = TELEPHONE_RATE / 100;
  const powers = Array.from({ length: Math.ceil(samples.length / block) }, (_, k) =>
    samples.subarray(k * block, (k + 1) * block).reduce((sum, x) => sum + x * x, 0),
  );
  const floor = Math.max(...powers) * linear(SILENCE_DB[kind]) ** 2;
  const edge = EDGE_SEC[kind] * TELEPHONE_RATE;
  const first = Math.max(0, powers.findIndex((power) => power > floor) * block - edge);
  const last = Math.min(samples.length, (powers.findLastIndex((power) => power > floor) + 1) * block + edge);
  const kept = samples.slice(first, last);
  for (let i = 0; i < edge; i++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * i) / edge);
    kept[i]! *= gain;
    kept[kept.length - 1 - i]! *= gain;
  }
  return kept;
}
