// Outside: what is told about a call from elsewhere (who it is, keys, its place, its end), brought to its Session.
import type { CallIdentity, CallNews } from '../asterisk/feed';
import type { Session } from '../session/session';
import type { Logger } from '../util/log';

export interface OutsideParts {
  /** The Session of this moment: a config that comes late brings another. */
  session: () => Session | undefined;
  log: Logger;
  /** The caller speaks another language than was thought. */
  onLanguage(): void;
  /** The call is over. */
  onOver(): void;
}

export class Outside {
  /** Asterisk knew this call. */
  #identified = false;

  constructor(private readonly parts: OutsideParts) {}

  hear(news: CallNews): void {
    const session = this.parts.session();
    switch (news.type) {
      case 'identity':
        return this.#identify(news.identity);
      case 'key':
        return session?.press(news.digit);
      case 'place':
        return session?.moveTo(news.place);
      case 'ended':
        return this.#end();
    }
  }

  #identify(identity: CallIdentity): void {
    const session = this.parts.session();
    const before = session?.call.language;
    this.#identified = true;
    session?.identify(identity);
    if (session?.call.language !== before) this.parts.onLanguage();
  }

  /**
   * A Uniqueid that Asterisk never knew is a mistake of the dialplan, not a call that is over: to end would have the
   * program started again at once, and again.
   */
  #end(): void {
    if (this.#identified) {
      this.parts.session()?.ended();
      return this.parts.onOver();
    }
    const hint =
      'in the dialplan: Set(CHANNEL(musicclass)=hold-${UNIQUEID}), and AMI of the same Asterisk; a transferred call has another';
    this.parts.log.warn({ hint }, 'Asterisk does not know this call; music without keys and places');
  }
}
