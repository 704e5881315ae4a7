// QueueBoard: who waits where in which queue, from events, with a look at a queue only when events cannot tell.
// Asterisk tells a caller's place once, when he joins; that those behind move up has to be worked out.
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { AmiEvent } from './events';
import type { QueuePlace } from './feed';
import type { AmiPort } from './link';

export type QueueMove = Extract<AmiEvent, { type: 'queue-join' | 'queue-leave' }>;

type Change = QueueMove | { readonly type: 'gone'; readonly uniqueid: string };

export interface QueueBoardParts {
  link: AmiPort;
  clock: Clock;
  log: Logger;
  /** What is known of a watched call's place may have changed. */
  moved(uniqueid: string): void;
}

/** Least time between two looks at one queue, doubled at each failure, and the most it grows to; milliseconds. */
const GAP_MS = 1000;
const LONGEST_GAP_MS = 30_000;
/**
 * An answer overtakes events of what it already shows: Asterisk sends those from another thread (1.3 ms later, seen on
 * 22 and 16). For so long after an answer, a move that it shows already is nothing new, milliseconds.
 */
const SETTLING_MS = 1000;
/** More changes than these during one look, and it is taken again. */
const MOST_CHANGES = 1000;
/** Callers of one queue that are remembered; what is said of places behind them is passed over. */
const MOST_CALLERS = 5000;
/** More queues with callers than these, and those in which no watched call waits are forgotten. */
const MOST_QUEUES = 500;

/** Uniqueids in order; undefined: somebody who is not known by name. */
type Callers = readonly (string | undefined)[];

/** The callers of one queue. One not known by name is a gap: his place counts all the same. */
class Line {
  #callers: (string | undefined)[];
  /** Others may stand behind the last one that is known. */
  #open: boolean;

  /** @param callers all of them; absent: nobody is known yet */
  constructor(callers?: Callers) {
    this.#callers = callers?.slice(0, MOST_CALLERS) ?? [];
    this.#open = callers === undefined || callers.length > MOST_CALLERS;
  }

  /** Nobody is known by name. */
  get isEmpty(): boolean {
    return this.#callers.every((caller) => caller === undefined);
  }

  named(): string[] {
    return this.#callers.filter((caller) => caller !== undefined);
  }

  /** 1 and more; 0: he is not here. */
  placeOf(uniqueid: string): number {
    return this.#callers.indexOf(uniqueid) + 1;
  }

  /**
   * Somebody joins at `position`, ahead of those who stood there.
   * @param settling who is here already has been seen
   * @returns whether that can be so
   */
  join(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0 && (settling || place === position)) return true;
    if (position > MOST_CALLERS) return false;
    if (place > 0) this.remove(uniqueid);
    const fits = place === 0 && (this.#open || position <= this.#callers.length + 1);
    this.#open ||= !fits;
    while (this.#callers.length < position - 1) this.#callers.push(undefined);
    this.#callers.splice(position - 1, 0, uniqueid);
    if (this.#callers.length > MOST_CALLERS) {
      this.#callers.pop();
      this.#open = true;
    }
    return fits;
  }

  /**
   * Somebody leaves from `position`, and those behind move up.
   * @param settling who is not here has been seen to leave
   * @returns whether that can be so
   */
  leave(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) return this.remove(uniqueid) && place === position;
    if (position > this.#callers.length) return this.#open || settling;
    if (this.#callers[position - 1] !== undefined) return settling;
    this.#callers.splice(position - 1, 1);
    return true;
  }

  /** @returns whether he was here */
  remove(uniqueid: string): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) this.#callers.splice(place - 1, 1);
    return place > 0;
  }
}

/** One queue in which somebody waits. */
interface Row {
  /** As Asterisk spells it. */
  name: string;
  line: Line;
  /** Watched calls that wait in it, or are supposed to. */
  readonly watched: Set<string>;
  /** Changes since Asterisk was asked; undefined: no look is under way. */
  since: Change[] | undefined;
  askedAt: number;
  /** Looks that failed, one after the other. */
  failures: number;
  /** Set while the next look waits for its time. */
  next: Cancel | undefined;
  settlesAt: number;
  /** Calls that left while it settles. */
  readonly left: Set<string>;
}

export class QueueBoard {
  readonly #rows = new Map<string, Row>();
  /** The queue in which a call waits or, of a watched one, is supposed to. */
  readonly #rowOf = new Map<string, Row>();
  readonly #watched = new Set<string>();

