// A small language, packs of generated words and programs that speak, for the tests of voices.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clip } from '../../src/audio/source';
import type { MediaSettings } from '../../src/media/settings';
import type { Language } from '../../src/speech/language';
import { PAUSE, type Spoken } from '../../src/speech/spoken';
import { makeAudio } from '../support/ffmpeg';
import { put, tempFolder } from '../media/fixtures';

/** What a place is said with: "place, four". */
export const WORDS = ['place', 'one', 'two', 'three', 'four'];

function spokenNumber(n: number): Spoken {
  const clip = WORDS[n];
  if (clip === undefined || n === 0) throw new RangeError('no such number');
  return { text: clip, clips: [clip] };
}

/** A language of four numbers; Asterisk's sounds have all but `foreign`. */
export function smallLanguage(tag: string, foreign: readonly string[] = []): Language {
  const unused = (): never => {
    throw new Error('not in this language');
  };
  return {
    tag,
    cardinal: (n) => spokenNumber(Number(n)),
    money: unused,
    digits: unused,
    position: (place) => sentence('place', PAUSE, ...spokenNumber(place).clips, PAUSE),
    balance: (accounts) => sentence(...accounts.map(({ number }) => number)),
    vocabulary: () => WORDS,
    asterisk: Object.fromEntries(
      WORDS.filter((word) => !foreign.includes(word)).map((word) => [
        word,
        word === 'place' ? ['queue-place'] : [`digits/${word}`],
      ]),
    ),
  };
}

/** What is said with these clips; the text has each of them. */
export function sentence(...clips: readonly string[]): Spoken {
  return { text: clips.filter((clip) => clip !== PAUSE).join(' '), clips };
}

/** Bursts of two tones like a word, with silence before and after; `seed` makes words differ. */
export function wordSource(seed: number, seconds = 0.4, beforeS = 0.2, afterS = 0.3): string {
  const [low, high] = [300 + 40 * seed, 900 + 130 * seed];
  const loudness = 0.08 + 0.07 * (seed % 5);
  const word = `${loudness}*(sin(2*PI*${low}*t)+sin(2*PI*${high}*t))*(0.6+0.4*sin(2*PI*6*t))`;
  return `aevalsrc='if(between(t,${beforeS},${beforeS + seconds}),${word},0)':d=${beforeS + seconds + afterS}:s=16000`;
}

/** Puts a generated word into a pack's folder of a language, an hour old. */
export function putWord(folder: string, name: string, source: string): string {
  const settings = { folder } as MediaSettings;
  const wav = join(tempFolder(), 'word.wav');
  makeAudio(source, wav);
  return put(settings, name, readFileSync(wav));
}

/** An executable script; what follows `#!/bin/sh`. */
export function script(text: string): string {
  const file = join(tempFolder(), 'speak');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** All samples of clips one after the other. */
export function heard(clips: readonly Clip[]): Float32Array {
  const all = new Float32Array(clips.reduce((sum, clip) => sum + clip.samples, 0));
  let at = 0;
  for (const clip of clips) {
    const reader = clip.open();
    at += reader.read(all, at, clip.samples);
    reader.close();
  }
  return all;
}

/** Stretches quieter than 42 dB below the loudest 5 ms, milliseconds, between the first and the last sound. */
export function gapsMs(samples: Float32Array, rate: number): number[] {
  const size = (rate * 5) / 1000;
  const levels = Array.from({ length: Math.floor(samples.length / size) }, (_, k) =>
    Math.sqrt(samples.subarray(k * size, (k + 1) * size).reduce((sum, x) => sum + x * x, 0) / size),
  );
  const floor = Math.max(...levels) * 10 ** (-42 / 20);
  const sounding = levels.flatMap((level, k) => (level > floor ? [k] : []));
  return sounding.slice(1).flatMap((k, i) => (k - sounding[i]! > 3 ? [(k - sounding[i]! - 1) * 5] : []));
}
