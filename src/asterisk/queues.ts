// QueueBoard: who waits where in which queue, from events, with a look at a queue only when events cannot tell.
// Asterisk tells a caller's place once, when they join; that those behind move up has to be worked out. Some changes no
// event tells (another priority at once, a waiting caller who is parked or bridged): the announcer asks before it says a place.
import type { Clock } from '../util/clock';
import { errnoOf, errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { uniqueidIn } from './events';
import type { QueuePlace } from './callNews';
import {
  Joins,
  keyOf,
  newRow,
  release,
  sameQueue,
  type QueueChange,
  type QueueMove,
  type QueueRow,
  Line,
} from './queueRow';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';

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
/** The same where somebody waits to be told: the music goes down meanwhile, so that it is not heard; milliseconds. */
const ASKED_GAP_MS = 100;
/** An agent's answer stops the music and has the caller leave within a few ms; one who still stands after this may be gone. */
const LEFT_MS = 300;
/**
 * An answer overtakes events of what it already shows: Asterisk sends those from another thread (1.3 ms later, seen on
 * 22 and 16). For so long after an answer, a move that it shows already is nothing new, milliseconds.
 */
const SETTLING_MS = 1000;
/** More changes than these during one look, and it is taken again. */
const MOST_CHANGES = 1000;
/** More queues with callers than these, and those in which no watched call waits are forgotten. */
const MOST_QUEUES = 500;

/** More callers in all queues than these, and the same: a hub has room for at most 20,000. */
const MOST_WAITING = 50_000;

export class QueueBoard {
  readonly #rows = new Map<string, QueueRow>();
  /** The queue in which a call waits or, of a watched one, is supposed to. */
  readonly #rowOf = new Map<string, QueueRow>();
  readonly #watched = new Set<string>();
  readonly #joins: Joins;

  constructor(private readonly parts: QueueBoardParts) {
    this.#joins = new Joins(parts.clock);
  }

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
    if (!row || position === 0) return undefined;
    const joinedMs = this.#joins.of(uniqueid);
    return { queue: row.name, position, ...(joinedMs !== undefined && { joinedMs }) };
  }

  /**
   * Looks at the queue in which a watched call waits: all who ask before a look begins share it. What it changes is told
   * before it resolves. As long as Asterisk takes; never rejects.
   * @returns whether what `placeOf` says now is what Asterisk said after this was called
   */
  confirm(uniqueid: string): Promise<boolean> {
    const { link } = this.parts;
    const row = this.#rowOf.get(uniqueid);
    if (!row || !link.connected) return Promise.resolve(link.connected);
    return new Promise((resolve) => {
      row.askers.push(resolve);
      this.#refresh(row);
    });
  }

  /** Music for a call has stopped. Who is parked or bridged leaves the queue without a word. */
  stopped(uniqueid: string): void {
    const row = this.#rowOf.get(uniqueid);
    if (!row || row.watched.size === 0) return;
    this.parts.clock.after(LEFT_MS, () => {
      if (this.#rows.get(keyOf(row.name)) === row && row.line.placeOf(uniqueid) > 0) this.#refresh(row);
    });
  }

  ended(uniqueid: string): void {
    this.gone(uniqueid);
    this.#joins.forget(uniqueid);
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
    for (const row of this.#rows.values()) release(row);
    this.#rows.clear();
    this.#rowOf.clear();
  }

  #change(row: QueueRow, change: QueueChange): void {
    if (row.since && row.since.length <= MOST_CHANGES) row.since.push(change);
    const concerned = new Set(row.watched);
    if (change.type === 'queue-join' && this.#isNews(row, change)) this.#joins.began(change.uniqueid);
    if (!this.#apply(row, change)) this.#refresh(row);
    this.#tell(concerned, row);
    this.#tidy(row);
  }

  /** A join that was not seen already. */
  #isNews(row: QueueRow, { uniqueid, position }: Extract<QueueChange, { type: 'queue-join' }>): boolean {
    const place = row.line.placeOf(uniqueid);
    return place === 0 || (place !== position && this.parts.clock.now() >= row.settlesAt);
  }

  /** @returns whether it agrees with what was known */
  #apply(row: QueueRow, change: QueueChange): boolean {
    const { uniqueid } = change;
    const settling = this.parts.clock.now() < row.settlesAt;
    if (change.type !== 'queue-join') {
      this.#exit(uniqueid, row);
      if (settling && row.left.size < MOST_CHANGES) row.left.add(uniqueid);
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
  #refresh(row: QueueRow): void {
    const { clock, link } = this.parts;
    const isAsked = row.askers.length > 0;
    if (row.since || (row.next && !isAsked) || row.watched.size === 0 || !link.connected) return;
    row.next?.();
    row.next = undefined;
    const gap = isAsked ? ASKED_GAP_MS : Math.min(LONGEST_GAP_MS, GAP_MS * 2 ** row.failures);
    const pause = gap - (clock.now() - row.askedAt);
    if (pause <= 0) void this.#look(row);
    else row.next = clock.after(pause, () => this.#lookAgain(row));
  }

  #lookAgain(row: QueueRow): void {
    row.next = undefined;
    this.#refresh(row);
    this.#tidy(row);
  }

  async #look(row: QueueRow): Promise<void> {
    const since: QueueChange[] = (row.since = []);
    const askers = row.askers.splice(0);
    row.askedAt = this.parts.clock.now();
    let again = false;
    let confirmed: boolean | undefined = false;
    try {
      const list = await this.parts.link.list({ Action: 'QueueStatus', Queue: row.name });
      if (this.#rows.get(keyOf(row.name)) !== row) return;
      row.since = undefined;
      row.failures = 0;
      const entries = list.filter(
        (item) => item.get('Event') === 'QueueEntry' && sameQueue(item.get('Queue'), row.name),
      );
      row.name = list.map((item) => item.get('Queue')).find((name) => sameQueue(name, row.name)) ?? row.name;
      again = since.length > MOST_CHANGES || !this.#take(row, entries, since);
      confirmed = again ? undefined : true;
    } catch (error) {
      if (errnoOf(error) !== 'HC_AMI_LOST')
        this.parts.log.warn({ queue: row.name, ...errorFields(error) }, 'queue: Asterisk could not be asked');
      row.since = undefined;
      row.failures++;
      again = this.#rows.get(keyOf(row.name)) === row;
    } finally {
      // What is not certain is looked at again for those who ask, too.
      if (confirmed === undefined) row.askers.push(...askers);
      else for (const asker of askers) asker(confirmed);
    }
    if (again || row.askers.length > 0) this.#refresh(row);
    this.#tidy(row);
  }

  /**
   * Puts the picture in place of what was known, and after it the changes that it may or may not show.
   * @returns whether it is certain
   */
  #take(row: QueueRow, entries: readonly AmiMessage[], since: readonly QueueChange[]): boolean {
    const concerned = new Set(row.watched);
    for (const uniqueid of [...row.line.named(), ...concerned]) this.#exit(uniqueid, row);
    row.line = new Line(entries.map(uniqueidIn));
    // One that has gone to another queue by now stays there.
    for (const uniqueid of row.line.named()) if (!this.#rowOf.has(uniqueid)) this.#enter(uniqueid, row);
    for (const entry of entries) this.#date(row, entry);
    row.settlesAt = this.parts.clock.now() + SETTLING_MS;
    row.left.clear();
    const certain = since.map((change) => this.#apply(row, change)).every(Boolean);
    this.#tell(concerned, row);
    return certain;
  }

  #date(row: QueueRow, entry: AmiMessage): void {
    const uniqueid = uniqueidIn(entry);
    const seconds = Number(entry.get('Wait') ?? NaN);
    if (uniqueid && seconds >= 0 && this.#rowOf.get(uniqueid) === row)
      this.#joins.seen(uniqueid, seconds * 1000);
  }

  #tell(concerned: ReadonlySet<string>, row: QueueRow): void {
    for (const uniqueid of new Set([...concerned, ...row.watched])) this.parts.moved(uniqueid);
  }

  #enter(uniqueid: string, row: QueueRow): void {
    if (this.#rowOf.size >= MOST_WAITING) this.#forgetUnwatched(row);
    this.#rowOf.set(uniqueid, row);
    if (this.#watched.has(uniqueid)) row.watched.add(uniqueid);
  }

  #exit(uniqueid: string, row: QueueRow): void {
    if (this.#rowOf.get(uniqueid) === row) this.#rowOf.delete(uniqueid);
    row.watched.delete(uniqueid);
  }

  #rowFor(queue: string): QueueRow {
    const known = this.#rows.get(keyOf(queue));
    if (known) return known;
    if (this.#rows.size >= MOST_QUEUES) this.#forgetUnwatched();
    const row = newRow(queue);
    this.#rows.set(keyOf(queue), row);
    return row;
  }

  /** A queue in which nobody is known to wait is not kept. */
  #tidy(row: QueueRow): void {
    if (row.watched.size === 0 && !row.since && !row.next && row.line.isEmpty) this.#forget(row);
  }

  #forgetUnwatched(but?: QueueRow): void {
    for (const row of [...this.#rows.values()]) if (row.watched.size === 0 && row !== but) this.#forget(row);
  }

  #forget(row: QueueRow): void {
    for (const uniqueid of row.line.named()) this.#exit(uniqueid, row);
    release(row);
    if (this.#rows.get(keyOf(row.name)) === row) this.#rows.delete(keyOf(row.name));
  }
}
