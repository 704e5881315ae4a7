// CallOwner: the call that hears what a HeldCall plays, once Asterisk has named it. Each look-up has one at most, and what one has
// asked or kept is never the next one's.
import type { CallNews } from '../asterisk/callNews';
import type { CallServices } from '../session/callServices';
import { KnownCall, type Call } from '../session/knownCall';
import type { Speech } from '../session/speech';
import type { Logger } from '../util/log';
import type { Listener } from './callSound';
import type { MixerOutside } from './outsidePort';

export interface CallOwnerGiven {
  readonly uniqueid: string;
  readonly token: string;
  /** Spoken with until Asterisk tells another, as it is set now. */
  language(): string;
}

export class CallOwner implements Listener {
  readonly known: KnownCall;
  readonly log: Logger;
  readonly services: CallServices;
  readonly speech: Pick<Speech, 'position'>;

  constructor(
    { log, outside }: { readonly log: Logger; readonly outside: MixerOutside },
    private readonly given: CallOwnerGiven,
  ) {
    const { uniqueid, token } = given;
    this.log = log.child({ uniqueid });
    this.known = new KnownCall({ uniqueid, certain: true, log: this.log });
    this.services = outside.services(token, () => this.known.recorded);
    this.speech = outside.speech(token);
  }

  call(): Call {
    return this.known.call(this.given.language());
  }

  told(): readonly CallNews[] {
    return this.known.told;
  }

  /** Nothing more is asked for it. */
  close(): void {
    void this.services.close();
  }
}
