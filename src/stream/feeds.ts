// Who tells a stream about its call, and whom it asks: the hub where there is one, else an AMI connection, a store and a
// billing system of its own.
// Loaded after the first audio, and what it needs of other packages only when it is the one that is used.
import { lstatSync } from 'node:fs';
import type { BackOffice, OfficeCall } from '../asterisk/backOffice';
import type { DirectFeed } from '../asterisk/directFeed';
import type { CallFeed, CallNews } from '../asterisk/feed';
import type { HubConnection } from '../asterisk/hubConnection';
import type { AmiSettings } from '../asterisk/settings';
import type { ResolvedConfig } from '../config/types';
import { LocalOffice, type CallCheck } from '../session/localOffice';
import type { StateFile } from '../store/stateFile';
import type { Clock } from '../util/clock';
import { errnoOf } from '../util/errors';
import type { Logger } from '../util/log';
import { seededRandom, seedOf, type Random } from '../util/random';

export interface FeedParts {
  /** Absent: the hub knows it by the token. */
  uniqueid: string | undefined;
  token: string | undefined;
  /** Told which call hears the look-up of the token, before all news of it. */
  hearer(uniqueid: string): void;
  /** Whether this is certainly the call that listens: of another one nothing is asked or kept. */
  certain: boolean;
  config: ResolvedConfig;
  states: StateFile;
  clock: Clock;
  log: Logger;
  random: Random;
}

/** What a call has outside of its process; both are closed by whoever asked for them, in any order. */
export interface CallOutside {
  /** Not opened yet. */
  readonly feed: CallFeed;
  /** Knows who calls once the feed has told it. */
  readonly office: BackOffice;
}

/** Beyond its own limit, a hub has so long to count a PIN and to say what billing has answered, milliseconds. */
const HUB_MS = 2500;
/** Where no billing is configured here, it may be at the hub. */
const BALANCE_MS = 3000;

/**
 * Feed and office of one call: the hub's where one answers. Where there is nothing else to be told by, a hub that is not
 * there is waited for, so that a call that begins while the hub restarts has its keys a moment later.
 */
export async function openOutside(parts: FeedParts): Promise<CallOutside> {
  const { hub, ami } = parts.config;
  const { uniqueid } = parts;
  // What a token stands for only a hub knows.
  if (uniqueid === undefined || (await answers(hub.socket))) return hubOutside(parts);
  if (!ami) sweep(parts, undefined);
  const direct = ami && (await directFeed(ami, uniqueid, parts));
  const feed = new NotedFeed(uniqueid, direct ?? (await hubFeed(await hubConnection(parts), parts)));
  const check = direct && { caller: () => direct.confirmCaller(), place: () => direct.confirmPlace() };
  const office = parts.certain
    ? await localOffice(parts, uniqueid, () => feed.call, check)
    : nobodysOffice(parts);
  return { feed, office };
}

async function hubOutside(parts: FeedParts): Promise<CallOutside> {
  const { certain, token, config, clock, log } = parts;
  const connection = await hubConnection(parts);
  const feed = await hubFeed(connection, parts);
  if (!certain && token === undefined) return { feed, office: nobodysOffice(parts) };
  const [{ HubOffice }, { ChoiceFiles }] = await Promise.all([
    import('../asterisk/hubOffice'),
    import('../store/choiceFiles'),
  ]);
  const office = new HubOffice({
    connection,
    clock,
    log,
    balanceMs: (config.billing?.limitMs ?? BALANCE_MS) + HUB_MS,
    spill: (entries) =>
      new ChoiceFiles(config.store.spool, parts).save(entries.filter(({ type }) => type === 'choice')),
  });
  return { feed, office };
}

async function hubConnection(parts: FeedParts): Promise<HubConnection> {
  const { HubConnection } = await import('../asterisk/hubConnection');
  const { token, uniqueid } = parts;
  return new HubConnection({ ...parts, who: { token, uniqueid }, socket: parts.config.hub.socket });
}

async function hubFeed(connection: HubConnection, parts: FeedParts): Promise<CallFeed> {
  const { HubFeed } = await import('../asterisk/hubFeed');
  return new HubFeed(connection, parts.log, (uniqueid) => parts.hearer(uniqueid));
}

/** Nobody's first sound waits for this store, and it is opened with the first question, milliseconds. */
const CHOICE_MS = 2000;

/** Store and billing of this process; what is slow of them is loaded at the first question. */
async function localOffice(
  parts: FeedParts,
  uniqueid: string,
  call: () => OfficeCall,
  check: CallCheck | undefined,
): Promise<BackOffice> {
  const { config, clock, log } = parts;
  const { store: settings, billing: asked } = config;
  const [{ WriteBehindStore }, billingRoom] = await Promise.all([
    import('../store/writeBehindStore'),
    asked && import('../billing/open'),
  ]);
  const open = async () => (await import('../store/open')).openStore(settings, { clock, log });
  const random = seededRandom(seedOf(`store ${uniqueid}`));
  const keeper = new WriteBehindStore({
    settings: { ...settings, waitMs: Math.max(settings.waitMs, CHOICE_MS) },
    ...{ open, clock, log, random },
  });
  const billing = asked && billingRoom?.openBilling(asked, { clock, log, pins: keeper.pins });
  const owned = { close: async () => void (await Promise.all([keeper.close(), billing?.close()])) };
  return new LocalOffice({ keeper, billing, call, check, clock, owned });
}

/** It knows nothing and keeps nothing. */
function nobodysOffice({ clock }: FeedParts): BackOffice {
  return new LocalOffice({ call: () => undefined, clock });
}

/** A feed that notes who the call is, for its office. */
class NotedFeed implements CallFeed {
  call: OfficeCall;

  constructor(
    uniqueid: string,
    private readonly feed: CallFeed,
  ) {
    this.call = { uniqueid };
  }

  open(listener: (news: CallNews) => void): void {
    this.feed.open((news) => {
      if (news.type === 'identity') this.call = news.identity;
      if (news.type === 'ended') this.call = { ...this.call, ended: true };
      listener(news);
    });
  }

  close(): Promise<void> | void {
    return this.feed.close();
  }
}

/**
 * Without a hub nobody else forgets calls that are over: a stream hears of the end of its own call only when it is killed
 * already, so each does it for the others.
 */
async function directFeed(ami: AmiSettings, uniqueid: string, parts: FeedParts): Promise<DirectFeed> {
  const { createLink } = await import('../asterisk/link');
  const { DirectFeed } = await import('../asterisk/directFeed');
  const link = createLink(ami, parts);
  const feed = new DirectFeed(uniqueid, link, parts);
  link.listen({
    connected: () => void feed.calls().then((living) => sweep(parts, living)),
    event: () => {},
    disconnected: () => {},
  });
  feed.onHangup((gone) => parts.states.forget(gone));
  return feed;
}

function sweep({ states, config, clock }: FeedParts, living: ReadonlySet<string> | undefined): void {
  void states.sweep({ keepMs: config.calls.keepMs, nowWall: clock.wall(), living });
}

/** Whether there is a hub: one that was killed has left its socket behind, and nobody answers there. */
async function answers(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return false;
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // What else is wrong with it, the connection to it will say.
    socket.on('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errnoOf(error) ?? '')));
  });
}
