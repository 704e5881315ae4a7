// KnownCall: what Asterisk has told of one call, and what of it a Session may be told. A call has one Session after another
// (a new config, another reader), and each is told anew.
import type { RecordedCall } from './callerRecords';
import type { CallIdentity, CallNews, QueuePlace } from '../asterisk/callNews';
import type { Logger } from '../util/log';

export interface Call {
  readonly uniqueid?: string | undefined;
  readonly channel?: string | undefined;
  readonly phone?: string | undefined;
  readonly queue?: string | undefined;
  readonly language: string;
  /**
   * Whether this is certainly the call that listens: told by Asterisk for this channel, not by an environment that
   * calls share. Where it is not, nothing is said that belongs to one person. Absent: it is not.
   */
  readonly certain?: boolean;
}

export interface KnownCallParts {
  readonly uniqueid: string;
  /**
   * Whether this is certainly the call that listens: Asterisk has named it to hear the look-up, or an operator's command line
   * has. An environment that calls share names none.
   */
  readonly certain: boolean;
  readonly log: Logger;
}

/**
 * The one place that says what a call may have:
 *
 * - one that is not certain: its keys, as the old way always had, and nothing that is one person's;
 * - one that Asterisk does not know: no end. A Uniqueid that it never knew is a mistake of the dialplan; to end would have the
 *   program started again at once, and again;
 * - one that has ended: what listens on was transferred, and is another caller. Its Session is told so and says nothing more.
 */
export class KnownCall {
  #identity: CallIdentity | undefined;
  #place: Extract<CallNews, { type: 'place' }> | undefined;
  #ended = false;
  /** It was said that Asterisk does not know it. */
  #strange = false;

  constructor(private readonly parts: KnownCallParts) {}

  get uniqueid(): string {
    return this.parts.uniqueid;
  }

  /** Asterisk has said who it is. */
  get identified(): boolean {
    return this.#identity !== undefined;
  }

  /** The caller has hung up. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The channel's language; undefined: Asterisk has told none. */
  get language(): string | undefined {
    return this.#identity?.language;
  }

  get queue(): string | undefined {
    return this.#place?.place?.queue ?? this.#identity?.queue;
  }

  get place(): QueuePlace | undefined {
    return this.#place?.place;
  }

  /** For its records; undefined: nothing may be asked or kept of it. */
  get recorded(): RecordedCall | undefined {
    if (!this.parts.certain) return undefined;
    return { ...(this.#identity ?? { uniqueid: this.uniqueid }), ...(this.#ended && { ended: true }) };
  }

  /** All of it but keys: for a Session, or a thread, that has heard nothing of it yet. */
  get told(): readonly CallNews[] {
    return [
      ...(this.#identity ? [{ type: 'identity', identity: this.#identity } as const] : []),
      ...(this.#place ? [this.#place] : []),
      ...(this.#ended ? [{ type: 'ended' } as const] : []),
    ];
  }

  /** For a Session. @param language where Asterisk has told none */
  call(language: string): Call {
    const identity = this.#identity ?? { uniqueid: this.uniqueid };
    return { language, ...identity, certain: this.parts.certain };
  }

  /** @returns whether its Session is to be told */
  hear(news: CallNews): boolean {
    if (!this.parts.certain) return news.type === 'key';
    switch (news.type) {
      case 'identity':
        if (news.identity.uniqueid === this.uniqueid) this.#identity = news.identity;
        return true;
      case 'place':
        this.#place = news;
        return true;
      case 'ended':
        return this.#end();
      case 'key':
        return true;
    }
  }

  #end(): boolean {
    if (this.#identity) return (this.#ended = true);
    const hint =
      'in the dialplan: Set(CHANNEL(musicclass)=hold-${UNIQUEID}), and AMI of the same Asterisk; a transferred call has another';
    if (!this.#strange)
      this.parts.log.warn({ hint }, 'Asterisk does not know this call; music without keys and places');
    this.#strange = true;
    return false;
  }
}
