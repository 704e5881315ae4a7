// The lines of a file or of standard input, each with its number; a line that is too long is told, not kept.
// What is piped in may be anything, so nothing of it is held that is not needed.
import { StringDecoder } from 'node:string_decoder';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Absent: it is longer than any that is right. */
  readonly text?: string;
  /** Bytes of the source that were read when it was found. */
  readonly bytes: number;
}

const LONGEST = 16_384;

/** Without line ends; a last line that is empty is none. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8');
  let number = 1;
  let bytes = 0;
  let rest = '';
  let tooLong = false;
  const line = (text: string): Line => {
    const whole = !tooLong && text.length <= LONGEST;
    tooLong = false;
    return { number: number++, bytes, ...(whole && { text: text.replace(/\r$/, '') }) };
  };
  for await (const chunk of source) {
    bytes += chunk.length;
    const pieces = (rest + decoder.write(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) yield line(piece);
    if (rest.length <= LONGEST) continue;
    tooLong = true;
    rest = '';
  }
  rest += decoder.end();
  if (rest !== '' || tooLong) yield line(rest);
}
