// The store: its kind, whether it answers and has its tables, how much it holds, which choices wait for it.
// Calls continue without it, so without this check nobody would notice before a caller misses their music.
import { promises } from 'node:fs';
import { join } from 'node:path';
import { withAdmin } from '../store/admin';
import type { StoreSettings } from '../store/settings';
import type { StoreParts } from '../store/store';
import { named, ok, warning, type Check, type Finding } from './check';
import { configOf, type Site } from './site';

const NAME = 'store';
const SPOOLED = /^\d{15}-.*\.jsonl/;
const REFUSED = 'refused.jsonl';

export function storeChecks(
  site: Pick<Site, 'config' | 'clock' | 'log'>,
  parts: Partial<StoreParts> = {},
): Check[] {
  const { clock, log } = site;
  const run = async (): Promise<Finding[]> => {
    const { store } = configOf(site);
    const findings = await withAdmin(store, { clock, log, ...parts }, (admin) => admin.check());
    // The first line says which store it is.
    const kind = store.mysql ? 'MySQL' : 'embedded';
    const rows = findings.map(({ name, found, ...rest }): Finding => {
      const isStore = name === NAME;
      const row = { ...rest, found: isStore ? `${kind}: ${found}` : found };
      return named(isStore ? NAME : `${NAME}: ${name}`, row);
    });
    return [...rows, ...(await spool(store)), keeping(store)];
  };
  return [{ name: NAME, run }];
}

/** Only the hub purges by itself; whether one always runs is unknown here. */
function keeping({ keepDays }: StoreSettings): Finding {
  const found =
    keepDays === 0
      ? 'everything, for ever (store.keepDays is 0)'
      : `${keepDays} days; the hub removes older entries. Without a hub: "holdcast store purge" by cron (docs/store.md)`;
  return named(`${NAME}: keeps`, ok(found));
}

async function spool({ spool: folder }: StoreSettings): Promise<Finding[]> {
  const names = await promises.readdir(folder).catch((): string[] => []);
  const waiting = names.filter((name) => SPOOLED.test(name)).length;
  const findings = waiting > 0 ? [ok(`${waiting} files with choices in ${folder} will be written`)] : [];
  if (names.includes(REFUSED)) {
    const file = join(folder, REFUSED);
    const todo = `Fix the cause, then: holdcast store import ${file} && rm ${file}`;
    findings.push(warning(`choices that the store refused are in ${file}`, todo));
  }
  return findings.map((finding) => named(`${NAME}: spool`, finding));
}
