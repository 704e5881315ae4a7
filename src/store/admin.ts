// What an operator does with the store by `holdcast store`: migrate, check, export, import.
// Over a port of its own with an adapter for each store, so that the way between two stores is one loop.
import type { ImportReport, StoreAdmin } from './adminPort';
import type { StoreRecord } from './rows';
import type { StoreSettings } from './settings';
import type { StoreParts } from './store';

export type { ImportReport, MigrateReport } from './adminPort';
export type { StoreRecord } from './rows';

/** Records that are written at once. */
const PIECE = 500;

/** Everything that is kept, piece by piece; while it runs, more may be written. Ended early, it closes what it opened. */
export async function* exportStore(settings: StoreSettings, parts: StoreParts): AsyncGenerator<StoreRecord> {
  const admin = await openAdmin(settings, parts);
  try {
    yield* admin.records();
  } finally {
    await admin.close();
  }
}

/**
 * Adds records; what is there already stays once, and of two choices of a caller the newer stays.
 * @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED; what came before is kept, and it may be run again
 */
export function importStore(
  settings: StoreSettings,
  records: AsyncIterable<StoreRecord> | Iterable<StoreRecord>,
  parts: StoreParts,
): Promise<ImportReport> {
  return withAdmin(settings, parts, async (admin) => {
    const counts = { choices: 0, heard: 0, keys: 0 };
    const piece: StoreRecord[] = [];
    for await (const record of records) {
      const { type } = record;
      counts[type === 'choice' ? 'choices' : type === 'heard' ? 'heard' : 'keys']++;
      if (piece.push(record) === PIECE) await admin.put(piece.splice(0));
    }
    await admin.put(piece);
    return counts;
  });
}

/** Opened for `body`, and closed behind it. */
export async function withAdmin<T>(
  settings: StoreSettings,
  parts: StoreParts,
  body: (admin: StoreAdmin) => Promise<T>,
): Promise<T> {
  const admin = await openAdmin(settings, parts);
  try {
    return await body(admin);
  } finally {
    await admin.close();
  }
}

async function openAdmin(settings: StoreSettings, parts: StoreParts): Promise<StoreAdmin> {
  if (settings.mysql) return new (await import('./mysqlAdmin')).MysqlAdmin(settings.mysql, parts);
  return new (await import('./embeddedAdmin')).EmbeddedAdmin(settings.file, parts);
}
