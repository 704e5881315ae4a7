// G.711 mu-law to linear, as a telephone decodes what Asterisk sends (ITU-T G.711, table 2a).
// Its own code, so that the product's or Asterisk's would not be judged by itself.

const BIAS = 0x84;

function decodeByte(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = (((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4);
  return code & 0x80 ? BIAS - magnitude : magnitude - BIAS;
}

const TABLE = Int16Array.from({ length: 256 }, (_, byte) => decodeByte(byte));

export function decodeMulaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => TABLE[byte]!);
}

/** The code whose value is nearest, as a telephone's coder makes it. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, (sample) => {
    let best = 0;
    let least = 2 ** 33;
    for (let byte = 0; byte < 256; byte++) {
      const error = (TABLE[byte]! - sample) ** 2;
      if (error < least) [best, least] = [byte, error];
    }
    return best;
  });
}
