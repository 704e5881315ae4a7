// A keeper in a process of its own, over the real embedded store, that a test kills in the worst moment.
// Its store writes what it is given, says so on standard output and never answers: between commit and removal.
import { join } from 'node:path';
import { StoreKeeper } from '../../src/store/keeper';
import { openStore } from '../../src/store/open';
import { defaultStore } from '../../src/store/settings';
import { Spool } from '../../src/store/spool';
import type { StoreEntry } from '../../src/store/store';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';

const [folder = '', worker = '', where = '', first = '0', count = '0'] = process.argv.slice(2);
const clock = systemClock();
const settings = { ...defaultStore, file: join(folder, 'holdcast.db'), spool: join(folder, 'spool') };
const entries = Array.from({ length: Number(count) }, (_, n): StoreEntry => {
  const call = { uniqueid: `17.${Number(first) + n}`, digit: '3', action: 'nextTrack' };
  return { type: 'key', ...call, wallMs: Date.now() };
});
if (where === 'spool') new Spool(settings.spool, () => clock.wall()).put(entries);

const keeper = new StoreKeeper({
  settings,
  open: async () => {
    const store = await openStore(settings, { clock, log: silentLogger, worker });
    return {
      pins: store.pins,
      choice: (phone) => store.choice(phone),
      write: async (some) => {
        await store.write(some);
        process.stdout.write('committed\n');
        await new Promise(() => {});
      },
      purge: (wallMs) => store.purge(wallMs),
      close: () => store.close(),
    };
  },
  ...{ clock, log: silentLogger, random: seededRandom(process.pid) },
});
keeper.start();
if (where === 'memory') {
  for (const entry of entries) keeper.remember(entry);
  void keeper.close();
}
