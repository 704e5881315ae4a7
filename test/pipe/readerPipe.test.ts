// Asterisk's own pipe with the hub as its writer, the script's real `cat` beside it: a hub that comes, is killed and comes back.
// Would catch: a read that is short or torn, a Frame of the caller's own before fallback music that comes yet, a pipe that keeps
// seconds of fallback music, a lead that grows while Asterisk stands still.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { frameBytes, FRAME_MS } from '../../src/audio/frame';
import { CallFigures } from '../../src/mixer/callFigures';
import { CallPipe } from '../../src/mixer/callPipe';
import { BatchBuffer, MixSettings, portableConfig } from '../../src/mixer/mixSettings';
import { endEarlierReaders } from '../../src/pipe/earlierReaders';
import { openFifo, type PipeFolder } from '../../src/pipe/folder';
import { pipeBytes, ReaderPipe } from '../../src/pipe/readerPipe';
import { readerAt, readersOf } from '../../src/pipe/readerProcess';
import { ManualClock } from '../../src/util/clock';
import { unreadBytes } from '../../src/util/libc';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { owned, tempFolder, until } from '../hub/fixtures';
import { settled } from '../support/mixer';
import { realPipe } from '../../bench/realPipe';
import { commandOf, FakeHub, moment, prepared, samplesOf, Started, TOKEN } from './asterisk';

const FRAME = frameBytes(8000);
const isCat = (reader: Started): boolean => !reader.over && commandOf(reader.pid) === 'cat';
const isOwn = (sample: number): boolean => sample < 0;

/** A call whose Frames are numbered −1, −2, …; its clock goes by hand, its pipe and reader are real. */
class Call {
  readonly clock = new ManualClock();
  readonly figures = new CallFigures();
  readonly pipe: CallPipe;
  rendered = 0;
  readonly source = { render: (frame: Int16Array): void => void frame.fill(-++this.rendered) };

  constructor() {
    const settings = new MixSettings(portableConfig(settled()));
    const buffer = new BatchBuffer(settings);
    this.pipe = new CallPipe({
      clock: this.clock,
      figures: this.figures,
      settings: () => settings,
      buffer: () => buffer,
      leadFrames: () => settings.leadFrames,
    });
    owned({ close: () => this.pipe.close() });
  }

  attach(reader: Started, { folder }: PipeFolder): void {
    this.pipe.attach(ReaderPipe.open(readerAt(reader.pid, folder)!, folder, 8000));
  }

  /** A turn and two reads of Asterisk. @returns what was read */
  turn(reader: Started): Buffer[] {
    this.pipe.play(this.source);
    const reads = [reader.read(), reader.read()];
    this.clock.advance(2 * FRAME_MS);
    return reads;
  }
}

test('a hub comes, is killed and comes back: no read is short or torn, and own music is one', async () => {
  const folder = await prepared();
  const reader = new Started([folder.folder, TOKEN]);
  await until('music', () => reader.read().length === FRAME);
  const heard: Buffer[] = [];
  let [call, hub]: [Call | undefined, FakeHub | undefined] = [undefined, undefined];
  const spans: string[] = [];
  for (let outage = 0; outage < 3; outage++) {
    hub = await FakeHub.start(folder);
    call = new Call();
    // The pipe of a reader that was started without a hub is too full at first, in which case it would be ended: some is read.
    if (outage === 0) await until('room', () => reader.read().length < FRAME || unreadOf(reader) <= 6400);
    call.attach(reader, folder);
    for (let i = 0; i < 25; i++) {
      heard.push(...call.turn(reader));
      await moment(5);
    }
    call.pipe.close();
    await hub.kill();
    for (let i = 0; i < 25; i++) {
      heard.push(reader.read());
      await moment(5);
    }
  }
  const lengths = new Set(heard.map(({ length }) => length));
  expect(lengths).toEqual(new Set([FRAME]));
  const samples = samplesOf(Buffer.concat(heard));
  for (let at = 0; at < samples.length; at += FRAME / 2) {
    const frame = samples.subarray(at, at + FRAME / 2);
    expect(new Set(frame).size).toBe(1);
    const what = isOwn(frame[0]!) ? 'own' : 'fallback';
    if (spans.at(-1) !== what) spans.push(what);
  }
  expect(spans.join(' ')).toMatch(/^(fallback )?own fallback own fallback own fallback$/);
  const own = [...samples].filter(isOwn);
  expect(
    own.findIndex(
      (sample, i) => i > 0 && sample !== own[i - 1] && sample !== own[i - 1]! - 1 && sample !== -1,
    ),
  ).toBe(-1);
  const fallback = [...samples].filter((sample) => !isOwn(sample));
  expect(
    fallback.every((sample, i) => i === 0 || sample === fallback[i - 1] || sample === fallback[i - 1]! + 1),
  ).toBe(true);
});

