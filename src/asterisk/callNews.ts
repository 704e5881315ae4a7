// CallNews: what the host of a call is told of it from outside, and who tells it.
// The same for a hub, which follows every call of the machine, and for a stream, which follows its own.

/** Who a channel is, as Asterisk says. What Asterisk does not know, or the caller withholds, is absent. */
export interface CallIdentity {
  readonly uniqueid: string;
  readonly channel?: string;
  readonly phone?: string;
  /** The channel's language: 'en', 'pt_BR'. */
  readonly language?: string;
  readonly queue?: string;
}

export interface QueuePlace {
  readonly queue: string;
  /** 1 and more; 1 is next. */
  readonly position: number;
  /** When the call joined the queue, milliseconds since 1970, see `isSameWait`; absent: not known. */
  readonly joinedMs?: number | undefined;
  /** How long the wait may still be, from the queue's own recent hold times, milliseconds; absent: not known. */
  readonly waitMs?: readonly [least: number, most: number];
}

/** Two joins of one call are at least so far apart, and one join is told as the same moment within less, milliseconds. */
export const JOINS_APART_MS = 2000;

/** Whether both are of one wait: nobody left the queue and joined it again between them. */
export function isSameWait(
  one: Pick<QueuePlace, 'queue' | 'joinedMs'>,
  other: Pick<QueuePlace, 'queue' | 'joinedMs'>,
): boolean {
  if (one.queue !== other.queue) return false;
  if (one.joinedMs === undefined || other.joinedMs === undefined) return true;
  return Math.abs(one.joinedMs - other.joinedMs) < JOINS_APART_MS;
}

export type CallNews =
  | { readonly type: 'identity'; readonly identity: CallIdentity }
  /** A key press, told once, at its first sign. */
  | { readonly type: 'key'; readonly digit: string }
  /** A new place; undefined: in no queue, or not known while Asterisk cannot be asked. */
  | { readonly type: 'place'; readonly place: QueuePlace | undefined }
  /** The channel is gone: what is kept of this call can be forgotten. */
  | { readonly type: 'ended' };

const LONGEST_UNIQUEID = 149;

/**
 * Whether Asterisk can have such a Uniqueid: its `systemname` and a dialer's `ChannelId` may be nearly anything. Not what
 * has control characters, which would end a line or a word somewhere, or blanks at its ends, which AMI does not keep. Where
 * one becomes a word of a line or the name of a file it is encoded: `wordOf`, `fileNameOf`.
 */
export function isUniqueid(text: string): boolean {
  return text !== '' && !/\p{Cc}/u.test(text) && text.trim() === text && text.length <= LONGEST_UNIQUEID;
}
