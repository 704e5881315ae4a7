// MixerRpcServer: answers, in the main thread, what the calls of one mixing thread ask: choices, balances, sentences, operators'
// functions. Whatever fails here is an answer; a mixing thread never waits for more than that.
import type { CallerRecords } from '../session/callerRecords';
import type { KeyBindings } from '../session/keys';
import type { Speech } from '../session/speech';
import { spokenBalance } from '../session/callServices';
import type { Clock } from '../util/clock';
import { errorFields, HoldcastError } from '../util/errors';
import type { LogFields, Logger } from '../util/log';
import type { HubMethods, MixerMethods, SentClips } from '../mixer/messages';
import type { Handlers, Rpc } from '../util/rpc';
import { LogThrottle } from '../util/logThrottle';
import { runOperatorFunction } from './operatorFunction';
import { encodeS16 } from '../audio/frame';
import type { Clip } from '../audio/source';

export interface MixerRpcServerParts {
  /** Who answers for a call; undefined: it is over, or there is nobody. */
  records(token: string): CallerRecords | undefined;
  /** Undefined: nobody says numbers (yet). */
  speech(): Speech | undefined;
  /** What keys do, by the config of this moment. */
  keys(): KeyBindings;
  clock: Clock;
  log: Logger;
}

type Params<Name extends keyof HubMethods> = HubMethods[Name]['params'];
type Answer<Name extends keyof HubMethods> = HubMethods[Name]['answer'];

/** One line in a minute says that voices or records fail: each call may meet it. */
const SAY_MS = 60_000;

export class MixerRpcServer implements Handlers<HubMethods> {
  readonly #failures: LogThrottle;

  constructor(
    private readonly parts: MixerRpcServerParts,
    private readonly thread: Pick<Rpc<MixerMethods, HubMethods>, 'request'>,
  ) {
    this.#failures = new LogThrottle(parts.clock, SAY_MS);
  }

  choice({ token }: Params<'choice'>): Promise<Answer<'choice'>> {
    return this.#guarded('choice', undefined, async () => this.parts.records(token)?.choice());
  }

  place({ token }: Params<'place'>): Promise<boolean> {
    return this.#guarded('place', false, async () => {
      return (await this.parts.records(token)?.confirmPlace?.()) === true;
    });
  }

  balance({ token, language, pin }: Params<'balance'>, signal: AbortSignal): Promise<Answer<'balance'>> {
    const unavailable = { status: 'unavailable' } as const;
    return this.#guarded('balance', unavailable, async () => {
      const { clock } = this.parts;
      const log = { error: this.#tell.bind(this, 'balance') };
      const records = this.parts.records(token);
      if (!records) return unavailable;
      const speech = (): Speech | undefined => this.parts.speech();
      const answer = await spokenBalance({ records, speech, clock, log }, language, pin, signal);
      if (answer.status !== 'spoken') return answer;
      const clips = await clipSamples(answer.clips, clock, signal);
      return clips ? { status: 'spoken', clips } : unavailable;
    });
  }

  'say-position'(
    { place, language }: Params<'say-position'>,
    signal: AbortSignal,
  ): Promise<SentClips | undefined> {
    return this.#guarded('say-position', undefined, async () => {
      const clips = await this.parts.speech()?.position(place, language, signal);
      return clips && clipSamples(clips, this.parts.clock, signal);
    });
  }

  /** @throws what the function throws */
  function({ run, digit, call, queue }: Params<'function'>, signal: AbortSignal): Promise<void> {
    const keys = this.parts.keys();
    const action = Object.hasOwn(keys, digit) ? keys[digit]!.action : undefined;
    // The config was changed while the key was on its way.
    if (typeof action !== 'function')
      throw new HoldcastError('HC_ACTION_FAILED', 'this function no longer exists');
    return runOperatorFunction({
      action,
      call: { call, queue },
      command: (command, stop) => this.thread.request('command', { run, command }, { signals: [stop] }),
      signal,
    });
  }

  /** What fails is answered with `none`. */
  async #guarded<T>(about: keyof HubMethods, none: T, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      this.#tell(about, errorFields(error), 'a request of a call failed');
      return none;
    }
  }

  #tell(about: keyof HubMethods, fields: LogFields, message: string): void {
    this.#failures.say((times) => this.parts.log.error({ about, times, ...fields }, message));
  }
}

/** Samples of one sentence: a minute at the highest rate. */
const LONGEST_SENTENCE = 60 * 48_000;
const SLICE = 48_000;

/** Undefined: it is longer than any sentence, or not wanted any more. @throws where one of them cannot be read whole */
export async function clipSamples(
  clips: readonly Clip[],
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<readonly Int16Array[] | undefined> {
  if (clips.reduce((sum, { samples }) => sum + samples, 0) > LONGEST_SENTENCE) return undefined;
  const all: Int16Array[] = [];
  for (const clip of clips) {
    all.push(await samplesOf(clip, clock, signal));
    if (signal.aborted) return undefined;
  }
  return all;
}

async function samplesOf(clip: Clip, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<Int16Array> {
  const samples = new Int16Array(clip.samples);
  const slice = new Float32Array(Math.min(SLICE, clip.samples));
  const reader = clip.open();
  try {
    for (let at = 0; at < samples.length && !signal.aborted;) {
      if (at > 0) await new Promise<void>((resolve) => clock.after(0, resolve));
      const count = Math.min(slice.length, samples.length - at);
      if (reader.read(slice, 0, count) < count) throw new Error('a clip became shorter');
      encodeS16(slice.subarray(0, count), samples.subarray(at, at + count));
      at += count;
    }
    return samples;
  } finally {
    reader.close();
  }
}

/** What of an answer goes over to the mixing thread instead of being copied: samples. */
export function transferOf(answer: unknown): ArrayBuffer[] {
  const clips = typeof answer === 'object' && answer && 'clips' in answer ? answer.clips : answer;
  if (!Array.isArray(clips)) return [];
  return clips.flatMap((clip) => (clip instanceof Int16Array ? [clip.buffer as ArrayBuffer] : []));
}
