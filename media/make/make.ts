// Renders the media that Holdcast ships: the music from its scores, the speech from its texts, and their manifest.
// Run by hand (`npm run media:make`) when a score or a text has changed; what it writes is committed.
// Speech whose text and voice are as before is kept, unless --all is given (after a change of filters or levels).
// With --music only the music is rendered, for a machine without speech synthesisers.
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { renderPiece, TELEPHONE_RATE } from './compose';
import { levelled } from './level';
import { AUTHOR, keptEntry, readManifest, writeEntry, writeManifest, type Entry } from './manifest';
import { pieces } from './pieces';
import { spoken, voices, type Utterance } from './speak';
import { speeches, speechFile, type Language } from './texts';
import { VOICES, wordsOf } from './words';

const MUSIC_LUFS = -24;
const MUSIC_PEAK_DBTP = -3;
const LANGUAGES: readonly Language[] = ['en', 'ru'];

type Files = (readonly [file: string, entry: Entry])[];

function makeMusic(folder: string): Files {
  return pieces.map((piece) => {
    const file = `music/${piece.name}.wav`;
    const samples = levelled(renderPiece(piece), TELEPHONE_RATE, MUSIC_LUFS, MUSIC_PEAK_DBTP);
    const { title, description } = piece;
    const credits = { kind: 'music', title, author: AUTHOR, licence: 'CC0-1.0', description } as const;
    return report(folder, file, writeEntry(folder, file, samples, credits));
  });
}

/** One recording of speech that is shipped. */
interface Recording {
  file: string;
  title: string;
  language: Language;
  text: string;
  kind: Utterance;
}

function sentences(): Recording[] {
  return speeches.flatMap((speech) =>
    LANGUAGES.map((language) => ({
      file: speechFile(speech, language),
      title: titleOf(speech.path),
      language,
      text: speech.text[language],
      kind: 'sentence' as const,
    })),
  );
}

function words(): Recording[] {
  return LANGUAGES.flatMap(wordsOf).map((word) => ({ ...word, title: word.text, kind: 'word' as const }));
}

function makeSpeech(folder: string, recordings: readonly Recording[], all: boolean): Files {
  const before = readManifest(folder).files;
  return recordings.map(({ file, title, language, text, kind }) => {
    const { name: voice, licence } = voices[language];
    const credits = { kind: 'speech', title, language, text, voice, author: AUTHOR, licence } as const;
    const kept = all ? undefined : keptEntry(folder, before[file], file, credits);
    if (kept) return [file, kept] as const;
    return report(folder, file, writeEntry(folder, file, spoken(text, language, kind), credits));
  });
}

/** "advices/first/10-welcome" → "Welcome". */
function titleOf(path: string): string {
  const words = path.split('/').at(-1)!.replace(/^\d+-/, '').replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function report(folder: string, file: string, entry: Entry): [string, Entry] {
  const seconds = (statSync(join(folder, file)).size - 44) / 2 / TELEPHONE_RATE;
  const columns = [
    file.padEnd(52),
    `${seconds.toFixed(2)} s`.padStart(8),
    `${entry.loudness} LUFS`,
    `${entry.peakDb} dBTP`,
  ];
  console.log(columns.join('  '));
  return [file, entry];
}

function keptSpeech(folder: string): Files {
  return Object.entries(readManifest(folder).files).filter(([, entry]) => entry.kind === 'speech');
}

function write(folder: string, files: Files): void {
  writeManifest(folder, { files: Object.fromEntries(files) });
  const bytes = files.reduce((sum, [, entry]) => sum + entry.bytes, 0);
  console.log(`${folder}: ${files.length} files, ${bytes} bytes`);
}

function main(): void {
  const folder = resolve(__dirname, '../../media');
  const musicOnly = process.argv.includes('--music');
  const all = process.argv.includes('--all');
  const music = makeMusic(folder);
  write(folder, [...music, ...(musicOnly ? keptSpeech(folder) : makeSpeech(folder, sentences(), all))]);
  if (!musicOnly) write(join(folder, VOICES), makeSpeech(join(folder, VOICES), words(), all));
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
