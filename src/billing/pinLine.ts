// PinLine: what all spellings of a caller's number have in common, so that writing it in another way brings no more tries.
// Without the country nobody can say which spellings are one number; its last digits are the same in each of them.
import type { PinCaller } from '../store/pinLedger';

/**
 * Numbers have seven digits and more behind their country and trunk prefix, but in a handful of small countries. Two callers
 * whose last seven digits are the same share their tries: one in ten million pairs of numbers.
 */
const SHARED_DIGITS = 7;

/** @param phone as billing is asked about it */
export function pinCaller(phone: string): PinCaller {
  // "0201" is extension 201 with a prefix.
  const digits = phone.replace(/\D/g, '').replace(/^0+/, '');
  return { line: digits.slice(-SHARED_DIGITS), told: phone };
}
