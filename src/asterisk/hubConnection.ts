// The one connection of a stream to the hub's socket, for its news and for what it asks of the hub's BackOffice.
// It comes back by itself when the hub was restarted, and believes no socket that is not this user's or root's.
import { lstatSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { Backoff } from '../util/backoff';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { CallNews } from './feed';
import { decodeReply, encodeRequest, type OfficeReply, type OfficeRequest } from './officeWire';
import { decodeHearer, decodeNews, encodeHello, LineReader, WireError, type Who } from './wire';

export interface HubConnectionParts {
  /** Absolute path of the hub's Unix socket. */
  socket: string;
  /** A call that was named by its token only is named by the hub; `hearer` tells. */
  who: Who;
  clock: Clock;
  random: Random;
  log: Logger;
  /** First and longest pause before connecting again, milliseconds; doubled at each failure, with jitter. */
  retryMs?: readonly [first: number, longest: number];
}

/** Who uses the connection. None of it may throw. */
export interface HubUser {
  /** The connection stands; what is sent from now on follows the hello. */
  up?(): void;
  /** The call that hears the look-up of the token; told once, before all news of it. */
  hearer?(uniqueid: string): void;
  news?(news: CallNews): void;
  reply?(reply: OfficeReply): void;
  /** It is gone, or could not be made. Told at each failure. */
  down?(): void;
}

const RETRY_MS = [200, 5000] as const;

/** More than everything that is ever sent at once: a hub that has so much unread stands still. */
const UNREAD_BYTES = 4 << 20;

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** Whoever made the socket decides what the caller is told: a file that somebody else put there is no hub. */
class NoHub extends Error {}

/** 'new' until the first attempt has succeeded or failed. */
export type HubConnectionStatus = 'new' | 'up' | 'down' | 'closed';

export class HubConnection {
  readonly #users = new Set<HubUser>();
  #socket: Socket | undefined;
  #status: HubConnectionStatus = 'new';
  #uniqueid: string | undefined;
  #opened = false;
  #retry: Cancel = () => {};
  readonly #backoff: Backoff;
  /** What the log said last: the same trouble is said once, not at every attempt. */
  #trouble: string | undefined;

  constructor(private readonly parts: HubConnectionParts) {
    this.#backoff = new Backoff(parts.retryMs ?? RETRY_MS, parts.random);
    this.#uniqueid = parts.who.uniqueid;
  }

  /** Undefined: no hub has said yet. */
  get uniqueid(): string | undefined {
    return this.#uniqueid;
  }

  get status(): HubConnectionStatus {
    return this.#status;
  }

  /** Tells `user` until he is cancelled; the last one who is closes the connection. */
  use(user: HubUser): Cancel {
    this.#users.add(user);
    return () => {
      if (this.#users.delete(user) && this.#users.size === 0) this.#close();
    };
  }

  /** Connects, and again for as long as somebody uses it. Once, however often it is called. */
  open(): void {
    if (this.#opened) return;
    this.#opened = true;
    void this.#connect();
  }

  /** Does nothing while there is no connection. */
  send(request: OfficeRequest): void {
    if (this.#status !== 'up' || !this.#socket) return;
    this.#socket.write(encodeRequest(request));
    if (this.#socket.writableLength > UNREAD_BYTES) this.#socket.destroy(new NoHub('it does not read'));
  }

  get #isClosed(): boolean {
    return this.#status === 'closed';
  }

  /** What was sent still gets to a hub that reads. */
  #close(): void {
    const isUp = this.#status === 'up';
    this.#status = 'closed';
    this.#retry();
    if (isUp) this.#socket?.destroySoon();
    else this.#socket?.destroy();
  }

  async #connect(): Promise<void> {
    if (this.#isClosed) return;
    try {
      checkOwner(this.parts.socket);
      // node:net is slow to load, and a stream that plays without a hub never needs it.
      const { connect } = await import('node:net');
      if (!this.#isClosed) this.#take(connect({ path: this.parts.socket }));
    } catch (error) {
      this.#failed(error);
    }
  }

  #take(socket: Socket): void {
    const { clock, who, retryMs: [, longest] = RETRY_MS } = this.parts;
    const reader = new LineReader();
    const since = clock.now();
    let why: unknown = new NoHub('it closed the connection');
    this.#socket = socket;
    // A stream that is told to end must not wait for its hub.
    socket.unref();
    socket
      .on('connect', () => {
        // A hub that was started anew knows no token; what the one before it has said, this process remembers for it.
        socket.write(encodeHello({ ...who, uniqueid: this.#uniqueid }));
        this.#up();
      })
      .on('data', (chunk) => {
        try {
          for (const line of reader.push(chunk)) this.#understand(line);
        } catch (error) {
          why = error;
          socket.destroy();
        }
      })
      .on('error', (error) => (why = error))
      .on('close', () => {
        if (clock.now() - since >= longest) this.#stands();
        this.#failed(why);
      });
  }

  #up(): void {
    if (this.#isClosed) return;
    this.#status = 'up';
    for (const user of [...this.#users]) user.up?.();
  }

  #understand(line: string): void {
    if (this.#isClosed) return;
    const hearer = decodeHearer(line);
    if (hearer !== undefined) return this.#named(hearer);
    const news = decodeNews(line);
    const reply = news ? undefined : decodeReply(line);
    if (!news && !reply) return;
    if (
      this.#uniqueid === undefined ||
      (news?.type === 'identity' && news.identity.uniqueid !== this.#uniqueid)
    )
      throw new WireError('told of another call');
    this.#stands();
    for (const user of [...this.#users]) {
      if (news) user.news?.(news);
      if (reply) user.reply?.(reply);
    }
  }

  #named(uniqueid: string): void {
    if (this.#uniqueid !== undefined && this.#uniqueid !== uniqueid)
      throw new WireError('told of another call');
    this.#stands();
    if (this.#uniqueid !== undefined) return;
    this.#uniqueid = uniqueid;
    for (const user of [...this.#users]) user.hearer?.(uniqueid);
  }

  /** The connection is of use: it told something, or stood for long (a hub without AMI tells nothing). */
  #stands(): void {
    this.#backoff.reset();
    if (this.#trouble !== undefined) this.parts.log.info({}, 'hub: connected again');
    this.#trouble = undefined;
  }

  /** Not connected, or no more: tried again after a pause that grows from failure to failure. */
  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#socket = undefined;
    this.#status = 'down';
    const { socket, log, clock } = this.parts;
    const trouble = errnoOf(error) ?? messageOf(error);
    // That no hub was ever started here may well be wanted; anything else about it is not.
    const level = trouble === 'ENOENT' ? 'info' : 'warn';
    if (trouble !== this.#trouble)
      log[level]({ socket, ...errorFields(error), hint: hintFor(error) }, 'no hub');
    this.#trouble = trouble;
    for (const user of [...this.#users]) user.down?.();
    if (this.#isClosed) return;
    this.#retry = clock.after(this.#backoff.nextMs(), () => void this.#connect());
  }
}

/**
 * @throws NoHub when it is not a socket of this user or of root, or others could put another in its place; or the errno
 *   of a file that is not there
 */
function checkOwner(path: string): void {
  const file = lstatSync(path);
  if (!file.isSocket()) throw new NoHub('it is not a socket');
  if (file.uid !== 0 && file.uid !== process.getuid?.())
    throw new NoHub(`it belongs to another user (uid ${file.uid})`);
  const folder = statSync(dirname(path));
  if (folder.mode & OTHERS_WRITE && !(folder.mode & STICKY))
    throw new NoHub('others may write in its folder');
}

function hintFor(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return 'start `holdcast hub`; until then keys and places in the queue are not known here';
    case 'EACCES':
    case 'EPERM':
      return 'run the hub as the user that Asterisk runs as';
    default:
      return 'look at the log of `holdcast hub`, and at whose file the socket is';
  }
}