/** A reader whose caller has heard the hub for ten turns. */
async function playing() {
  const folder = await prepared();
  await FakeHub.start(folder);
  const reader = new Started([folder.folder, TOKEN]);
  await until('cat', () => isCat(reader));
  const call = new Call();
  call.attach(reader, folder);
  for (let i = 0; i < 10; i++) call.turn(reader);
  return { folder, reader, call };
}

test('Asterisk stops for ten seconds: when it goes on no more than the lead and a Frame is unread, in any moment', async () => {
  const { reader, call } = await playing();
  for (let i = 0; i < 10_000 / 80; i++) {
    expect(call.pipe.play(call.source)).toBe('going');
    call.clock.advance(80);
  }
  const unread = call.pipe.unreadSamples() / 8;
  expect(unread).toBeGreaterThanOrEqual(120);
  expect(unread).toBeLessThanOrEqual(200);
  call.pipe.pressed('nextTrack', call.clock.now());
  const heard = call.turn(reader).concat(call.turn(reader), call.turn(reader));
  expect(heard.every(({ length }) => length === FRAME)).toBe(true);
  expect(call.figures.takeKeys()[0]!.audibleMs).toBeLessThanOrEqual(280);
  expect(call.figures.underruns).toBe(0);
});

test('Asterisk stops music: it takes what comes, fast, until its pipe is closed, which is when its reader has ended', async () => {
  const { folder, reader, call } = await playing();
  reader.signal('SIGHUP');
  await until('its end', () => readerAt(reader.pid, folder.folder) === undefined);
  // Two Frames were read just before. Then it reads nothing for 100 ms: in that time there is a turn.
  expect(call.pipe.play(call.source)).toBe('going');
  expect(call.pipe.play(call.source)).toBe('gone');
  const { rendered } = call;
  expect(call.pipe.unreadSamples() / 320).toBe(rendered - 20);
  call.pipe.close();
  expect(reader.read(8192).length + reader.read(8192).length).toBe((rendered - 20) * FRAME);
  expect(() => reader.read()).not.toThrow();
  expect(reader.isAtEnd).toBe(true);
});

test('a lead and a write always fit the pipe, at each rate and lead, wherever Asterisk stands in it', async () => {
  const { setPipeBytes } = await import('../../src/util/libc');
  for (const rate of [8000, 16_000, 48_000] as const)
    for (const leadMs of [80, 120, 160, 200]) {
      const { reading, writing } = realPipe();
      expect(setPipeBytes(writing, pipeBytes(rate))).toBe(true);
      const settings = new MixSettings(portableConfig(settled({ sound: { rate }, stream: { leadMs } })));
      const buffer = new BatchBuffer(settings);
      const figures = new CallFigures();
      const clock = new ManualClock();
      const leadFrames = (): number => settings.leadFrames;
      const pipe = new CallPipe({
        clock,
        figures,
        settings: () => settings,
        buffer: () => buffer,
        leadFrames,
      });
      const { PipeOutput } = await import('../../src/pipe/pipeOutput');
      let full = 0;
      class Counted extends PipeOutput {
        readonly reader = { pid: 5_000_000, started: '0' };
        readonly playsFallback = false;
        readonly isRead = true;
        override write(bytes: Uint8Array, length?: number): 'written' | 'full' | 'closed' {
          const result = super.write(bytes, length);
          if (result === 'full') full++;
          return result;
        }
      }
      pipe.attach(new Counted(writing));
      const { readSync } = await import('node:fs');
      const piece = Buffer.alloc(settings.frameBytes);
      for (let i = 0; i < 500; i++) {
        pipe.play({ render: (frame) => void frame.fill(1) });
        // Now and then it reads one Frame less or more, as clocks do.
        for (let reads = i % 7 === 0 ? 1 : i % 7 === 3 ? 3 : 2; reads > 0; reads--) readSync(reading, piece);
        clock.advance(80);
      }
      expect([rate, leadMs, full]).toEqual([rate, leadMs, 0]);
      pipe.close();
      closeSync(reading);
    }
});

