// A progress bar on a terminal; nothing anywhere else, since a log file wants no bars.
import cliProgress from 'cli-progress';
import type { Terminal } from './terminal';

export interface Progress {
  /** @param done 0 to 1 */
  show(this: void, done: number): void;
  close(this: void): void;
}

export function openProgress(out: Terminal, what: string): Progress {
  if (!out.isTTY) return { show: () => {}, close: () => {} };
  const bar = new cliProgress.SingleBar(
    {
      format: `${what} {bar} {percentage}%`,
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(100, 0);
  return { show: (done) => bar.update(Math.round(done * 100)), close: () => bar.stop() };
}
