// What a caller has heard when Asterisk stops the music: it ends the reader, reads nothing for 100 ms, and then all that is in the
// pipe, which nobody hears (res_musiconhold.c). A pipe that says exactly what a test wants it to.
import { resolveConfig } from '../../src/config/defaults';
import { CallFigures } from '../../src/mixer/callFigures';
import { CallPipe } from '../../src/mixer/callPipe';
import { BatchBuffer, MixSettings, portableConfig } from '../../src/mixer/mixSettings';
import { ManualClock } from '../../src/util/clock';

const FRAME_BYTES = 640;
const settings = new MixSettings(portableConfig(resolveConfig({}, { configDir: '/', env: {} })));

/** After two seconds of music, with five Frames unread behind the last turn. */
function playing() {
  const clock = new ManualClock();
  const pipe = {
    reader: { pid: 1, started: '1' },
    unread: 0,
    isReadNow: true,
    looks: 0,
    get isRead() {
      pipe.looks++;
      return pipe.isReadNow;
    },
    playsFallback: false,
    write(bytes: Uint8Array, length = bytes.length) {
      pipe.unread += length;
      return 'written' as const;
    },
    unreadBytes: () => pipe.unread,
    close: () => {},
  };
  const buffer = new BatchBuffer(settings);
  const call = new CallPipe({
    clock,
    figures: new CallFigures(),
    settings: () => settings,
    buffer: () => buffer,
    leadFrames: () => settings.leadFrames,
  });
  call.attach(pipe);
  const turn = (): string => call.play({ render: () => {} });
  turn();
  for (let i = 0; i < 25; i++) {
    clock.advance(80);
    pipe.unread -= 2 * FRAME_BYTES;
    turn();
  }
  expect(pipe.unread).toBe(5 * FRAME_BYTES);
  return { call, pipe, clock, turn };
}

test.each([
  ['nothing was read since', 0, 5],
  ['a Frame was read, and is heard', 1, 4],
  ['more than can be heard was read: Asterisk empties the pipe', 5, 5],
  ['… also where it has not done yet', 4, 5],
])('the reader has been ended: %s', (_, frames, unheard) => {
  const { call, pipe, clock, turn } = playing();
  clock.advance(80);
  pipe.unread -= frames * FRAME_BYTES;
  pipe.isReadNow = false;
  expect(turn()).toBe('gone');
  expect(call.unreadSamples()).toBe(unheard * 320);
});

test.each([
  ['two Frames were read, as in each turn', 2, 0],
  ['three were, since the turn before was early', 3, 0],
  ['three reads of 20 ms were, since this turn is early', 1.5, 0],
  ['one was', 1, 1],
  ['more than can be heard were', 4, 1],
])('the reader is looked at only where it may have ended: %s', (_, frames, looks) => {
  const { pipe, clock, turn } = playing();
  pipe.looks = 0;
  clock.advance(80);
  pipe.unread -= frames * FRAME_BYTES;
  expect(turn()).toBe('going');
  expect(pipe.looks).toBe(looks);
});
