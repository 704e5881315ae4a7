// A WriteBehindStore in a process of its own, over the real embedded store, that a test kills in the worst moment.
// `away`: its store cannot be opened. `mute`: its store writes what it is given, says so and never answers: the process is
// killed between commit and removal. It chooses for callers `first` and on, and for the caller 0, whom all have in common.
import { join } from 'node:path';
import { openStore } from '../../src/store/open';
import { defaultStore } from '../../src/store/settings';
import type { StoreEntry } from '../../src/store/store';
import { away } from '../../src/store/store';
import { WriteBehindStore } from '../../src/store/writeBehindStore';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';

const [folder = '', worker = '', how = '', first = '0', count = '0'] = process.argv.slice(2);
const clock = systemClock();
const settings = { ...defaultStore, file: join(folder, 'holdcast.db'), spool: join(folder, 'spool') };
const phones = ['0', ...Array.from({ length: Number(count) }, (_, n) => String(Number(first) + n))];
const chosen = (phone: string, take: number): StoreEntry => ({
  ...{ type: 'choice', phone, track: `music/${first}-${take}.wav`, wallMs: Number(first) + take },
});

const store = new WriteBehindStore({
  settings,
  open: async () => {
    if (how === 'away') throw away('it is away');
    const real = await openStore(settings, { clock, log: silentLogger, worker });
    return {
      pins: real.pins,
      choice: (phone) => real.choice(phone),
      write: async (some) => {
        await real.write(some);
        process.stdout.write('committed\n');
        await new Promise(() => {});
      },
      purge: (wallMs) => real.purge(wallMs),
      close: () => real.close(),
    };
  },
  ...{ clock, log: silentLogger, random: seededRandom(process.pid) },
});
store.start();
for (const take of [1, 2]) for (const phone of phones) store.remember(chosen(phone, take));
