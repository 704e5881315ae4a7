// Text from outside as a terminal may show it: names of files, what programs have said.
// A name may hold anything but a slash: it must not move the cursor, change the screen, or turn the order of what is read.

/** Control characters, line separators, and what turns the direction of writing. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** `text` with each such character written out: "\\x1b", "\\u202e". */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
