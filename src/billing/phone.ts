// Phone: a caller's number as billing knows it, or none: who withholds it, or has none that could be one, is not asked about.
// Two callers never become one: what is not surely a number of the country or another stays as Asterisk tells it.
import type * as Library from 'libphonenumber-js';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js';
import { HoldcastError } from '../util/errors';
import type { PhoneRules } from './settings';

/** Digits, maybe after a plus: "anonymous", "unknown", "s", "+", "" are none. With room for an international prefix. */
const NUMBER = /^\+?\d{2,20}$/;
/** What some lines say for a number that is withheld. */
const ZEROS = /^\+?0+$/;
/** Of a telephone in the house. In no country with a handful of exceptions is this the number of a line. */
const EXTENSION = /^\d{2,6}$/;
/** E.164 allows no more digits. */
const MOST_DIGITS = 15;

/** Loads what numbers of a country need; 40 ms once. */
export async function warmPhones({ country }: PhoneRules): Promise<void> {
  if (country !== undefined) await import('libphonenumber-js');
}

/**
 * @param told as Asterisk tells it
 * @returns what billing is asked about; undefined: withheld or malformed
 * @throws HoldcastError HC_CONFIG_INVALID when there is no such country
 */
export async function billedPhone(
  { country, format }: PhoneRules,
  told: string | undefined,
): Promise<string | undefined> {
  if (told === undefined || !NUMBER.test(told) || ZEROS.test(told)) return undefined;
  const phone =
    country === undefined || EXTENSION.test(told)
      ? told
      : written(await import('libphonenumber-js'), told, country, format);
  return phone !== undefined && phone.replace('+', '').length <= MOST_DIGITS ? phone : undefined;
}

function written(
  library: typeof Library,
  told: string,
  country: string,
  format: PhoneRules['format'],
): string | undefined {
  if (!library.isSupportedCountry(country)) {
    const hint = "write the two letters of ISO 3166 in `billing.country`: 'GB'";
    throw new HoldcastError('HC_CONFIG_INVALID', '`billing.country` is no country', hint);
  }
  const number = understood(library, told, country);
  if (!number || ZEROS.test(number.nationalNumber)) return undefined;
  switch (format) {
    case 'e164':
      return number.number;
    case 'digits':
      return number.number.slice(1);
    case 'national':
      return nationally(library, number, country);
  }
}

/** Written nationally where that means this caller and no other; with plus where it would be somebody's here, or nobody's. */
function nationally(library: typeof Library, number: PhoneNumber, country: CountryCode): string {
  const national = number.formatNational().replace(/\D/g, '');
  return understood(library, national, country)?.number === number.number ? national : number.number;
}

/** By its length: which numbers a country has given out changes faster than any library. */
function understood(library: typeof Library, told: string, country: CountryCode): PhoneNumber | undefined {
  const number = library.parsePhoneNumberFromString(told, country);
  if (number?.isPossible()) return number;
  if (told.startsWith('+')) return undefined;
  // From abroad, without plus or prefix: a guess, so it must be a number that there is.
  const abroad = library.parsePhoneNumberFromString(`+${told}`);
  return abroad?.isValid() ? abroad : undefined;
}
