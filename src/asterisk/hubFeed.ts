// CallFeed over the hub's socket: what a stream is told when it has no AMI connection of its own.
// It comes back by itself when the hub was restarted, and believes no socket that is not this user's or root's.
import { lstatSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { CallFeed, CallNews } from './feed';
import { decodeNews, encodeHello, LineReader, WireError } from './wire';

export interface HubFeedParts {
  /** Absolute path of the hub's Unix socket. */
  socket: string;
  uniqueid: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** First and longest pause before connecting again, milliseconds; doubled at each failure, with jitter. */
  retryMs?: readonly [first: number, longest: number];
}

const RETRY_MS = [200, 5000] as const;

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** Whoever made the socket decides what the caller is told: a file that somebody else put there is no hub. */
class NoHub extends Error {}

export class HubFeed implements CallFeed {
  #listener: ((news: CallNews) => void) | undefined;
  #socket: Socket | undefined;
  #retry: Cancel = () => {};
  #failures = 0;
  /** A place was told, and would be wrong without the hub. */
  #placed = false;
  /** What the log said last: the same trouble is said once, not at every attempt. */
  #trouble: string | undefined;
  #closed = false;

  constructor(private readonly parts: HubFeedParts) {}

  open(listener: (news: CallNews) => void): void {
    this.#listener = listener;
    void this.#connect();
  }

  /** Tells nothing from now on; may be called again. */
  close(): void {
    this.#closed = true;
    this.#retry();
    this.#socket?.destroy();
  }

  async #connect(): Promise<void> {
    try {
      checkOwner(this.parts.socket);
      // node:net is slow to load, and a stream that plays without a hub never needs it.
      const { connect } = await import('node:net');
      if (!this.#closed) this.#use(connect({ path: this.parts.socket }));
    } catch (error) {
      this.#failed(error);
    }
  }

  #use(socket: Socket): void {
    const { clock, uniqueid, retryMs: [, longest] = RETRY_MS } = this.parts;
    const reader = new LineReader();
    const since = clock.now();
    let why: unknown = new NoHub('it closed the connection');
    this.#socket = socket;
    // A stream that is told to end must not wait for its hub.
    socket.unref();
    socket
      .on('connect', () => socket.write(encodeHello(uniqueid)))
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

  #understand(line: string): void {
    const news = decodeNews(line);
    if (!news || this.#closed) return;
    if (news.type === 'identity' && news.identity.uniqueid !== this.parts.uniqueid)
      throw new WireError('told of another call');
    if (news.type === 'place') this.#placed = news.place !== undefined;
    this.#stands();
    this.#tell(news);
  }

  /** The connection is of use: it told something, or stood for long (a hub without AMI tells nothing). */
  #stands(): void {
    this.#failures = 0;
    if (this.#trouble !== undefined) this.parts.log.info({}, 'hub: connected again');
    this.#trouble = undefined;
  }

  /** Not connected, or no more: tried again after a pause that grows from failure to failure. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#socket = undefined;
    const { socket, log, clock, random, retryMs: [first, longest] = RETRY_MS } = this.parts;
    const trouble = errnoOf(error) ?? messageOf(error);
    // That no hub was ever started here may well be wanted; anything else about it is not.
    const level = trouble === 'ENOENT' ? 'info' : 'warn';
    if (trouble !== this.#trouble)
      log[level]({ socket, ...errorFields(error), hint: hintFor(error) }, 'no hub');
    this.#trouble = trouble;
    if (this.#placed) this.#tell({ type: 'place', place: undefined });
    this.#placed = false;
    const pause = Math.min(longest, first * 2 ** this.#failures++);
    this.#retry = clock.after(pause * (0.5 + random() / 2), () => void this.#connect());
  }

  #tell(news: CallNews): void {
    try {
      this.#listener?.(news);
    } catch (error) {
      this.parts.log.error({ news: news.type, ...errorFields(error) }, 'news from the hub went wrong');
    }
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
