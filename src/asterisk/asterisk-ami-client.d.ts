// What of asterisk-ami-client is used; the package has no types of its own.
declare module 'asterisk-ami-client' {
  import type { EventEmitter } from 'node:events';

  interface Options {
    /** Connects again by itself. */
    reconnect?: boolean;
    keepAlive?: boolean;
    emitEventsByTypes?: boolean;
    emitResponsesById?: boolean;
  }

  /** What its connector makes: where actions are written to. */
  interface Connection extends EventEmitter {
    write(message: Record<string, string>): void;
    close(): void;
  }

  export default class AmiClient extends EventEmitter {
    constructor(options?: Options);
    /** Its own one logs in with the secret in clear; another may be put here before `connect`. */
    _connector: { connect(): Promise<Connection> };
    /** Resolves when its connector has made a connection. */
    connect(user: string, secret: string): Promise<Connection>;
    /** Writes one action. @throws Error before `connect` has resolved */
    action(message: Record<string, string>): this;
  }
}
