// The events of Asterisk that the product uses, typed; what is subscribed to follows from the same table.
// An event that lacks what it is for is no event: nothing downstream checks again.
import { isUniqueid } from './callNews';
import type { AmiMessage } from './message';

/** `number`: the caller's, as it came. No event tells whether it is withheld: see `phoneIn`. */
export type AmiEvent =
  /** `received`: pressed by the caller, not sent to them. A press may have only its `key-up`. */
  | { type: 'key-down' | 'key-up'; uniqueid: string; channel: string; digit: string; received: boolean }
  | {
      type: 'queue-join';
      queue: string;
      uniqueid: string;
      channel: string;
      /** 1 and more; with a priority it may be ahead of others. */
      position: number;
      number?: string;
      language?: string;
    }
  /** Whatever the reason: it comes before `queue-connect`. `position`: the place left. */
  | { type: 'queue-leave'; queue: string; uniqueid: string; position: number }
  | { type: 'queue-connect'; queue: string; uniqueid: string; holdMs: number }
  | {
      type: 'moh-start' | 'moh-stop';
      uniqueid: string;
      channel: string;
      class?: string;
      number?: string;
      language?: string;
    }
  /** Number, name or both are others now: the channel may be another caller's. `number` absent: it has none. */
  | { type: 'caller-changed'; uniqueid: string; channel: string; number?: string; language?: string }
  | { type: 'hangup'; uniqueid: string; channel: string }
  /** `channel`: its new name. */
  | { type: 'renamed'; uniqueid: string; channel: string };

type Read = (message: AmiMessage) => AmiEvent | undefined;

/** Each event that is wanted: the class of rights (`read=` in manager.conf) that it needs, and what it says. */
const WANTED: Readonly<Record<string, { readonly class: string; readonly read: Read }>> = {
  DTMFBegin: { class: 'dtmf', read: (message) => keyEvent('key-down', message) },
  DTMFEnd: { class: 'dtmf', read: (message) => keyEvent('key-up', message) },
  QueueCallerJoin: { class: 'agent', read: joinEvent },
  QueueCallerLeave: { class: 'agent', read: leaveEvent },
  AgentConnect: { class: 'agent', read: connectEvent },
  MusicOnHoldStart: { class: 'call', read: (message) => musicEvent('moh-start', message) },
  MusicOnHoldStop: { class: 'call', read: (message) => musicEvent('moh-stop', message) },
  NewCallerid: { class: 'call', read: callerEvent },
  Hangup: { class: 'call', read: hangupEvent },
  Rename: { class: 'call', read: renameEvent },
};

/** The classes of rights that the events need: an EventMask, and `read=` of manager.conf. */
export const EVENT_CLASSES: readonly string[] = [
  ...new Set(Object.values(WANTED).map((event) => event.class)),
];

/** For `Action: Filter`: an extended regular expression over an event's text that only the wanted ones match. */
export const EVENT_FILTER = `^Event: (${Object.keys(WANTED).join('|')})[[:space:]]`;

/** @returns undefined for what is no event, not wanted, or without what it is for */
export function readEvent(message: AmiMessage): AmiEvent | undefined {
  const name = message.get('Event');
  return name !== undefined && Object.hasOwn(WANTED, name) ? WANTED[name]?.read(message) : undefined;
}

/**
 * Characters of what is kept, for hours and for thousands of calls; Asterisk's own limits are lower (80, and 40 of a language).
 * A longer one is none: cut, it could be another's number, or another queue. A channel's name is only shown, so it is cut.
 */
const LONGEST = { CallerIDNum: 80, Language: 40, Queue: 128, Class: 80 } as const;
export const LONGEST_QUEUE = LONGEST.Queue;
const LONGEST_CHANNEL = 200;

function textIn(message: AmiMessage, name: keyof typeof LONGEST): string | undefined {
  const text = message.get(name);
  return text !== undefined && text.length <= LONGEST[name] ? text : undefined;
}

/** The channel's name, or with Rename its new one; absent when there is none. */
export function channelIn(message: AmiMessage, name: 'Channel' | 'Newname' = 'Channel'): string | undefined {
  return message.get(name)?.slice(0, LONGEST_CHANNEL);
}

/** What Asterisk and carriers write for a number that is not known or not shown. */
const NO_NUMBER = /^$|^<?(unknown|anonymous|unavailable|restricted|private|withheld)>?$/i;

/** The number in any message that describes a channel, withheld or not; absent when there is none. */
export function numberIn(message: AmiMessage): { number?: string } {
  const number = textIn(message, 'CallerIDNum') ?? '';
  return NO_NUMBER.test(number) ? {} : { number };
}

const PRESENTATION = 'CALLERID(num-pres)';
/**
 * Where FreePBX keeps what the caller asked for, before it sets the channel's own presentation to allowed_not_screened;
 * the second in versions before 2.11, and in what was made of them.
 */
const KEPT_PRESENTATIONS = ['CALLINGNUMPRES_SV', 'CALLINGPRES_SV'] as const;

/** A number that the network has checked and found to be another's (`allowed_failed_screen`) is nobody's. */
const SHOWN = new Set(['allowed', 'allowed_not_screened', 'allowed_passed_screen']);

