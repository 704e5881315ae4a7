// "Did you mean …?": the known word for which another was probably mistyped.

/**
 * The word of `known` with the fewest letters to insert, remove or exchange (Levenshtein), ignoring case; of equal ones the first.
 * @param most the number of such letters that is still a typo; beyond it the result is undefined
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
