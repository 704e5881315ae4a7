// The two ends of the boundary between mixing thread and main thread without a thread: each message is copied as between
// threads, and comes a moment later, in order. What cannot be sent to a thread fails the test.
import type { BackOffice } from '../../src/asterisk/backOffice';
import { Asked } from '../../src/hub/play/asked';
import { Outside } from '../../src/hub/mixer/outside';
import type { FromMixer, ToMixer } from '../../src/hub/mixer/messages';
import type { KeyBindings } from '../../src/session/keys';
import type { Speech } from '../../src/session/speech';
import { ManualClock, type Clock } from '../../src/util/clock';
import { silentLogger, type Logger } from '../../src/util/log';

export interface LinkPlan {
  clock?: Clock;
  log?: Logger;
  offices?: Map<string, BackOffice>;
  speech?: () => Speech | undefined;
  keys?: () => KeyBindings;
  /** Whether the main thread answers. Default: it does. */
  answers?: () => boolean;
}

export class HubLink {
  readonly outside: Outside;
  readonly asked: Asked;
  readonly toMain: FromMixer[] = [];
  readonly toMixer: ToMixer[] = [];

  constructor(private readonly plan: LinkPlan = {}) {
    const { clock = new ManualClock(), log = silentLogger } = plan;
    this.outside = new Outside({ post: (message) => this.#toMain(message), clock });
    this.asked = new Asked({
      office: (token) => plan.offices?.get(token),
      speech: () => plan.speech?.(),
      keys: () => plan.keys?.() ?? {},
      post: (message, transfer = []) => this.#toMixer(message, transfer),
      clock,
      log,
    });
  }

  typesToMain(): string[] {
    return this.toMain.map(({ type }) => type);
  }

  #toMain(message: FromMixer): void {
    const copy = structuredClone(message);
    this.toMain.push(copy);
    queueMicrotask(() => {
      if (copy.type === 'remember') this.plan.offices?.get(copy.token)?.remember(copy.what, copy.wallMs);
      const isAsked = copy.type === 'ask' || copy.type === 'cancel' || copy.type === 'done';
      if (isAsked && this.plan.answers?.() !== false) this.asked.hear(copy);
    });
  }

  #toMixer(message: ToMixer, transfer: readonly ArrayBuffer[]): void {
    const copy = ownArrays(structuredClone(message, { transfer: [...transfer] }));
    this.toMixer.push(copy);
    queueMicrotask(() => {
      if (copy.type === 'answer' || copy.type === 'deed') this.outside.hear(copy);
    });
  }
}

/** Jest's structuredClone makes arrays of another realm, which a real thread does not. */
function ownArrays(message: ToMixer): ToMixer {
  if (message.type !== 'answer' || !('clips' in message.answer) || !message.answer.clips) return message;
  const clips = message.answer.clips.map((clip) => ({ ...clip, samples: Int16Array.from(clip.samples) }));
  return { ...message, answer: { ...message.answer, clips } };
}
