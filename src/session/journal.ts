// Journal: what a caller heard and which keys did something, left with the services. It is written before there are
// any and before Asterisk has said who calls, too, and is bounded then: the oldest is forgotten first, and counted.
import type { Remembered } from './callerRecords';
import { lengthOf, type Announcement } from '../program/announcement';
import { FALLBACK_ID } from '../program/fallback';
import type { StoreEntry } from '../store/store';
import type { ProgramEvent } from '../program/program';
import type { Clock } from '../util/clock';
import type { CallServices } from './callServices';

type Kept = Exclude<Remembered, { type: 'dropped' }>;

/** Entries that wait. */
const MOST_WAITING = 200;

export class Journal {
  #waiting: { readonly what: Kept; readonly wallMs: number }[] = [];
  /** Forgotten, and nobody could be told yet. */
  readonly #dropped = new Map<StoreEntry['type'], number>();
  #identified = false;
  #closed = false;
  /** What is being said, and since which sample of the call. */
  #voice: { readonly announcement: Announcement; readonly from: number } | undefined;

  /** @param services where it is left; undefined: there are none, or not yet */
  constructor(
    private readonly services: () => Pick<CallServices, 'remember'> | undefined,
    private readonly clock: Pick<Clock, 'wall'>,
  ) {}

  remember(what: Kept): void {
    if (this.#closed) return;
    this.#waiting.push({ what, wallMs: this.clock.wall() });
    const oldest = this.#waiting.length > MOST_WAITING ? this.#waiting.shift()?.what.type : undefined;
    if (oldest) this.#dropped.set(oldest, (this.#dropped.get(oldest) ?? 0) + 1);
    this.flush();
  }

  /** Asterisk has said who calls: the services know, too, whose entries they are. */
  identified(): void {
    this.#identified = true;
    this.flush();
  }

  /** Hands over what has waited, if somebody can take it now. */
  flush(): void {
    const services = this.#identified ? this.services() : undefined;
    if (!services) return;
    for (const [of, count] of this.#dropped) services.remember({ type: 'dropped', of, count });
    this.#dropped.clear();
    for (const { what, wallMs } of this.#waiting.splice(0)) services.remember(what, wallMs);
  }

  /** What happened in the Program. A voice counts when half of it was heard, a track when it begins. */
  hear(event: ProgramEvent): void {
    switch (event.type) {
      case 'track':
        // One that goes on from its middle has begun in an earlier process of this call.
        if (event.track.id === FALLBACK_ID || event.fromSample > 0) return;
        return this.remember({ type: 'heard', kind: 'track', id: event.track.id });
      case 'voice-start':
        this.#voice = { announcement: event.announcement, from: event.atSample };
        return;
      case 'voice-end':
      case 'voice-cut':
        return this.#said(event.atSample);
    }
  }

  /**
   * The call is over at this sample, perhaps in the middle of a voice: who hears or does something from now on is
   * somebody else. May be called again.
   */
  close(atSample: number): void {
    if (this.#closed) return;
    this.#said(atSample);
    this.#closed = true;
    this.identified();
  }

  #said(atSample: number): void {
    const voice = this.#voice;
    this.#voice = undefined;
    if (!voice || atSample - voice.from < lengthOf(voice.announcement) / 2) return;
    const { kind, clips, personal, composed } = voice.announcement;
    this.remember({ type: 'heard', kind, ...(!personal && !composed && { id: clips[0]!.id }) });
  }
}
