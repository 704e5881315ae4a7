// What the product speaks with, as it is shipped: words and prompts. And what a caller was told, as text to compare.
// Expected sentences are the grammar's own, whose rightness is proven elsewhere; here it is whether they are heard.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { languageFor } from '../../../src/speech/languages';
import { parseMoney } from '../../../src/speech/money';
import { packageRoot } from '../../../src/util/packageRoot';
import type { Run, Sources } from '../judge/exact';
import { Transcriber, type Utterance } from '../judge/transcribe';
import type { Caller } from './caller';
import type { Lab } from './lab';
import { RATE } from './media';

export type LanguageTag = 'en' | 'ru';

/** An account as billing tells it: major units as text. */
export interface ToldAccount {
  readonly number: string;
  readonly balance: string;
  readonly currency: string;
}

const MEDIA = join(packageRoot(), 'media');
/** What a caller may be answered with; places are told by recordings of the tests' own. */
const ANSWERS =
  /^(balance-unavailable|balance-unknown-caller|one-moment|number-not-registered|enter-pin|wrong-pin|pin-locked)\.wav$/;
/** Between two stretches of undisturbed music, samples: a voice is longer, with the way of the music down and up. */
const SHORTEST = RATE / 2;

/** Prompts by id ("prompts/en/one-moment.wav"), to be shipped with the media of a lab. */
export function promptsOf(language: LanguageTag): Sources {
  return named(`prompts/${language}`, ANSWERS, (name) => `prompts/${language}/${name}`);
}

/** Words by the names of their clips. */
export function wordsOf(language: LanguageTag): Sources {
  const name = (file: string): string => basename(file, '.wav').normalize('NFC');
  return named(`voices/standard/${language}`, /\.wav$/, name);
}

function named(folder: string, wanted: RegExp, name: (file: string) => string): Sources {
  const files = readdirSync(join(MEDIA, folder)).filter((file) => wanted.test(file));
  return Object.fromEntries(files.map((file) => [name(file), readWav(join(MEDIA, folder, file))]));
}

/** Knows the shipped words and prompts of a language, and prompts of a test's own by id. */
export function listener(language: LanguageTag, own: Sources = {}): Transcriber {
  const prompts = Object.entries({ ...promptsOf(language), ...own });
  const byName = prompts.map(([id, samples]) => [basename(id, '.wav'), samples] as const);
  return new Transcriber({ words: wordsOf(language), prompts: Object.fromEntries(byName) });
}

/** All that a caller was told, in order. Where music is heard bit by bit nobody speaks: there is nothing to look for. */
export function utterances(lab: Lab, caller: Caller, by: Transcriber): Utterance[] {
  const heard = caller.ear.samples;
  return between(lab.index.runs(heard), heard.length).flatMap(([from, to]) =>
    by.transcribe(heard.subarray(from, to)).map((one) => ({ ...one, at: from + one.at, to: from + one.to })),
  );
}

/** The same as text: ["one-moment", "your-balance-is twenty dollars"]. */
export function told(lab: Lab, caller: Caller, by: Transcriber): string[] {
  return utterances(lab, caller, by).map(({ text }) => text);
}

/** Music that is scarcely heard by itself (in a crossfade, by chance) interrupts nothing. */
function between(runs: readonly Run[], length: number): [from: number, to: number][] {
  const music = runs.filter(({ from, to }) => to - from >= SHORTEST);
  const edges = [0, ...music.flatMap(({ from, to }) => [from, to]), length];
  return Array.from({ length: edges.length / 2 }, (_, i): [number, number] => [
    edges[2 * i]!,
    edges[2 * i + 1]!,
  ]).filter(([from, to]) => to - from >= SHORTEST);
}

/** "your-balance-is twelve dollars and fifty cents": what the owner of the accounts is to hear. */
export function balanceText(language: LanguageTag, accounts: readonly ToldAccount[]): string {
  const grammar = languageFor(language)!;
  const spoken = grammar.balance(
    accounts.map(({ number, balance, currency }) => ({ number, balance: parseMoney(balance, currency)! })),
  );
  return spoken.clips.join(' ').replace(/ ,$/, '');
}

/** 16 bits, mono. */
function readWav(file: string): Int16Array {
  const bytes = readFileSync(file);
  let at = 12;
  while (bytes.toString('latin1', at, at + 4) !== 'data') at += 8 + bytes.readUInt32LE(at + 4);
  const data = bytes.subarray(at + 8, at + 8 + bytes.readUInt32LE(at + 4));
  return Int16Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(2 * i));
}
