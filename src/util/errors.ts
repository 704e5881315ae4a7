// Errors with a stable code and a hint, so that an operator knows what to do next.
// Programs branch on `code`; people read `message` and `hint`.

/** A code never changes its meaning. */
export const ERROR_CODES = [
  'HC_CONFIG_NOT_FOUND',
  'HC_CONFIG_SYNTAX',
  'HC_CONFIG_INVALID',
  'HC_FILE_REFUSED',
  'HC_FILE_SLOW',
  'HC_FFMPEG_MISSING',
  'HC_FFMPEG_BROKEN',
  'HC_FFMPEG_FAILED',
  'HC_MEDIA_UNREADABLE',
  'HC_MEDIA_TRUNCATED',
  'HC_MEDIA_SILENT',
  'HC_MEDIA_DAMAGED',
  'HC_MEDIA_TOO_LONG',
  'HC_CACHE_UNWRITABLE',
  'HC_SCRIPT_INVALID',
  'HC_AMI_UNREACHABLE',
  'HC_AMI_REFUSED',
  'HC_AMI_FOREIGN',
  'HC_AMI_LOST',
  'HC_AMI_TIMEOUT',
  'HC_AMI_ERROR',
  'HC_HUB_ADDRESS',
  'HC_HUB_AWAY',
  'HC_HUB_FIFO',
  'HC_HUB_LIMIT',
  'HC_MIXER_FAILED',
  'HC_ACTION_FAILED',
  'HC_STATE_UNWRITABLE',
  'HC_STORE_AWAY',
  'HC_STORE_REFUSED',
  'HC_BILLING_FAILED',
  'HC_BILLING_ANSWER',
  'HC_VOICE_FAILED',
  'HC_NOT_AS_ROOT',
  'HC_USAGE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error that an operator may meet. `hint` is one sentence that says what to do. */
export class HoldcastError extends Error {
  override readonly name = 'HoldcastError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * The text of anything thrown, for a log field. It reads fields, not the class: an Error may come from another realm. Never throws,
 * though an operator's code may throw what cannot be turned into text.
 */
export function messageOf(error: unknown): string {
  try {
    const message = fieldOf(error, 'message');
    return typeof message === 'string' ? message : String(error);
  } catch {
    return 'threw something that has no text';
  }
}

/** The errno code of a failed system call ("ENOENT"), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function fieldOf(error: unknown, name: 'message' | 'code' | 'hint'): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined; // a getter of theirs
  }
}

/** The log fields of anything thrown: its text, and its stable code and hint if it has them. Never throws. */
export function errorFields(error: unknown): { error: string; code?: string; hint?: string } {
  const code = errnoOf(error);
  const hint = fieldOf(error, 'hint');
  return { error: messageOf(error), ...(code && { code }), ...(typeof hint === 'string' && { hint }) };
}
