// Whole or not: files whose lengths only look wrong are prepared, those that were cut off or damaged are named.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavHeader } from '../../src/audio/wav';
import { lossProblem, loudnessProblem, problemIn, type Decoded } from '../../src/media/damage';
import { FfmpegFailure } from '../../src/media/ffmpeg';
import { errorCounter, parseFoundBytes } from '../../src/media/ffmpegOutput';
import type { HoldcastError } from '../../src/util/errors';
import { noise, sine } from '../support/audio';
import { describeWithFfmpeg, makeAudio } from '../support/ffmpeg';
import { tempFolder } from './fixtures';
import { prepare } from './preparing';

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const MUSIC =
  "aevalsrc='0.3*sin(2*PI*440*t)*(0.3+0.7*abs(sin(t)))+0.1*random(0)|0.2*sin(2*PI*660*t)+0.1*random(1)':d=8:s=44100";
const CODECS: Record<string, string[]> = {
  mp3: [],
  flac: [],
  m4a: ['-movflags', 'faststart'],
  ogg: [],
  opus: [],
  mka: ['-c:a', 'libvorbis'],
  aac: [],
  wma: [],
  aiff: [],
  au: [],
};

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
}

/** m.wav in the format that a name's ending says. */
function encoded(name: string): string {
  ffmpeg('-i', at('m.wav'), ...(CODECS[name.split('.')[1]!] ?? []), at(name));
  return at(name);
}

/** m.wav, and beside it a stream of another sound. */
function twoStreams(name: string, secondS: number, codec: string): string {
  const second = ['-f', 'lavfi', '-i', `sine=300:d=${secondS}`];
  ffmpeg('-i', at('m.wav'), ...second, '-map', '0', '-map', '1', '-c:a', codec, at(name));
  return at(name);
}

/** The bytes of a file with some of them changed. */
function patched(file: string, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
  return file;
}

/** Two seconds of a tone. */
function toneWav(): Buffer {
  const samples = Int16Array.from(sine(500, 9000, 16_000, 8000));
  return Buffer.concat([wavHeader(8000, samples.length), Buffer.from(samples.buffer)]);
}

