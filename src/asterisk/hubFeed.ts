// CallFeed over the hub's socket: what a stream is told when it has no AMI connection of its own.
// A place in the queue that the hub has told is not known any more when the hub is gone.
import type { Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallFeed, CallNews } from './feed';
import type { HubConnection } from './hubConnection';

export class HubFeed implements CallFeed {
  /** A place was told, and would be wrong without the hub. */
  #placed = false;
  #listener: ((news: CallNews) => void) | undefined;
  readonly #release: Cancel;

  /** @param connection opened with the feed; closed when nobody else uses it */
  constructor(
    private readonly connection: HubConnection,
    private readonly log: Logger,
  ) {
    this.#release = connection.use({ news: (news) => this.#hear(news), down: () => this.#lost() });
  }

  open(listener: (news: CallNews) => void): void {
    this.#listener = listener;
    this.connection.open();
  }

  /** Tells nothing from now on; may be called again. */
  close(): void {
    this.#listener = undefined;
    this.#release();
  }

  #hear(news: CallNews): void {
    if (news.type === 'place') this.#placed = news.place !== undefined;
    this.#tell(news);
  }

  #lost(): void {
    if (this.#placed) this.#tell({ type: 'place', place: undefined });
    this.#placed = false;
  }

  #tell(news: CallNews): void {
    try {
      this.#listener?.(news);
    } catch (error) {
      this.log.error({ news: news.type, ...errorFields(error) }, 'news from the hub went wrong');
    }
  }
}
