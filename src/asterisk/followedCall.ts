// CallFacts: what Asterisk has said of a call, and what of it may be told: a number only where it is known not to be withheld.
// FollowedCall: a call that somebody follows or seeks, what its followers were told last, and the telling itself.
// States of a follower: new (told nothing yet), introduced (was told what was known, and is told changes), cancelled.
import { isDeepStrictEqual } from 'node:util';
import type { Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallIdentity, CallNews, QueuePlace } from './callNews';
import type { AmiEvent } from './events';

export interface CallFacts {
  readonly channel?: string;
  readonly number?: string | undefined;
  /** The number may be told; undefined: Asterisk has not said so yet. */
  readonly shown?: boolean | undefined;
  readonly language?: string;
  /** What its arrival was answered with, for the first who follows it: the queue whose application it is in. */
  readonly arrived?: { readonly queue: string | undefined } | undefined;
}

/** An event that says what a channel is. */
export type Described = Extract<AmiEvent, { number?: string }>;

/** That a channel may be another caller's. */
export const VOID: CallFacts = { shown: undefined, arrived: undefined };

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

export interface Follower {
  readonly listener: (news: CallNews) => void;
  introduced: boolean;
}

export class FollowedCall {
  readonly followers = new Set<Follower>();
  readonly keys = new KeySigns();
  known: CallFacts | undefined;
  /** Counts up when the channel may have become another caller's: answers to what was asked before are void. */
  turn = 0;
  /** What the followers were told last. */
  identity: CallIdentity | undefined;
  place: QueuePlace | undefined;
  /** A question is under way, or waits for its turn. */
  asking = false;
  /** Told when it is known who it is, or cannot be known. */
  readonly seekers: (() => void)[] = [];
  /** `turn` when the first of them came. */
  soughtTurn = 0;
  /** Told whether the next question was answered. */
  readonly askers: ((confirmed: boolean) => void)[] = [];
  /** Asterisk was asked over this connection and has not said: it is told as it is known, without a number. */
  unanswered = false;
  /** Questions without an answer, one after the other. */
  failures = 0;
  retry: Cancel = () => {};

  constructor(
    readonly uniqueid: string,
    private readonly log: Logger,
  ) {}

  /** Tells what has changed since it was told last. @param queue in which it waits, or is supposed to */
  update(queue: string | undefined, place: QueuePlace | undefined): void {
    const { known } = this;
    // The first that is told is whole; one that is open again later is told without its number.
    if (known && isOpen(known) && !this.unanswered && !this.identity) return;
    const identity = known && identityOf(this.uniqueid, known, queue);
    if (identity && !isDeepStrictEqual(identity, this.identity)) {
      this.identity = identity;
      this.#tell({ type: 'identity', identity });
    }
    if (isDeepStrictEqual(place, this.place)) return;
    this.place = place;
    this.#tell({ type: 'place', place });
  }

  /** Tells a follower for the first time what is known. */
  introduce(follower: Follower): void {
    follower.introduced = true;
    if (this.identity) this.#tellOne(follower, { type: 'identity', identity: this.identity });
    if (this.place) this.#tellOne(follower, { type: 'place', place: this.place });
  }

  #tell(news: CallNews): void {
    for (const follower of [...this.followers]) if (follower.introduced) this.#tellOne(follower, news);
  }

  /** Tells all followers, including one that knows nothing of the call yet. */
  tellAll(news: CallNews): void {
    for (const follower of [...this.followers]) this.#tellOne(follower, news);
  }

  /** Nothing, where it has been cancelled meanwhile. A listener that throws is logged. */
  #tellOne(follower: Follower, news: CallNews): void {
    if (!this.followers.has(follower)) return;
    guarded(this.log, { uniqueid: this.uniqueid, news: news.type }, () => follower.listener(news));
  }

  /** Those who seek it look at what is known by now. */
  found(): void {
    for (const seeker of this.seekers.splice(0)) seeker();
  }

  /** Those who asked who it is are told whether that was confirmed. */
  settle(confirmed: boolean): void {
    for (const asker of this.askers.splice(0)) asker(confirmed);
  }
}

/** Runs what somebody else has given; what it throws is logged. */
export function guarded(log: Logger, fields: { uniqueid: string; news: string }, tell: () => void): void {
  try {
    tell();
  } catch (error) {
    log.error({ ...fields, ...errorFields(error) }, 'a listener of the switchboard failed');
  }
}

export type KeyEvent = Extract<AmiEvent, { type: 'key-down' | 'key-up' }>;

/** An end that comes later belongs to no begin that was seen, milliseconds: nobody holds a key that long. */
const LONGEST_HELD_MS = 60_000;

export class KeySigns {
  readonly #down = new Map<string, number>();

  /**
   * The digit when this event is the first sign of a press, else undefined. What the call itself sends is no press.
   * @param nowMs monotonic
   */
  read({ type, digit, received }: KeyEvent, nowMs: number): string | undefined {
    if (!received) return undefined;
    if (type === 'key-down') {
      this.#down.set(digit, nowMs);
      return digit;
    }
    const downAt = this.#down.get(digit) ?? -Infinity;
    this.#down.delete(digit);
    return nowMs - downAt > LONGEST_HELD_MS ? digit : undefined;
  }
}