describeWithFfmpeg('whole files', () => {
  const isWhole = async (file: string, seconds = 8): Promise<void> => {
    expect(Math.abs((await prepare(file, 'music')).durationMs / 1000 - seconds)).toBeLessThan(0.25);
  };

  beforeAll(() => void makeAudio(MUSIC, at('m.wav')));

  test.each(['mka', 'm4a'])('two streams of sound, the second one longer: %s', async (ending) => {
    await isWhole(twoStreams(`two.${ending}`, 20, 'aac'));
  });

  test.each(['mka', 'm4a', 'mp4'])('sound that begins later: %s', async (ending) => {
    // In MP4 an edit list with an empty edit, in Matroska time stamps.
    const file = at(`later.${ending}`);
    ffmpeg(
      '-itsoffset',
      '5',
      '-i',
      at('m.wav'),
      '-itsoffset',
      '0',
      '-i',
      at('m.wav'),
      '-map',
      '0',
      '-c:a',
      'aac',
      file,
    );
    await isWhole(file);
  });

  test.each(['mka', 'm4a', 'opus'])('what was recorded five hours into a stream: %s', async (ending) => {
    const codec = ending === 'm4a' ? 'aac' : 'libopus';
    ffmpeg('-i', at('m.wav'), '-c:a', codec, '-output_ts_offset', '20000', at(`late.${ending}`));
    await isWhole(at(`late.${ending}`));
  });

  test('an RF64 that was written into a pipe', async () => {
    const args = ['-v', 'error', '-i', at('m.wav'), '-f', 'wav', '-rf64', 'always', 'pipe:1'];
    const piped = execFileSync('ffmpeg', args, { maxBuffer: 2 ** 24 });
    expect(piped.subarray(0, 4).toString()).toBe('RF64');
    writeFileSync(at('piped.wav'), piped);
    await isWhole(at('piped.wav'));
  });

  test('a pre-skip of more than a second', async () => {
    const file = makeAudio(MUSIC, at('skip.opus'));
    // The page's checksum would be wrong; so it is left to a container that has none.
    ffmpeg('-i', file, '-c', 'copy', at('skip.mka'));
    patched(at('skip.mka'), (bytes) => bytes.writeUInt16LE(65_000, bytes.indexOf('OpusHead') + 10));
    expect((await prepare(at('skip.mka'), 'music')).durationMs).toBeGreaterThan(6500);
  });

  test('a length in the container that is not true', async () => {
    ffmpeg('-i', at('m.wav'), '-c:a', 'aac', at('wrong.m4a'));
    patched(at('wrong.m4a'), (bytes) => {
      const header = bytes.indexOf('mvhd');
      bytes.writeUInt32BE(60 * bytes.readUInt32BE(header + 16), header + 20);
    });
    await isWhole(at('wrong.m4a'));
    ffmpeg('-i', at('m.wav'), '-c:a', 'libvorbis', at('wrong.mka'));
    patched(at('wrong.mka'), (bytes) => {
      const duration = bytes.indexOf(Buffer.from([0x44, 0x89, 0x88]));
      bytes.writeDoubleBE(90_000, duration + 3);
    });
    await isWhole(at('wrong.mka'));
    ffmpeg('-i', at('m.wav'), at('wrong.mp3'));
    patched(at('wrong.mp3'), (bytes) => {
      const xing = Math.max(bytes.indexOf('Xing'), bytes.indexOf('Info'));
      bytes.writeUInt32BE(5 * bytes.readUInt32BE(xing + 8), xing + 8);
    });
    await isWhole(at('wrong.mp3'));
  });

  test.each([0, 2_000_000_000, 0xffffffff])(
    'a WAV from a program that could not know its length: %i bytes',
    async (claim) => {
      const wav = toneWav();
      wav.writeUInt32LE(Math.min(0xffffffff, claim + 36), 4);
      wav.writeUInt32LE(claim, 40);
      writeFileSync(at('streamed.wav'), wav);
      await isWhole(at('streamed.wav'), 2);
    },
  );

  test('two files one after the other: chained Ogg, and mp3 with the header of the first', async () => {
    for (const [ending, codec] of [
      ['ogg', 'libvorbis'],
      ['opus', 'libopus'],
      ['mp3', 'libmp3lame'],
    ]) {
      const one = makeAudio(MUSIC, at(`one.${ending}`), '-c:a', codec!);
      const other = makeAudio(MUSIC, at(`other.${ending}`), '-c:a', codec!);
      writeFileSync(at(`both.${ending}`), Buffer.concat([readFileSync(one), readFileSync(other)]));
      expect((await prepare(at(`both.${ending}`), 'music')).durationMs).toBeGreaterThan(7900);
    }
  });

  test('an mp3 of changing bit rate without a header, and with a tag behind it', async () => {
    const source = `${MUSIC.replace('d=8', 'd=4')},apad=pad_dur=4[a];sine=3000:d=4:r=44100,adelay=4000[b];[a][b]amix`;
    const file = makeAudio(source, at('vbr.mp3'), '-q:a', '4', '-write_xing', '0', '-write_id3v1', '1');
    await isWhole(file);
  });

  test('a WAV with a picture before its sound', async () => {
    const wav = toneWav();
    const picture = Buffer.concat([Buffer.from('id3 '), Buffer.from([0, 0, 1, 0]), Buffer.alloc(65_536, 1)]);
    writeFileSync(at('picture.wav'), Buffer.concat([wav.subarray(0, 36), picture, wav.subarray(36)]));
    await isWhole(at('picture.wav'), 2);
    truncateSync(at('picture.wav'), 65_536 + 16_000);
    await expect(prepare(at('picture.wav'), 'music')).rejects.toMatchObject({ code: 'HC_MEDIA_TRUNCATED' });
  });
});

