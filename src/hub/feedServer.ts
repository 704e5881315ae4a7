// The Unix socket on which each stream says which look-up it was started for, and is told what happens to its call: once
// Asterisk has said that the call hears it.
// Hundreds of streams share one AMI connection through it; one that is stuck or talks nonsense harms none of the others.
import { createServer, type Server, type Socket } from 'node:net';
import type { BackOffice, OfficeCall } from '../asterisk/backOffice';
import type { CallNews } from '../asterisk/feed';
import { decodeRequest, encodeReply, type OfficeReply } from '../asterisk/officeWire';
import {
  decodeHello,
  encodeHearer,
  encodeNews,
  LineReader,
  WIRE_VERSION,
  type Hello,
} from '../asterisk/wire';
import type { Cancel, Clock } from '../util/clock';
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { listen } from '../util/http/listening';
import type { Hearer, LookUps } from './lookUps';
import { OfficeDesk, type DeskLimits } from './officeDesk';
import { LogThrottle } from '../util/logThrottle';

/** Where the news of a call come from: the Switchboard. */
export interface CallSource {
  /** Tells what is known of the call, then what happens to it, until it is cancelled. */
  follow(uniqueid: string, listener: (news: CallNews) => void): Cancel;
}

export interface FeedLimits {
  /** A stream must have said which call it is by then, milliseconds. */
  helloMs: number;
  /** A stream that has this much unread is let go: it comes back when it is well, and is told anew. Bytes. */
  unreadBytes: number;
  /** Streams at once; those beyond it are closed, and try again. */
  connections: number;
  /** Of what one stream may ask and leave. */
  desk: Partial<DeskLimits>;
}

export const defaultFeedLimits: FeedLimits = {
  helloMs: 2000,
  unreadBytes: 65_536,
  connections: 4000,
  desk: {},
};

export interface FeedParts {
  /** Absolute path of the socket; its folder is made, for this user alone, where there is none. */
  socket: string;
  calls: CallSource;
  /** Who hears what was looked up. */
  lookUps: Pick<LookUps, 'has' | 'ownerOf' | 'restore' | 'watch'>;
  /**
   * A call's BackOffice, closed when its stream is gone; absent: questions are passed over.
   * @param call who it is, as far as Asterisk has told
   */
  office?: ((call: () => OfficeCall) => BackOffice) | undefined;
  clock: Clock;
  log: Logger;
  limits?: Partial<FeedLimits>;
}

const COMPLAIN_EVERY_MS = 10_000;

export class FeedServer implements Closeable {
  readonly #server: Server;
  readonly #streams = new Set<StreamConnection>();
  readonly #limits: FeedLimits;
  readonly #letGo: LogThrottle;

  constructor(private readonly parts: FeedParts) {
    const { clock, log } = parts;
    this.#letGo = new LogThrottle(clock, COMPLAIN_EVERY_MS);
    const limits = (this.#limits = { ...defaultFeedLimits, ...parts.limits });
    const full = new LogThrottle(clock, COMPLAIN_EVERY_MS);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = limits.connections;
    this.#server.on('drop', () =>
      full.say((times) =>
        log.warn({ connections: limits.connections, times }, 'too many streams; one was refused'),
      ),
    );
  }

  /** @throws HoldcastError HC_HUB_ADDRESS, also when another hub has the socket */
  async start(): Promise<void> {
    await listen(this.#server, { path: this.parts.socket }, { option: 'hub.socket', mode: 0o600 });
    this.#server.on('error', (error) => this.parts.log.error({ error: error.message }, 'streams: server'));
  }

  /** Streams that are connected. */
  get connections(): number {
    return this.#streams.size;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const stream of this.#streams) stream.close();
    });
  }

  #accept(socket: Socket): void {
    const stream = new StreamConnection(socket, this.#limits, this.parts, (uniqueid, why) =>
      this.#letGo.say((times) => this.parts.log.warn({ uniqueid, why, times }, 'stream let go')),
    );
    this.#streams.add(stream);
    socket.once('close', () => this.#streams.delete(stream));
  }
}

type State =
  | { readonly status: 'silent'; readonly giveUp: Cancel }
  /** It has said its token, and nobody was named to hear it: it is told nothing. */
  | { readonly status: 'nameless'; readonly cancel: Cancel }
  | { readonly status: 'following'; readonly cancel: Cancel }
  | { readonly status: 'over' };

/**
 * One stream: silent until its hello, nameless until its call is known to hear it, then following that call, then over. Where
 * another channel hears it, it stays nameless; a Uniqueid without a token is an operator's own command line, and is believed.
 */
