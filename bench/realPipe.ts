// A pipe without a name, as Asterisk makes for each application: the hub writes into no other. Node cannot make one.
import koffi from 'koffi';

const O_CLOEXEC = 0o2_000_000;
const pipe2 = koffi.load(null).func('int pipe2(int *fds, int flags)');

/** Descriptors that wait; closed by the caller. */
export function realPipe(): { read: number; write: number } {
  const fds = new Int32Array(2);
  if (pipe2(fds, O_CLOEXEC) !== 0) throw new Error('no pipe can be made: descriptors are used up');
  return { read: fds[0]!, write: fds[1]! };
}
