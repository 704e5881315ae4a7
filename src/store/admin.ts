// What an operator does with the store by `holdcast store`: migrate, check, export, import.
// Over a port of its own with an adapter for each store, so that the way between two stores is one loop.
import type { ImportReport, MigrateOptions, MigrateReport, StoreAdmin, StoreFinding } from './adminPort';
import type { StoreParts } from './open';
import type { StoreRecord } from './rows';
import type { StoreSettings } from './settings';

export type { ImportReport, MigrateOptions, MigrateReport, StoreFinding } from './adminPort';
export type { NumberedChoice, StoreRecord } from './rows';

/** Records that are written at once. */
const PIECE = 500;

/**
 * Makes or renews the tables, and finds out what the numbers of an old system mean. May be run again at any time,
 * by several at once, and after it was interrupted.
 * @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED (rights, a track that is named twice, a newer schema)
 */
export function migrateStore(
  settings: StoreSettings,
  options: MigrateOptions,
  parts: StoreParts,
): Promise<MigrateReport> {
  return withAdmin(settings, parts, (admin) => admin.migrate(options));
}

/** Whether it can be reached and written to, and what is in it. Never rejects: what fails is a finding. */
export function checkStore(settings: StoreSettings, parts: StoreParts): Promise<StoreFinding[]> {
  return withAdmin(settings, parts, (admin) => admin.check());
}

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
    for await (const piece of pieces(records)) {
      await admin.put(piece);
      for (const { type } of piece)
        counts[type === 'choice' ? 'choices' : type === 'heard' ? 'heard' : 'keys']++;
    }
    return counts;
  });
}

async function* pieces(
  records: AsyncIterable<StoreRecord> | Iterable<StoreRecord>,
): AsyncGenerator<StoreRecord[]> {
  let piece: StoreRecord[] = [];
  for await (const record of records) {
    piece.push(record);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

async function withAdmin<T>(
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
  if (settings.mysql) return (await import('./mysqlAdmin')).openMysqlAdmin(settings.mysql, parts);
  return (await import('./embeddedAdmin')).openEmbeddedAdmin(settings.file, parts);
}
