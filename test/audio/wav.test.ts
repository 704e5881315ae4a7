// WAV headers: what we write is read back, and what others wrote never breaks the reader.
// Would catch: an exception on a damaged file, sound read from inside a LIST chunk, a length beyond the file's end.
import fc from 'fast-check';
import { parseWavHeader, WAV_HEADER_BYTES, wavHeader } from '../../src/audio/wav';
import { RATES } from '../support/audio';

const bytesOf = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));
const u16 = (value: number): number[] => [value & 255, (value >>> 8) & 255];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const chunk = (tag: string, body: number[], size = body.length): number[] => [
  ...bytesOf(tag),
  ...u32(size),
  ...body,
  ...(body.length % 2 ? [0] : []),
];
const fmt = (format = 1, channels = 1, rate = 8000, bits = 16, extra: number[] = []): number[] => {
  const block = (channels * bits) / 8;
  return chunk('fmt ', [
    ...u16(format),
    ...u16(channels),
    ...u32(rate),
    ...u32(rate * block),
    ...u16(block),
    ...u16(bits),
    ...extra,
  ]);
};
const wav = (...chunks: number[][]): Uint8Array => {
  const body = [...bytesOf('WAVE'), ...chunks.flat()];
  return Uint8Array.from([...bytesOf('RIFF'), ...u32(body.length), ...body]);
};
const data = (bytes: number, size = bytes): number[] => chunk('data', new Array<number>(bytes).fill(1), size);
const parsed = (file: Uint8Array) => parseWavHeader(file, file.length);

test.each(RATES)('what is written at %i Hz is read back', (rate) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e8 }), (samples) => {
      const head = wavHeader(rate, samples);
      expect(head.length).toBe(WAV_HEADER_BYTES);
      expect(parseWavHeader(head, WAV_HEADER_BYTES + 2 * samples)).toEqual({
        rate,
        channels: 1,
        bits: 16,
        dataOffset: WAV_HEADER_BYTES,
        samples,
      });
    }),
  );
});

test('the header is the one that every player knows', () => {
  expect(wavHeader(8000, 2)).toEqual(
    wav(fmt(), chunk('data', [], 4)).map((byte, i) => (i === 4 ? 40 : byte)),
  );
});

test('chunks before the data, of odd and even length, are passed over', () => {
  for (const text of ['INFOISFT', 'odd', 'data of no use'])
    for (const before of [true, false]) {
      const list = chunk('LIST', bytesOf(text));
      const file = before ? wav(list, fmt(), data(8)) : wav(fmt(), list, data(8));
      const info = parsed(file);
      expect(info).toMatchObject({ rate: 8000, samples: 4 });
      expect(file.subarray(info!.dataOffset)).toEqual(new Uint8Array(8).fill(1));
    }
});

test('a header that lies inside a bigger buffer', () => {
  const file = wav(fmt(1, 1, 16_000), data(6));
  const big = new Uint8Array(file.length + 30);
  big.set(file, 13);
  expect(parseWavHeader(big.subarray(13, 13 + file.length), file.length)).toMatchObject({
    rate: 16_000,
    samples: 3,
  });
});

test('a fmt chunk longer than it need be', () => {
  expect(parsed(wav(fmt(1, 1, 8000, 16, [0, 0]), data(8)))).toMatchObject({ dataOffset: 46, samples: 4 });
});

test('a data chunk that claims more than there is, as written to a pipe or cut off in copying', () => {
  expect(parsed(wav(fmt(), data(8, 0xffffffff)))).toMatchObject({ samples: 4 });
  expect(parsed(wav(fmt(), data(8, 1000)).slice(0, -1))).toMatchObject({ samples: 3 });
  expect(parsed(wav(fmt(), data(0, 1000)))).toMatchObject({ samples: 0 });
  expect(parseWavHeader(wav(fmt(), data(8)), 20)).toMatchObject({ samples: 0 });
});

test('empty data, 8 bit and stereo are told, not guessed', () => {
  expect(parsed(wav(fmt(), data(0)))).toMatchObject({ samples: 0 });
  expect(parsed(wav(fmt(1, 1, 8000, 8), data(10)))).toMatchObject({ bits: 8, samples: 10 });
  expect(parsed(wav(fmt(1, 2), data(16)))).toMatchObject({ channels: 2, samples: 4 });
});

test('what is not PCM is not taken for it', () => {
  const guid = [...u16(22), ...u16(16), ...u32(4), ...u16(3), ...new Array<number>(14).fill(0)];
  expect(parsed(wav(fmt(0xfffe, 1, 8000, 16, guid), data(8)))).toBeUndefined(); // WAVE_FORMAT_EXTENSIBLE
  expect(parsed(wav(fmt(3, 1, 8000, 32), data(8)))).toBeUndefined();
  expect(parsed(wav(fmt(7, 1, 8000, 8), data(8)))).toBeUndefined();
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['text', Uint8Array.from(bytesOf('hello, this is not a wave file at all, is it?'))],
  ['RIFF of something else', Uint8Array.from([...bytesOf('RIFF'), ...u32(4), ...bytesOf('AVI ')])],
  ['no fmt', wav(data(8))],
  ['no data', wav(fmt())],
  ['data before fmt only', wav(data(8), fmt())],
  ['no channels', wav(fmt(1, 0), data(8))],
  ['no bits', wav(fmt(1, 1, 8000, 0), data(8))],
  ['fmt too short', wav(chunk('fmt ', u16(1)), data(8))],
])('%s is not a WAV of ours', (_, file) => {
  expect(parsed(file)).toBeUndefined();
});

test('every truncation of a good header is survived', () => {
  const file = wav(chunk('LIST', bytesOf('odd')), fmt(), data(20));
  for (let length = 0; length <= file.length; length++) {
    const info = parsed(file.slice(0, length));
    if (info) expect(info.dataOffset + 2 * info.samples).toBeLessThanOrEqual(length);
  }
});

test('damaged headers never throw, and never send the reader beyond the file', () => {
  const good = wav(fmt(), chunk('LIST', bytesOf('odd')), data(32));
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 });
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    damage.map((places) => {
      const bytes = good.slice();
      for (const [at, value] of places) bytes[at] = value;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(file, (bytes) => {
      const info = parsed(bytes);
      if (!info) return;
      const { samples, dataOffset, bits, channels } = info;
      expect(Number.isInteger(samples) && samples >= 0).toBe(true);
      expect(dataOffset + (samples * bits * channels) / 8).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 3000, seed: 7 },
  );
});
