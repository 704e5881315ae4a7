// Switchboard: what is known of all calls over one AMI link, told to whoever follows one of them.
// Each of thousands of events costs a look-up; Asterisk is asked about a call that somebody follows, and only for what
// events do not tell: whether its caller withholds his number, and who it was before the link came up.
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import {
  channelIn,
  LONGEST_QUEUE,
  languageIn,
  numberIn,
  phoneIn,
  presentationIn,
  statusOf,
  type AmiEvent,
} from './events';
import type { CallIdentity, CallNews, QueuePlace } from './feed';
import { KeySigns, type KeyEvent } from './keys';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';
import { Pace } from './pace';
import { QueueBoard } from './queues';
import { EarlyKeys } from './earlyKeys';

export interface SwitchboardParts {
  /** Whoever made it closes it. */
  link: AmiPort;
  clock: Clock;
  log: Logger;
}

/** What Asterisk has said of a call. */
interface Known {
  readonly channel?: string;
  readonly number?: string | undefined;
  /** The number may be told; undefined: Asterisk has not said so yet. */
  readonly shown?: boolean | undefined;
  /** Counts up when the channel may have become another caller's: answers to what was asked before are void. */
  readonly turn?: number;
  readonly language?: string;
  /** Where it joined a queue last. */
  readonly joined?: QueuePlace;
}

/** An event that says what a channel is. */
type Described = Extract<AmiEvent, { number?: string }>;

interface Follower {
  readonly listener: (news: CallNews) => void;
  /** Has been told what was known when it came, and is told changes from then on. */
  introduced: boolean;
}

/** What a question who a call is has come to. `unsure`: the caller may have changed meanwhile. */
type Outcome = 'sure' | 'unsure' | 'failed';

/** A call that somebody follows. */
interface Followed {
  readonly uniqueid: string;
  readonly followers: Set<Follower>;
  readonly keys: KeySigns;
  known: Known | undefined;
  /** What the followers were told last. */
  identity: CallIdentity | undefined;
  place: QueuePlace | undefined;
  /** A question is under way, or waits for its turn. */
  asking: boolean;
  /** Told whether the next question was answered. */
  askers: ((confirmed: boolean) => void)[];
  /** Asterisk was asked over this connection and has not said: it is told as it is known, without a number. */
  unanswered: boolean;
  /** Questions without an answer, one after the other. */
  failures: number;
  retry: Cancel;
  /** A key that was pressed before anybody followed the call, and is not told yet. */
  early: string | undefined;
}

/** Calls that are remembered while nobody follows them; the one that was heard of longest ago is forgotten first. */
const MOST_KNOWN = 5000;
/** Questions to Asterisk at once: after a reconnect there is one for each call. */
const MOST_QUESTIONS = 16;
/** First and longest pause before a question without an answer is asked again, milliseconds. */
const RETRY_MS = [1000, 30_000] as const;

export class Switchboard implements Closeable {
  readonly #followed = new Map<string, Followed>();
  /** The call that was heard of last stands last. */
  readonly #known = new Map<string, Known>();
  readonly #hangupListeners = new Set<(uniqueid: string) => void>();
  readonly #early: EarlyKeys;
  readonly #board: QueueBoard;
  readonly #pace: Pace;
  readonly #stopListening: Cancel;
  /** Calls that Asterisk is to be asked about. */
  #waiting: Followed[] = [];
  #questions = 0;
  /** That Asterisk refuses to answer is said once for each connection. */
  #complained = false;
  /** … and that it says of no number whether it may be shown. */
  #missed = false;

