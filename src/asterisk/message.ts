// The AMI's language: bytes in pieces of any size become messages; nothing is lost, joined or guessed.
// The client package's own parser collapses equal headers and loses its place between two pieces.
import { textOf } from '../util/bytesText';

/** Bytes of one message, from its first header to the empty line. Asterisk's longest (Command) are far shorter. */
export const LONGEST_MESSAGE = 1 << 20;

/** Bytes of a line that are kept. Asterisk's own names have at most some hundred; what is behind is passed over. */
export const LONGEST_LINE = 1024;

const LF = 0x0a;

/** The peer does not speak AMI as Asterisk does: the connection is of no use. */
export class AmiProtocolError extends Error {}

/** One message as it came: a response or an event. */
export class AmiMessage {
  /**
   * @param lines "Name: value", in the order in which they came; lines without a colon are kept and never found
   * @param bytes how much came for it
   */
  constructor(
    private readonly lines: readonly string[],
    readonly bytes: number,
  ) {}

  /** The first value of a header, without spaces at its ends. Names are case-insensitive. */
  get(name: string): string | undefined {
    for (const line of this.lines) if (isNamed(line, name)) return line.slice(name.length + 1).trim();
    return undefined;
  }

  all(name: string): readonly string[] {
    return this.lines.filter((line) => isNamed(line, name)).map((line) => line.slice(name.length + 1).trim());
  }
}

function isNamed(line: string, name: string): boolean {
  return line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name.toLowerCase();
}

/** Puts messages together. Every byte is looked at once. */
export class AmiParser {
  /** The first line of a connection: "Asterisk Call Manager/11.0.0". */
  greeting: string | undefined;
  /** The next line is the first one. */
  #isFirst = true;
  #lines: string[] = [];
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
    const text = textOf(bytes.subarray(0, LONGEST_LINE));
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #take(line: string, deliver: (message: AmiMessage) => void): void {
    const isGreeting = this.#isFirst && !line.includes(': ');
    this.#isFirst = false;
    if (isGreeting) {
      this.greeting = line;
      this.#bytes = 0;
    } else if (line === '') this.#finish(deliver);
    else this.#lines.push(line);
  }

  #finish(deliver: (message: AmiMessage) => void): void {
    const message = new AmiMessage(this.#lines, this.#bytes);
    const empty = this.#lines.length === 0;
    this.#lines = [];
    this.#bytes = 0;
    if (!empty) deliver(message);
  }
}
