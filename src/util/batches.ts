// Many small asynchronous steps, some at a time: one by one, each would wake the process; all at once, they would take all descriptors.

/** How many at a time: enough to keep the thread pool busy. */
const AT_ONCE = 16;

/** The results of `step` in the order of the items. Rejects with the first failure, after the steps of its batch have ended. */
export async function inBatches<T, R>(items: readonly T[], step: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const settled = await Promise.allSettled(items.slice(at, at + AT_ONCE).map(step));
    for (const result of settled) {
      if (result.status === 'rejected') throw result.reason;
      results.push(result.value);
    }
  }
  return results;
}
