// KnownCall: what Asterisk has told of one call. It is told to each Session of the call anew: when its reader goes, the
// next one has another Session.
import type { OfficeCall } from '../../asterisk/backOffice';
import type { CallIdentity, CallNews, QueuePlace } from '../../asterisk/feed';
import type { Call } from '../../session/session';
import type { Logger } from '../../util/log';

export class KnownCall {
  #identity: CallIdentity | undefined;
  #place: Extract<CallNews, { type: 'place' }> | undefined;
  #ended = false;
  /** Asterisk does not know it. */
  #strange = false;

  constructor(
    readonly uniqueid: string,
    private readonly log: Logger,
  ) {}

  /** The caller has hung up. Who reads on was transferred. */
  get ended(): boolean {
    return this.#ended;
  }

  get queue(): string | undefined {
    return this.#place?.place?.queue ?? this.#identity?.queue;
  }

  get place(): QueuePlace | undefined {
    return this.#place?.place;
  }

  /** For the back office. */
  get office(): OfficeCall {
    return { ...(this.#identity ?? { uniqueid: this.uniqueid }), ...(this.#ended && { ended: true }) };
  }

  /** All of it but keys. */
  get told(): readonly CallNews[] {
    return [
      ...(this.#identity ? [{ type: 'identity', identity: this.#identity } as const] : []),
      ...(this.#place ? [this.#place] : []),
      ...(this.#ended ? [{ type: 'ended' } as const] : []),
    ];
  }

  /** What a realtime look-up has named is certainly this call. @param language where Asterisk has told none */
  call(language: string): Call {
    const identity = this.#identity ?? { uniqueid: this.uniqueid };
    return { language, ...identity, certain: true };
  }

  /** @returns whether its Session is to be told */
  hear(news: CallNews): boolean {
    if (news.type === 'identity' && news.identity.uniqueid === this.uniqueid) this.#identity = news.identity;
    if (news.type === 'place') this.#place = news;
    return news.type !== 'ended' || this.#end();
  }

  /** A Uniqueid that Asterisk never knew is a mistake of the dialplan, not a call that is over. */
  #end(): boolean {
    if (this.#identity) return (this.#ended = true);
    const hint =
      'in the dialplan: Set(CHANNEL(musicclass)=hold-${UNIQUEID}), and AMI of the same Asterisk; a transferred call has another';
    if (!this.#strange)
      this.log.warn({ hint }, 'Asterisk does not know this call; music without keys and places');
    this.#strange = true;
    return false;
  }
}