  constructor(private readonly parts: SwitchboardParts) {
    const { link, clock } = parts;
    this.#pace = new Pace(clock);
    this.#early = new EarlyKeys(clock);
    this.#board = new QueueBoard({ ...parts, moved: (uniqueid) => this.#moved(uniqueid) });
    this.#stopListening = link.listen({
      connected: () => this.#connected(),
      event: (event) => this.#event(event),
      disconnected: () => this.#disconnected(),
    });
  }

  /** Calls that are remembered. */
  get known(): number {
    return this.#known.size;
  }

  /**
   * Tells what is known of a call, in a microtask, then what happens to it, until it has `ended` or is cancelled. A
   * connection that comes back tells identity and place again. A listener that throws is logged.
   */
  follow(uniqueid: string, listener: (news: CallNews) => void): Cancel {
    const call = this.#followed.get(uniqueid) ?? this.#begin(uniqueid);
    const follower: Follower = { listener, introduced: false };
    call.followers.add(follower);
    queueMicrotask(() => this.#introduce(call, follower));
    return () => {
      if (!call.followers.delete(follower) || call.followers.size > 0) return;
      this.#forget(call);
    };
  }

  /** Who a call is, as far as that is known; undefined while it is open whether its number may be told. Asks nothing. */
  who(uniqueid: string): CallIdentity | undefined {
    const known = this.#known.get(uniqueid);
    return known && !isOpen(known) ? identityOf(uniqueid, known, this.#board.queueOf(uniqueid)) : undefined;
  }

  /**
   * Asks Asterisk who a followed call is now: that only the presentation of a number has changed, no event tells. What is
   * new is told before it resolves. As long as Asterisk takes; never rejects.
   * @returns whether what the followers were told is what Asterisk said after this was called
   */
  confirmCaller(uniqueid: string): Promise<boolean> {
    const call = this.#followed.get(uniqueid);
    if (!call || !this.parts.link.connected) return Promise.resolve(false);
    return new Promise((resolve) => {
      call.askers.push(resolve);
      this.#ask(call);
    });
  }

  /** The same for the place of a followed call in its queue. */
  confirmPlace(uniqueid: string): Promise<boolean> {
    return this.#followed.has(uniqueid) ? this.#board.confirm(uniqueid) : Promise.resolve(false);
  }

  /** Told of each channel that is gone, followed or not. */
  onHangup(listener: (uniqueid: string) => void): Cancel {
    this.#hangupListeners.add(listener);
    return () => void this.#hangupListeners.delete(listener);
  }

  /** Uniqueids of all channels that there are now; undefined when Asterisk cannot be asked. */
  async calls(): Promise<ReadonlySet<string> | undefined> {
    try {
      const list = await this.parts.link.list({ Action: 'CoreShowChannels' });
      return new Set(list.map((channel) => channel.get('Uniqueid')).filter((id) => id !== undefined));
    } catch (error) {
      this.parts.log.debug(errorFields(error), 'calls: Asterisk could not be asked');
      return undefined;
    }
  }

  /** Tells nothing from now on; may be called again. */
  close(): void {
    this.#stopListening();
    for (const call of this.#followed.values()) {
      call.followers.clear();
      this.#forget(call);
    }
    this.#board.close();
    this.#hangupListeners.clear();
    this.#known.clear();
  }

  #begin(uniqueid: string): Followed {
    const call: Followed = {
      uniqueid,
      followers: new Set(),
      keys: new KeySigns(),
      known: this.#known.get(uniqueid),
      identity: undefined,
      place: undefined,
      asking: false,
      askers: [],
      unanswered: false,
      failures: 0,
      retry: () => {},
      early: undefined,
    };
    this.#followed.set(uniqueid, call);
    this.#board.watch(uniqueid);
    const early = this.#early.take(uniqueid);
    if (early) call.early = call.keys.read(early, this.parts.clock.now());
    return call;
  }

  #introduce(call: Followed, follower: Follower): void {
    this.#update(call);
    follower.introduced = true;
    if (call.identity) this.#tellOne(call, follower, { type: 'identity', identity: call.identity });
    if (call.place) this.#tellOne(call, follower, { type: 'place', place: call.place });
    if (call.early !== undefined) this.#tellOne(call, follower, { type: 'key', digit: call.early });
    call.early = undefined;
    if (!call.identity || !call.place || (call.known && isOpen(call.known))) this.#ask(call);
  }

  #connected(): void {
    this.#complained = false;
    this.#missed = false;
    for (const call of this.#followed.values()) {
      call.identity = undefined;
      call.known = undefined;
      call.unanswered = false;
      this.#ask(call);
    }
    this.#board.connected();
  }

  /**
   * Hang-ups will be missed: what is remembered of calls that nobody follows is of no use any more. Nor is it known who the
   * others are until they can be asked for again.
   */
  #disconnected(): void {
    this.#known.clear();
    this.#waiting = [];
    for (const call of this.#followed.values()) {
      call.asking = false;
      call.failures = 0;
      call.retry();
      settle(call, false);
      if (call.known) call.known = { ...call.known, ...voided(call.known) };
    }
    this.#board.disconnected();
    for (const call of this.#followed.values()) this.#update(call);
  }

  #event(event: AmiEvent): void {
    switch (event.type) {
      case 'key-down':
      case 'key-up':
        return this.#key(event);
      case 'queue-join': {
        const { queue, position } = event;
        this.#describe(event, { queue, position });
        return this.#board.move(event);
      }
      case 'queue-leave':
        return this.#board.move(event);
      case 'queue-connect':
        return this.#answered(event);
      case 'moh-start':
        this.#describe(event);
        return this.#moved(event.uniqueid);
      case 'moh-stop':
        return this.#board.stopped(event.uniqueid);
      case 'caller-changed':
        return this.#mayBeAnother(event.uniqueid, { ...textsOf(event), number: event.number });
      // Another telephone may be behind it, as after a transfer.
      case 'renamed':
        return this.#mayBeAnother(event.uniqueid, { channel: event.channel });
      case 'hangup':
        return this.#ended(event.uniqueid);
      // `queue-abandon` is followed by `queue-leave`, which moves the queue.
    }
  }

  #key(event: KeyEvent): void {
    const call = this.#followed.get(event.uniqueid);
    if (!call) return this.#early.keep(event);
    const digit = call.keys.read(event, this.parts.clock.now());
    if (digit === undefined) return;
    for (const follower of [...call.followers]) this.#tellOne(call, follower, { type: 'key', digit });
  }

  #answered({ queue, uniqueid, holdMs }: Extract<AmiEvent, { type: 'queue-connect' }>): void {
    const joined = this.#knownOf(uniqueid)?.joined;
    if (joined?.queue === queue) this.#pace.answered(queue, holdMs, joined.position);
    this.#board.gone(uniqueid);
    // Those who stand where they stood wait for as long as the queue now takes.
    for (const call of this.#followed.values()) if (call.place?.queue === queue) this.#update(call);
  }

  #ended(uniqueid: string): void {
    const call = this.#followed.get(uniqueid);
    if (call) this.#forget(call);
    this.#known.delete(uniqueid);
    this.#early.take(uniqueid);
    this.#board.ended(uniqueid);
    for (const follower of [...(call?.followers ?? [])]) this.#tellOne(call!, follower, { type: 'ended' });
    for (const listener of [...this.#hangupListeners])
      this.#guarded({ uniqueid, news: 'hangup' }, () => listener(uniqueid));
  }

  /**
   * An event says what a channel is. It may be another caller's by now, so what was known of another number is void; and
   * one who goes from queue to queue may withhold the same number by now, so it is asked for again.
   */
  #describe(event: Described, joined?: QueuePlace): void {
    const { uniqueid, number } = event;
    const before = this.#knownOf(uniqueid);
    const isNew = !before || before.number !== number;
    this.#learn(uniqueid, {
      ...textsOf(event),
      ...(joined && { joined }),
      ...(isNew && { number, shown: undefined }),
    });
    const call = this.#followed.get(uniqueid);
    if (call && number !== undefined && (isNew || joined)) this.#ask(call);
  }

  /** Whoever it is now, it is told without a number until Asterisk has said who. */
  #mayBeAnother(uniqueid: string, news: Known): void {
    const before = this.#knownOf(uniqueid);
    const call = this.#followed.get(uniqueid);
    if (!before && !call) return;
    this.#learn(uniqueid, { ...news, ...voided(before) });
    this.#moved(uniqueid);
    if (call) this.#ask(call);
  }

  /** Of a followed call also what was forgotten for the sake of others. */
  #knownOf(uniqueid: string): Known | undefined {
    return this.#known.get(uniqueid) ?? this.#followed.get(uniqueid)?.known;
  }

  #learn(uniqueid: string, news: Known): void {
    const known = { ...this.#knownOf(uniqueid), ...news };
    this.#known.delete(uniqueid);
    this.#known.set(uniqueid, known);
    const call = this.#followed.get(uniqueid);
    if (call) call.known = known;
    for (const [oldest] of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  #moved(uniqueid: string): void {
    const call = this.#followed.get(uniqueid);
    if (call) this.#update(call);
  }

  /** Tells what has changed since it was told last. */
  #update(call: Followed): void {
    const { uniqueid, known } = call;
    const queue = this.#board.queueOf(uniqueid);
    // The first that is told is whole; one that is open again later is told without its number.
    if (known && isOpen(known) && !call.unanswered && !call.identity) return;
    const identity = known && identityOf(uniqueid, known, queue);
    if (identity && !isSameIdentity(identity, call.identity)) {
      call.identity = identity;
      this.#tell(call, { type: 'identity', identity });
    }
    const place = this.#board.placeOf(uniqueid);
    const waitMs = place && this.#pace.waitMs(place.queue, place.position);
    const news = place && { ...place, ...(waitMs && { waitMs }) };
    if (isSamePlace(news, call.place)) return;
    call.place = news;
    this.#tell(call, { type: 'place', place: call.place });
  }

  #tell(call: Followed, news: CallNews): void {
    for (const follower of [...call.followers]) if (follower.introduced) this.#tellOne(call, follower, news);
  }

  #tellOne(call: Followed, follower: Follower, news: CallNews): void {
    if (!call.followers.has(follower)) return;
    this.#guarded({ uniqueid: call.uniqueid, news: news.type }, () => follower.listener(news));
  }

  #guarded(fields: { uniqueid: string; news: string }, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.parts.log.error({ ...fields, ...errorFields(error) }, 'a listener of the switchboard failed');
    }
  }

  #forget(call: Followed): void {
    if (!this.#isFollowed(call)) return;
    call.retry();
    settle(call, false);
    this.#followed.delete(call.uniqueid);
    this.#board.unwatch(call.uniqueid);
  }

  #isFollowed(call: Followed): boolean {
    return this.#followed.get(call.uniqueid) === call;
  }

  /** Asks who a call is, once at a time, when it is its turn. */
  #ask(call: Followed): void {
    if (call.asking || !this.parts.link.connected) return;
    call.retry();
    call.asking = true;
    this.#waiting.push(call);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#questions < MOST_QUESTIONS) {
      const call = this.#waiting.shift();
      if (!call) return;
      if (!this.#isFollowed(call)) continue;
      this.#questions++;
      void this.#question(call).finally(() => {
        this.#questions--;
        this.#askNext();
      });
    }
  }

  async #question(call: Followed): Promise<void> {
    const askers = call.askers.splice(0);
    const turn = call.known?.turn;
    let outcome: Outcome = 'failed';
    try {
      const list = await this.parts.link.list(statusOf(call.uniqueid));
      call.asking = false;
      if (this.#isFollowed(call)) outcome = this.#identified(call, list, turn);
    } catch (error) {
      call.asking = false;
      if (this.#isFollowed(call)) this.#unanswered(call, error);
    }
    if (outcome === 'unsure') call.askers.push(...askers);
    else for (const asker of askers) asker(outcome === 'sure');
    if (!this.#isFollowed(call)) settle(call, false);
    else if (outcome === 'unsure' || call.askers.length > 0) this.#ask(call);
  }

  /** @param turn as it was when Asterisk was asked */
  #identified(call: Followed, list: readonly AmiMessage[], turn: number | undefined): Outcome {
    call.failures = 0;
    call.unanswered = false;
    const status = list.find((channel) => channel.get('Uniqueid') === call.uniqueid);
    if (!status) return 'failed';
    if (call.known?.turn !== turn) return 'unsure';
    const channel = channelIn(status);
    const { number } = numberIn(status);
    // Of two numbers nobody knows which is the later one: an event may come before or after what this answer saw.
    const isSure = !call.known || call.known.number === number;
    const shown = isSure ? phoneIn(status).phone !== undefined : undefined;
    this.#learn(call.uniqueid, { ...(channel && { channel }), number, shown, ...languageIn(status) });
    if (number !== undefined && presentationIn(status) === undefined) this.#miss();
    this.#board.suppose(call.uniqueid, queueIn(status));
    this.#moved(call.uniqueid);
    return isSure ? 'sure' : 'unsure';
  }

  #miss(): void {
    const hint = 'load func_callerid.so; until then no balance is said, and no choice of music remembered';
    if (!this.#missed) this.parts.log.warn({ hint }, 'Asterisk does not say which numbers are withheld');
    this.#missed = true;
  }

  #unanswered(call: Followed, error: unknown): void {
    const { clock, log } = this.parts;
    const { uniqueid } = call;
    const code = errnoOf(error);
    if (code === 'HC_AMI_LOST') return;
    if (code === 'HC_AMI_ERROR' && /no such channel/i.test(messageOf(error))) return this.#ended(uniqueid);
    if (!this.#complained)
      log.warn({ uniqueid, ...errorFields(error) }, 'identity: Asterisk could not be asked');
    this.#complained = true;
    call.unanswered = true;
    this.#update(call);
    if (code === 'HC_AMI_ERROR') return;
    const [first, longest] = RETRY_MS;
    call.retry = clock.after(Math.min(longest, first * 2 ** call.failures++), () => this.#ask(call));
  }
}

/** That a channel may be another caller's; `before`: what was known of it. */
function voided(before: Known | undefined): Pick<Known, 'shown' | 'turn'> {
  return { shown: undefined, turn: (before?.turn ?? 0) + 1 };
}

function settle(call: Followed, confirmed: boolean): void {
  for (const asker of call.askers.splice(0)) asker(confirmed);
}

/** There is a number, and nobody knows whether it may be told. */
function isOpen({ number, shown }: Known): boolean {
  return number !== undefined && shown === undefined;
}

/** What is said of a channel besides its number. */
function textsOf({ channel, language }: Known): Pick<Known, 'channel' | 'language'> {
  return { ...(channel && { channel }), ...(language && { language }) };
}

/** The queue whose application a channel is in; while it is with an agent, too. */
function queueIn(status: AmiMessage): string | undefined {
  if (status.get('Application')?.toLowerCase() !== 'queue') return undefined;
  const queue = status.get('Data')?.split(',')[0]?.trim();
  return queue && queue.length <= LONGEST_QUEUE ? queue : undefined;
}

function identityOf(uniqueid: string, known: Known, queue: string | undefined): CallIdentity {
  const { number, shown } = known;
  const phone = shown ? number : undefined;
  return {
    uniqueid,
    ...textsOf(known),
    ...(phone !== undefined && { phone }),
    ...(queue !== undefined && { queue }),
  };
}

function isSamePlace(a: QueuePlace | undefined, b: QueuePlace | undefined): boolean {
  if (!a || !b) return a === b;
  const sameWait = a.waitMs?.[0] === b.waitMs?.[0] && a.waitMs?.[1] === b.waitMs?.[1];
  return a.queue === b.queue && a.position === b.position && a.joinedMs === b.joinedMs && sameWait;
}

function isSameIdentity(one: CallIdentity, other: CallIdentity | undefined): boolean {
  const fields = ['channel', 'phone', 'language', 'queue'] as const;
  return other !== undefined && fields.every((field) => one[field] === other[field]);
}
