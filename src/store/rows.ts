// What happened, checked, as rows of the tables and as lines of JSON: the same for both stores, so that they keep the same things.
// A store that cuts what is too long would give one caller's choice to another; nothing is ever made to fit.
import { parseJson } from '../util/json';
import { LONGEST_PHONE, refused, type Phone, type StoreEntry } from './store';

/** A choice of the old system that no track is known for: its number is kept until somebody says. */
export interface NumberedChoice {
  readonly type: 'choice';
  readonly phone: Phone;
  readonly musicClass: number;
  readonly wallMs: number;
}

/** As stores hand it to each other (export, import): anything that JSON can hold. */
export type StoreRecord = StoreEntry | NumberedChoice;

export interface ChoiceRow {
  readonly src: string;
  readonly track?: string;
  readonly musicClass?: number;
  /** Milliseconds since 1970, whole. */
  readonly atMs: number;
}

export type Cells = readonly (string | number | null)[];

export interface Statement {
  readonly sql: string;
  readonly values: Cells;
}

export interface Rows {
  readonly choices: readonly ChoiceRow[];
  /** Uniqueid, at_ms, kind, item, src, queue. */
  readonly heard: readonly Cells[];
  /** Uniqueid, at_ms, digit, action, src, queue. */
  readonly keys: readonly Cells[];
}

/** Columns are so long; a longer queue or Uniqueid is not Asterisk's. */
const LONGEST = { uniqueid: 150, id: 255, queue: 128, action: 64 };
/** `music_class` is a smallint. */
export const LARGEST_CLASS = 32_767;
/** A choice of so much later than now was made by a clock that was wrong: it is older than any, milliseconds. */
const AHEAD_MS = 60_000;
const LAST_DATE = 8.64e15;
const KINDS: readonly string[] = ['track', 'advice', 'position', 'answer'];

/** The latest time of a choice that is believed. */
export function latestBelieved(nowMs: number): number {
  return Math.trunc(nowMs) + AHEAD_MS;
}

/** Whether this number of a caller is kept: printable, without spaces (char(15) loses those at its end), and not too long. */
export function isKept(phone: Phone): boolean {
  return phone.length <= LONGEST_PHONE && /^[\x21-\x7e]+$/.test(phone);
}

/** Whether a store can keep this as the name of a track. */
export function isTrackId(text: string): boolean {
  return text !== '' && [...text].length <= LONGEST.id && isStorable(text);
}

/**
 * Entries as rows. A choice whose caller's number cannot be kept is left out; what such a caller heard is kept
 * without their number.
 * @throws HoldcastError HC_STORE_REFUSED: an entry that no store can take; the message has no value of it
 */
export function rowsOf(entries: readonly StoreEntry[]): Rows {
  const kept = entries.flatMap((entry): StoreEntry[] => {
    const { phone } = entry;
    if (typeof phone !== 'string' || isKept(phone)) return [entry];
    return entry.type === 'choice' ? [] : [{ ...entry, phone: '' }];
  });
  return rowsOfRecords(kept);
}

/** The same for what another store had: a number that an old system kept is kept, whatever it looks like. */
export function rowsOfRecords(records: readonly StoreRecord[]): Rows {
  const choices: ChoiceRow[] = [];
  const heard: Cells[] = [];
  const keys: Cells[] = [];
  for (const record of records) {
    if (record.type === 'choice') choices.push(choiceRow(record));
    else if (record.type === 'heard') heard.push(heardRow(record));
    else if (record.type === 'key') keys.push(keyRow(record));
    else throw refused('an entry is of no known type');
  }
  return { choices, heard, keys };
}

function choiceRow(record: StoreRecord & { type: 'choice' }): ChoiceRow {
  const src = record.phone;
  if (!isNumber(src)) throw refused('a choice has no right number');
  const atMs = atOf(record.wallMs);
  if (!('musicClass' in record)) return { src, track: textOf(record.track, 'track', LONGEST.id), atMs };
  const { musicClass } = record;
  if (!Number.isInteger(musicClass) || Math.abs(musicClass) > LARGEST_CLASS + 1)
    throw refused('a choice has no right music class');
  return { src, musicClass, atMs };
}

function heardRow(record: StoreEntry & { type: 'heard' }): Cells {
  const { uniqueid, kind, id = '', wallMs } = record;
  if (!KINDS.includes(kind)) throw refused('what was heard is of no known kind');
  const item = id === '' ? '' : textOf(id, 'id', LONGEST.id);
  return [textOf(uniqueid, 'uniqueid', LONGEST.uniqueid), atOf(wallMs), kind, item, ...whose(record)];
}

function keyRow(record: StoreEntry & { type: 'key' }): Cells {
  const { uniqueid, digit, action, wallMs } = record;
  const pressed = [textOf(digit, 'digit', 1), textOf(action, 'action', LONGEST.action)];
  return [textOf(uniqueid, 'uniqueid', LONGEST.uniqueid), atOf(wallMs), ...pressed, ...whose(record)];
}

function whose({ phone, queue }: { phone?: Phone; queue?: string }): Cells {
  const src = isNumber(phone) && phone !== '' ? phone : null;
  return [src, queue === undefined || queue === '' ? null : textOf(queue, 'queue', LONGEST.queue)];
}

function isNumber(phone: unknown): phone is Phone {
  return typeof phone === 'string' && phone.length <= LONGEST_PHONE && isStorable(phone);
}

function atOf(wallMs: unknown): number {
  if (typeof wallMs !== 'number' || !(wallMs >= 0 && wallMs <= LAST_DATE))
    throw refused('an entry has no right time');
  return Math.trunc(wallMs);
}

function textOf(value: unknown, what: string, longest: number): string {
  if (typeof value !== 'string' || value === '' || [...value].length > longest || !isStorable(value))
    throw refused(`an entry has no right ${what}`);
  return value;
}

/** No control characters, no half characters, no space at its end: databases change those. */
function isStorable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]|\s$/u.test(text);
}

/** A row as a store answers it, by its columns. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * A row of either store as a record: what one exports, the other imports.
 * @param row with the columns of `table`; a choice has `track` or, where none is known, `music_class`
 */
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

/** Longer than anything that is written; nobody need parse it. */
const LONGEST_LINE = 16_384;

/** One line of JSON, with its line end. */
export function encodeEntry(entry: StoreEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** Undefined when the line is no entry that a store could take: it may have been cut, or changed by hand. */
export function decodeEntry(line: string): StoreEntry | undefined {
  const record = decodeRecord(line);
  try {
    if (!record || 'musicClass' in record) return undefined;
    rowsOf([record]);
    return record;
  } catch {
    return undefined;
  }
}

/**
 * What stores hand to each other. Undefined when the line is of no known type; whether its fields are right says `rowsOfRecords`,
 * which leaves out whatever else stands in it.
 */
export function decodeRecord(line: string): StoreRecord | undefined {
  try {
    const value = (line.length > LONGEST_LINE ? undefined : parseJson(line)) as
      Record<string, unknown> | undefined;
    const { type, track } = value ?? {};
    if (type !== 'choice' && type !== 'heard' && type !== 'key') return undefined;
    return { ...value, ...(typeof track === 'string' && { track: track.normalize('NFC') }) } as StoreRecord;
  } catch {
    return undefined;
  }
}
