// Playback: what plays to callers, as the hub knows it, and what it has of the hub. Two adapters: MixedPlayback (mixing threads) and
// StreamCalls (a process for each call).
import type { HoldApplication } from '../asterisk/realtime';
import type { Switchboard } from '../asterisk/switchboard';
import type { BalanceSource, ChoiceKeeper } from '../session/callerRecords';
import type { CallState } from '../session/state';
import type { Closeable } from '../util/scope';
import type { LookUps } from './lookUps';
import type { Prepared } from './realtimeServer';

/** What plays to callers has of the hub; all of it outlives it. */
export interface PlaybackGiven {
  readonly calls: Pick<Switchboard, 'follow' | 'confirmCaller' | 'confirmPlace'>;
  readonly services: HubServices | undefined;
  readonly lookUps: LookUps;
  /** Whether Asterisk has such a call, as far as can be found out. Never rejects. */
  exists(uniqueid: string): Promise<boolean>;
  /** How a call begins whose caller is known; see `InitialTrack`. */
  welcome(uniqueid: string): Promise<CallState | undefined> | undefined;
  /** The same, left for the stream of a look-up. */
  prepare(uniqueid: string, token: string): Promise<void> | undefined;
}

/** Closed by the hub: callers hear fallback music from then on. */
export interface Playback extends Closeable {
  readonly application: HoldApplication;
  /** @param uniqueid of the call that the class is named after; `token`: of the look-up */
  arrive(uniqueid: string, token: string): Prepared | Promise<Prepared>;
  /** @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked */
  sweep(living: ReadonlySet<string> | undefined): void;
}

/** Closed by the hub, after what plays. */
export interface HubServices {
  readonly keeper: ChoiceKeeper & Closeable;
  /** Absent: no balance is known. */
  readonly billing?: (BalanceSource & Closeable) | undefined;
  /** What has the store purged; absent: nothing. */
  readonly purge?: Closeable | undefined;
}
