// The protocol between the hub's main thread and a mixing thread: requests (HubMethods, MixerMethods), which are answered, and
// news, which are not (MixerNews, HubNews). Everything slow (Asterisk, store, billing, files, voices, an operator's functions) is
// the main thread's; a mixing thread has Sessions, Programs and pipes, and never waits.
import type { CallNews } from '../asterisk/callNews';
import type { Remembered } from '../session/callerRecords';
import type { ResolvedConfig } from '../config/types';
import type { CatalogClip, Page } from '../pcm/page';
import type { ReaderProcess } from '../pipe/readerProcess';
import type { KeyBinding, KeySession } from '../session/actions';
import type { SpokenBalance } from '../session/callServices';
import type { CallState } from '../session/state';
import type { LogFields, LogLevel } from '../util/log';
import type { GcKind } from '../util/gcPauses';
import type { Method, RpcMessage } from '../util/rpc';

/** A config as it can be sent to a thread: an operator's functions stay behind, their keys are named. */
export type PortableConfig = Omit<ResolvedConfig, 'keys' | 'billing' | 'store' | 'ami' | 'voices'> & {
  readonly keys: { readonly [digit: string]: PortableBinding };
  /** Billing asks for a PIN. */
  readonly asksPin: boolean;
  /** Billing has answered within this, milliseconds. */
  readonly balanceMs: number;
};

/** `function`: the operator's own, run in the main thread; its name is for the log. */
export type PortableBinding = Omit<KeyBinding, 'action'> & {
  readonly action:
    Exclude<KeyBinding['action'], (...args: never[]) => unknown> | { readonly function: string };
};

/** A look-up whose reader is to be played to; all messages name it by its token. */
export interface CallBeginning {
  readonly token: string;
  /** The call that hears it; absent: not known, and it is music only. */
  readonly uniqueid?: string;
  /** Those that are there already, the last one last. */
  readonly readers?: readonly ReaderProcess[];
  /** As far as Asterisk has told. */
  readonly language?: string;
  /** Where it goes on; its track's page is among `pages`. But for its music, nothing of it counts before the call is known. */
  readonly state?: CallState;
  /** The call begins: `state`, where there is one, says which track is its first. */
  readonly fresh?: boolean;
  readonly pages: readonly Page[];
}

/** One clip after the other, whole: signed samples at the config's rate. Without names, which would tell what is said. */
export type SentClips = readonly Int16Array[];

/** What a call in a mixing thread asks of the hub, which knows whose call a token stands for. */
export type HubMethods = {
  /** The track that the caller chose in an earlier call. */
  readonly choice: Method<{ readonly token: string }, string | undefined>;
  /** Has Asterisk asked where in its queue the call is; a place that is new is told before the answer. Whether it is certain. */
  readonly place: Method<{ readonly token: string }, boolean>;
  /** The caller's balance in words, or what to say instead: see `CallServices`. */
  readonly balance: Method<
    { readonly token: string; readonly language: string; readonly pin?: string },
    Exclude<SpokenBalance, { status: 'spoken' }> | { readonly status: 'spoken'; readonly clips: SentClips }
  >;
  /** A place in the queue in words; undefined: no voice can say it. */
  readonly 'say-position': Method<
    { readonly token: string; readonly place: number; readonly language: string },
    SentClips | undefined
  >;
  /** Runs the operator's function of a key; `command`s of this `run` come before the answer, which is its end. */
  readonly function: Method<
    {
      readonly token: string;
      readonly run: number;
      readonly digit: string;
      readonly call: KeySession['call'];
      readonly queue: KeySession['queue'];
    },
    void
  >;
};

export type MixerMethods = {
  /** What an operator's function does with its call. Answered when the words were said; fails where they are refused. */
  readonly command: Method<{ readonly run: number; readonly command: CallCommand }, void>;
  readonly status: Method<undefined, readonly CallStatus[]>;
  /** Every call's state is told once more, exact, and all pipes are closed, before the answer. */
  readonly drain: Method<undefined, void>;
};

/** What an operator's function, running in the main thread, does with its call. */
export type CallCommand =
  | { readonly do: 'say'; readonly prompts: readonly string[] }
  | { readonly do: 'play'; readonly file: string }
  | { readonly do: 'nextTrack' }
  | { readonly do: 'log'; readonly level: LogLevel; readonly fields: LogFields; readonly message: string };

