// BackOffice over the hub's socket: asks without saying who calls, and hands over what is to be remembered.
// What the hub has not acknowledged is sent again when it is back; choices are laid in a file when this call ends first.
import type { BalanceAnswer } from '../billing/billing';
import type { StoreEntry } from '../store/store';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { entryOf, type BackOffice, type OfficeCall, type Remembered } from './backOffice';
import type { CallNews } from './feed';
import type { HubConnection } from './hubConnection';
import { isLanguage, isPin, isRemembered, type OfficeReply, type OfficeRequest } from './officeWire';

export interface HubOfficeParts {
  connection: HubConnection;
  clock: Clock;
  log: Logger;
  /** The hub has its own limit, shorter than this; milliseconds. */
  balanceMs?: number;
  /** Keeps choices that the hub did not take. May throw or reject. Absent: they are lost. */
  spill?: (entries: readonly StoreEntry[]) => Promise<void> | void;
}

const BALANCE_MS = 4000;
/** The hub may have to ask Asterisk first who calls, then the store. */
const CHOICE_MS = 2000;
/** Asterisk answers within a few ms; nobody waits this long to hear a place. Milliseconds. */
const PLACE_MS = 2000;
/** A connection that is being made for the first time is waited for, milliseconds. */
const CONNECT_MS = 1000;
/** An acknowledgement takes a millisecond or two; a process that is told to end has 100. */
const ACKNOWLEDGE_MS = 30;
/** What waits for the hub; the oldest of what was heard goes first. */
const MOST_KEPT = 500;

interface Asked {
  readonly request: Extract<OfficeRequest, { type: 'choice' | 'confirm-place' | 'balance' }>;
  /** Called once. */
  readonly answer: (reply: OfficeReply | undefined) => void;
}

type Kept = Extract<OfficeRequest, { type: 'remember' }>;

export class HubOffice implements BackOffice {
  readonly #asked = new Map<number, Asked>();
  /** Not acknowledged yet, in order. */
  #kept: Kept[] = [];
  /** Undefined: no hub has said yet who listens. */
  #call: OfficeCall | undefined;
  #lastId = 0;
  #lastSeq = 0;
  #lost = 0;
  readonly #release: Cancel;
  /** Told when nothing waits for an acknowledgement. */
  #drained: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  /** The connection is not used any more. */
  #over = false;

  constructor(private readonly parts: HubOfficeParts) {
    const { connection } = parts;
    if (connection.uniqueid !== undefined) this.#call = { uniqueid: connection.uniqueid };
    this.#release = connection.use({
      up: () => this.#up(),
      hearer: (uniqueid) => void (this.#call ??= { uniqueid }),
      news: (news) => this.#hear(news),
      reply: (reply) => this.#replied(reply),
      down: () => this.#down(),
    });
  }

  async choice(): Promise<string | undefined> {
    const reply = await this.#ask({ type: 'choice', id: ++this.#lastId }, CHOICE_MS);
    return reply?.type === 'choice' ? reply.track : undefined;
  }

  async balance(language: string, pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    if (!isLanguage(language) || (pin !== undefined && !isPin(pin))) return { status: 'unavailable' };
    const request = {
      type: 'balance',
      id: ++this.#lastId,
      language,
      ...(pin !== undefined && { pin }),
    } as const;
    const reply = await this.#ask(request, this.parts.balanceMs ?? BALANCE_MS, signal);
    return reply?.type === 'balance' ? reply.answer : { status: 'unavailable' };
  }

  async confirmPlace(): Promise<boolean> {
    const reply = await this.#ask({ type: 'confirm-place', id: ++this.#lastId }, PLACE_MS);
    return reply?.type === 'confirm-place' && reply.confirmed;
  }

  remember(what: Remembered, wallMs: number = this.parts.clock.wall()): void {
    if (!isRemembered(what)) return;
    const kept: Kept = { type: 'remember', seq: ++this.#lastSeq, wallMs, what };
    if (this.#over) return void this.#spill([kept]);
    this.#kept.push(kept);
    this.parts.connection.send(kept);
    if (this.#kept.length > MOST_KEPT) this.#makeRoom();
  }

  /** Choices that the hub does not acknowledge at once go to a file. Takes at most 30 ms; may be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    for (const { answer } of [...this.#asked.values()]) answer(undefined);
    if (this.#kept.length > 0 && this.parts.connection.status === 'up') await this.#acknowledged();
    this.#over = true;
    this.#release();
    await this.#spill(this.#kept.splice(0));
    if (this.#lost > 0) this.parts.log.warn({ entries: this.#lost }, 'not remembered: the hub was away');
  }

  #acknowledged(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.after(ACKNOWLEDGE_MS, resolve);
      this.#drained = () => {
        cancel();
        resolve();
      };
    });
  }

  /** The reply, or undefined: no hub, not in time, not wanted any more. Never rejects. */
  #ask(request: Asked['request'], limitMs: number, signal?: AbortSignal): Promise<OfficeReply | undefined> {
    const { connection, clock } = this.parts;
    const isNew = connection.status === 'new';
    if (this.#closed || signal?.aborted || (!isNew && connection.status !== 'up'))
      return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const cancels: Cancel[] = [];
      const answer = (reply: OfficeReply | undefined): void => {
        if (!this.#asked.delete(request.id)) return;
        for (const cancel of cancels) cancel();
        signal?.removeEventListener('abort', giveUp);
        resolve(reply);
      };
      const giveUp = (): void => {
        connection.send({ type: 'cancel', id: request.id });
        answer(undefined);
      };
      this.#asked.set(request.id, { request, answer });
      signal?.addEventListener('abort', giveUp);
      cancels.push(clock.after(limitMs, giveUp));
      if (isNew)
        cancels.push(clock.after(CONNECT_MS, () => connection.status === 'new' && answer(undefined)));
      connection.send(request);
    });
  }

  #up(): void {
    for (const { request } of this.#asked.values()) this.parts.connection.send(request);
    for (const kept of this.#kept) this.parts.connection.send(kept);
  }

  #down(): void {
    for (const { answer } of [...this.#asked.values()]) answer(undefined);
    this.#drained?.();
  }

  #hear(news: CallNews): void {
    if (news.type === 'identity') this.#call = news.identity;
  }

  #replied(reply: OfficeReply): void {
    if (reply.type !== 'kept') {
      const asked = this.#asked.get(reply.id);
      if (asked?.request.type === reply.type) asked.answer(reply);
      return;
    }
    this.#kept = this.#kept.filter(({ seq }) => seq > reply.seq);
    if (this.#kept.length === 0) this.#drained?.();
  }

  #makeRoom(): void {
    const heard = this.#kept.findIndex(({ what }) => what.type === 'heard');
    this.#kept.splice(Math.max(0, heard), 1);
    this.#lost++;
  }

  /** A choice of a caller whom this process does not know cannot be kept. */
  async #spill(kept: readonly Kept[]): Promise<void> {
    const call = this.#call;
    const entries = call ? kept.flatMap(({ what, wallMs }) => entryOf(what, call, wallMs) ?? []) : [];
    this.#lost += kept.length - entries.length;
    if (entries.length === 0) return;
    try {
      if (this.parts.spill) return await this.parts.spill(entries);
      this.#lost += entries.length;
    } catch (error) {
      this.#lost += entries.length;
      this.parts.log.warn({ entries: entries.length, ...errorFields(error) }, 'the spool cannot be written');
    }
  }
}
