// Reads out an account number sign by sign, in groups with a short break between, as one does on the telephone.
// Leading zeros are said; what separates groups in writing is heard as a break.
import { join, pause, type Spoken } from './spoken';

const LONGEST_GROUP = 4;

/** "00421-7" → ["004", "21", "7"]: groups of three, one of four rather than leave a sign alone. */
export function digitGroups(number: string): readonly string[] {
  return number.split(/[^\p{L}\p{M}\p{N}]+/u).flatMap((part) => {
    if (part.length <= LONGEST_GROUP) return part === '' ? [] : [part];
    return (part.match(/[\p{L}\p{M}]+|\p{N}+/gu) ?? []).flatMap(inThrees);
  });
}

function inThrees(signs: string): readonly string[] {
  return signs.match(/.{4}$|.{3}(?!.$)|.{1,4}$/gu) ?? [];
}

/**
 * @param sayings what each sign is said as, digits and letters in lower case
 * @throws RangeError for a letter or digit that is not there: left out, two numbers would be heard as one
 */
export function readOut(number: string, sayings: ReadonlyMap<string, Spoken>): Spoken {
  const said = (sign: string): Spoken => {
    const saying = sayings.get(sign);
    if (!saying) throw new RangeError('a sign that this language has no name for');
    return saying;
  };
  const groups = digitGroups(number.normalize('NFC')).map((group) =>
    join(...[...group.toLowerCase()].map(said)),
  );
  return join(...groups.flatMap((group, k) => (k === 0 ? [group] : [pause, group])));
}
