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
  VOID,
  type CallFacts,
  type Described,
  FollowedCall,
  guarded,
  type Follower,
  type KeyEvent,
} from './followedCall';
import { IdentityQuestions } from './identityQuestions';
import type { AmiEvent } from './events';
import type { CallIdentity, CallNews } from './callNews';
import type { AmiPort } from './link';
import { QueueBoard } from './queues';

export interface SwitchboardParts {
  /** Closed by its creator. */
  link: AmiPort;
  clock: Clock;
  log: Logger;
}

/** Calls that are remembered while nobody follows them; the one that was heard of longest ago is forgotten first. */
const MOST_KNOWN = 5000;
/** More calls that arrive at once are not waited for. */
const MOST_SOUGHT = 64;
/** The dialplan may set the number just before it calls Queue(); a call that changes more often is not waited for. */
const MOST_CHANGES = 4;

export class Switchboard implements Closeable {
  /** Those that somebody follows or seeks. */
  readonly #calls = new Map<string, FollowedCall>();
  readonly #sought = new Set<FollowedCall>();
  /** Of all others; the call that was heard of last stands last. */
  readonly #known = new Map<string, CallFacts>();
  readonly #hangupListeners = new Set<(uniqueid: string) => void>();
  readonly #board: QueueBoard;
  readonly #questions: IdentityQuestions;
  readonly #stopListening: Cancel;

