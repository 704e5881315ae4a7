// Keys before anybody follows the call: the last press counts, once, for a moment, and a flood of them costs nothing.
import { EarlyKeys } from '../../src/asterisk/earlyKeys';
import type { KeyEvent } from '../../src/asterisk/keys';
import { Switchboard } from '../../src/asterisk/switchboard';
import type { CallNews } from '../../src/asterisk/feed';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { FakeAsterisk, settled } from '../support/fakeAmi';

const press = (digit: string, type: KeyEvent['type'] = 'key-down', uniqueid = '1.1'): KeyEvent => ({
  type,
  uniqueid,
  channel: 'SIP/a-1',
  digit,
  received: true,
});

let clock: ManualClock;
let early: EarlyKeys;
beforeEach(() => {
  clock = new ManualClock();
  early = new EarlyKeys(clock);
});

test('the last press is kept, and given once', () => {
  early.keep(press('3'));
  early.keep(press('3', 'key-up'));
  early.keep(press('4'));
  expect(early.take('1.1')).toMatchObject({ type: 'key-down', digit: '4' });
  expect(early.take('1.1')).toBeUndefined();
});

test('the end of a press counts where its beginning was not told', () => {
  early.keep(press('3', 'key-up'));
  expect(early.take('1.1')).toMatchObject({ type: 'key-up', digit: '3' });
});

test('what was sent to the caller is no press of his', () => {
  early.keep({ ...press('3'), received: false });
  expect(early.take('1.1')).toBeUndefined();
});

test('after five seconds it counts no more', () => {
  early.keep(press('3'));
  clock.advance(5001);
  expect(early.take('1.1')).toBeUndefined();
});

test('of thousands of calls the latest are remembered', () => {
  for (let i = 0; i < 2000; i++) early.keep(press('3', 'key-down', `1.${i}`));
  expect(early.take('1.999')).toBeUndefined();
  expect(early.take('1.1000')).toBeDefined();
});

test('a stream that asks a moment after the press is told of it, once, also when the key is let go later', async () => {
  const asterisk = new FakeAsterisk();
  asterisk.ami.connect();
  const board = new Switchboard({ link: asterisk.ami, clock, log: silentLogger });
  const news: CallNews[] = [];
  await settled();
  asterisk.ami.emit(press('3'));
  board.follow('1.1', (each) => news.push(each));
  await settled();
  asterisk.ami.emit(press('3', 'key-up'));
  await settled();
  expect(news.filter(({ type }) => type === 'key')).toEqual([{ type: 'key', digit: '3' }]);
  board.close();
});
