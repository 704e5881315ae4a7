// The AMI's language: bytes in pieces of any size become messages; nothing is lost, joined or guessed.
// The client package's own parser collapses equal headers and loses its place between two pieces.
import { textOf } from '../util/bytesText';

/** Bytes of one message, from its first header to the empty line. Asterisk's longest (Command) are far shorter. */
export const LONGEST_MESSAGE = 1 << 20;

/** Bytes of a line that are kept. Asterisk's own names have at most some hundred; what is behind is passed over. */
export const LONGEST_LINE = 1024;

const COMMAND_END = '--END COMMAND--';
const LF = 0x0a;

/** The peer does not speak AMI as Asterisk does: the connection is of no use. */
export class AmiProtocolError extends Error {}

/** One message as it came: a response or an event. */
export class AmiMessage {
  /**
   * @param lines "Name: value", in the order in which they came; lines without a colon are kept and never found
   * @param bytes how much came for it
   * @param followed what a `Response: Follows` printed (before Asterisk 14)
   */
  constructor(
    private readonly lines: readonly string[],
    readonly bytes: number,
    private readonly followed: readonly string[] = [],
  ) {}

  /** The first value of a header, without spaces at its ends. Names are case-insensitive. */
  get(name: string): string | undefined {
    for (const line of this.lines) if (isNamed(line, name)) return line.slice(name.length + 1).trim();
    return undefined;
  }

  /** Every value of a header, in order. */
  all(name: string): readonly string[] {
    return this.#values(name).map((value) => value.trim());
  }

  /** The lines that a Command printed, indented as they were. */
  get output(): string[] {
    return [...this.#values('Output').map((value) => value.replace(/^ /, '')), ...this.followed];
  }

  #values(name: string): string[] {
    return this.lines.filter((line) => isNamed(line, name)).map((line) => line.slice(name.length + 1));
  }
}

function isNamed(line: string, name: string): boolean {
  return line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name.toLowerCase();
}

/** What the next line is. `follows`: the headers of a `Response: Follows`, whose output comes without an empty line. */
type Expected = 'greeting' | 'headers' | 'follows' | 'output';

/** Puts messages together. Every byte is looked at once. */
export class AmiParser {
  /** The first line of a connection: "Asterisk Call Manager/11.0.0". */
  greeting: string | undefined;
  #expected: Expected = 'greeting';
  #lines: string[] = [];
  #followed: string[] = [];
  #bytes = 0;
  /** The line that is not complete yet: its first `#length` bytes. */
  #line = Buffer.allocUnsafe(256);
  #length = 0;

  /** @param longest bytes of a message */
  constructor(private readonly longest = LONGEST_MESSAGE) {}

  /**
   * Hands each message that `chunk` completes to `deliver`.
   * @throws AmiProtocolError when a message is longer than the limit; nothing more may be pushed then
   */
  push(chunk: Buffer, deliver: (message: AmiMessage) => void): void {
    for (let at = 0; at < chunk.length;) {
      const end = chunk.indexOf(LF, at);
      const next = end < 0 ? chunk.length : end + 1;
      this.#bytes += next - at;
      if (this.#bytes > this.longest)
        throw new AmiProtocolError(`a message longer than ${this.longest} bytes`);
      if (end < 0) this.#keep(chunk.subarray(at));
      else this.#take(this.#complete(chunk.subarray(at, end)), deliver);
      at = next;
    }
  }

  #keep(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#line.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#line.copy(larger, 0, 0, this.#length);
      this.#line = larger;
    }
    piece.copy(this.#line, this.#length);
    this.#length = length;
  }

  /** The text of a line whose last piece is `piece`; only whole lines are decoded, so no character of a name is cut in two. */
  #complete(piece: Buffer): string {
    let bytes = piece;
    if (this.#length > 0) {
      this.#keep(piece);
      bytes = this.#line.subarray(0, this.#length);
      this.#length = 0;
    }
    // What an old Asterisk's Command prints is not kept, and its end may stand behind a long line.
    const isHeader = this.#expected === 'headers' || this.#expected === 'greeting';
    const text = textOf(isHeader ? bytes.subarray(0, LONGEST_LINE) : bytes);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #take(line: string, deliver: (message: AmiMessage) => void): void {
    switch (this.#expected) {
      case 'greeting':
        this.#expected = 'headers';
        if (line.includes(': ')) return this.#header(line, deliver);
        this.greeting = line;
        this.#bytes = 0;
        return;
      case 'headers':
        return this.#header(line, deliver);
      case 'follows':
        if (/^(Privilege|ActionID):/i.test(line)) this.#lines.push(line);
        else this.#print(line);
        return;
      case 'output':
        return this.#print(line);
    }
  }

  #header(line: string, deliver: (message: AmiMessage) => void): void {
    if (line === '') return this.#finish(deliver);
    if (this.#lines.length === 0 && /^Response:\s*Follows\s*$/i.test(line)) this.#expected = 'follows';
    this.#lines.push(line);
  }

  /** A line of what an old Asterisk's Command printed; empty lines are part of it. */
  #print(line: string): void {
    const last = line.endsWith(COMMAND_END);
    const text = last ? line.slice(0, -COMMAND_END.length) : line;
    if (!last || text !== '') this.#followed.push(text);
    this.#expected = last ? 'headers' : 'output';
  }

  #finish(deliver: (message: AmiMessage) => void): void {
    const message = new AmiMessage(this.#lines, this.#bytes, this.#followed);
    const empty = this.#lines.length === 0;
    this.#lines = [];
    this.#followed = [];
    this.#bytes = 0;
    if (!empty) deliver(message);
  }
}
