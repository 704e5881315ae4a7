// RTP as a telephone speaks it: reading the packets that Asterisk sends, writing key presses (RFC 3550, RFC 4733).
// Sequence numbers are kept, so that a packet which did not arrive is never taken for lost music.

export interface RtpPacket {
  readonly payloadType: number;
  /** 0 to 65535. */
  readonly sequence: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 12;
const VERSION = 2;

/** Undefined for what is no RTP. Extensions and padding are not expected from Asterisk and not looked for. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0]! >> 6 !== VERSION) return undefined;
  const sources = bytes[0]! & 0x0f;
  return {
    payloadType: bytes[1]! & 0x7f,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    payload: bytes.subarray(HEADER_BYTES + 4 * sources),
  };
}

export const KEYS = '0123456789*#ABCD';
/** The payload type of telephone events; the caller's SDP says so. */
export const EVENT_TYPE = 101;
const MARKER = 0x80;
const END = 0x80;
const VOLUME = 10;
/** Between two packets of an event, and the length of one, in milliseconds and in samples at 8 kHz. */
export const EVENT_STEP_MS = 20;
const EVENT_STEP_SAMPLES = 160;
/** The last packet of an event is sent three times, since nobody acknowledges it (RFC 4733, 2.5.1.4). */
const LAST_TIMES = 3;

/** Where a sender's stream stands; moved on by what is sent. */
export interface RtpSender {
  readonly source: number;
  sequence: number;
  timestamp: number;
}

/** The packets of one key press, to be sent EVENT_STEP_MS apart; the last three belong together. */
export function keyPackets(digit: string, pressMs: number, sender: RtpSender): Buffer[] {
  const event = KEYS.indexOf(digit);
  if (event < 0) throw new Error(`no key of a telephone: ${digit}`);
  const steps = Math.max(1, Math.round(pressMs / EVENT_STEP_MS));
  const packets: Buffer[] = [];
  for (let i = 1; i <= steps + LAST_TIMES - 1; i++) {
    const bytes = Buffer.alloc(HEADER_BYTES + 4);
    bytes[0] = VERSION << 6;
    bytes[1] = EVENT_TYPE | (i === 1 ? MARKER : 0);
    bytes.writeUInt16BE(sender.sequence++ & 0xffff, 2);
    bytes.writeUInt32BE(sender.timestamp >>> 0, 4);
    bytes.writeUInt32BE(sender.source, 8);
    bytes[12] = event;
    bytes[13] = VOLUME | (i >= steps ? END : 0);
    bytes.writeUInt16BE(Math.min(i, steps) * EVENT_STEP_SAMPLES, 14);
    packets.push(bytes);
  }
  sender.timestamp += steps * EVENT_STEP_SAMPLES;
  return packets;
}
