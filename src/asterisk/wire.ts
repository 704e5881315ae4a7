// The hub's socket protocol: one JSON object a line; a stream says which look-up or which call it is for, the hub tells news.
// Checked by hand, since every stream loads this. Junk is an error; what a newer version adds is passed over.
import { isUniqueid, type CallIdentity, type CallNews, type QueuePlace } from './feed';
import { isToken } from './token';

/** Said by the stream. A hub that knows more sends what an older stream passes over, so any version is welcome. */
export const WIRE_VERSION = 1;

/** Bytes of a line without its end. The longest news, every character of it escaped, is shorter. */
export const LONGEST_LINE = 8192;
/** Characters. What is longer is no channel, number, language or queue of Asterisk, and is not told. */
const LONGEST_TEXT = 200;

/** One of them at least. */
export interface Who {
  /** Of the look-up that the stream was started for. */
  readonly token?: string | undefined;
  /** The call: as a hub has named it to this stream, or as the command line says where there is no token. */
  readonly uniqueid?: string | undefined;
}

export interface Hello extends Who {
  /** Protocol version of the stream, 1 and more. */
  readonly v: number;
}

/** The other end does not speak this protocol: the connection is of no use. */
export class WireError extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function encodeHello({ token, uniqueid }: Who): string {
  return line({ type: 'hello', v: WIRE_VERSION, token, uniqueid });
}

/**
 * @returns undefined for a message of another type
 * @throws WireError
 */
export function decodeHello(text: string): Hello | undefined {
  const { type, v, uniqueid, token } = message(text);
  if (type !== 'hello') return undefined;
  if (!isCount(v)) throw new WireError('hello without a version');
  const who = {
    ...(typeof token === 'string' && isToken(token) && { token }),
    ...(typeof uniqueid === 'string' && isUniqueid(uniqueid) && { uniqueid }),
  };
  if (!who.token && !who.uniqueid) throw new WireError('hello without a token or a Uniqueid');
  return { v, ...who };
}

/** The call that hears the look-up, as Asterisk says: before all news of it. */
export function encodeHearer(uniqueid: string): string {
  return line({ type: 'hearer', uniqueid });
}

/**
 * @returns undefined for a message of another type
 * @throws WireError
 */
export function decodeHearer(text: string): string | undefined {
  const { type, uniqueid } = message(text);
  if (type !== 'hearer') return undefined;
  if (typeof uniqueid !== 'string' || !isUniqueid(uniqueid))
    throw new WireError('a hearer without a Uniqueid');
  return uniqueid;
}

export function encodeNews(news: CallNews): string {
  switch (news.type) {
    case 'identity':
      return line({ type: news.type, identity: shortened(news.identity) });
    case 'place':
      return line({ type: news.type, place: tellable(news.place) });
    case 'key':
    case 'ended':
      return line(news);
  }
}

/**
 * @returns undefined for a message of a type that this version does not know
 * @throws WireError
 */
export function decodeNews(text: string): CallNews | undefined {
  const { type, identity, digit, place } = message(text);
  switch (type) {
    case 'identity':
      return { type, identity: identityIn(identity) };
    case 'key':
      if (typeof digit !== 'string' || !/^[0-9A-D*#]$/.test(digit)) throw new WireError('not a key');
      return { type, digit };
    case 'place':
      return { type, place: place === null ? undefined : placeIn(place) };
    case 'ended':
      return { type };
    default:
      return undefined;
  }
}

/** Puts lines together from pieces of any size. */
export class LineReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * @returns the lines that `chunk` completes
   * @throws WireError when a line is longer than LONGEST_LINE; nothing more may be pushed then
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      if (end > LONGEST_LINE) break;
      lines.push(bytes.toString('utf8', 0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > LONGEST_LINE) throw new WireError('a line without an end');
    this.#rest = Buffer.from(bytes); // a copy, so that a large chunk is not kept for its last few bytes
    return lines;
  }
}

/** A message as it is sent. */
export function line(fields: object): string {
  return `${JSON.stringify(fields)}\n`;
}

/** @throws WireError when it is not an object that says its type */
export function message(text: string): Fields & { type: string } {
  const fields = record(parsed(text));
  if (typeof fields?.['type'] !== 'string') throw new WireError('not a message');
  return fields as Fields & { type: string };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WireError('not JSON');
  }
}

/** The fields of an object; undefined: it is none. */
export function record(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

const OPTIONAL = ['channel', 'phone', 'language', 'queue'] as const;

function identityIn(value: unknown): CallIdentity {
  const { uniqueid, ...fields } = record(value) ?? {};
  if (typeof uniqueid !== 'string' || !isUniqueid(uniqueid))
    throw new WireError('an identity without a Uniqueid');
  return optionalTexts({ uniqueid }, fields);
}

function tellable(place: QueuePlace | undefined): QueuePlace | null {
  return place && place.queue.length <= LONGEST_TEXT ? place : null;
}

function shortened({ uniqueid, ...fields }: CallIdentity): CallIdentity {
  return optionalTexts({ uniqueid }, fields);
}

/** @throws WireError when what should be text is not */
function optionalTexts(start: CallIdentity, fields: Fields): CallIdentity {
  const identity: { -readonly [field in keyof CallIdentity]: CallIdentity[field] } = { ...start };
  for (const field of OPTIONAL) {
    const value = fields[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new WireError(`${field} is not text`);
    if (value !== '' && value.length <= LONGEST_TEXT) identity[field] = value;
  }
  return identity;
}

function placeIn(value: unknown): QueuePlace {
  const { queue, position, waitMs, joinedMs } = record(value) ?? {};
  if (typeof queue !== 'string' || !isCount(position)) throw new WireError('not a place');
  const [least, most] = Array.isArray(waitMs) ? (waitMs as unknown[]) : [];
  const isRange = isWait(least) && isWait(most) && least <= most;
  return {
    queue,
    position,
    ...(isWait(joinedMs) && { joinedMs }),
    ...(isRange && { waitMs: [least, most] as const }),
  };
}

/** A whole number from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
