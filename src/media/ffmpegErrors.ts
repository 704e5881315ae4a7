// What ffmpeg's own words say went wrong: with the machine, or with the file, and what an operator can do about it. Pure.
// Only lines that ffmpeg itself marks as errors are judged: a title or a comment may say anything.

/** One line, and the level that ffmpeg gave it; the second and further lines of a tag have none. */
export interface SaidLine {
  readonly level: string | undefined;
  /** Without the level: as ffmpeg says it by default. */
  readonly text: string;
}

/** Makes ffmpeg mark each line: "[mp3 @ 0x5567] [error] Header missing". */
export const MARKED = ['-loglevel', '+level+info'];

const MARK =
  /^((?:\[[^\]]* @ (?:0x)?[0-9a-fA-F]+\] )*)\[(panic|fatal|error|warning|info|verbose|debug|trace)\] /;
const ERRORS: readonly (string | undefined)[] = ['panic', 'fatal', 'error'];
/** At the end of a line, where ffmpeg puts the reason. */
const MACHINE =
  /(?:^|: )(No space left on device|Disk quota exceeded|Read-only file system|Too many open files)$/;
const INTERRUPTED = /^Exiting normally, received signal \d+\.$/;
const MOST_SHOWN = 160;

export function saidLine(raw: string): SaidLine {
  const mark = MARK.exec(raw);
  if (!mark) return { level: undefined, text: raw };
  return { level: mark[2], text: (mark[1] ?? '') + raw.slice(mark[0].length) };
}

export function isError({ level }: SaidLine): boolean {
  return ERRORS.includes(level);
}

/** Whether ffmpeg says that it was asked to end by a signal. */
export function saysInterrupted({ level, text }: SaidLine): boolean {
  return level !== undefined && INTERRUPTED.test(text);
}

/** What is wrong with the machine, by the errors of a job; undefined: nothing. */
export function machineTrouble(errors: readonly string[]): string | undefined {
  return errors.map((text) => MACHINE.exec(text.trim())?.[1]).find((found) => found !== undefined);
}

/** What errors mean for an operator, the most telling first. */
const MEANINGS: readonly { readonly said: RegExp; readonly message: string; readonly hint: string }[] = [
  {
    said: /not on whitelist/,
    message: 'it is a list of other files, or of a kind that is not taken as audio',
    hint: 'Put the audio files themselves into the folder.',
  },
  {
    said: /matches no streams/,
    message: 'there is no sound in it',
    hint: 'Remove it from the folder, or put a file with sound in its place.',
  },
  {
    said: /Permission denied|Operation not permitted/,
    message: 'it may not be read',
    hint: 'Give the user of Holdcast the right to read it.',
  },
  {
    said: /Cannot allocate memory/,
    message: 'ffmpeg needs too much memory for it',
    hint: 'Save it again as WAV or FLAC in an audio program, or replace it.',
  },
  {
    said: /Unknown decoder|[Dd]ecoder .*not found|not found for input stream|Decoding requested, but no decoder|not implemented/,
    message: 'this ffmpeg cannot decode its format',
    hint: 'Install an ffmpeg with more formats, or convert the file to WAV or FLAC.',
  },
  {
    said: /Invalid|moov atom not found|could not find codec|Error reinitializing|does not contain|EOF|End of file|damaged|corrupt/i,
    message: 'it is no audio file, or it is damaged',
    hint: 'Play it in an audio program; copy or save it again, or remove it.',
  },
];

/** What an operator is told of a file that ffmpeg refused. @param fallback where ffmpeg has said nothing of its own */
export function fileTrouble(errors: readonly string[], fallback: string): { message: string; hint: string } {
  const known = MEANINGS.find(({ said }) => errors.some((text) => said.test(text)));
  if (known) return known;
  const last = errors.at(-1)?.replace(/^(?:\[[^\]]*\] )+/, '') ?? fallback;
  const hint = 'Try it with `ffmpeg -i`; save it again in an audio program, or remove it.';
  return { message: `ffmpeg cannot decode it: ${last.trim().slice(0, MOST_SHOWN)}`, hint };
}
