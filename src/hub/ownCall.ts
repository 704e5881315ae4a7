// OwnCall: what the main thread knows of the call that hears a look-up's reader: who it is, its place, keys that no thread
// was there for, and its back office. There is none before Asterisk has said whose reader it is.
import type { CallerRecords, RecordedCall } from '../session/callerRecords';
import type { CallNews } from '../asterisk/feed';
import type { Switchboard } from '../asterisk/switchboard';
import { KnownCall } from '../session/knownCall';
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';

export interface OwnCallParts {
  calls: Pick<Switchboard, 'follow'>;
  records(call: () => RecordedCall): CallerRecords;
  /** Told of everything; a thread is to be told the same. */
  tell(news: CallNews, atMs: number): void;
  clock: Pick<Clock, 'now'>;
  log: Logger;
}

/** News and when the main thread heard of them, on the clock. */
export interface HeardNews {
  readonly news: CallNews;
  readonly atMs: number;
}

/** Keys that wait for the first moments of a call. */
const MOST_KEYS = 8;

export class OwnCall {
  readonly records: CallerRecords;
  readonly #known: KnownCall;
  #keys: HeardNews[] = [];
  #unfollow: Cancel = () => {};

  constructor(
    readonly uniqueid: string,
    private readonly parts: OwnCallParts,
  ) {
    this.#known = new KnownCall({ uniqueid, certain: true, log: parts.log.child({ uniqueid }) });
    this.records = parts.records(() => this.call);
  }

  /** Who it is: first its Uniqueid, then what Asterisk says. */
  get call(): RecordedCall {
    return this.#known.recorded ?? { uniqueid: this.uniqueid };
  }

  get isKnown(): boolean {
    return this.#known.identified;
  }

  get language(): string | undefined {
    return this.#known.language;
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
    const known = this.#known.told.map((news) => ({ news, atMs }));
    return [...known, ...this.#keys.splice(0)];
  }

  #hear(news: CallNews): void {
    if (!this.#known.hear(news)) return;
    this.parts.tell(news, this.parts.clock.now());
  }
}
