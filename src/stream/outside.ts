// What a stream has outside of its process: an AMI connection of its own, where its config holds the secret, and the
// operator's store and billing. Loaded after the first audio, and what it needs of other packages when it is used.
import type { CallerRecords } from '../session/callerRecords';
import type { DirectFeed } from '../asterisk/directFeed';
import type { AmiSettings } from '../asterisk/settings';
import type { ResolvedConfig } from '../config/types';
import type { KnownCall } from '../session/knownCall';
import { LocalRecords, type CallCheck } from '../session/localRecords';
import type { StateFile } from '../store/stateFile';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { seededRandom, seedOf, type Random } from '../util/random';

export interface OutsideParts {
  /** The call; what it may ask and keep it says itself. */
  known: KnownCall;
  /** Whether that is still the call that listens, asked before and after something of it is said. */
  isStill(): boolean;
  /** No hub has answered the look-up: nobody else clears away what ended calls have left. */
  alone: boolean;
  config: ResolvedConfig;
  states: StateFile;
  clock: Clock;
  log: Logger;
  random: Random;
}

/** Both are closed by their opener, in any order. */
export interface CallOutside {
  /** Not opened yet. Absent: there is no AMI secret, and nobody tells anything. */
  readonly feed?: Pick<DirectFeed, 'open' | 'close'> | undefined;
  /** Knows who calls once the feed has told it. */
  readonly records: CallerRecords;
}

export async function openOutside(parts: OutsideParts): Promise<CallOutside> {
  const { known, config, log } = parts;
  const { ami } = config;
  if (!ami) {
    log.info(
      { hint: 'set ami.secret in the config that this stream reads' },
      'music without keys and places',
    );
    if (parts.alone) sweep(parts, undefined);
  }
  const feed = ami && (await directFeed(ami, parts));
  const check = feed && {
    caller: async () => parts.isStill() && (await feed.confirmCaller()),
    place: () => feed.confirmPlace(),
  };
  const records = known.recorded ? await localRecords(parts, check) : nobodysRecords(parts);
  return { feed, records };
}

/** Store and billing of this process; what is slow of them is loaded at the first question. */
async function localRecords(parts: OutsideParts, check: CallCheck | undefined): Promise<CallerRecords> {
  const { known, config, clock, log } = parts;
  const { store: settings, billing: asked } = config;
  const [{ WriteBehindStore }, billingRoom] = await Promise.all([
    import('../store/writeBehindStore'),
    asked && import('../billing/open'),
  ]);
  const open = async () => (await import('../store/open')).openStore(settings, { clock, log });
  const random = seededRandom(seedOf(`store ${known.uniqueid}`));
  const keeper = new WriteBehindStore({ settings, open, clock, log, random });
  const billing = asked && billingRoom?.openBilling(asked, { clock, log, pins: keeper.pins });
  const owned = { close: async () => void (await Promise.all([keeper.close(), billing?.close()])) };
  return new LocalRecords({ keeper, billing, call: () => known.recorded, check, clock, owned });
}

/** It knows nothing and keeps nothing. */
function nobodysRecords({ clock }: OutsideParts): CallerRecords {
  return new LocalRecords({ call: () => undefined, clock });
}

async function directFeed(ami: AmiSettings, parts: OutsideParts): Promise<DirectFeed> {
  const { known, states, alone } = parts;
  const { createLink } = await import('../asterisk/link');
  const { DirectFeed } = await import('../asterisk/directFeed');
  const link = createLink(ami, parts);
  const feed = new DirectFeed(known.uniqueid, link, parts);
  if (!alone) return feed;
  // A stream hears of the end of its own call only when it is killed already, so each does it for the others.
  link.listen({
    connected: () => void feed.calls().then((living) => sweep(parts, living)),
    event: () => {},
    disconnected: () => {},
  });
  feed.onHangup((gone) => states.forget(gone));
  return feed;
}

function sweep({ states, config, clock }: OutsideParts, living: ReadonlySet<string> | undefined): void {
  void states.sweep({ keepMs: config.calls.keepMs, nowWall: clock.wall(), living });
}
