// A pipe without a name, both ends in this process, as Asterisk makes for each application: the hub writes into no other.
// Node cannot make one.
import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

const { O_NONBLOCK, O_RDONLY } = constants;
const O_CLOEXEC = 0o2_000_000;
const pipe2 = koffi.load(null).func('int pipe2(int *fds, int flags)');

export interface RealPipeEnds {
  /** Non-blocking. */
  readonly reading: number;
  readonly writing: number;
}

/**
 * Both ends are closed by the caller.
 * @param waits what writes to it waits where it is full, as a program that Asterisk has started does
 */
export function realPipe({ waits = false } = {}): RealPipeEnds {
  const fds = new Int32Array(2);
  if (pipe2(fds, (waits ? 0 : O_NONBLOCK) | O_CLOEXEC) !== 0)
    throw new Error('no pipe can be made: descriptors are used up');
  const [reading, writing] = [fds[0]!, fds[1]!];
  if (!waits) return { reading, writing };
  const again = openSync(`/proc/self/fd/${reading}`, O_RDONLY | O_NONBLOCK);
  closeSync(reading);
  return { reading: again, writing };
}
