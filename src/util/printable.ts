// Text from outside (file names, output of programs) made safe for a terminal.
// A file name may hold anything but a slash: it must not move the cursor, change the screen, or reverse the reading order.

/** Control characters, line separators, and characters that change the direction of writing. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** `text` with each such character escaped: "\\x1b", "\\u202e". */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
