// What Asterisk has said of a call, and what of that may be told: a number only where it is known not to be withheld.
// Pure: the Switchboard keeps these facts and asks for those that events do not tell.
import type { AmiEvent } from './events';
import type { CallIdentity, QueuePlace } from './feed';

/** What Asterisk has said of a call. */
export interface CallFacts {
  readonly channel?: string;
  readonly number?: string | undefined;
  /** The number may be told; undefined: Asterisk has not said so yet. */
  readonly shown?: boolean | undefined;
  /** Counts up when the channel may have become another caller's: answers to what was asked before are void. */
  readonly turn?: number;
  readonly language?: string;
  /** Where it joined a queue last. */
  readonly joined?: QueuePlace;
  /** What its arrival was answered with, for the first who follows it: the queue whose application it is in. */
  readonly arrived?: { readonly queue: string | undefined } | undefined;
}

/** An event that says what a channel is. */
export type Described = Extract<AmiEvent, { number?: string }>;

/** That a channel may be another caller's; `before`: what was known of it. */
export function voided(before: CallFacts | undefined): Pick<CallFacts, 'shown' | 'turn' | 'arrived'> {
  return { shown: undefined, arrived: undefined, turn: (before?.turn ?? 0) + 1 };
}

/** There is a number, and nobody knows whether it may be told. */
export function isOpen({ number, shown }: CallFacts): boolean {
  return number !== undefined && shown === undefined;
}

/** What is said of a channel besides its number. */
export function textsOf({ channel, language }: CallFacts): Pick<CallFacts, 'channel' | 'language'> {
  return { ...(channel && { channel }), ...(language && { language }) };
}

export function identityOf(uniqueid: string, known: CallFacts, queue: string | undefined): CallIdentity {
  const { number, shown } = known;
  const phone = shown ? number : undefined;
  return {
    uniqueid,
    ...textsOf(known),
    ...(phone !== undefined && { phone }),
    ...(queue !== undefined && { queue }),
  };
}

export function isSamePlace(a: QueuePlace | undefined, b: QueuePlace | undefined): boolean {
  if (!a || !b) return a === b;
  const sameWait = a.waitMs?.[0] === b.waitMs?.[0] && a.waitMs?.[1] === b.waitMs?.[1];
  return a.queue === b.queue && a.position === b.position && a.joinedMs === b.joinedMs && sameWait;
}

export function isSameIdentity(one: CallIdentity, other: CallIdentity | undefined): boolean {
  const fields = ['channel', 'phone', 'language', 'queue'] as const;
  return other !== undefined && fields.every((field) => one[field] === other[field]);
}
