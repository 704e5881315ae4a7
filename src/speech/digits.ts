// Reads out an account number sign by sign, in groups with a short break between, as one does on the telephone.
// Leading zeros are said; what separates groups in writing is heard as a break.
import { join, nothing, pause, type Spoken } from './spoken';

const LONGEST_GROUP = 4;

/** "00421-7" → ["004", "21", "7"]: groups of three, one of four rather than leave a sign alone. */
export function digitGroups(number: string): readonly string[] {
  return number.split(/[^\p{L}\p{Nd}]+/u).flatMap((part) => {
    if (part.length <= LONGEST_GROUP) return part === '' ? [] : [part];
    return (part.match(/\p{L}+|\p{Nd}+/gu) ?? []).flatMap(inThrees);
  });
}

function inThrees(signs: string): readonly string[] {
  return signs.match(/.{4}$|.{3}(?!.$)|.{1,4}$/gu) ?? [];
}

/** @param sayings what each sign is said as, digits and letters in lower case; a sign that is not there is not said */
export function readOut(number: string, sayings: ReadonlyMap<string, Spoken>): Spoken {
  const groups = digitGroups(number)
    .map((group) => join(...[...group.toLowerCase()].map((sign) => sayings.get(sign) ?? nothing)))
    .filter((group) => group.clips.length > 0);
  return join(...groups.flatMap((group, k) => (k === 0 ? [group] : [pause, group])));
}
