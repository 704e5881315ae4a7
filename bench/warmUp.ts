// Before anything is measured: the first call ever compiles the config and prepares media in the background.
// That happens once for an installation, not once for a caller.
import { endAll, makePipes, RUN, startCaller } from './caller';
import type { Context } from './context';
import { sleep } from './measure';
import { marked } from './procfs';
import { AsteriskReader } from './reader';

const AT_LEAST_MS = 5000;
const AT_MOST_MS = 120_000;

/** Plays one call until nothing but its own process is left working. */
export async function warmUp(context: Context): Promise<void> {
  const holdcast = context.contenders.find(({ name }) => name === 'holdcast');
  if (!holdcast) return;
  context.progress('warming up');
  const reader = new AsteriskReader();
  const caller = startCaller(holdcast, makePipes(1)[0]!, context.log);
  reader.add(caller);
  reader.start();
  const from = performance.now();
  const busy = (): boolean => [...marked(RUN).values()].flat().some((pid) => pid !== caller.pid);
  do await sleep(1000);
  while (performance.now() - from < AT_LEAST_MS || (busy() && performance.now() - from < AT_MOST_MS));
  reader.stop();
  await endAll([caller]);
}
