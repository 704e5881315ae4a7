// A config as it is sent to a mixing thread: plain data, without functions, and without what opens the operator's doors.
// Only what a thread needs is named here, so that nothing new goes along unnoticed.
import { defaultBilling } from '../billing/settings';
import type { RuleSettings } from '../config/rules';
import type { ResolvedConfig } from '../config/types';
import { actionName, type KeyBinding } from '../session/actions';
import type { KeyBindings } from '../session/keys';
import type { PortableBinding, PortableConfig } from './messages';

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
