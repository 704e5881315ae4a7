// What the hub's main thread and a mixing thread say to each other. Everything slow (Asterisk, store, billing, files,
// voices, an operator's functions) is the main thread's; a mixing thread has Sessions, Programs and pipes, and never waits.
import type { CallNews } from '../../asterisk/feed';
import type { Remembered } from '../../asterisk/backOffice';
import type { BalanceAnswer } from '../../billing/billing';
import type { ResolvedConfig } from '../../config/types';
import type { CatalogClip, Page } from '../../pcm/page';
import type { KeyBinding, KeySession } from '../../session/actions';
import type { CallState } from '../../session/state';
import type { SpokenAccount } from '../../speech/language';
import type { LogFields, LogLevel } from '../../util/log';
import type { GcKind } from '../../util/gcPauses';

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
  /** The call that hears it; absent: that is not known, and it is music for whoever does. */
  readonly uniqueid?: string;
  /** Absolute path of its FIFO. */
  readonly fifo: string;
  /** As far as Asterisk has told. */
  readonly language?: string;
  /** Where it goes on; its track's page is among `pages`. But for its music, nothing of it counts before the call is known. */
  readonly state?: CallState;
  /** The call begins: `state`, where there is one, says which track is its first. */
  readonly fresh?: boolean;
  readonly pages: readonly Page[];
}

/** What a call has that can be asked in the main thread. Each question is answered once, by its id. */
export type Question =
  | { readonly about: 'choice' }
  /** Has Asterisk asked where in its queue the call is; a place that is new is told before the answer. */
  | { readonly about: 'place' }
  | { readonly about: 'balance'; readonly language: string; readonly pin?: string }
  | { readonly about: 'say-balance'; readonly accounts: readonly SpokenAccount[]; readonly language: string }
  | { readonly about: 'say-position'; readonly place: number; readonly language: string }
  /** Runs an operator's function; the answer comes when it is over, `Deed`s before that. */
  | {
      readonly about: 'function';
      readonly digit: string;
      readonly call: KeySession['call'];
      readonly queue: KeySession['queue'];
    };

/** A clip made for one sentence, whole. */
export interface SpokenClip {
  readonly id: string;
  readonly title: string;
  readonly samples: Int16Array;
}

export type Answer =
  | { readonly about: 'choice'; readonly track: string | undefined }
  | { readonly about: 'place'; readonly confirmed: boolean }
  | { readonly about: 'balance'; readonly answer: BalanceAnswer }
  | { readonly about: 'say-balance' | 'say-position'; readonly clips: readonly SpokenClip[] | undefined }
  /** `failure`: what it threw, as a log has it. */
  | {
      readonly about: 'function';
      readonly failure?: { readonly message: string; readonly code?: string; readonly hint?: string };
    };

/** What an operator's function, running in the main thread, does with its call. `deed` counts from 1 in each function. */
export type Deed =
  | { readonly do: 'say'; readonly deed: number; readonly prompts: readonly string[] }
  | { readonly do: 'play'; readonly deed: number; readonly file: string }
  | { readonly do: 'nextTrack' }
  | { readonly do: 'log'; readonly level: LogLevel; readonly fields: LogFields; readonly message: string };

export type ToMixer =
  /** The first message; again when the config was reloaded: calls change over without a click. */
  | { readonly type: 'config'; readonly config: PortableConfig }
  /** All that can be played from now on. What plays goes on. */
  | { readonly type: 'catalog'; readonly clips: readonly CatalogClip[] }
  | { readonly type: 'page'; readonly page: Page }
  | { readonly type: 'begin'; readonly call: CallBeginning }
  /** @property atMs when the main thread heard of it, on the monotonic clock that all threads share */
  | { readonly type: 'news'; readonly token: string; readonly news: CallNews; readonly atMs: number }
  /** Asterisk has said that this call hears it; without a `uniqueid`: another channel, or none. Nobody hears a seam. */
  | { readonly type: 'hearer'; readonly token: string; readonly uniqueid?: string }
  /** The call is over or not on hold: nothing is played to it and nothing kept of it. Its FIFO is closed. */
  | { readonly type: 'end'; readonly token: string }
  /** Office or speech can be asked now what they could not be before (the store is open). */
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'deed'; readonly id: number; readonly deed: Deed }
  /** Answered by `status`. */
  | { readonly type: 'status'; readonly id: number }
  /** Every call's state is sent once more, exact, and all FIFOs are closed; answered by `drained`. */
  | { readonly type: 'drain' };

export type FromMixer =
  | { readonly type: 'ready' }
  /** A page that will be needed within seconds. */
  | { readonly type: 'wanted'; readonly key: number; readonly index: number }
  | { readonly type: 'ask'; readonly id: number; readonly token: string; readonly question: Question }
  /** The answer to a question is not wanted any more (and a function is aborted). */
  | { readonly type: 'cancel'; readonly id: number }
  /** What became of a `say` or `play`: said, or refused with a message for the function. */
  | {
      readonly type: 'done';
      readonly id: number;
      readonly deed: number;
      readonly refused?: string;
      readonly hint?: string;
    }
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
  | { readonly type: 'figures'; readonly figures: MixerFigures }
  | { readonly type: 'status'; readonly id: number; readonly calls: readonly CallStatus[] }
  | { readonly type: 'drained' };

/** Once a second. Counters count from the thread's start; times are milliseconds. */
export interface MixerFigures {
  /** Calls with a reader, and calls whose reader is awaited. */
  readonly playing: number;
  readonly waiting: number;
  /** Frames given to readers. */
  readonly frames: number;
  /** Frames that were written when the reader should have read them already. */
  readonly framesLate: number;
  /** How often a caller's reader must have found nothing. */
  readonly underruns: number;
  /** Frames for which a clip's samples were not there in time: silence instead. */
  readonly pagesLate: number;
  /** Calls whose Session or Program threw, and which have plain music since. */
  readonly rescued: number;
  /** Calls that have plain music now, since their Session or Program threw. */
  readonly plain: number;
  /** In the last second: longest delay of a tick, longest tick, processor time of the thread (or the sum of all ticks). */
  readonly worstLagMs: number;
  readonly worstTickMs: number;
  readonly busyMs: number;
  /** Key presses in the last second: their actions, and how long after the main thread heard of each it is audible. */
  readonly keys: readonly { readonly action: string; readonly audibleMs: number }[];
  /** Pauses of this thread's garbage collector in the last second. */
  readonly gcPauses: readonly { readonly kind: GcKind; readonly ms: number }[];
  /** Of this thread's heap, bytes. */
  readonly heapBytes: number;
}

/** What one caller hears. */
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
  /** Audio written and not read yet, by the clock. */
  readonly aheadMs: number;
  readonly underruns: number;
}
