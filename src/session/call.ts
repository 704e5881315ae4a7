// Call: who is on the line, as far as the host knows.

export interface Call {
  readonly uniqueid?: string | undefined;
  readonly channel?: string | undefined;
  readonly phone?: string | undefined;
  readonly queue?: string | undefined;
  readonly language: string;
  /**
   * Whether this is certainly the call that listens: told by Asterisk for this channel, not by an environment that
   * calls share. Where it is not, nothing is said that belongs to one person. Absent: it is not.
   */
  readonly certain?: boolean;
}
