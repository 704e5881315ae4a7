// The two ends of the requests between mixing thread and main thread without a thread: each message is copied as between
// threads, and comes a moment later, in order. What cannot be sent to a thread fails the test.
import type { CallerRecords } from '../../src/session/callerRecords';
import type { FromMixer, HubMethods, MixerMethods, ToMixer } from '../../src/mixer/messages';
import { MixerRpcClient } from '../../src/mixer/mixerRpcClient';
import { isRpc, Rpc } from '../../src/util/rpc';
import { transferOf, MixerRpcServer } from '../../src/hub/mixerRpcServer';
import type { KeyBindings } from '../../src/session/keys';
import type { Speech } from '../../src/session/speech';
import { ManualClock, type Clock } from '../../src/util/clock';
import { silentLogger, type Logger } from '../../src/util/log';

export interface LinkPlan {
  clock?: Clock;
  log?: Logger;
  records?: Map<string, CallerRecords>;
  speech?: () => Speech | undefined;
  keys?: () => KeyBindings;
  /** Whether the main thread answers. Default: it does. */
  answers?: () => boolean;
}

export class HubLink {
  readonly outside: MixerRpcClient;
  /** The end of the main thread. */
  readonly hub: Rpc<MixerMethods, HubMethods>;
  readonly toMain: FromMixer[] = [];
  readonly toMixer: ToMixer[] = [];

  constructor(private readonly plan: LinkPlan = {}) {
    const { clock = new ManualClock(), log = silentLogger } = plan;
    const mixer = { status: () => [], drain: () => {} };
    this.outside = new MixerRpcClient({
      post: (message) => this.#toMain(message),
      mixer: () => mixer,
      clock,
    });
    const records = (token: string): CallerRecords | undefined => plan.records?.get(token);
    const parts = { records, speech: () => plan.speech?.(), keys: () => plan.keys?.() ?? {}, clock, log };
    const thread = { request: ((...asked) => this.hub.request(...asked)) as HubLink['hub']['request'] };
    this.hub = new Rpc<MixerMethods, HubMethods>({
      post: (message, transfer = []) => this.#toMixer(message, transfer),
      serves: new MixerRpcServer(parts, thread),
      transferOf,
      clock,
    });
  }

  /** Requests that wait in the mixing thread, and all that is at work in the main thread. */
  get pending(): [thread: number, hub: number] {
    const { asked, serving } = this.hub.pending;
    return [this.outside.pending, asked + serving];
  }

  typesToMain(): string[] {
    return this.toMain.map(({ type }) => type);
  }

  #toMain(message: FromMixer): void {
    const copy = structuredClone(message);
    this.toMain.push(copy);
    queueMicrotask(() => {
      if (copy.type === 'remember') this.plan.records?.get(copy.token)?.remember(copy.what, copy.wallMs);
      if (isRpc(copy) && this.plan.answers?.() !== false) this.hub.hear(copy);
    });
  }

  #toMixer(message: ToMixer, transfer: readonly ArrayBuffer[]): void {
    const copy = ownArrays(structuredClone(message, { transfer: [...transfer] }));
    this.toMixer.push(copy);
    queueMicrotask(() => {
      if (isRpc(copy)) this.outside.hear(copy);
    });
  }
}

/** Jest's structuredClone makes arrays of another realm, which a real thread does not. */
function ownArrays(message: ToMixer): ToMixer {
  if (message.type !== 'answer' || typeof message.answer !== 'object' || !message.answer) return message;
  const own = (clips: readonly Int16Array[]): Int16Array[] => clips.map((clip) => Int16Array.from(clip));
  const { answer } = message;
  if ('clips' in answer)
    return { ...message, answer: { ...answer, clips: own(answer.clips as Int16Array[]) } };
  return Array.isArray(answer) ? { ...message, answer: own(answer as Int16Array[]) } : message;
}
