// DirectFeed: what is told of one call over an AMI link of the stream's own.
// Would catch: a feed that leaves its link open, one that opens again after it was closed.
import { DirectFeed } from '../../src/asterisk/directFeed';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { feedContract } from '../support/feedContract';

function stand(uniqueid: string) {
  const asterisk = new FakeAsterisk();
  const clock = new ManualClock();
  asterisk.ami.connect();
  const feed = new DirectFeed(uniqueid, asterisk.ami, { clock, log: silentLogger });
  return { asterisk, clock, feed, close: () => {} };
}

feedContract('DirectFeed', stand);

test('the link is closed with the feed, and nothing is left that waits', async () => {
  const { asterisk, clock, feed } = stand('me');
  asterisk.join('me', 'sales');
  asterisk.ami.holding = true;
  feed.open(() => {});
  await settled();
  await feed.close();
  expect(asterisk.ami.closed).toBe(true);
  expect(asterisk.ami.listeners).toBe(0);
  expect(clock.pending).toBe(0);
});

test('a feed that was closed before it is opened tells nothing and asks nothing', async () => {
  const { asterisk, feed } = stand('me');
  asterisk.join('me', 'sales');
  await feed.close();
  const told: unknown[] = [];
  feed.open((news) => told.push(news));
  await settled();
  expect(told).toEqual([]);
  expect(asterisk.ami.asked).toEqual([]);
});
