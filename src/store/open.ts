// Which store there is: the one that the settings name. Its adapter is loaded only now.
import type { StoreSettings } from './settings';
import type { Store, StoreParts } from './store';

/**
 * The embedded store makes its tables itself. MySQL gets none by this, and none is looked for: without them every
 * write is refused with the hint to run `holdcast store migrate`; a choice needs only queue_music and holdcast_track.
 * Does not wait for the database: whether it is there shows with what is asked of it.
 */
export async function openStore(settings: StoreSettings, parts: StoreParts): Promise<Store> {
  if (settings.mysql) {
    const [{ MysqlStore }, { Pool }] = await Promise.all([import('./mysqlStore'), import('./pool')]);
    return new MysqlStore(new Pool(settings.mysql, parts), parts.clock);
  }
  const { EmbeddedStore } = await import('./embedded');
  return new EmbeddedStore(settings.file, parts);
}