  constructor(private readonly parts: SwitchboardParts) {
    this.#questions = new IdentityQuestions({
      ...parts,
      isWanted: (call) => this.#isWanted(call),
      learned: (call, facts, queue) => {
        const arrived = call.followers.size > 0 ? undefined : { queue };
        this.#learn(call.uniqueid, { ...facts, arrived });
        this.#board.suppose(call.uniqueid, queue);
        this.#update(call);
      },
      settled: (call) => {
        this.#update(call);
        this.#found(call);
      },
      ended: (uniqueid) => this.#ended(uniqueid),
    });
    this.#board = new QueueBoard({ ...parts, moved: (uniqueid) => this.#update(this.#calls.get(uniqueid)) });
    this.#stopListening = parts.link.listen({
      connected: () => this.#connected(),
      event: (event) => this.#event(event),
      disconnected: () => this.#disconnected(),
    });
  }

  /** Calls that are remembered. */
  get known(): number {
    return this.#known.size + this.#calls.size;
  }

  /**
   * Tells what is known of a call, in a microtask, then what happens to it, until it has `ended` or is cancelled. A
   * connection that comes back tells identity and place again. A listener that throws is logged.
   */
  follow(uniqueid: string, listener: (news: CallNews) => void): Cancel {
    const call = this.#callOf(uniqueid);
    const follower: Follower = { listener, introduced: false };
    if (call.followers.size === 0) this.#board.watch(uniqueid);
    call.followers.add(follower);
    queueMicrotask(() => this.#introduce(call, follower));
    return () => {
      if (call.followers.delete(follower) && call.followers.size === 0) this.#forget(call);
    };
  }

  /** Who a call is, as far as that is known; undefined while it is open whether its number may be told. Asks nothing. */
  who(uniqueid: string): CallIdentity | undefined {
    const known = this.#knownOf(uniqueid);
    return known && !isOpen(known) ? identityOf(uniqueid, known, this.#board.queueOf(uniqueid)) : undefined;
  }

  /**
   * Who a call is that arrives: at once where that is known or cannot be found out, else when an event or Asterisk has told.
   * The next follower has it from the same answer. Never rejects; may take as long as Asterisk does.
   */
  find(uniqueid: string): CallIdentity | undefined | Promise<CallIdentity | undefined> {
    const known = this.who(uniqueid);
    if (known || !this.parts.link.connected) return known;
    if (this.#sought.size >= MOST_SOUGHT) return undefined;
    const call = this.#callOf(uniqueid);
    if (call.seekers.length === 0) call.soughtTurn = call.turn;
    this.#sought.add(call);
    return new Promise((resolve) => {
      call.seekers.push(() => resolve(this.who(uniqueid)));
      this.#questions.ask(call);
    });
  }

  /**
   * Asks Asterisk who a followed call is now: that only the presentation of a number has changed, no event tells. What is
   * new is told before it resolves. As long as Asterisk takes; never rejects.
   * @returns whether what the followers were told is what Asterisk said after this was called
   */
  confirmCaller(uniqueid: string): Promise<boolean> {
    const call = this.#calls.get(uniqueid);
    if (!call || !this.parts.link.connected) return Promise.resolve(false);
    return new Promise((resolve) => {
      call.askers.push(resolve);
      this.#questions.ask(call);
    });
  }

  /** The same for the place of a followed call in its queue. */
  confirmPlace(uniqueid: string): Promise<boolean> {
    return this.#calls.has(uniqueid) ? this.#board.confirm(uniqueid) : Promise.resolve(false);
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
    for (const call of this.#calls.values()) {
      call.followers.clear();
      this.#found(call);
    }
    this.#board.close();
    this.#hangupListeners.clear();
    this.#known.clear();
  }

  /** The one of all who follow or seek it. */
  #callOf(uniqueid: string): FollowedCall {
    const begun = this.#calls.get(uniqueid);
    if (begun) return begun;
    const call = new FollowedCall(uniqueid, this.parts.log);
    call.known = this.#known.get(uniqueid);
    this.#known.delete(uniqueid);
    this.#calls.set(uniqueid, call);
    return call;
  }

  #introduce(call: FollowedCall, follower: Follower): void {
    // It has been told, or the call ended, before its turn came.
    if (follower.introduced || !this.#isWanted(call)) return;
    this.#update(call);
    call.introduce(follower);
    const isWhole = call.identity !== undefined && call.known !== undefined && !isOpen(call.known);
    if (isWhole && call.place) return;
    const arrived = isWhole ? call.known?.arrived : undefined;
    if (!arrived) return this.#questions.ask(call);
    this.#learn(call.uniqueid, { arrived: undefined });
    this.#board.suppose(call.uniqueid, arrived.queue);
  }

  #connected(): void {
    this.#questions.connected();
    for (const call of this.#calls.values()) {
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
    this.#questions.disconnected();
    for (const call of this.#calls.values()) {
      call.asking = false;
      call.failures = 0;
      call.retry();
      call.settle(false);
      call.turn++;
      if (call.known) call.known = { ...call.known, ...VOID };
      this.#found(call);
    }
    this.#board.disconnected();
    for (const call of this.#calls.values()) this.#update(call);
  }

  #event(event: AmiEvent): void {
    switch (event.type) {
      case 'key-down':
      case 'key-up':
        return this.#key(event);
      case 'queue-join':
        this.#describe(event);
        return this.#board.move(event);
      case 'queue-leave':
        return this.#board.move(event);
      case 'queue-connect':
        return this.#board.answered(event);
      case 'moh-start':
        this.#describe(event);
        return this.#update(this.#calls.get(event.uniqueid));
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
    const call = this.#calls.get(event.uniqueid);
    const digit = call?.keys.read(event, this.parts.clock.now());
    if (digit !== undefined) call?.tellAll({ type: 'key', digit });
  }

  #ended(uniqueid: string): void {
    const call = this.#calls.get(uniqueid);
    if (call) {
      // No follower is told the end of a call before it was told which call that is; without a number where that is open.
      call.unanswered = true;
      this.#update(call);
      for (const follower of [...call.followers]) if (!follower.introduced) call.introduce(follower);
      this.#sought.delete(call);
      this.#forget(call);
    }
    this.#known.delete(uniqueid);
    this.#board.ended(uniqueid);
    call?.found();
    call?.tellAll({ type: 'ended' });
    for (const listener of [...this.#hangupListeners])
      guarded(this.parts.log, { uniqueid, news: 'hangup' }, () => listener(uniqueid));
  }

  /**
   * An event says what a channel is. It may be another caller's by now, so what was known of another number is void; and
   * a caller who moves from queue to queue may withhold the same number by now, so it is asked for again.
   */
  #describe(event: Described): void {
    const { type, uniqueid, number } = event;
    const before = this.#knownOf(uniqueid);
    const isNew = !before || before.number !== number;
    this.#learn(uniqueid, {
      ...textsOf(event),
      ...(isNew && { number, shown: undefined, arrived: undefined }),
    });
    const call = this.#calls.get(uniqueid);
    if (call && this.who(uniqueid)) this.#found(call);
    if (call && number !== undefined && (isNew || type === 'queue-join')) this.#questions.ask(call);
  }

  /** Followers are told the call without a number until Asterisk has named the caller. */
  #mayBeAnother(uniqueid: string, news: CallFacts): void {
    const before = this.#knownOf(uniqueid);
    const call = this.#calls.get(uniqueid);
    if (call) call.turn++;
    if (before || call?.followers.size) this.#learn(uniqueid, { ...news, ...VOID });
    this.#update(call);
    if (!call) return;
    if (call.turn - call.soughtTurn >= MOST_CHANGES) this.#found(call);
    this.#questions.ask(call);
  }

  #knownOf(uniqueid: string): CallFacts | undefined {
    const call = this.#calls.get(uniqueid);
    return call ? call.known : this.#known.get(uniqueid);
  }

  #learn(uniqueid: string, news: CallFacts): void {
    const known = { ...this.#knownOf(uniqueid), ...news };
    const call = this.#calls.get(uniqueid);
    if (call) call.known = known;
    else setNewest(this.#known, uniqueid, known, MOST_KNOWN);
  }

  /** Tells followers what is new; nothing where there are none. */
  #update(call: FollowedCall | undefined): void {
    if (!call) return;
    const { uniqueid } = call;
    call.update(this.#board.queueOf(uniqueid), this.#board.placeOf(uniqueid));
  }

  /** Whoever seeks it has what there is. */
  #found(call: FollowedCall): void {
    this.#sought.delete(call);
    call.found();
    if (call.followers.size === 0) this.#forget(call);
  }

  /** Nobody follows it any more: what is known of it is kept as of any other, unless hang-ups are missed. */
  #forget(call: FollowedCall): void {
    const { uniqueid, known } = call;
    if (!this.#isWanted(call) || this.#sought.has(call)) return;
    call.retry();
    call.settle(false);
    this.#calls.delete(uniqueid);
    this.#board.unwatch(uniqueid);
    if (known && this.parts.link.connected) setNewest(this.#known, uniqueid, known, MOST_KNOWN);
  }

  #isWanted(call: FollowedCall): boolean {
    return this.#calls.get(call.uniqueid) === call;
  }
}
