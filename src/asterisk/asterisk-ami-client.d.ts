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

  export default class AmiClient extends EventEmitter {
    constructor(options?: Options);
    /** Connects with `net.connect(options)`, then logs in; resolves when the login is accepted. */
    connect(
      user: string,
      secret: string,
      options: { host: string; port: number; noDelay?: boolean },
    ): Promise<unknown>;
    /** Writes one action. @throws Error before `connect` has resolved */
    action(message: Record<string, string>): this;
  }
}
