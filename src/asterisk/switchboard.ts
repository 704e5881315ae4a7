// Switchboard: what is known of all calls over one AMI link, told to the followers of each.
// Each of thousands of events costs a look-up; Asterisk is asked about a call that somebody follows, and only for what
// events do not tell: whether its caller withholds the number, and who it was before the link came up.
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { setNewest } from '../util/setNewest';
import {
  identityOf,
  isOpen,
  textsOf,
  voided,
  type CallFacts,
  type Described,
  FollowedCall,
  guarded,
  type Follower,
  type KeyEvent,
} from './followedCall';
import { CallerLookup, IdentityQuestions, queueIn } from './identityQuestions';
import type { AmiEvent } from './events';
import type { CallIdentity, CallNews, QueuePlace } from './callNews';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';
import { HoldTimeEstimator } from './holdTimeEstimator';
import { QueueBoard } from './queues';

export interface SwitchboardParts {
  /** Closed by its creator. */
  link: AmiPort;
  clock: Clock;
  log: Logger;
}

/** Calls that are remembered while nobody follows them; the one that was heard of longest ago is forgotten first. */
const MOST_KNOWN = 5000;

export class Switchboard implements Closeable {
  readonly #followed = new Map<string, FollowedCall>();
  /** The call that was heard of last stands last. */
  readonly #known = new Map<string, CallFacts>();
  readonly #hangupListeners = new Set<(uniqueid: string) => void>();
  readonly #board: QueueBoard;
  readonly #questions: IdentityQuestions;
  readonly #holdTimes: HoldTimeEstimator;
  readonly #lookup: CallerLookup;
  readonly #stopListening: Cancel;

