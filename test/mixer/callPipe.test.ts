// What a caller has heard when Asterisk stops the music: it ends the reader, reads nothing for 100 ms, and then all that is in the
// pipe, which nobody hears (res_musiconhold.c). A pipe that says exactly what a test wants it to.
import { resolveConfig } from '../../src/config/defaults';
import { CallFigures } from '../../src/mixer/callFigures';
import { CallPipe } from '../../src/mixer/callPipe';
import { BatchBuffer, MixSettings } from '../../src/mixer/mixSettings';
import { portableConfig } from '../../src/mixer/portableConfig';
import { ManualClock } from '../../src/util/clock';

const FRAME_BYTES = 640;
const settings = new MixSettings(portableConfig(resolveConfig({}, { configDir: '/', env: {} })));

/** After two seconds of music, with five Frames unread behind the last turn. */
function playing() {
  const clock = new ManualClock();
  const pipe = {
    reader: { pid: 1, started: '1' },
    unread: 0,
    isAlive: true,
    playsFallback: false,
    write(bytes: Uint8Array) {
      pipe.unread += bytes.length;
      return 'written' as const;
    },
    queuedBytes: () => pipe.unread,
    unreadAtEnd: () => pipe.unread,
    close: () => {},
  };
  const buffer = new BatchBuffer(settings);
  const call = new CallPipe({
    clock,
    figures: new CallFigures(),
    settings: () => settings,
    buffer: () => buffer,
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
  pipe.isAlive = false;
  expect(turn()).toBe('gone');
  expect(call.unreadSamples()).toBe(unheard * 320);
});
