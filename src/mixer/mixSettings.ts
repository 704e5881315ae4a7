// MixSettings: what a config decides for all calls of a mixing thread, worked out once for all of them.
import { FRAME_MS, frameBytes, frameSamples, type SampleRate } from '../audio/frame';
import { callRules } from '../config/rules';
import type { CallRules } from '../session/assemble';
import type { KeyBindings } from '../session/keys';
import { resolvedFor } from './portableConfig';
import type { PortableConfig } from './messages';

/** Bytes that a pipe takes whole or not at all. */
const PIPE_BUF = 4096;

export class MixSettings {
  readonly rate: SampleRate;
  readonly frameBytes: number;
  readonly frameSamples: number;
  /** The lead in whole Frames. */
  readonly leadFrames: number;
  /** Most Frames of one write. */
  readonly batchFrames: number;
  readonly undrainedMs: number;
  /** Frames between two reports of a call's state. */
  readonly stateTicks: number;
  /** Loads what campaigns need. */
  readonly ready: () => Promise<void>;
  readonly #rules: CallRules;

  constructor(readonly config: PortableConfig) {
    const { program, stream, calls } = config;
    this.rate = program.rate;
    this.frameBytes = frameBytes(program.rate);
    this.frameSamples = frameSamples(program.rate);
    this.leadFrames = Math.round(stream.leadMs / FRAME_MS);
    this.batchFrames = Math.floor(PIPE_BUF / this.frameBytes);
    this.undrainedMs = stream.undrainedMs;
    this.stateTicks = Math.max(1, Math.round(calls.everyMs / FRAME_MS));
    const { rules, ready } = callRules(resolvedFor(config, {}));
    this.#rules = rules;
    this.ready = ready;
  }

  rules(keys: KeyBindings): CallRules {
    return { ...this.#rules, keys };
  }
}

/** Frames that are rendered to be written at once; one for all calls of a thread. */
export class BatchBuffer {
  readonly bytes = new Uint8Array(PIPE_BUF);
  /** Each is one Frame of `bytes`, in their order. */
  readonly frames: readonly Int16Array[];

  constructor({ batchFrames, frameBytes, frameSamples }: MixSettings) {
    const { buffer } = this.bytes;
    this.frames = Array.from(
      { length: batchFrames },
      (_, i) => new Int16Array(buffer, i * frameBytes, frameSamples),
    );
  }
}
