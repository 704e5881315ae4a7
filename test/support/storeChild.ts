// A process that writes choices to a store until it is killed: what it acknowledges on stdout must be there afterwards.
// Bundled and started by tests; "<number>:<at>" for each choice whose write has resolved.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/open';
import type { StoreSettings } from '../../src/store/settings';
import type { StoreEntry } from '../../src/store/store';
import { systemClock } from '../../src/util/clock';
import { errnoOf } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';

interface Task {
  settings: StoreSettings;
  worker: string;
  /** Before each caller's number, so that processes do not write the same callers. */
  prefix: string;
  /** Callers; each is written again and again with a newer choice. */
  callers: number;
  /** Writes at once. */
  together: number;
  /** Writes after which it ends; absent: none. */
  most?: number;
}

async function main(): Promise<void> {
  const {
    settings,
    worker,
    prefix,
    callers,
    together,
    most = Infinity,
  } = JSON.parse(process.argv[2]!) as Task;
  const store = await openStore(settings, { log: silentLogger, clock: systemClock(), worker });
  let serial = 0;
  /** False: away, as it may be where many write; it is tried again, as the program does. */
  const kept = (entry: StoreEntry): Promise<boolean> =>
    store.write([entry]).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) !== 'HC_STORE_AWAY') throw error;
        return new Promise((done) => setTimeout(() => done(false), 5));
      },
    );
  const write = async (): Promise<void> => {
    for (let at = serial++; at < most; at = serial++) {
      const phone = `${prefix}${at % callers}`;
      const entry = { type: 'choice', phone, track: `music/${at}.wav`, wallMs: at } as const;
      while (!(await kept(entry)));
      writeSync(1, `${phone}:${at}\n`);
    }
  };
  try {
    await Promise.all(Array.from({ length: together }, write));
  } finally {
    await store.close();
  }
}

main().catch((error: unknown) => {
  writeSync(2, `${String(error)}\n`);
  process.exitCode = 1;
});
