// The token of a look-up: it stands for one hearer of a class in command lines, names of pipes and names of classes.
// Asterisk says in MusicOnHoldStart how the class was called that a channel hears: the name that was answered, not the one
// that was asked for. So a token in that name tells whose look-up it was, even if others asked for the same class meanwhile.
//
// Tokens differ in nothing but the case of their letters. A channel that plays already and is told to play asks again, and
// goes on with what it has where the name answered is the same without regard to case (res_musiconhold.c: strcasecmp); where
// it is another, Asterisk ends the application, starts no other, and the caller hears silence. Tried on 16.28 and 22.10.
import { randomBytes } from 'node:crypto';

const WORD = 'holdcast';
/** Letters: 64, each with a bit of chance. With `hold-` before it, it fits the 79 bytes of a class. */
const LETTERS = WORD.repeat(8);
const TOKEN = new RegExp(`^(?:${WORD}){${LETTERS.length / WORD.length}}$`, 'i');

/** 64 letters that nobody can guess. */
export function mintToken(): string {
  const bits = randomBytes(LETTERS.length / 8);
  return Array.from(LETTERS, (letter, i) =>
    bits[i >> 3]! & (1 << (i & 7)) ? letter.toUpperCase() : letter,
  ).join('');
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
