// A StoreEntry as one line of JSON, and back: what stands in a file may have been cut, or changed by hand.
// Lengths are not judged here: what a store can take, it knows itself.
import { parseJson } from '../util/json';
import type { StoreRecord } from './rows';
import type { StoreEntry } from './store';

const KINDS = new Set(['track', 'advice', 'position', 'answer']);
/** Longer than anything that is written; nobody need parse it. */
const LONGEST_LINE = 16_384;

type Fields = Readonly<Record<string, unknown>>;

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
  if (line.length > LONGEST_LINE) return undefined;
  let value: unknown;
  try {
    value = parseJson(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Fields;
  const wallMs = fields['wallMs'];
  if (typeof wallMs !== 'number' || !Number.isFinite(wallMs)) return undefined;
  if (fields['type'] === 'choice') return choiceOf(fields, wallMs);
  if (fields['type'] === 'heard') return heardOf(fields, wallMs);
  if (fields['type'] === 'key') return keyOf(fields, wallMs);
  return undefined;
}

function choiceOf({ phone, track, musicClass }: Fields, wallMs: number): StoreRecord | undefined {
  if (typeof phone !== 'string') return undefined;
  if (track === undefined && typeof musicClass === 'number')
    return { type: 'choice', phone, musicClass, wallMs };
  if (typeof track !== 'string') return undefined;
  return { type: 'choice', phone, track: track.normalize('NFC'), wallMs };
}

function heardOf(fields: Fields, wallMs: number): StoreEntry | undefined {
  const { kind, id } = fields;
  const call = callOf(fields);
  if (!call || !isKind(kind) || !isOptional(id)) return undefined;
  return { type: 'heard', ...call, kind, ...(id !== undefined && { id }), wallMs };
}

function keyOf(fields: Fields, wallMs: number): StoreEntry | undefined {
  const { digit, action } = fields;
  const call = callOf(fields);
  if (!call || typeof digit !== 'string' || typeof action !== 'string') return undefined;
  return { type: 'key', ...call, digit, action, wallMs };
}

function callOf({ uniqueid, phone, queue }: Fields) {
  if (typeof uniqueid !== 'string' || !isOptional(phone) || !isOptional(queue)) return undefined;
  return { uniqueid, ...(phone !== undefined && { phone }), ...(queue !== undefined && { queue }) };
}

function isKind(value: unknown): value is 'track' | 'advice' | 'position' | 'answer' {
  return typeof value === 'string' && KINDS.has(value);
}

function isOptional(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
