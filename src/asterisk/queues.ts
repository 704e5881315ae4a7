// QueueBoard: who waits where in which queue. Places come from Asterisk: a join names its own, and a look at the queue all of them.
// Nothing is worked out from moves, since an answer may overtake the events of what it already shows, and some changes have no event
// (another priority at once, a waiting caller who is parked or bridged). A move in a queue is a reason to look at it.
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { setNewest } from '../util/setNewest';
import { uniqueidIn, type AmiEvent } from './events';
import { HoldTimeEstimator } from './holdTimeEstimator';
import { JOINS_APART_MS, type QueuePlace } from './callNews';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';

export interface QueueBoardParts {
  link: AmiPort;
  clock: Clock;
  log: Logger;
  /** What is known of a watched call's place may have changed. */
  moved(uniqueid: string): void;
}

type QueueMove = Extract<AmiEvent, { type: 'queue-join' | 'queue-leave' }>;

interface Standing {
  /** In which the call waits or, of a watched one, is supposed to; as Asterisk spells it. */
  readonly queue?: string | undefined;
  /** 1 and more; 0: not known. */
  readonly position: number;
  /** When it joined a queue last, milliseconds since 1970, see `isSameWait`; undefined: not known. */
  readonly joinedMs?: number | undefined;
  /** Where; undefined: no event has told. */
  readonly joined?: { readonly queue: string; readonly position: number } | undefined;
}

/**
 * A queue in which watched calls wait, or are supposed to. States: quiet; a look is under way (`moved` is set); a look waits for its
 * time (`next` is set).
 */
interface QueueRow {
  name: string;
  readonly watched: Set<string>;
  /** Calls that have come or gone since Asterisk was asked: of these the answer may be an old one. */
  moved: Set<string> | undefined;
  askedAt: number;
  /** Looks that failed, one after the other. */
  failures: number;
  next: Cancel | undefined;
  /** They want a look that is not under way yet, and are told whether the place is known as Asterisk has it. */
  askers: ((confirmed: boolean) => void)[];
}

/** Least time between two looks at one queue, doubled at each failure, and the most it grows to; milliseconds. */
const GAP_MS = 1000;
const LONGEST_GAP_MS = 30_000;
/** The same where somebody waits to be told: the music goes down meanwhile, so that it is not heard; milliseconds. */
const ASKED_GAP_MS = 100;
/** From a sign that somebody leaves until all who leave with them have left (an agent's answer, two who are bridged): nobody is told a place in between. */
const SETTLED_MS = 300;
/** A wait told in whole seconds, and a join that was set later so that two are apart, differ by less than this, milliseconds. */
const SAME_WAIT_MS = 2 * JOINS_APART_MS;
/** Calls that are remembered, the one that was seen longest ago is forgotten first: a hub has room for at most 20,000. */
const MOST_CALLS = 50_000;

export class QueueBoard {
  readonly #rows = new Map<string, QueueRow>();
  readonly #standings = new Map<string, Standing>();
  readonly #watched = new Set<string>();
  readonly #holdTimes: HoldTimeEstimator;

  constructor(private readonly parts: QueueBoardParts) {
    this.#holdTimes = new HoldTimeEstimator(parts.clock);
  }

  /** Queues that are looked at, and calls of which something is remembered. */
  get remembered(): number {
    return this.#rows.size + this.#standings.size;
  }

  /** `moved` is called for this call from now on. Where it waits, if that is known, is looked at. */
  watch(uniqueid: string): void {
    this.#watched.add(uniqueid);
    const { queue } = this.#of(uniqueid);
    if (queue === undefined) return;
    const row = this.#rowFor(queue);
    row.watched.add(uniqueid);
    this.#refresh(row);
  }

  unwatch(uniqueid: string): void {
    this.#watched.delete(uniqueid);
    const { queue, position } = this.#of(uniqueid);
    if (queue !== undefined && position === 0) this.#stand(uniqueid, {});
    this.#leaveRow(uniqueid, queue);
  }