describeWithFfmpeg('files that were cut off', () => {
  beforeAll(() => void makeAudio(MUSIC, at('m.wav')));

  test.each([...Object.keys(CODECS), 'wav'])('%s', async (ending) => {
    const whole = encoded(`cut.${ending}`);
    const bytes = readFileSync(whole);
    for (const share of [0.31, 0.9]) {
      const cut = at(`cut-${100 * share}.${ending}`);
      writeFileSync(cut, bytes.subarray(0, Math.round(share * bytes.length) + 1));
      // An ADTS stream says nowhere how long it is, and of a WMA that is cut ffmpeg only estimates it.
      if (ending === 'aac' || ending === 'wma')
        expect((await prepare(cut, 'music')).durationMs).toBeGreaterThan(1000);
      else await expect(prepare(cut, 'music')).rejects.toMatchObject({ code: 'HC_MEDIA_TRUNCATED' });
    }
  });

  test('a film whose pictures last longer than its sound', async () => {
    const codecs = ['-c:v', 'mpeg4', '-c:a', 'aac', '-movflags', 'faststart'];
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=d=12:s=64x64:r=5', '-i', at('m.wav'), ...codecs, at('film.mp4'));
    expect((await prepare(at('film.mp4'), 'music')).durationMs).toBeGreaterThan(7900);
    truncateSync(at('film.mp4'), Math.round(statSync(at('film.mp4')).size / 2));
    await expect(prepare(at('film.mp4'), 'music')).rejects.toMatchObject({ code: 'HC_MEDIA_TRUNCATED' });
  });

  test('one of two streams of sound', async () => {
    const file = twoStreams('two-cut.mka', 8, 'libvorbis');
    truncateSync(file, Math.round(statSync(file).size / 2));
    await expect(prepare(file, 'music')).rejects.toMatchObject({ code: 'HC_MEDIA_TRUNCATED' });
  });
});

describeWithFfmpeg('files that were damaged', () => {
  beforeAll(() => void makeAudio(MUSIC, at('m.wav')));
  /** The same bytes each time. */
  const rubbish = (length: number): Buffer =>
    Buffer.from(noise(3, 127, length).map((x) => Math.round(x) & 255));

  const DAMAGE: Record<string, (bytes: Buffer) => void> = {
    'zeroes instead of most of it': (bytes) =>
      bytes.fill(0, Math.round(bytes.length * 0.1), Math.round(bytes.length * 0.9)),
    'rubbish instead of most of it': (bytes) =>
      void rubbish(Math.round(bytes.length * 0.8)).copy(bytes, Math.round(bytes.length * 0.1)),
    'a wrong bit here and there': (bytes) => {
      for (let at = Math.round(bytes.length * 0.06); at < bytes.length; at += 61) bytes[at]! ^= 1 << (at % 8);
    },
  };
  test.each([
    ...Object.keys(DAMAGE).map((how) => ['mp3', how]),
    ['mka', 'zeroes instead of most of it'],
    ['aac', 'zeroes instead of most of it'],
    ['flac', 'rubbish instead of most of it'],
    ['m4a', 'a wrong bit here and there'],
  ])('%s: %s', async (ending, how) => {
    const file = encoded(`damaged.${ending}`);
    patched(file, DAMAGE[how]!);
    const error: unknown = await prepare(file, 'music').then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeDefined();
    if (error instanceof FfmpegFailure) expect(error.blame).toBe('input');
    else expect((error as HoldcastError).code).toMatch(/^HC_MEDIA_(DAMAGED|TRUNCATED|SILENT)$/);
  });
});

const NO_ERRORS = { decode: 0, all: 0, beyondEnd: 0 };

