// What a stream asks of the hub's BackOffice and what it is answered, on the socket that also tells its news (wire.ts).
// Either end checks what comes: an answer is said aloud to a caller, and a question is put to somebody's billing system.
import { MOST_ACCOUNTS, type Account, type BalanceAnswer } from '../billing/billing';
import { LARGEST_AMOUNT, minorDigits } from '../speech/money';
import type { Remembered } from './backOffice';
import { isCount, line, message, record, WireError, type Fields } from './wire';

/** Said by a stream. `id` and `seq` are its own, 1 and more; nothing in it says whose call it is. */
export type OfficeRequest =
  | { readonly type: 'choice'; readonly id: number }
  /** Has Asterisk asked for the call's place; one that is new is told as news before the reply. */
  | { readonly type: 'confirm-place'; readonly id: number }
  | { readonly type: 'balance'; readonly id: number; readonly language: string; readonly pin?: string }
  /** The answer is not wanted any more. */
  | { readonly type: 'cancel'; readonly id: number }
  | {
      readonly type: 'remember';
      readonly seq: number;
      /** When it happened, milliseconds since 1970. */
      readonly wallMs: number;
      readonly what: Remembered;
    };

export type OfficeReply =
  | { readonly type: 'choice'; readonly id: number; readonly track: string | undefined }
  | { readonly type: 'confirm-place'; readonly id: number; readonly confirmed: boolean }
  | { readonly type: 'balance'; readonly id: number; readonly answer: BalanceAnswer }
  /**
   * The hub has taken what was to be remembered up to this number: it is on disk within seconds, also while the store
   * is away.
   */
  | { readonly type: 'kept'; readonly seq: number };

/** Characters: of a track's or advice's id, as in a CallState. */
const LONGEST_ID = 512;
/** Characters: of the name of an action, of a language. */
const LONGEST_NAME = 100;
const LONGEST_ACCOUNT = 64;
const MOST_DIGITS = 12;

export function encodeRequest(request: OfficeRequest): string {
  return line(request);
}

/**
 * @returns undefined for a message of another type
 * @throws WireError
 */
export function decodeRequest(text: string): OfficeRequest | undefined {
  const { type, id, seq, wallMs, language, pin, what } = message(text);
  switch (type) {
    case 'choice':
    case 'confirm-place':
    case 'cancel':
      return { type, id: numberIn(id) };
    case 'balance':
      if (!isLanguage(language)) throw new WireError('not a language');
      if (pin !== undefined && !isPin(pin)) throw new WireError('not a PIN');
      return { type, id: numberIn(id), language, ...(pin !== undefined && { pin }) };
    case 'remember':
      if (!isMoment(wallMs)) throw new WireError('not a time');
      return { type, seq: numberIn(seq), wallMs, what: rememberedIn(what) };
    default:
      return undefined;
  }
}

export function encodeReply(reply: OfficeReply): string {
  switch (reply.type) {
    case 'choice':
      return line({ ...reply, track: isId(reply.track) ? reply.track : null });
    case 'balance':
      return line({ ...reply, answer: plain(reply.answer) });
    case 'confirm-place':
    case 'kept':
      return line(reply);
  }
}

/**
 * @returns undefined for a message of another type
 * @throws WireError
 */
export function decodeReply(text: string): OfficeReply | undefined {
  const { type, id, seq, track, answer, confirmed } = message(text);
  switch (type) {
    case 'choice':
      if (track !== null && !isId(track)) throw new WireError('not a track');
      return { type, id: numberIn(id), track: track ?? undefined };
    case 'confirm-place':
      return { type, id: numberIn(id), confirmed: confirmed === true };
    case 'balance':
      return { type, id: numberIn(id), answer: answerIn(answer) };
    case 'kept':
      return { type, seq: numberIn(seq) };
    default:
      return undefined;
  }
}

export function isLanguage(value: unknown): value is string {
  return isText(value, LONGEST_NAME);
}

export function isPin(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_DIGITS && /^\d+$/.test(value);
}

/** Whether it can be kept: nothing longer than what there is. */
export function isRemembered(what: Remembered): boolean {
  switch (what.type) {
    case 'choice':
      return isId(what.track);
    case 'heard':
      return what.id === undefined || isId(what.id);
    case 'key':
      return isKey(what.digit) && isText(what.action, LONGEST_NAME);
  }
}

function rememberedIn(value: unknown): Remembered {
  const what = rememberedOf(record(value) ?? {});
  if (!what) throw new WireError('nothing that is remembered');
  return what;
}

const KINDS: readonly unknown[] = ['track', 'advice', 'position', 'answer'];

function rememberedOf({ type, track, kind, id, digit, action }: Fields): Remembered | undefined {
  switch (type) {
    case 'choice':
      return isId(track) ? { type, track } : undefined;
    case 'heard':
      if (!isKind(kind) || (id !== undefined && !isId(id))) return undefined;
      return { type, kind, ...(id !== undefined && { id }) };
    case 'key':
      return isKey(digit) && isText(action, LONGEST_NAME) ? { type, digit, action } : undefined;
    default:
      return undefined;
  }
}

/** JSON has no bigint: minor units go as decimal digits. What cannot be said is not told. */
function plain(answer: BalanceAnswer): object {
  if (answer.status !== 'accounts') return answer;
  if (!answer.accounts.every(isAccount) || answer.accounts.length > MOST_ACCOUNTS)
    return { status: 'unavailable' };
  const accounts = answer.accounts.map(({ number, balance }) => ({
    number,
    minor: String(balance.minor),
    currency: balance.currency,
  }));
  return { status: answer.status, accounts };
}

function answerIn(value: unknown): BalanceAnswer {
  const { status, accounts, wrong, digits } = record(value) ?? {};
  switch (status) {
    case 'accounts':
      if (!Array.isArray(accounts) || accounts.length > MOST_ACCOUNTS) throw new WireError('not accounts');
      return { status, accounts: accounts.map(accountIn) };
    case 'pin':
      if (typeof wrong !== 'boolean' || !isCount(digits) || digits > MOST_DIGITS)
        throw new WireError('not a question for a PIN');
      return { status, wrong, digits };
    case 'locked':
    case 'unknown-caller':
    case 'unavailable':
      return { status };
    default:
      // A newer hub may know more; what it means cannot be said here.
      if (typeof status !== 'string') throw new WireError('an answer without a status');
      return { status: 'unavailable' };
  }
}

function accountIn(value: unknown): Account {
  const { number, minor, currency } = record(value) ?? {};
  const isWhole = typeof minor === 'string' && /^-?\d{1,20}$/.test(minor);
  if (!isWhole || typeof number !== 'string' || typeof currency !== 'string')
    throw new WireError('not an account');
  const account = { number, balance: { minor: BigInt(minor), currency } };
  if (!isAccount(account)) throw new WireError('not an account');
  return account;
}

function isAccount({ number, balance: { minor, currency } }: Account): boolean {
  const digits = minorDigits(currency);
  if (digits === undefined || !isText(number, LONGEST_ACCOUNT)) return false;
  const largest = LARGEST_AMOUNT * 10n ** BigInt(digits);
  return minor <= largest && minor >= -largest;
}

function numberIn(value: unknown): number {
  if (!isCount(value)) throw new WireError('not a number of a message');
  return value;
}

function isMoment(value: unknown): value is number {
  return (
    typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER
  );
}

function isKind(value: unknown): value is Extract<Remembered, { type: 'heard' }>['kind'] {
  return KINDS.includes(value);
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-D*#]$/.test(value);
}

function isId(value: unknown): value is string {
  return isText(value, LONGEST_ID);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest;
}
