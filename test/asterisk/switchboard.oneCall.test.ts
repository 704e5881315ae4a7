// One call as its follower hears of it through the Switchboard, whatever happens to the call and to Asterisk.
// Would catch: a follower who is told of another call, one who is told after they have cancelled, a question that outlives them.
import type { CallNews } from '../../src/asterisk/callNews';
import { Switchboard } from '../../src/asterisk/switchboard';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { feedContract } from '../support/callNewsContract';

function stand(uniqueid: string) {
  const asterisk = new FakeAsterisk();
  const clock = new ManualClock();
  asterisk.ami.connect();
  const calls = new Switchboard({ link: asterisk.ami, clock, log: silentLogger });
  let cancel = (): void => {};
  const feed = {
    open: (listener: (news: CallNews) => void) => void (cancel = calls.follow(uniqueid, listener)),
    close: () => {
      cancel();
      calls.close();
    },
  };
  return { asterisk, clock, feed, close: () => {} };
}

feedContract('the Switchboard', stand);

test('closed while it asks, it leaves nothing that waits', async () => {
  const { asterisk, clock, feed } = stand('me');
  asterisk.join('me', 'sales');
  asterisk.ami.holding = true;
  feed.open(() => {});
  await settled();
  feed.close();
  expect(asterisk.ami.listeners).toBe(0);
  expect(clock.pending).toBe(0);
});