describe('the judgement', () => {
  const decoded = (change: Partial<Decoded>): Decoded => ({
    seconds: 100,
    claimedS: 100,
    errors: NO_ERRORS,
    peakDb: -1,
    soundingShare: 0.9,
    ...change,
  });
  const codeOf = (change: Partial<Decoded>, found = 1): string | undefined =>
    problemIn(decoded(change), found)?.code;

  test('a claim alone is nothing, nor are a few errors', () => {
    expect(codeOf({ claimedS: 1000 })).toBeUndefined();
    expect(codeOf({ errors: { ...NO_ERRORS, decode: 20, all: 30 } })).toBeUndefined();
    expect(codeOf({ errors: { ...NO_ERRORS, decode: 1, all: 1 }, claimedS: 101 })).toBeUndefined();
  });

  test('what counts', () => {
    expect(codeOf({ errors: { ...NO_ERRORS, decode: 0, all: 1 }, claimedS: 103 })).toBe('HC_MEDIA_TRUNCATED');
    expect(codeOf({ errors: { ...NO_ERRORS, decode: 25, all: 25 } })).toBe('HC_MEDIA_DAMAGED');
    expect(codeOf({ peakDb: 60 })).toBe('HC_MEDIA_DAMAGED');
    expect(codeOf({ errors: { ...NO_ERRORS, decode: 1, all: 1 }, soundingShare: 0.01 })).toBe(
      'HC_MEDIA_DAMAGED',
    );
    expect(codeOf({}, 0.5)).toBe('HC_MEDIA_DAMAGED');
    expect(codeOf({ errors: { decode: 0, all: 1, beyondEnd: 1 } })).toBe('HC_MEDIA_TRUNCATED');
  });

  test('of a file that is nearly all silence too little is left', () => {
    expect(lossProblem('music', 2, 21)?.code).toBe('HC_MEDIA_DAMAGED');
    expect(lossProblem('music', 20, 60)).toBeUndefined();
    expect(lossProblem('speech', 0.4, 50)?.code).toBe('HC_MEDIA_DAMAGED');
    expect(lossProblem('speech', 0.7, 50)).toBeUndefined();
    expect(lossProblem('word', 0.2, 5)).toBeUndefined();
  });

  test('a loudness that is missed is the file’s fault where it can be had', () => {
    expect(loudnessProblem(-23.1, -24, -3)).toBeUndefined();
    expect(loudnessProblem(-25.2, -24, -3)?.code).toBe('HC_MEDIA_DAMAGED');
    expect(loudnessProblem(-14, -10, -3)).toBeUndefined();
  });

  test('errors are counted as ffmpeg says them, old and new, repeated too', () => {
    const count = (...lines: string[]): object => {
      const counter = errorCounter();
      lines.forEach((line) => counter.hear(line));
      return counter.errors;
    };
    expect(
      count('Error while decoding stream #0:0: Invalid data found', '    Last message repeated 3 times'),
    ).toEqual({ ...NO_ERRORS, decode: 4, all: 4 });
    expect(
      count('[aist#0:0/mp3 @ 0x5] [dec:mp3 @ 0x6] Error submitting packet to decoder: Invalid data'),
    ).toEqual({ ...NO_ERRORS, decode: 1, all: 1 });
    expect(count('[aist#0:0/flac @ 0x5] [dec:flac @ 0x6] Decoding error: Invalid data')).toEqual({
      ...NO_ERRORS,
      decode: 1,
      all: 1,
    });
    expect(
      count('[matroska,webm @ 0x1] File ended prematurely', 'x.tta: corrupt input packet in stream 0'),
    ).toEqual({ ...NO_ERRORS, decode: 0, all: 2 });
    expect(
      count(
        '    title           : corrupt, invalid, Error while decoding stream #0:0',
        '  Duration: 00:00:01.00',
      ),
    ).toEqual({ ...NO_ERRORS, decode: 0, all: 0 });
  });

  test('what was found is read as ffmpeg says it, old and new', () => {
    expect(parseFoundBytes(['video:3kB audio:126kB subtitle:0kB other streams:0kB'])).toBe(129 * 1024);
    expect(parseFoundBytes(['[out#0/null @ 0x1] video:0KiB audio:126KiB subtitle:0KiB'])).toBe(126 * 1024);
    expect(parseFoundBytes(['nothing'])).toBeUndefined();
  });
});
