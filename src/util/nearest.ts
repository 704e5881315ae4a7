// "Did you mean …?": the known word that a mistyped one was probably meant to be.

/**
 * The one of `known` with the fewest letters to insert, remove or exchange (Levenshtein), case aside; the earlier of
 * equal ones.
 * @param most how many such letters make a typo of it; with more, undefined is returned
 */
export function nearest<T extends string>(
  word: string,
  known: readonly T[],
  most: (candidate: T) => number,
): T | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= most(best.candidate) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
