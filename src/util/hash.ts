// A fast hash that tells changed content from unchanged. It resists no adversary: its keys are used only where nobody else
// writes. node:crypto takes 3 ms to load, and a caller would wait for that at every start.

/** 16 hex digits of 64 bits: two MurmurHash3 style streams (Austin Appleby, public domain) over UTF-16 units or bytes. */
export function hash64(content: string | Uint8Array): string {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < content.length; i++) {
    const unit = typeof content === 'string' ? content.charCodeAt(i) : content[i]!;
    a = Math.imul(rotate(a ^ Math.imul(unit + 1, 0xcc9e2d51), 15), 5) + 0xe6546b64;
    b = Math.imul(rotate(b ^ Math.imul(unit + i, 0x1b873593), 13), 3) + 0x561ccd1b;
  }
  return [avalanche(a ^ content.length), avalanche(b ^ rotate(a, 16))]
    .map((half) => half.toString(16).padStart(8, '0'))
    .join('');
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
