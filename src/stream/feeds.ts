// Who tells a stream about its call: the hub where there is one, else an AMI connection of its own.
// Loaded after the first audio, and what it needs of other packages only when it is the one that is used.
import { lstatSync } from 'node:fs';
import type { CallFeed } from '../asterisk/feed';
import type { AmiSettings } from '../asterisk/settings';
import type { ResolvedConfig } from '../config/types';
import type { CallStates } from '../store/callStates';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';

export interface FeedParts {
  uniqueid: string;
  config: ResolvedConfig;
  states: CallStates;
  clock: Clock;
  log: Logger;
  random: Random;
}

/**
 * The feed for one call, not opened yet: the hub's where its socket is, or where there is nothing else to ask. One that
 * is not there is waited for, so that a call that begins while the hub restarts has its keys a moment later.
 */
export async function callFeed(parts: FeedParts): Promise<CallFeed> {
  const { hub, ami } = parts.config;
  const hubIsHere = isSocket(hub.socket);
  if (ami && !hubIsHere) return directFeed(ami, parts);
  if (!hubIsHere) sweep(parts, undefined);
  const { HubFeed } = await import('../asterisk/hubFeed');
  return new HubFeed({ ...parts, socket: hub.socket });
}

/**
 * Without a hub nobody else forgets calls that are over: a stream hears of the end of its own call only when it is killed
 * already, so each does it for the others.
 */
async function directFeed(ami: AmiSettings, parts: FeedParts): Promise<CallFeed> {
  const { createLink } = await import('../asterisk/link');
  const { DirectFeed } = await import('../asterisk/directFeed');
  const link = createLink(ami, parts);
  const feed = new DirectFeed(parts.uniqueid, link, parts);
  link.listen({
    connected: () => void feed.calls().then((living) => sweep(parts, living)),
    event: () => {},
    disconnected: () => {},
  });
  feed.onHangup((uniqueid) => parts.states.forget(uniqueid));
  return feed;
}

function sweep({ states, config, clock }: FeedParts, living: ReadonlySet<string> | undefined): void {
  void states.sweep({ keepMs: config.calls.keepMs, nowWall: clock.wall(), living });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