  /** A watched call is said to be in this queue's application, or (undefined) in none: a look will tell. */
  suppose(uniqueid: string, queue: string | undefined): void {
    if (!this.#watched.has(uniqueid) || this.#of(uniqueid).position > 0) return;
    this.#stand(uniqueid, { queue });
    this.#refresh(this.#rowOf(queue));
    this.parts.moved(uniqueid);
  }

  /** The queue in which a call waits; of a watched one also the queue in which it was last known to wait. */
  queueOf(uniqueid: string): string | undefined {
    return this.#of(uniqueid).queue;
  }

  placeOf(uniqueid: string): QueuePlace | undefined {
    const { queue, position, joinedMs } = this.#of(uniqueid);
    if (queue === undefined || position === 0) return undefined;
    const waitMs = this.#holdTimes.waitMs(queue, position);
    return { queue, position, ...(joinedMs !== undefined && { joinedMs }), ...(waitMs && { waitMs }) };
  }

  /**
   * Looks at the queue in which a watched call waits: all who ask before a look begins share it. What it changes is told
   * before it resolves. As long as Asterisk takes; never rejects.
   * @returns whether what `placeOf` says now is what Asterisk said after this was called
   */
  confirm(uniqueid: string): Promise<boolean> {
    const { link } = this.parts;
    const row = this.#rowOf(this.#of(uniqueid).queue);
    if (!row || !link.connected) return Promise.resolve(link.connected);
    return new Promise((resolve) => {
      row.askers.push(resolve);
      this.#refresh(row);
    });
  }

  /** Music for a call has stopped. Who is parked or bridged leaves the queue without a word. */
  stopped(uniqueid: string): void {
    this.#refresh(this.#rowOf(this.#of(uniqueid).queue), SETTLED_MS);
  }

  ended(uniqueid: string): void {
    this.gone(uniqueid);
    this.#standings.delete(uniqueid);
  }

  move({ type, queue, uniqueid, position }: QueueMove): void {
    const before = this.#of(uniqueid);
    const isHere = sameQueue(before.queue, queue);
    if (type === 'queue-leave') {
      if (isHere) this.#stand(uniqueid, {});
    } else if (!isHere || before.position === 0) {
      // A look may have shown it already.
      const joinedMs = Math.max(this.parts.clock.wall(), (before.joinedMs ?? -Infinity) + JOINS_APART_MS);
      this.#stand(uniqueid, { queue, position, joinedMs, joined: { queue, position } });
    }
    this.#happened(uniqueid, queue);
    // Its leave was missed.
    if (type === 'queue-join' && !isHere) this.#happened(uniqueid, before.queue);
  }

  /** An agent took the call. Those who stand where they stood wait for as long as the queue now takes. */
  answered({ queue, uniqueid, holdMs }: Extract<AmiEvent, { type: 'queue-connect' }>): void {
    const { joined } = this.#of(uniqueid);
    if (joined?.queue === queue) this.#holdTimes.answered(queue, holdMs, joined.position);
    this.gone(uniqueid);
    for (const other of this.#rowOf(queue)?.watched ?? []) this.parts.moved(other);
  }

  /** The call waits nowhere any more; where it still stood, a move was missed. */
  gone(uniqueid: string): void {
    const { queue } = this.#of(uniqueid);
    if (queue === undefined) return;
    this.#stand(uniqueid, {});
    this.#happened(uniqueid, queue);
  }

  /** Asterisk can be asked again: about the queues in which watched calls waited. */
  connected(): void {
    for (const row of this.#rows.values()) this.#refresh(row);
  }

  /** What happens from now on is not seen: no place is known until there has been a look. */
  disconnected(): void {
    const waited = [...this.#watched].map((uniqueid) => [uniqueid, this.#of(uniqueid)] as const);
    this.close();
    for (const [uniqueid, { queue, joinedMs }] of waited) {
      this.#stand(uniqueid, { queue, joinedMs });
      this.parts.moved(uniqueid);
    }
  }

  /** Forgets everything but who is watched. */
  close(): void {
    for (const row of this.#rows.values()) settle(row);
    this.#rows.clear();
    this.#standings.clear();
  }

  #of(uniqueid: string): Standing {
    return this.#standings.get(uniqueid) ?? { position: 0 };
  }

  /** @param standing where it stands from now on; what is absent: in no queue, at no place, since the same join */
  #stand(uniqueid: string, standing: Partial<Standing>): void {
    const before = this.#of(uniqueid);
    const next = { ...before, queue: undefined, position: 0, ...standing };
    setNewest(this.#standings, uniqueid, next, MOST_CALLS);
    if (!this.#watched.has(uniqueid)) return;
    if (!sameQueue(before.queue, standing.queue)) this.#leaveRow(uniqueid, before.queue);
    if (standing.queue !== undefined) this.#rowFor(standing.queue).watched.add(uniqueid);
  }

  /** A call has come to this queue, or left it. */
  #happened(uniqueid: string, queue: string | undefined): void {
    const row = this.#rowOf(queue);
    row?.moved?.add(uniqueid);
    this.#refresh(row, SETTLED_MS);
    if (this.#watched.has(uniqueid)) this.parts.moved(uniqueid);
  }

  /**
   * Looks at a queue in which watched calls wait: now, or when its time has come. One look at a time, one waits.
   * @param restMs until then, unless somebody asks
   */
  #refresh(row: QueueRow | undefined, restMs = 0): void {
    const { clock, link } = this.parts;
    if (!row || row.moved || !link.connected) return;
    const isAsked = row.askers.length > 0;
    if (row.next && !isAsked) return;
    row.next?.();
    row.next = undefined;
    const gap = isAsked ? ASKED_GAP_MS : Math.min(LONGEST_GAP_MS, GAP_MS * 2 ** row.failures);
    const pause = Math.max(isAsked ? 0 : restMs, gap - (clock.now() - row.askedAt));
    if (pause <= 0) return void this.#look(row);
    row.next = clock.after(pause, () => {
      row.next = undefined;
      this.#refresh(row);
    });
  }

  async #look(row: QueueRow): Promise<void> {
    const { clock, link, log } = this.parts;
    const moved = (row.moved = new Set());
    const askers = row.askers.splice(0);
    row.askedAt = clock.now();
    let isTaken = false;
    try {
      const list = await link.list({ Action: 'QueueStatus', Queue: row.name });
      if (this.#rowOf(row.name) !== row) return;
      row.failures = 0;
      this.#take(row, list, moved);
      isTaken = true;
    } catch (error) {
      if (errnoOf(error) === 'HC_AMI_LOST') return;
      log.warn({ queue: row.name, ...errorFields(error) }, 'queue: Asterisk could not be asked');
      row.failures++;
    } finally {
      row.moved = undefined;
      for (const asker of askers) asker(isTaken);
      const again = !isTaken || moved.size > 0 || row.askers.length > 0;
      if (again && this.#rowOf(row.name) === row) this.#refresh(row);
    }
  }

  /** @param moved of these it may be an old picture: they stand where events have put them, until the next look */
  #take(row: QueueRow, list: readonly AmiMessage[], moved: ReadonlySet<string>): void {
    const entries = list.filter(
      (item) => item.get('Event') === 'QueueEntry' && sameQueue(item.get('Queue'), row.name),
    );
    row.name = list.map((item) => item.get('Queue')).find((name) => sameQueue(name, row.name)) ?? row.name;
    const stood = [...row.watched];
    const waiting = new Set(moved);
    for (const [i, entry] of entries.entries()) {
      const uniqueid = uniqueidIn(entry);
      if (uniqueid === undefined || moved.has(uniqueid)) continue;
      waiting.add(uniqueid);
      const joinedMs = this.#joinedMs(uniqueid, entry);
      this.#stand(uniqueid, { queue: row.name, position: i + 1, joinedMs });
    }
    for (const uniqueid of stood) if (!waiting.has(uniqueid)) this.#stand(uniqueid, {});
    for (const uniqueid of new Set([...stood, ...row.watched])) this.parts.moved(uniqueid);
  }

  /**
   * Asterisk tells how long a caller has waited, so another process, or this one after a lost connection, comes to the same moment
   * by itself, within two seconds.
   * @returns the join that is known, or another that nobody told
   */
  #joinedMs(uniqueid: string, entry: AmiMessage): number | undefined {
    const known = this.#of(uniqueid).joinedMs;
    const seconds = Number(entry.get('Wait') ?? NaN);
    if (!(seconds >= 0)) return known;
    const since = this.parts.clock.wall() - seconds * 1000;
    return known !== undefined && Math.abs(known - since) <= SAME_WAIT_MS ? known : since;
  }

  #rowOf(queue: string | undefined): QueueRow | undefined {
    return queue === undefined ? undefined : this.#rows.get(keyOf(queue));
  }

  #rowFor(queue: string): QueueRow {
    const known = this.#rowOf(queue);
    if (known) return known;
    const row: QueueRow = {
      name: queue,
      watched: new Set(),
      moved: undefined,
      askedAt: -Infinity,
      failures: 0,
      next: undefined,
      askers: [],
    };
    this.#rows.set(keyOf(queue), row);
    return row;
  }

  /** A queue in which no watched call waits is not kept. */
  #leaveRow(uniqueid: string, queue: string | undefined): void {
    const row = this.#rowOf(queue);
    row?.watched.delete(uniqueid);
    if (!row || row.watched.size > 0) return;
    settle(row);
    this.#rows.delete(keyOf(row.name));
  }
}

/** Nobody waits for a look at it any more. */
function settle(row: QueueRow): void {
  row.next?.();
  row.next = undefined;
  for (const asker of row.askers.splice(0)) asker(false);
}

/** Asterisk takes "Sales" and "sales" for the same queue, and tells ASCII letters only. */
function keyOf(queue: string): string {
  return queue.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function sameQueue(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}