  constructor(private readonly parts: SwitchboardParts) {
    const { link, clock } = parts;
    this.#holdTimes = new HoldTimeEstimator(clock);
    this.#lookup = new CallerLookup(link);
    this.#questions = new IdentityQuestions({
      ...parts,
      isFollowed: (call) => this.#isFollowed(call),
      lookup: this.#lookup,
      learned: (call, facts, queue) => {
        this.#learn(call.uniqueid, { ...facts, arrived: undefined });
        this.#board.suppose(call.uniqueid, queue);
        this.#moved(call.uniqueid);
      },
      silent: (call) => this.#update(call),
      ended: (uniqueid) => this.#ended(uniqueid),
    });
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
   * Who a call is that arrives: at once where that is known or cannot be found out, else when an event or Asterisk has told.
   * The next follower has it from the same answer. Never rejects; may take as long as Asterisk does.
   */
  find(uniqueid: string): CallIdentity | undefined | Promise<CallIdentity | undefined> {
    const known = this.who(uniqueid);
    if (known || !this.parts.link.connected) return known;
    const found = this.#lookup.find(uniqueid, (list) => this.#arrived(uniqueid, list));
    return found?.then(() => this.who(uniqueid));
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
      this.#questions.ask(call);
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
    this.#lookup.settleAll();
    this.#hangupListeners.clear();
    this.#known.clear();
  }

  #begin(uniqueid: string): FollowedCall {
    const call = new FollowedCall(uniqueid, this.parts.log);
    call.known = this.#known.get(uniqueid);
    this.#followed.set(uniqueid, call);
    this.#board.watch(uniqueid);
    return call;
  }

  #introduce(call: FollowedCall, follower: Follower): void {
    // It has been told, or the call ended, before its turn came.
    if (follower.introduced || !this.#isFollowed(call)) return;
    this.#update(call);
    call.introduce(follower);
    const isWhole = call.identity !== undefined && call.known !== undefined && !isOpen(call.known);
    if (isWhole && call.place) return;
    const arrived = isWhole ? call.known?.arrived : undefined;
    if (!arrived) return this.#questions.ask(call);
    this.#learn(call.uniqueid, { arrived: undefined });
    this.#board.suppose(call.uniqueid, arrived.queue);
  }

  /** What was asked when it arrived. A follower's question has the same answer, and asks again if that is not certain. */
  #arrived(uniqueid: string, list: readonly AmiMessage[]): void {
    const status = list.find((channel) => channel.get('Uniqueid') === uniqueid);
    if (!status) return;
    const told = this.#questions.factsIn(status, this.#knownOf(uniqueid));
    if (told.shown === undefined && this.#followed.has(uniqueid)) return;
    this.#learn(uniqueid, { ...told, arrived: { queue: queueIn(status) } });
  }

  #connected(): void {
    this.#questions.connected();
    for (const call of this.#followed.values()) {
      call.identity = undefined;
      call.known = undefined;
      call.unanswered = false;
      this.#questions.ask(call);
    }
    this.#board.connected();
  }

  /**
   * Hang-ups will be missed: what is remembered of calls that nobody follows is of no use any more. Nor is it known who the
   * others are until they can be asked for again.
   */
  #disconnected(): void {
    this.#known.clear();
    this.#lookup.settleAll();
    this.#questions.disconnected();
    for (const call of this.#followed.values()) {
      call.asking = false;
      call.failures = 0;
      call.retry();
      call.settle(false);
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
    }
  }

  #key(event: KeyEvent): void {
    const call = this.#followed.get(event.uniqueid);
    const digit = call?.keys.read(event, this.parts.clock.now());
    if (digit !== undefined) call?.tellAll({ type: 'key', digit });
  }

  #answered({ queue, uniqueid, holdMs }: Extract<AmiEvent, { type: 'queue-connect' }>): void {
    const joined = this.#knownOf(uniqueid)?.joined;
    if (joined?.queue === queue) this.#holdTimes.answered(queue, holdMs, joined.position);
    this.#board.gone(uniqueid);
    // Those who stand where they stood wait for as long as the queue now takes.
    for (const call of this.#followed.values()) if (call.place?.queue === queue) this.#update(call);
  }

  #ended(uniqueid: string): void {
    const call = this.#followed.get(uniqueid);
    if (call) {
      // No follower is told the end of a call before it was told which call that is; without a number where that is open.
      call.unanswered = true;
      this.#update(call);
      for (const follower of [...call.followers]) if (!follower.introduced) call.introduce(follower);
      this.#forget(call);
    }
    this.#known.delete(uniqueid);
    this.#board.ended(uniqueid);
    call?.tellAll({ type: 'ended' });
    for (const listener of [...this.#hangupListeners])
      guarded(this.parts.log, { uniqueid, news: 'hangup' }, () => listener(uniqueid));
  }

  /**
   * An event says what a channel is. It may be another caller's by now, so what was known of another number is void; and
   * a caller who moves from queue to queue may withhold the same number by now, so it is asked for again.
   */
  #describe(event: Described, joined?: QueuePlace): void {
    const { uniqueid, number } = event;
    const before = this.#knownOf(uniqueid);
    const isNew = !before || before.number !== number;
    this.#learn(uniqueid, {
      ...textsOf(event),
      ...(joined && { joined }),
      ...(isNew && { number, shown: undefined, arrived: undefined }),
    });
    if (this.who(uniqueid)) this.#lookup.settle(uniqueid);
    const call = this.#followed.get(uniqueid);
    if (call && number !== undefined && (isNew || joined)) this.#questions.ask(call);
  }

  /** Followers are told the call without a number until Asterisk has named the caller. */
  #mayBeAnother(uniqueid: string, news: CallFacts): void {
    const before = this.#knownOf(uniqueid);
    const call = this.#followed.get(uniqueid);
    this.#lookup.void(uniqueid);
    if (!before && !call) return;
    this.#learn(uniqueid, { ...news, ...voided(before) });
    this.#moved(uniqueid);
    if (call) this.#questions.ask(call);
  }

  /** Of a followed call also what was forgotten for the sake of others. */
  #knownOf(uniqueid: string): CallFacts | undefined {
    return this.#known.get(uniqueid) ?? this.#followed.get(uniqueid)?.known;
  }

  #learn(uniqueid: string, news: CallFacts): void {
    const known = { ...this.#knownOf(uniqueid), ...news };
    setNewest(this.#known, uniqueid, known, MOST_KNOWN);
    const call = this.#followed.get(uniqueid);
    if (call) call.known = known;
  }

  #moved(uniqueid: string): void {
    const call = this.#followed.get(uniqueid);
    if (call) this.#update(call);
  }

  #update(call: FollowedCall): void {
    const { uniqueid } = call;
    const place = this.#board.placeOf(uniqueid);
    const waitMs = place && this.#holdTimes.waitMs(place.queue, place.position);
    call.update(this.#board.queueOf(uniqueid), place && { ...place, ...(waitMs && { waitMs }) });
  }

  #forget(call: FollowedCall): void {
    if (!this.#isFollowed(call)) return;
    call.retry();
    call.settle(false);
    this.#followed.delete(call.uniqueid);
    this.#board.unwatch(call.uniqueid);
  }

  #isFollowed(call: FollowedCall): boolean {
    return this.#followed.get(call.uniqueid) === call;
  }
}