class StreamConnection implements Closeable {
  readonly #reader = new LineReader();
  #state: State;
  /** Who it is: what its hello has said, then what Asterisk says. */
  #call: OfficeCall | undefined;
  #desk: OfficeDesk | undefined;

  /** @param letGo told why, when it is not the stream that ends it */
  constructor(
    private readonly socket: Socket,
    private readonly limits: FeedLimits,
    private readonly parts: FeedParts,
    private readonly letGo: (uniqueid: string | undefined, why: string) => void,
  ) {
    this.#state = {
      status: 'silent',
      giveUp: parts.clock.after(limits.helloMs, () => this.#drop('it did not say which call it is')),
    };
    socket
      .on('data', (chunk) => this.#read(chunk))
      .on('error', () => {}) // 'close' follows
      .on('close', () => this.close());
  }

  /** Follows no more and closes the socket; may be called again. */
  close(): void {
    const state = this.#state;
    this.#state = { status: 'over' };
    if (state.status === 'silent') state.giveUp();
    if (state.status === 'following' || state.status === 'nameless') state.cancel();
    this.#desk?.close();
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#reader.push(chunk)) {
        if (this.#state.status === 'over') return;
        const hello = decodeHello(line);
        if (hello) this.#greeted(hello);
        else this.#asked(line);
      }
    } catch (error) {
      this.#drop(messageOf(error));
    }
  }

  #greeted({ v, token, uniqueid }: Hello): void {
    if (this.#state.status !== 'silent') return this.#drop('it said hello twice');
    this.#state.giveUp();
    if (v !== WIRE_VERSION)
      this.parts.log.debug({ uniqueid, theirs: v, ours: WIRE_VERSION }, 'a stream of another version');
    if (token === undefined) return this.#follow(uniqueid!);
    const { lookUps } = this.parts;
    // A hub before this one was told who hears it, and has told the stream.
    if (uniqueid !== undefined && !lookUps.has(token)) lookUps.restore(token, uniqueid);
    this.#state = {
      status: 'nameless',
      cancel: lookUps.watch(token, (hearer) => this.#heardBy(token, hearer)),
    };
    this.#heardBy(token, 'own');
  }

  #heardBy(token: string, hearer: Hearer): void {
    const uniqueid = this.parts.lookUps.ownerOf(token);
    if (this.#state.status === 'nameless' && uniqueid !== undefined) {
      const { cancel: unwatch } = this.#state;
      this.#follow(uniqueid, unwatch);
    } else if (this.#state.status === 'following' && hearer === 'foreign')
      this.#drop('another channel hears it');
  }

  /** @param unwatch where the call was named for a token: the stream is told which it is */
  #follow(uniqueid: string, unwatch?: Cancel): void {
    this.#call = { uniqueid };
    // Following from now on: `follow` may tell what is known before it returns.
    let cancel: Cancel = () => {};
    this.#state = {
      status: 'following',
      cancel: () => {
        unwatch?.();
        cancel();
      },
    };
    if (unwatch) this.#write(encodeHearer(uniqueid));
    this.#desk = this.#openDesk(this.#call);
    cancel = this.parts.calls.follow(uniqueid, (news) => this.#tell(news));
    if (!this.#following) cancel();
  }

  #openDesk(hello: OfficeCall): OfficeDesk | undefined {
    const { office, clock, log } = this.parts;
    if (!office) return undefined;
    const send = (reply: OfficeReply): void => this.#write(encodeReply(reply));
    const call = (): OfficeCall => this.#call ?? hello;
    return new OfficeDesk({ office: office(call), send, clock, log, limits: this.limits.desk });
  }

  /** @throws WireError */
  #asked(line: string): void {
    const request = decodeRequest(line);
    if (request) this.#desk?.take(request);
  }

  get #following(): boolean {
    return this.#state.status === 'following';
  }

  #tell(news: CallNews): void {
    if (!this.#following) return;
    if (news.type === 'identity') {
      this.#call = news.identity;
      this.#desk?.identified();
    }
    if (news.type === 'ended') {
      this.#call = { ...this.#call!, ended: true };
      this.#desk?.over();
    }
    this.#write(encodeNews(news));
  }

  #write(text: string): void {
    if (!this.#following) return;
    this.socket.write(text);
    if (this.socket.writableLength > this.limits.unreadBytes) this.#drop('it does not read');
  }

  #drop(why: string): void {
    if (this.#state.status === 'over') return;
    this.letGo(this.#call?.uniqueid, why);
    this.close();
  }
}
