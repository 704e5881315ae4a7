// OwnCall: what the main thread knows of the call that hears a look-up's reader: who it is, its place, keys that no thread
// was there for, and its back office. There is none before Asterisk has said whose reader it is.
import type { BackOffice, OfficeCall } from '../../asterisk/backOffice';
import type { CallNews } from '../../asterisk/feed';
import type { Cancel, Clock } from '../../util/clock';
import type { CallSource } from '../feedServer';

export interface OwnCallParts {
  calls: CallSource;
  office(call: () => OfficeCall): BackOffice;
  /** Told of everything; a thread is to be told the same. */
  tell(news: CallNews, atMs: number): void;
  clock: Pick<Clock, 'now'>;
}

/** News and when the main thread heard of them, on the clock. */
export interface HeardNews {
  readonly news: CallNews;
  readonly atMs: number;
}

/** Keys that wait for the first moments of a call. */
const MOST_KEYS = 8;

export class OwnCall {
  readonly office: BackOffice;
  /** Who it is: first its Uniqueid, then what Asterisk says. */
  call: OfficeCall;
  #identity: Extract<CallNews, { type: 'identity' }> | undefined;
  #place: CallNews | undefined;
  #keys: HeardNews[] = [];
  #unfollow: Cancel = () => {};

  constructor(
    readonly uniqueid: string,
    private readonly parts: OwnCallParts,
  ) {
    this.call = { uniqueid };
    this.office = parts.office(() => this.call);
  }

  /** Asterisk knows it. */
  get isKnown(): boolean {
    return this.#identity !== undefined;
  }

  get language(): string | undefined {
    return this.#identity?.identity.language;
  }

  /** From now on news are told; who it is may be told at once. */
  follow(): void {
    this.#unfollow = this.parts.calls.follow(this.uniqueid, (news) => this.#hear(news));
  }

  /** Nothing is told any more; its office stays open. May be called again. */
  unfollow(): void {
    this.#unfollow();
  }

  /** A key that nobody could be told. */
  keep(key: HeardNews): void {
    if (this.#keys.length < MOST_KEYS) this.#keys.push(key);
  }

  /** What a thread must be told that has heard nothing of it yet. */
  takeAll(): HeardNews[] {
    const atMs = this.parts.clock.now();
    const known = [this.#identity, this.#place].flatMap((news) => (news ? [{ news, atMs }] : []));
    return [...known, ...this.#keys.splice(0)];
  }

  #hear(news: CallNews): void {
    if (news.type === 'identity') {
      this.call = news.identity;
      this.#identity = news;
    }
    if (news.type === 'place') this.#place = news;
    if (news.type === 'ended' && this.isKnown) this.call = { ...this.call, ended: true };
    this.parts.tell(news, this.parts.clock.now());
  }
}
