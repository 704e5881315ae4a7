// SessionFeed: what is told about a call from elsewhere, brought to its Session, and what follows from it for the stream.
import type { CallNews } from '../asterisk/feed';
import type { KnownCall } from '../session/knownCall';
import type { Session } from '../session/session';

export interface SessionFeedParts {
  known: KnownCall;
  /** The Session of this moment: a config that comes late brings another. */
  session: () => Session | undefined;
  /** The caller speaks another language than was thought. */
  onLanguage(): void;
  /** The call is over. */
  onOver(): void;
}

export class SessionFeed {
  constructor(private readonly parts: SessionFeedParts) {}

  hear(news: CallNews): void {
    if (!this.parts.known.hear(news)) return;
    const session = this.parts.session();
    const before = session?.call.language;
    session?.hear(news);
    if (session?.call.language !== before) this.parts.onLanguage();
    if (news.type === 'ended') this.parts.onOver();
  }
}
