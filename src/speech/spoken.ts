// Spoken: something that is said, both as a synthesiser reads it and as recordings say it one after the other.
// Every number, amount and sentence of every language is one, so that any kind of voice can say all of them.

export interface Spoken {
  /** For a synthesiser, with its punctuation: "Your balance is twenty-one dollars." */
  readonly text: string;
  /** Names of the recordings that say it, in their order: ["your-balance-is", "twenty", "one", "dollars"]. */
  readonly clips: readonly string[];
}

/** Stands among the clips where a speaker would draw breath; no recording has this name. */
export const PAUSE = ',';

/** One word, or a phrase that is recorded as a whole; `clips` default to the text in lower case, spaces as "-". */
export function say(text: string, ...clips: readonly string[]): Spoken {
  return { text, clips: clips.length > 0 ? clips : [clipName(text)] };
}

/** Words that are recorded one by one: "twenty-one" is said with twenty and one. */
export function words(text: string): Spoken {
  return say(text, ...text.split(/[\s-]+/u).map(clipName));
}

export const nothing: Spoken = { text: '', clips: [] };
/** A short break: a comma in the text. */
export const pause: Spoken = { text: ',', clips: [PAUSE] };
/** The end of a sentence. */
export const stop: Spoken = { text: '.', clips: [PAUSE] };

const PUNCTUATION = /^[.,:!?]/;

/**
 * One after the other; punctuation stands close to what is before it. Of breaks in a row only the first is heard, and
 * none at the beginning.
 */
export function join(...parts: readonly Spoken[]): Spoken {
  const heard = parts.filter(({ text, clips }) => text !== '' || clips.length > 0);
  const text = heard.reduce((all, part) => {
    if (PUNCTUATION.test(part.text)) return all === '' || /[.,:!?]$/.test(all) ? all : all + part.text;
    return all === '' ? part.text : `${all} ${part.text}`;
  }, '');
  const clips = heard
    .flatMap((part) => part.clips)
    .filter((clip, k, all) => clip !== PAUSE || (k > 0 && all[k - 1] !== PAUSE));
  return { text, clips };
}

/** "Your balance is" → "your-balance-is": what the file of a recording is called. */
export function clipName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
