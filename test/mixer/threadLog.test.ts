// The log of a mixing thread on its way to the main thread.
// Would catch: a number in clear, a field that cannot be sent and takes the thread down, a flood that fills the memory.
import type { FromMixer } from '../../src/mixer/messages';
import { ThreadLog } from '../../src/mixer/threadLog';
import { ManualClock } from '../../src/util/clock';

type Line = Extract<FromMixer, { type: 'log' }>;

function logging() {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const log = new ThreadLog((line) => void lines.push(structuredClone(line)), clock);
  return { clock, lines, log };
}

test('lines are masked before they leave the thread, and have their own time', () => {
  const { clock, lines, log } = logging();
  clock.advance(1234);
  log.logger.child({ uniqueid: '1.1', phone: '442079460018' }).warn({ digit: '7' }, 'odd');
  const fields = { uniqueid: '1.1', phone: '…18', digit: '…' };
  expect(lines).toEqual([{ type: 'log', level: 'warn', fields, message: 'odd', wallMs: clock.wall() }]);
});

test('its level is that of the config of the moment', () => {
  const { lines, log } = logging();
  const child = log.logger.child({});
  child.debug({}, 'before');
  log.level = 'debug';
  child.debug({}, 'after');
  expect(lines.map(({ message }) => message)).toEqual(['after']);
});

test('a field that cannot be sent is told as text', () => {
  const { lines, log } = logging();
  const loop: Record<string, unknown> = {};
  loop['self'] = () => {};
  log.logger.error({ loop, call: () => {}, count: 3, at: 'x' }, 'odd');
  expect(lines[0]!.fields).toEqual({ loop: '{}', call: 'function', count: 3, at: 'x' });
});

test('a flood is cut, and it is told how much was lost', () => {
  const { clock, lines, log } = logging();
  for (let i = 0; i < 50_000; i++) log.logger.info({}, 'again');
  expect(lines).toHaveLength(10_000);
  clock.advance(1000);
  log.logger.info({}, 'later');
  expect(lines.slice(10_000).map(({ level, fields, message }) => [level, fields, message])).toEqual([
    ['warn', { lines: 40_000 }, 'log lines lost: more than can be written'],
    ['info', {}, 'later'],
  ]);
});
