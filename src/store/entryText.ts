// A StoreEntry as one line of JSON, and back: what stands in a file may have been cut, or changed by hand.
// Lengths are not judged here: what a store can take, it knows itself.
import { parseJson } from '../util/json';
import { KINDS, type StoreRecord } from './rows';
import type { StoreEntry } from './store';

/** Longer than anything that is written; nobody need parse it. */
const LONGEST_LINE = 16_384;

/** What stands there besides the type and the time, each as text; what has a question mark may be missing. */
const FIELDS = new Map([
  ['choice', ['phone', 'track']],
  ['heard', ['uniqueid', 'phone?', 'queue?', 'kind', 'id?']],
  ['key', ['uniqueid', 'phone?', 'queue?', 'digit', 'action']],
]);

/** With its line end. */
export function encodeEntry(entry: StoreEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** Undefined when the line is no entry. Whatever else stands in it is left out. */
export function decodeEntry(line: string): StoreEntry | undefined {
  const record = decodeRecord(line);
  return record && 'musicClass' in record ? undefined : record;
}

/** The same for what stores hand to each other. */
export function decodeRecord(line: string): StoreRecord | undefined {
  const fields = fieldsIn(line);
  const { type, wallMs, phone, track, musicClass } = fields;
  const names = FIELDS.get(String(type));
  if (!names || typeof wallMs !== 'number' || !Number.isFinite(wallMs)) return undefined;
  if (type === 'choice' && track === undefined && typeof musicClass === 'number')
    return typeof phone === 'string' ? { type, phone, musicClass, wallMs } : undefined;
  const record: Record<string, unknown> = { type };
  for (const field of names) {
    const name = field.replace('?', '');
    const value = fields[name];
    if (typeof value === 'string') record[name] = name === 'track' ? value.normalize('NFC') : value;
    else if (value !== undefined || name === field) return undefined;
  }
  if (type === 'heard' && !KINDS.includes(String(fields['kind']))) return undefined;
  return { ...record, wallMs } as StoreRecord;
}

function fieldsIn(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = line.length > LONGEST_LINE ? undefined : parseJson(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
