// A Switchboard over an Asterisk in memory, and what its tests ask of both.
import { Switchboard } from '../../src/asterisk/switchboard';
import { ManualClock } from '../../src/util/clock';
import { createLogger } from '../../src/util/log';
import { Heard } from './callNewsContract';
import { FakeAsterisk, settled } from './fakeAmi';

export async function switchboardStand({ connected = true } = {}) {
  const asterisk = new FakeAsterisk();
  const { ami } = asterisk;
  const clock = new ManualClock();
  asterisk.wall = clock.wall;
  const logged: string[] = [];
  const log = createLogger(
    (level, fields, text) => logged.push(`${level} ${text} ${JSON.stringify(fields)}`),
    clock.wall,
    'info',
  );
  if (connected) ami.connect();
  const switchboard = new Switchboard({ link: ami, clock, log });
  await settled();
  return {
    asterisk,
    ami,
    clock,
    switchboard,
    logged,
    /** What a new follower of a call hears. */
    follow(uniqueid: string): Heard & { cancel(): void } {
      const heard = new Heard();
      return Object.assign(heard, { cancel: switchboard.follow(uniqueid, heard.listener) });
    },
    /** The calls that Asterisk was asked about. */
    asked: (): string[] => ami.asks('Status', 'Channel'),
    /** The queues that Asterisk was asked about. */
    looks: (): string[] => ami.asks('QueueStatus', 'Queue'),
    /** Seconds go by, and every question is answered. */
    async seconds(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        await settled();
        clock.advance(1000);
      }
      await settled();
    },
  };
}
