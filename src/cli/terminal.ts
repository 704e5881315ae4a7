// What the commands print goes through here: the only place of the command line that touches standard output.

export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in characters; 80 where it is unknown. */
  readonly columns: number;
}

export function standardOutput(): Terminal {
  const { stdout } = process;
  // `holdcast media list | head`: the reader has seen enough, which is not an error.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));
  return {
    write: (text) => void stdout.write(text),
    isTTY: stdout.isTTY === true,
    columns: stdout.columns ?? 80,
  };
}