/** From the hub to a mixing thread; all comes in order. */
export type ToMixer = MixerNews | RpcMessage<MixerMethods>;

/** What the hub tells a mixing thread, which is not answered. */
export type MixerNews =
  /** The first message; again when the config was reloaded: calls change over without a click. */
  | { readonly type: 'config'; readonly config: PortableConfig }
  /** All that can be played from now on. What plays goes on. */
  | { readonly type: 'catalog'; readonly clips: readonly CatalogClip[] }
  | { readonly type: 'page'; readonly page: Page }
  | { readonly type: 'begin'; readonly call: CallBeginning }
  /** @property atMs when the main thread heard of it, on the monotonic clock that all threads share */
  | { readonly type: 'news'; readonly token: string; readonly news: CallNews; readonly atMs: number }
  /** Asterisk has started a reader of it, whose pipe is to be written. */
  | { readonly type: 'reader'; readonly token: string; readonly reader: ReaderProcess }
  /** Asterisk has said that this call hears it; without a `uniqueid`: another channel, or none. Nobody hears a seam. */
  | { readonly type: 'hearer'; readonly token: string; readonly uniqueid?: string }
  /** The call is over or not on hold: nothing is played to it and nothing kept of it. Its pipe is closed. */
  | { readonly type: 'end'; readonly token: string };

export type FromMixer = HubNews | RpcMessage<HubMethods>;

/** What a mixing thread tells the hub, which is not answered. */
export type HubNews =
  | { readonly type: 'ready' }
  /** A page that will be needed within seconds. */
  | { readonly type: 'wanted'; readonly key: number; readonly index: number }
  | {
      readonly type: 'remember';
      readonly token: string;
      readonly what: Remembered;
      readonly wallMs: number;
    }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly fields: LogFields;
      readonly message: string;
      readonly wallMs: number;
    }
  /** States of calls as JSON, as far as the callers have heard; kept in case of a crash. */
  | { readonly type: 'states'; readonly states: readonly (readonly [token: string, state: string])[] }
  /** A call's reader came, or went (hung up, an agent answered, an announcement of Asterisk). */
  | { readonly type: 'reader'; readonly token: string; readonly status: 'reading' | 'away' }
  | { readonly type: 'figures'; readonly figures: MixerFigures };

/** Once a second. Counters count from the thread's start; times are milliseconds. */
export interface MixerFigures {
  /** Calls with a reader, and calls whose reader is awaited. */
  readonly playing: number;
  readonly waiting: number;
  /** Frames written to the pipes of Asterisk. */
  readonly frames: number;
  /** Frames that were written when the reader should have read them already. */
  readonly framesLate: number;
  /** How often a caller's reader must have found nothing. */
  readonly underruns: number;
  /** Frames for which a clip's samples were not there in time: silence instead. */
  readonly pagesLate: number;
  /** Calls whose Session or Program failed and that have had music only since. */
  readonly rescued: number;
  /** Calls that have music only now, because their Session or Program failed. */
  readonly plain: number;
  /** In the last second: longest delay of a tick, longest tick, processor time of the thread (or the sum of all ticks). */
  readonly worstLagMs: number;
  readonly worstTickMs: number;
  readonly busyMs: number;
  /** Key presses in the last second: their actions, and how long after the main thread heard of each it is audible. */
  readonly keys: readonly { readonly action: string; readonly audibleMs: number }[];
  /** Pauses of this thread's garbage collector in the last second. */
  readonly gcPauses: readonly { readonly kind: GcKind; readonly ms: number }[];
  readonly heapBytes: number;
}

export interface CallStatus {
  /** Absent: it is not known which call hears it. */
  readonly uniqueid?: string;
  readonly queue?: string;
  readonly position?: number;
  readonly status: 'playing' | 'waiting' | 'plain';
  /** Id of the track; absent: the soft chord. */
  readonly track?: string;
  /** What is being said, by kind; a title where it is no personal thing. */
  readonly says?: { readonly kind: string; readonly title?: string };
  /** Time on hold, as heard. */
  readonly heardMs: number;
  /** Audio written and not read yet. */
  readonly aheadMs: number;
  readonly underruns: number;
}
