// MixSettings: what a config decides for all calls of a mixing thread, worked out once for all of them. portableConfig: a config as it is
// sent there, plain data without what opens the operator's doors; only what a thread needs is named, so that nothing new goes along.
import { FRAME_MS, frameBytes, frameSamples, type SampleRate } from '../audio/frame';
import { callRules, type RuleSettings } from '../config/rules';
import type { CallRules } from '../session/assemble';
import type { KeyBindings } from '../session/keys';
import type { PortableConfig, PortableBinding } from './messages';
import { defaultBilling } from '../billing/settings';
import type { ResolvedConfig } from '../config/types';
import { actionName, type KeyBinding } from '../session/actions';

/** Bytes that a pipe takes whole or not at all. */
const PIPE_BUF = 4096;

export class MixSettings {
  readonly rate: SampleRate;
  readonly frameBytes: number;
  readonly frameSamples: number;
  /** The most lead, in whole Frames. */
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

const LONGEST_NAME = 64;

/** Of voices, billing, store and AMI nothing goes along: they are the main thread's. */
export function portableConfig(config: ResolvedConfig): PortableConfig {
  const { language, timeZone, program, media, stream, advice, hub, calls, position, keys, log } = config;
  const bound = Object.entries(keys).map(([digit, binding]) => [digit, portableBinding(binding)]);
  return {
    language,
    ...(timeZone !== undefined && { timeZone }),
    program,
    media,
    stream,
    advice,
    hub,
    calls,
    position,
    log,
    keys: Object.fromEntries(bound) as PortableConfig['keys'],
    asksPin: config.billing?.pin !== undefined,
    balanceMs: config.billing?.limitMs ?? defaultBilling.limitMs,
  };
}

/** What `callRules` needs, where `keys` are what the keys of `config` do in a call. */
export function resolvedFor(config: PortableConfig, keys: KeyBindings): RuleSettings {
  const { language, program, advice, position, timeZone, asksPin } = config;
  const billing = asksPin ? { pin: asksPin } : {};
  return { language, program, advice, position, keys, billing, ...(timeZone !== undefined && { timeZone }) };
}

function portableBinding(binding: KeyBinding): PortableBinding {
  const { action, holdOffMs, music, timeoutMs } = binding;
  return {
    action: typeof action === 'string' ? action : { function: functionName(binding) },
    holdOffMs,
    ...(music !== undefined && { music }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** A class with a static `name` is a function, too. */
function functionName(binding: KeyBinding): string {
  const name: unknown = actionName(binding);
  return typeof name === 'string' ? name.slice(0, LONGEST_NAME) : 'function';
}
