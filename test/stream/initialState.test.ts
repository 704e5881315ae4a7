// Which call a stream plays to: nobody before it is noted, that call while it is, and nobody again, for good.
// Would catch: a call named twice, a note that is gone and still believed, a timer that goes on after the end.
import { mintToken } from '../../src/asterisk/token';
import { watchName } from '../../src/stream/initialState';
import { ManualClock } from '../../src/util/clock';

function stand(uniqueid?: string) {
  const clock = new ManualClock();
  const told: string[] = [];
  const noted: { name: string | undefined } = { name: uniqueid };
  const cancel = watchName({
    owners: { of: () => noted.name },
    token: mintToken(),
    uniqueid,
    clock,
    named: (name) => void told.push(name),
    lost: () => void told.push('lost'),
  });
  return { clock, told, noted, cancel };
}

test('it is named once, within a fifth of a second', () => {
  const { clock, told, noted } = stand();
  clock.advance(10_000);
  expect(told).toEqual([]);
  noted.name = '1.1';
  clock.advance(200);
  clock.advance(10_000);
  expect(told).toEqual(['1.1']);
});

test.each([undefined, '2.2'])('a note that becomes %s: somebody else listens, for good', (next) => {
  const { clock, told, noted } = stand('1.1');
  clock.advance(1000);
  expect(told).toEqual([]);
  noted.name = next;
  clock.advance(200);
  noted.name = '1.1';
  clock.advance(1000);
  expect([told, clock.pending]).toEqual([['lost'], 0]);
});

test('one that was gone before anybody looked is lost at once', () => {
  const clock = new ManualClock();
  const lost = jest.fn();
  const owners = { of: () => undefined };
  watchName({ owners, token: mintToken(), uniqueid: '1.1', clock, named: () => {}, lost });
  expect(lost).toHaveBeenCalledTimes(1);
});

test('nothing is told after it is cancelled, and no timer is left', () => {
  const { clock, told, noted, cancel } = stand();
  cancel();
  noted.name = '1.1';
  clock.advance(1000);
  expect([told, clock.pending]).toEqual([[], 0]);
});
