// Patterns by which a campaign names its advices: `*` is any text within one folder or file name, `?` one character.
// Own few lines, since Node 20 has no matchesGlob; no backtracking that a long pattern could blow up.
import { languageOf } from '../media/names';

/** Whether `name` (no slashes) is what `pattern` describes. */
export function matchesName(pattern: string, name: string): boolean {
  let [p, n, star, retry] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') [star, retry] = [p++, n];
    else if (pattern[p] === '?' || pattern[p] === name[n]) [p, n] = [p + 1, n + 1];
    else if (star >= 0) [p, n] = [star + 1, ++retry];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Whether an advice lies where `pattern` says: a folder above it, or the file itself with or without its ending and
 * the language before that.
 * @param pattern below media/advices: 'last', 'middle/offer', 'middle/summer-*'
 * @param adviceId as the library names it: 'advices/middle/offer.en.mp3'
 */
export function matchesAdvice(pattern: string, adviceId: string): boolean {
  const wanted = pattern.normalize('NFC').replace(/\/$/, '').split('/');
  const steps = adviceId
    .normalize('NFC')
    .replace(/^advices\//, '')
    .split('/');
  const name = steps.at(-1)!;
  if (wanted.length > steps.length) return false;
  return wanted.every((part, i) => {
    if (matchesName(part, steps[i]!)) return true;
    const stem = name.replace(/\.[^.]+$/, '');
    const bare = languageOf(name) === undefined ? stem : stem.replace(/\.[^.]+$/, '');
    return i === steps.length - 1 && (matchesName(part, stem) || matchesName(part, bare));
  });
}
