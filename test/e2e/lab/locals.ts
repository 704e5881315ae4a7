// Callers whom nobody records: both ends of their channels are Asterisk's own. To the product they are callers like any
// other, and a test can have hundreds of them where it could not record as many.
import type { Lab } from './lab';
import { until } from './wait';

/** Calls at a time: Asterisk answers its look-ups one by one, while telephones ring at the same time. */
const AT_ONCE = 10;
const WAIT_S = 3600;

/**
 * Puts so many into a queue; resolves when all of them wait there. `hangUpLocals` ends them.
 * @param music 'queue': the product's; 'files': Asterisk's own
 */
export async function callLocally(
  lab: Lab,
  queue: string,
  count: number,
  firstPhone: number,
  music: 'queue' | 'files' = 'queue',
): Promise<void> {
  const { manager } = lab;
  const joined = (): number =>
    manager.events.filter(({ event }) => event['Event'] === 'QueueCallerJoin' && event['Queue'] === queue)
      .length;
  const before = joined();
  for (let i = 0; i < count; i++) {
    await originate(lab, music, queue, String(firstPhone + i));
    await until(
      () => `caller ${i} in ${queue}`,
      () => joined() - before > i - AT_ONCE,
    );
  }
  await until(
    () => `${count} callers in ${queue}, not ${joined() - before}`,
    () => joined() - before >= count,
    30_000,
  );
}

/** Has one more come into a queue; resolves when Asterisk has understood. */
export async function originate(
  lab: Lab,
  music: 'queue' | 'files',
  queue: string,
  phone: string,
): Promise<void> {
  await lab.manager.request({
    Action: 'Originate',
    Channel: `Local/${music}-${queue}@default/n`,
    Application: 'Wait',
    Data: String(WAIT_S),
    CallerID: phone,
    Async: 'true',
  });
}

/** Ends all of them. */
export async function hangUpLocals(lab: Lab): Promise<void> {
  await lab.manager.request({ Action: 'Hangup', Channel: '/^Local\\/(queue|files)-/' }).catch(() => {});
}

/** How many wait in all queues, as Asterisk says. */
export async function waitingInQueues(lab: Lab): Promise<number> {
  const { manager } = lab;
  const seen = manager.events.length;
  await manager.request({ Action: 'QueueStatus' });
  await manager.event({ Event: 'QueueStatusComplete' }, 15_000, seen);
  return manager.events.slice(seen).filter(({ event }) => event['Event'] === 'QueueEntry').length;
}