test('a reader whose pipe holds more than that is ended, so that Asterisk starts another', async () => {
  const folder = await prepared();
  const reader = new Started([folder.folder, TOKEN]);
  await until('cat', () => isCat(reader));
  await moment(200);
  await FakeHub.start(folder);
  expect(() => ReaderPipe.open(readerAt(reader.pid, folder.folder)!, folder.folder, 8000)).toThrow(
    /was started while there was no hub/,
  );
  await reader.ended;
});

describe('readers of the version before', () => {
  /** What its script did in the end, and what its `cat` had on its command line. */
  const EARLIER =
    'exec 3<>"$1/fifo.$2"; exec <"$1/fifo.$2"; exec 3>&-; echo $$ >>"$1/reader.$2"; exec cat - "fifo.$2"';
  const PLAIN = 'echo "$$ plain" >>"$1/reader.$2"; cat "$1/plain.raw"; sleep 600';

  test('are ended, and their files removed; nothing else of the folder is, and no other process', async () => {
    const folder = await prepared();
    const names = ['fifo.b', 'spare.3', 'reader.gone', 'hub', 'plain.raw', 'plain.raw.17'];
    for (const name of names) writeFileSync(join(folder.folder, name), '');
    mkdirSync(join(folder.folder, 'p.4'));
    writeFileSync(join(folder.folder, 'p.4/00'), '');
    symlinkSync('p.4', join(folder.folder, 'p'));
    writeFileSync(folder.owner('a'), '17.1\n');
    execFileSync('mkfifo', [join(folder.folder, 'fifo.a')]);
    // Else it would come to the end of its words.
    const hub = openFifo(join(folder.folder, 'fifo.a'));
    owned({ close: () => closeSync(hub) });
    const bystander = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    owned({ close: () => void bystander.kill('SIGKILL') });
    writeFileSync(join(folder.folder, 'reader.a'), `${bystander.pid!}\n`);
    const earlier = new Started(['-c', EARLIER, 'sh', folder.folder, 'a'], { program: '/bin/sh' });
    // As the script itself: its name, folder and token are on the command line.
    const script = join(tempFolder(), 'holdcast-reader');
    writeFileSync(script, PLAIN);
    const plain = new Started([script, folder.folder, 'a'], { program: '/bin/sh' });
    const lines = (): number => readFileSync(join(folder.folder, 'reader.a'), 'utf8').split('\n').length - 1;
    await until('both', () => isCat(earlier) && lines() === 3);
    expect(endEarlierReaders(folder.folder)).toBe(2);
    await earlier.ended;
    await plain.ended;
    expect(bystander.exitCode).toBeNull();
    expect(readdirSync(folder.folder).sort()).toEqual(['arrivals', 'fallback', 'life', 'owner.a']);
    expect(endEarlierReaders(folder.folder)).toBe(0);
    // A process that the script was about to start has its command line, and ends a moment later than the script.
    await until('none is left', () => readersOf(folder.folder).length === 0);
  });
});

function unreadOf(reader: Started): number {
  const fd = openSync(`/proc/${reader.pid}/fd/3`, 'r');
  try {
    return unreadBytes(fd)!;
  } finally {
    closeSync(fd);
  }
}
