// DirectFeed: the news of one call, over an AMI connection of the stream's own.
// It hears of every call and tells of one.
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import type { CallNews } from './feed';
import type { AmiPort } from './link';
import { Switchboard } from './switchboard';

export class DirectFeed implements Closeable {
  readonly #switchboard: Switchboard;
  #cancel: Cancel = () => {};

  /** @param link closed with the feed */
  constructor(
    private readonly uniqueid: string,
    private readonly link: AmiPort & Closeable,
    parts: { clock: Clock; log: Logger },
  ) {
    this.#switchboard = new Switchboard({ ...parts, link });
  }

  /**
   * Begins to tell; called once. Never throws: what fails is logged and tried again for as long as the feed is open.
   * A connection that comes back tells identity and place again.
   */
  open(listener: (news: CallNews) => void): void {
    this.#cancel = this.#switchboard.follow(this.uniqueid, listener);
  }

  /** Uniqueids of all calls that there are now; undefined while Asterisk cannot be asked. */
  calls(): Promise<ReadonlySet<string> | undefined> {
    return this.#switchboard.calls();
  }

  /** See `Switchboard`; false while Asterisk cannot be asked. */
  confirmCaller(): Promise<boolean> {
    return this.#switchboard.confirmCaller(this.uniqueid);
  }

  confirmPlace(): Promise<boolean> {
    return this.#switchboard.confirmPlace(this.uniqueid);
  }

  /** Told of the end of each call, this one's and others'. */
  onHangup(listener: (uniqueid: string) => void): Cancel {
    return this.#switchboard.onHangup(listener);
  }

  /** Tells nothing from now on, and closes the link; may be called again. */
  async close(): Promise<void> {
    this.#cancel();
    this.#switchboard.close();
    await this.link.close();
  }
}
