// What a config decides for every call, as functions of the moment: parts of the day, campaigns, keys.
import { defaultBilling } from '../billing/settings';
import type { CallRules } from '../session/assemble';
import type { KeyBindings } from '../session/keys';
import { campaignFilter, type AdviceFilter } from './campaigns';
import { dayPartAt } from './dayPart';
import type { ResolvedConfig } from './types';

/** What rules are made of. */
export type RuleSettings = Pick<
  ResolvedConfig,
  'advice' | 'language' | 'program' | 'position' | 'timeZone'
> & {
  readonly keys: KeyBindings;
  readonly billing?: { readonly pin?: unknown };
};

/**
 * The rules at once; `ready` loads what campaigns need (node-cron, if one has a cron expression). Until then an
 * operator with campaigns has no advice heard, rather than one that should not be.
 */
export function callRules(config: RuleSettings): { rules: CallRules; ready: () => Promise<void> } {
  const { campaigns, dayParts } = config.advice;
  let filter: AdviceFilter = () => campaigns.length === 0;
  return {
    rules: {
      language: config.language,
      program: config.program,
      keys: config.keys,
      position: config.position,
      asksPin: config.billing?.pin !== undefined,
      dayPart: (wallMs) => dayPartAt(wallMs, dayParts, config.timeZone),
      allowed: (adviceId, wallMs) => filter(adviceId, wallMs),
    },
    async ready() {
      if (campaigns.length > 0) filter = await campaignFilter(campaigns, config.timeZone);
    },
  };
}

/** What a Speaker is made of. */
export function speakerSettings({ voices, media, language, billing }: ResolvedConfig) {
  return { voices, media, language, currency: billing?.currency ?? defaultBilling.currency };
}