/**
 * Asks who a channel is, and whether its number may be shown: with "Privacy: id", or CALLERID(pres)=prohib, Asterisk has
 * the number and names it in every event. No event tells that only this has changed. Needs `write=reporting`; tried on
 * 16.28 and 22.10.
 */
export const statusOf = (uniqueid: string) =>
  ({
    Action: 'Status',
    Channel: uniqueid,
    Variables: [PRESENTATION, ...KEPT_PRESENTATIONS].join(','),
  }) as const;

/** What the answer to `statusOf` says of the channel's number: 'allowed_passed_screen', 'prohib'; undefined: nothing. */
export function presentationIn(status: AmiMessage): string | undefined {
  return variableIn(status, PRESENTATION);
}

/** What Asterisk writes for a variable that the channel does not have (seen on 22.10), or for a function that fails. */
const NO_VALUE = ['(null)', ''];

function variableIn(status: AmiMessage, name: string): string | undefined {
  const start = `${name}=`;
  const variable = status.all('Variable').find((text) => text.startsWith(start));
  const value = variable?.slice(start.length).trim();
  return value === undefined || NO_VALUE.includes(value) ? undefined : value;
}

/** The caller's number in the answer to `statusOf`; absent when it is not known, or not certainly meant to be shown. */
export function phoneIn(status: AmiMessage): { phone?: string } {
  const { number } = numberIn(status);
  const kept = KEPT_PRESENTATIONS.map((name) => variableIn(status, name)).filter(
    (text) => text !== undefined,
  );
  // The stricter counts.
  const isTheirs = [presentationIn(status), ...kept].every((text) => text !== undefined && SHOWN.has(text));
  return number !== undefined && isTheirs ? { phone: number } : {};
}

/** The channel's language in any message that describes a channel. */
export function languageIn(message: AmiMessage): { language?: string } {
  const language = textIn(message, 'Language');
  return language ? { language } : {};
}

/** A Uniqueid that can be one of ours. */
export function uniqueidIn(message: AmiMessage): string | undefined {
  const uniqueid = message.get('Uniqueid') ?? '';
  return isUniqueid(uniqueid) ? uniqueid : undefined;
}

function wholeIn(message: AmiMessage, name: string): number | undefined {
  const text = message.get(name) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function keyEvent(type: 'key-down' | 'key-up', message: AmiMessage): AmiEvent | undefined {
  const uniqueid = uniqueidIn(message);
  const digit = message.get('Digit')?.toUpperCase() ?? '';
  if (!uniqueid || !/^[0-9A-D*#]$/.test(digit)) return undefined;
  const received = message.get('Direction')?.toLowerCase() === 'received';
  return { type, uniqueid, channel: channelIn(message) ?? '', digit, received };
}

function waiterIn(message: AmiMessage): { queue: string; uniqueid: string } | undefined {
  const uniqueid = uniqueidIn(message);
  const queue = textIn(message, 'Queue');
  return uniqueid && queue ? { queue, uniqueid } : undefined;
}

function joinEvent(message: AmiMessage): AmiEvent | undefined {
  const channel = describedIn(message);
  const queue = textIn(message, 'Queue');
  const position = wholeIn(message, 'Position');
  return channel && queue && position ? { type: 'queue-join', queue, position, ...channel } : undefined;
}

function leaveEvent(message: AmiMessage): AmiEvent | undefined {
  const waiter = waiterIn(message);
  const position = wholeIn(message, 'Position');
  return waiter && position ? { type: 'queue-leave', ...waiter, position } : undefined;
}

function connectEvent(message: AmiMessage): AmiEvent | undefined {
  const waiter = waiterIn(message);
  const seconds = wholeIn(message, 'HoldTime');
  return waiter && seconds !== undefined
    ? { type: 'queue-connect', ...waiter, holdMs: seconds * 1000 }
    : undefined;
}

function musicEvent(type: 'moh-start' | 'moh-stop', message: AmiMessage): AmiEvent | undefined {
  const channel = describedIn(message);
  const musicClass = textIn(message, 'Class');
  return channel && { type, ...channel, ...(musicClass && { class: musicClass }) };
}

function callerEvent(message: AmiMessage): AmiEvent | undefined {
  const channel = describedIn(message);
  return channel && { type: 'caller-changed', ...channel };
}

/** Which channel, and what the message says of it. */
function describedIn(message: AmiMessage) {
  const uniqueid = uniqueidIn(message);
  const channel = channelIn(message) ?? '';
  return uniqueid === undefined
    ? undefined
    : { uniqueid, channel, ...numberIn(message), ...languageIn(message) };
}

function hangupEvent(message: AmiMessage): AmiEvent | undefined {
  const uniqueid = uniqueidIn(message);
  return uniqueid ? { type: 'hangup', uniqueid, channel: channelIn(message) ?? '' } : undefined;
}

function renameEvent(message: AmiMessage): AmiEvent | undefined {
  const uniqueid = uniqueidIn(message);
  const channel = channelIn(message, 'Newname');
  return uniqueid && channel ? { type: 'renamed', uniqueid, channel } : undefined;
}
