// CallFeed over the hub's socket: what a stream is told when it has no AMI connection of its own.
// Place and number that the hub has told are not known any more when the hub is gone: who calls may change unseen.
import type { Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallFeed, CallIdentity, CallNews } from './feed';
import type { HubConnection } from './hubConnection';

type Identity = Omit<CallIdentity, 'phone'> & { phone?: string };

export class HubFeed implements CallFeed {
  /** A place was told, and would be wrong without the hub. */
  #placed = false;
  /** The last that was told. */
  #identity: Identity | undefined;
  #listener: ((news: CallNews) => void) | undefined;
  readonly #release: Cancel;

  /**
   * @param connection opened with the feed; closed when nobody else uses it
   * @param hearer told which call it is, where the connection was made with a token
   */
  constructor(
    private readonly connection: HubConnection,
    private readonly log: Logger,
    hearer?: (uniqueid: string) => void,
  ) {
    this.#release = connection.use({
      ...(hearer && { hearer }),
      news: (news) => this.#hear(news),
      down: () => this.#lost(),
    });
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
    if (news.type === 'identity') this.#identity = news.identity;
    this.#tell(news);
  }

  #lost(): void {
    if (this.#placed) this.#tell({ type: 'place', place: undefined });
    this.#placed = false;
    if (this.#identity?.phone === undefined) return;
    const identity = { ...this.#identity };
    delete identity.phone;
    this.#identity = identity;
    this.#tell({ type: 'identity', identity });
  }

  #tell(news: CallNews): void {
    try {
      this.#listener?.(news);
    } catch (error) {
      this.log.error({ news: news.type, ...errorFields(error) }, 'news from the hub went wrong');
    }
  }
}
