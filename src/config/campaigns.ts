// Which advices may be heard now: campaigns limit files and folders to dates and to minutes of a cron expression.
import { localTime } from './dayPart';
import { matchesAdvice } from './glob';
import type { Campaign } from './callOptions';

/** @param adviceId as the library names it: 'advices/middle/summer-1.en.mp3'; @param wallMs milliseconds since 1970 */
export type AdviceFilter = (adviceId: string, wallMs: number) => boolean;

/**
 * The filter that the campaigns make together: an advice that none of them names is always allowed, one that several
 * name is allowed when any of them allows it. The filter depends on nothing but its arguments.
 * @throws Error (promise) when a cron expression is not valid
 */
export async function campaignFilter(
  campaigns: readonly Campaign[],
  timeZone?: string,
): Promise<AdviceFilter> {
  const rules = await Promise.all(
    campaigns.map(async (campaign) => ({
      match: campaign.match,
      runs: await scheduleOf(campaign, timeZone),
    })),
  );
  return (adviceId, wallMs) => {
    const named = rules.filter(({ match }) => matchesAdvice(match, adviceId));
    return named.length === 0 || named.some(({ runs }) => runs(wallMs));
  };
}

async function scheduleOf(
  { from, to, cron }: Campaign,
  timeZone?: string,
): Promise<(wallMs: number) => boolean> {
  const dated = from !== undefined || to !== undefined;
  const inDates = (wallMs: number): boolean => {
    const { date } = localTime(wallMs, timeZone);
    return (from === undefined || date >= from) && (to === undefined || date <= to);
  };
  const inCron = cron === undefined ? () => true : (await import('./cron')).cronMatcher(cron, timeZone);
  return (wallMs) => (!dated || inDates(wallMs)) && inCron(wallMs);
}
