// FollowedCall: a call that somebody follows, what its followers were told last, and the telling itself.
// States of a follower: new (told nothing yet), introduced (was told what was known, and is told changes), cancelled.
import type { Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallFacts } from './callFacts';
import type { CallIdentity, CallNews, QueuePlace } from './feed';
import { KeySigns } from './keys';

export interface Follower {
  readonly listener: (news: CallNews) => void;
  introduced: boolean;
}

export class FollowedCall {
  readonly followers = new Set<Follower>();
  readonly keys = new KeySigns();
  known: CallFacts | undefined;
  /** What the followers were told last. */
  identity: CallIdentity | undefined;
  place: QueuePlace | undefined;
  /** A question is under way, or waits for its turn. */
  asking = false;
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

  /** Tells all who are introduced. */
  tell(news: CallNews): void {
    for (const follower of [...this.followers]) if (follower.introduced) this.tellOne(follower, news);
  }

  /** Tells all followers, including one that knows nothing of the call yet. */
  tellAll(news: CallNews): void {
    for (const follower of [...this.followers]) this.tellOne(follower, news);
  }

  /** Nothing, where it has been cancelled meanwhile. A listener that throws is logged. */
  tellOne(follower: Follower, news: CallNews): void {
    if (!this.followers.has(follower)) return;
    guarded(this.log, { uniqueid: this.uniqueid, news: news.type }, () => follower.listener(news));
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