  constructor(private readonly parts: QueueBoardParts) {}

  /** Queues of which something is remembered. */
  get queues(): number {
    return this.#rows.size;
  }

  /** `moved` is called for this call from now on. */
  watch(uniqueid: string): void {
    this.#watched.add(uniqueid);
    this.#rowOf.get(uniqueid)?.watched.add(uniqueid);
  }

  unwatch(uniqueid: string): void {
    this.#watched.delete(uniqueid);
    const row = this.#rowOf.get(uniqueid);
    row?.watched.delete(uniqueid);
    if (row && row.line.placeOf(uniqueid) === 0) this.#exit(uniqueid, row);
    if (row) this.#tidy(row);
  }

  /** A watched call is said to be in this queue's application, or (undefined) in none: a look will tell. */
  suppose(uniqueid: string, queue: string | undefined): void {
    const before = this.#rowOf.get(uniqueid);
    if (!this.#watched.has(uniqueid) || (before && before.line.placeOf(uniqueid) > 0)) return;
    if (before) this.#exit(uniqueid, before);
    if (queue) {
      const row = this.#rowFor(queue);
      this.#enter(uniqueid, row);
      this.#refresh(row);
    }
    if (before) this.#tidy(before);
    this.parts.moved(uniqueid);
  }

  /** The queue in which a call waits; of a watched one also the queue in which it was last known to wait. */
  queueOf(uniqueid: string): string | undefined {
    return this.#rowOf.get(uniqueid)?.name;
  }

  placeOf(uniqueid: string): QueuePlace | undefined {
    const row = this.#rowOf.get(uniqueid);
    const position = row?.line.placeOf(uniqueid) ?? 0;
    return row && position > 0 ? { queue: row.name, position } : undefined;
  }

  move(event: QueueMove): void {
    const { uniqueid } = event;
    if (event.type === 'queue-join' && this.#rowOf.get(uniqueid) !== this.#rows.get(keyOf(event.queue)))
      this.gone(uniqueid);
    const row = event.type === 'queue-join' ? this.#rowFor(event.queue) : this.#rows.get(keyOf(event.queue));
    if (!row) return;
    row.name = event.queue;
    this.#change(row, event);
  }

  /** The call waits nowhere any more; where it still stood, a move was missed. */
  gone(uniqueid: string): void {
    const row = this.#rowOf.get(uniqueid);
    if (row) this.#change(row, { type: 'gone', uniqueid });
  }

  /** Asterisk can be asked again: about the queues in which watched calls waited. */
  connected(): void {
    for (const row of this.#rows.values()) this.#refresh(row);
  }

  /** What happens from now on is not seen: no place is known until there has been a look. */
  disconnected(): void {
    const waited = [...this.#watched].map((uniqueid) => [uniqueid, this.queueOf(uniqueid)] as const);
    this.close();
    for (const [uniqueid, queue] of waited) {
      if (queue === undefined) continue;
      this.#enter(uniqueid, this.#rowFor(queue));
      this.parts.moved(uniqueid);
    }
  }

  /** Forgets everything but who is watched. */
  close(): void {
    for (const row of this.#rows.values()) row.next?.();
    this.#rows.clear();
    this.#rowOf.clear();
  }

  #change(row: Row, change: Change): void {
    if (row.since && row.since.length <= MOST_CHANGES) row.since.push(change);
    const concerned = new Set(row.watched);
    if (!this.#apply(row, change)) this.#refresh(row);
    this.#tell(concerned, row);
    this.#tidy(row);
  }

  /** @returns whether it agrees with what was known */
  #apply(row: Row, change: Change): boolean {
    const { uniqueid } = change;
    const settling = this.parts.clock.now() < row.settlesAt;
    if (change.type !== 'queue-join') {
      this.#exit(uniqueid, row);
      if (settling) row.left.add(uniqueid);
      return change.type === 'gone'
        ? !row.line.remove(uniqueid)
        : row.line.leave(uniqueid, change.position, settling);
    }
    if (!this.#rowOf.has(uniqueid)) this.#enter(uniqueid, row);
    // Whether the picture shows it before it left, or since it is back, cannot be seen.
    const doubtful = settling && row.left.has(uniqueid);
    return row.line.join(uniqueid, change.position, settling) && !doubtful;
  }

  /** Looks at a queue in which watched calls wait: now, or when its time has come. One look at a time, one waits. */
  #refresh(row: Row): void {
    const { clock, link } = this.parts;
    if (row.since || row.next || row.watched.size === 0 || !link.connected) return;
    const pause = Math.min(LONGEST_GAP_MS, GAP_MS * 2 ** row.failures) - (clock.now() - row.askedAt);
    if (pause <= 0) void this.#look(row);
    else row.next = clock.after(pause, () => this.#lookAgain(row));
  }

  #lookAgain(row: Row): void {
    row.next = undefined;
    this.#refresh(row);
    this.#tidy(row);
  }

  async #look(row: Row): Promise<void> {
    const since: Change[] = (row.since = []);
    row.askedAt = this.parts.clock.now();
    let again = false;
    try {
      const list = await this.parts.link.list({ Action: 'QueueStatus', Queue: row.name });
      if (this.#rows.get(keyOf(row.name)) !== row) return;
      row.since = undefined;
      row.failures = 0;
      const callers = list
        .filter((item) => item.get('Event') === 'QueueEntry' && sameQueue(item.get('Queue'), row.name))
        .map((item) => item.get('Uniqueid'));
      row.name = list.map((item) => item.get('Queue')).find((name) => sameQueue(name, row.name)) ?? row.name;
      again = since.length > MOST_CHANGES || !this.#take(row, callers, since);
    } catch (error) {
      if (errnoOf(error) !== 'HC_AMI_LOST')
        this.parts.log.warn({ queue: row.name, ...errorFields(error) }, 'queue: Asterisk could not be asked');
      row.since = undefined;
      row.failures++;
      again = this.#rows.get(keyOf(row.name)) === row;
    }
    if (again) this.#refresh(row);
    this.#tidy(row);
  }

  /**
   * Puts the picture in place of what was known, and after it the changes that it may or may not show.
   * @returns whether it is certain
   */
  #take(row: Row, callers: Callers, since: readonly Change[]): boolean {
    const concerned = new Set(row.watched);
    for (const uniqueid of [...row.line.named(), ...concerned]) this.#exit(uniqueid, row);
    row.line = new Line(callers);
    // One that has gone to another queue by now stays there.
    for (const uniqueid of row.line.named()) if (!this.#rowOf.has(uniqueid)) this.#enter(uniqueid, row);
    row.settlesAt = this.parts.clock.now() + SETTLING_MS;
    row.left.clear();
    const certain = since.map((change) => this.#apply(row, change)).every(Boolean);
    this.#tell(concerned, row);
    return certain;
  }

  #tell(concerned: ReadonlySet<string>, row: Row): void {
    for (const uniqueid of new Set([...concerned, ...row.watched])) this.parts.moved(uniqueid);
  }

  #enter(uniqueid: string, row: Row): void {
    this.#rowOf.set(uniqueid, row);
    if (this.#watched.has(uniqueid)) row.watched.add(uniqueid);
  }

  #exit(uniqueid: string, row: Row): void {
    if (this.#rowOf.get(uniqueid) === row) this.#rowOf.delete(uniqueid);
    row.watched.delete(uniqueid);
  }

  #rowFor(queue: string): Row {
    const known = this.#rows.get(keyOf(queue));
    if (known) return known;
    if (this.#rows.size >= MOST_QUEUES)
      for (const row of [...this.#rows.values()]) if (row.watched.size === 0) this.#forget(row);
    const row: Row = {
      name: queue,
      line: new Line(),
      watched: new Set(),
      since: undefined,
      askedAt: -Infinity,
      failures: 0,
      next: undefined,
      settlesAt: -Infinity,
      left: new Set(),
    };
    this.#rows.set(keyOf(queue), row);
    return row;
  }

  /** A queue in which nobody is known to wait is not kept. */
  #tidy(row: Row): void {
    if (row.watched.size === 0 && !row.since && !row.next && row.line.isEmpty) this.#forget(row);
  }

  #forget(row: Row): void {
    for (const uniqueid of row.line.named()) this.#exit(uniqueid, row);
    row.next?.();
    if (this.#rows.get(keyOf(row.name)) === row) this.#rows.delete(keyOf(row.name));
  }
}

/** Asterisk takes "Sales" and "sales" for the same queue, and tells ASCII letters only. */
function keyOf(queue: string): string {
  return queue.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function sameQueue(one: string | undefined, other: string): boolean {
  return one !== undefined && keyOf(one) === keyOf(other);
}
