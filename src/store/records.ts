// Rows of either store as records: what one store exports, the other imports.
import type { StoreRecord } from './rows';

type Fields = Readonly<Record<string, unknown>>;

/** @param row with the columns of `table`; a choice has `track` or, where none is known, `music_class` */
export function recordOf(table: string, row: Fields): StoreRecord {
  const wallMs = Number(row['at_ms']);
  if (table === 'holdcast_choice') {
    const phone = String(row['src']);
    return typeof row['track'] === 'string'
      ? { type: 'choice', phone, track: row['track'], wallMs }
      : { type: 'choice', phone, musicClass: Number(row['music_class']), wallMs };
  }
  const call = {
    uniqueid: String(row['uniqueid']),
    ...(typeof row['src'] === 'string' && { phone: row['src'] }),
    ...(typeof row['queue'] === 'string' && { queue: row['queue'] }),
  };
  if (table === 'holdcast_key')
    return { type: 'key', ...call, digit: String(row['digit']), action: String(row['action']), wallMs };
  const kind = row['kind'] as 'track' | 'advice' | 'position' | 'answer';
  const id = String(row['item']);
  return { type: 'heard', ...call, kind, ...(id !== '' && { id }), wallMs };
}
