// What the hub's tests share: folders for sockets, a log that keeps its lines, raw connections, waiting for an event.
// Servers and sockets of a test are closed when it ends; one that cannot be closed in time fails it.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallNews } from '../../src/asterisk/callNews';
import { createLogger, type LogFields, type Logger } from '../../src/util/log';
import { Scope } from '../../src/util/scope';

let scope = new Scope();
afterEach(async () => {
  const ending = scope;
  scope = new Scope();
  await ending.close();
});

/** Closed after the test, the last one first. */
export function owned<T extends { close(): void | Promise<void> }>(resource: T): T {
  return scope.own(resource);
}

/** A folder of its own, removed after the test. Short, since a socket's path may have 107 bytes. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hub-'));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface LogLine {
  level: string;
  fields: LogFields;
  message: string;
}

export function keptLog(): { log: Logger; lines: LogLine[]; messages: () => string[] } {
  const lines: LogLine[] = [];
  const log = createLogger(
    (level, fields, message) => lines.push({ level, fields, message }),
    () => 0,
    'debug',
  );
  return { log, lines, messages: () => lines.map(({ message }) => message) };
}

/** Waits until `condition` holds; fails, saying what did not happen, after `limitMs` of real time. */
export async function until(what: string, condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}

/** A connection whose every byte is kept. */
export class RawClient {
  readonly socket: Socket;
  readonly connected: Promise<void>;
  readonly closed: Promise<void>;
  text = '';
  open = true;

  constructor(where: NetConnectOpts) {
    this.socket = connect(where);
    this.connected = new Promise((resolve) => {
      this.socket.once('connect', resolve).once('close', () => resolve());
    });
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    void this.closed.then(() => (this.open = false));
    this.socket.on('data', (chunk) => (this.text += chunk.toString('latin1'))).on('error', () => {});
    owned({ close: () => void this.socket.destroy() });
  }

  write(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }
}

type Listener = (news: CallNews) => void;

/** Calls that the test makes things happen to. */
export class ScriptedCalls {
  readonly listeners = new Map<string, Set<Listener>>();
  /** Told at once to whoever follows. */
  greeting: (uniqueid: string) => CallNews[] = (uniqueid) => [{ type: 'identity', identity: { uniqueid } }];

  follow(uniqueid: string, listener: Listener): () => void {
    const all = this.listeners.get(uniqueid) ?? new Set();
    this.listeners.set(uniqueid, all.add(listener));
    for (const news of this.greeting(uniqueid)) listener(news);
    return () => {
      all.delete(listener);
      if (all.size === 0) this.listeners.delete(uniqueid);
    };
  }

  tell(uniqueid: string, news: CallNews): void {
    for (const listener of this.listeners.get(uniqueid) ?? []) listener(news);
  }
}
