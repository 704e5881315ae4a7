// What a stream has outside of its process: an AMI connection of its own, where its config holds the secret, and the
// operator's store and billing. Loaded after the first audio, and what it needs of other packages when it is used.
import { LocalRecords, type CallerRecords, type LocalRecordsParts } from '../session/callerRecords';
import type { CallNews } from '../asterisk/callNews';
import type { AmiSettings } from '../asterisk/settings';
import type { Switchboard } from '../asterisk/switchboard';
import type { ResolvedConfig } from '../config/types';
import type { KnownCall } from '../session/knownCall';
import type { StateFile } from '../store/stateFile';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { Scope, type Closeable } from '../util/scope';
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

export interface CallOutside extends Closeable {
  /** Begins to tell what Asterisk says of the call; called once. Absent: there is no AMI secret, and nobody tells anything. */
  readonly follow?: ((listener: (news: CallNews) => void) => void) | undefined;
  /** Knows who calls once that was told. */
  readonly records: CallerRecords;
}

/** Closed by the caller, with all that it returns. */
export async function openOutside(parts: OutsideParts): Promise<CallOutside> {
  const { known, config, clock } = parts;
  const scope = new Scope();
  const calls = config.ami && (await openSwitchboard(config.ami, parts, scope));
  if (!calls) nobodyTells(parts);
  const { uniqueid } = known;
  const check = calls && {
    caller: async () => parts.isStill() && (await calls.confirmCaller(uniqueid)),
    place: () => calls.confirmPlace(uniqueid),
  };
  const behind = known.recorded ? await openServices(parts, scope) : {};
  const records = scope.own(new LocalRecords({ ...behind, call: () => known.recorded, check, clock }));
  const follow: CallOutside['follow'] =
    calls && ((listener) => scope.defer(calls.follow(uniqueid, listener)));
  return { follow, records, close: () => scope.close() };
}

function nobodyTells(parts: OutsideParts): void {
  const hint = 'set ami.secret in the config that this stream reads';
  parts.log.info({ hint }, 'music without keys and places');
  if (parts.alone) sweep(parts, undefined);
}

/** Store and billing of this process; what is slow of them is loaded at the first question. */
async function openServices(
  { known, config, clock, log }: OutsideParts,
  scope: Scope,
): Promise<Pick<LocalRecordsParts, 'keeper' | 'billing'>> {
  const { store: settings, billing: asked } = config;
  const [{ WriteBehindStore }, billingRoom] = await Promise.all([
    import('../store/writeBehindStore'),
    asked && import('../billing/open'),
  ]);
  const open = async () => (await import('../store/open')).openStore(settings, { clock, log });
  const random = seededRandom(seedOf(`store ${known.uniqueid}`));
  const keeper = new WriteBehindStore({ settings, open, clock, log, random });
  const billing = asked && billingRoom?.openBilling(asked, { clock, log, pins: keeper.pins });
  scope.defer(async () => void (await Promise.all([keeper.close(), billing?.close()])));
  return { keeper, billing };
}

async function openSwitchboard(ami: AmiSettings, parts: OutsideParts, scope: Scope): Promise<Switchboard> {
  const [{ AmiLink }, { Switchboard }] = await Promise.all([
    import('../asterisk/link'),
    import('../asterisk/switchboard'),
  ]);
  const link = scope.own(new AmiLink(ami, parts));
  const calls = scope.own(new Switchboard({ ...parts, link }));
  if (!parts.alone) return calls;
  // A stream hears of the end of its own call only when it is killed already, so each does it for the others.
  link.listen({ connected: () => void calls.calls().then((living) => sweep(parts, living)) });
  calls.onHangup((gone) => parts.states.forget(gone));
  return calls;
}

function sweep({ states, config, clock }: OutsideParts, living: ReadonlySet<string> | undefined): void {
  void states.sweep({ keepMs: config.calls.keepMs, nowWall: clock.wall(), living });
}
