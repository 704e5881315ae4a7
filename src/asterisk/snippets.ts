// What Asterisk's own files need for Holdcast, as text: what is printed, written and tested is one and the same.
// Pure. Tried on Asterisk 16.28 and 22.10; why each line is as it is stands in docs/asterisk.md.
import type { SampleRate } from '../audio/frame';
import { EVENT_CLASSES, EVENT_FILTER } from './events';
import { CLASS_PREFIX, classText, holdApplication } from './realtime';
import type { AmiSettings } from './settings';

export interface Setup {
  /** Absolute path of bin/holdcast. */
  readonly program: string;
  readonly rate: SampleRate;
  /** Where the hub answers look-ups. */
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly ami: Pick<AmiSettings, 'host' | 'user' | 'secret'>;
  /** Whether FreePBX writes Asterisk's files. */
  readonly freepbx: boolean;
  /** Absolute folder of Asterisk's files, for example /etc/asterisk. */
  readonly etc: string;
  /** Absolute folder of the files made here. */
  readonly folder: string;
}

export interface Place {
  readonly file: string;
  /** Where in it, as the end of the sentence "put this line …". */
  readonly where: string;
}

export interface SetupFile {
  /** Path within the folder. */
  readonly name: string;
  /** Absent: Asterisk reads it by its path. */
  readonly into?: Place;
  /** Optional ones are left out by who does not need them; the reason stands in their text. */
  readonly optional?: true;
  /** Rights: one of them holds a password. */
  readonly mode: 0o644 | 0o640;
  readonly text: string;
}

/** The classes of rights of manager.conf that are needed, and nothing more: what is told, and what may be asked. */
export const NEEDED_READ = EVENT_CLASSES;
export const NEEDED_WRITE: readonly string[] = ['reporting'];

/** Options of queues.conf that are off when Holdcast does the talking, with their value then. */
export const QUIET_QUEUE = {
  'announce-frequency': '0',
  'announce-holdtime': 'no',
  'announce-position': 'no',
  'periodic-announce-frequency': '0',
} as const;

export const DIALPLAN_LINE = `same => n,Set(CHANNEL(musicclass)=${CLASS_PREFIX}\${UNIQUEID})`;

/**
 * The files, in the order in which they are set up.
 * @throws HoldcastError HC_HUB_ADDRESS when Asterisk could not start `program`
 */
export function setupFiles(setup: Setup): SetupFile[] {
  const { freepbx } = setup;
  const part = (name: string, where: string, text: string): SetupFile => {
    const file = freepbx ? name.replace('.conf', '_custom.conf') : name;
    return { name, into: { file, where }, mode: 0o644, text };
  };
  const settings = freepbx ? 'below [settings] (write that line if there is none)' : 'below [settings]';
  const curl = { file: 'res_curl.conf', where: 'as the last line of [globals]' };
  return [
    part('extconfig.conf', settings, extconfig(setup)),
    { ...part('manager.conf', 'at its end', manager(setup.ami)), mode: 0o640 },
    ...(freepbx
      ? [part('extensions.conf', 'at its end', FREEPBX_DIALPLAN)]
      : [
          part('musiconhold.conf', 'as the last line of [general]', MUSICONHOLD),
          part('queues.conf', 'as the last line of each queue in which Holdcast plays', QUEUES),
        ]),
    { name: 'res_curl.conf', into: curl, optional: true, mode: 0o644, text: RES_CURL },
    { name: 'fallback/single', mode: 0o644, text: fallback(setup) },
  ];
}

/** `#tryinclude holdcast/manager.conf`: not `#include`, since a missing file would keep Asterisk from starting. */
export function includeLine({ etc, folder }: Pick<Setup, 'etc' | 'folder'>, { name }: SetupFile): string {
  const below = folder.startsWith(`${etc}/`) ? folder.slice(etc.length + 1) : folder;
  return `#tryinclude ${below}/${name}`;
}

function extconfig({ listen, folder }: Setup): string {
  const explained = [
    '; Each call gets its own music class from the hub: engine,address,table (not used),priority.',
    '; Priorities begin with 1 and have no gaps.',
  ];
  const second = [
    '; What callers hear while the hub is down: the class [default]; or, with the next line, Holdcast without keys and',
    '; places. That line answers for every class that no file defines, including misspelt ones.',
    `;musiconhold => curl,file://${folder}/fallback,musiconhold,2`,
  ];
  return lines(...explained, ...lookUp(listen), ...second);
}

function lookUp(listen: Setup['listen']): string[] {
  if ('path' in listen)
    return [
      `; The hub listens on ${listen.path}, which Asterisk cannot reach: its curl does not support Unix sockets.`,
      "; Set hub.listen to a port, '127.0.0.1:8099', or put a proxy of your own before it, and name that one here:",
      ';musiconhold => curl,http://127.0.0.1:8099/realtime/musiconhold,musiconhold,1',
    ];
  if (listen.port === 0)
    return [
      '; The hub uses another port each time (hub.listen has 0): set a fixed one, and name it here:',
      ';musiconhold => curl,http://127.0.0.1:8099/realtime/musiconhold,musiconhold,1',
    ];
  return [`musiconhold => curl,${lookUpAddress(listen)},musiconhold,1`];
}

/** The address for extconfig.conf: "http://127.0.0.1:8099/realtime/musiconhold". */
export function lookUpAddress({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/realtime/musiconhold`;
}

function manager({ host, user, secret }: Setup['ami']): string {
  const local = /^(127\.|localhost$|::1$)/.test(host);
  return lines(
    `[${user}]`,
    `secret=${secret.replaceAll(';', '\\;')}`,
    'deny=0.0.0.0/0.0.0.0',
    'deny=::/0',
    ...(local
      ? ['permit=127.0.0.1/255.255.255.255', 'permit=::1/128']
      : [
          '; The address from which Holdcast connects to this Asterisk:',
          ';permit=192.0.2.10/255.255.255.255',
        ]),
    '; Events that it receives: calls, queues and keys; system is for "Asterisk has started".',
    `read=${NEEDED_READ.join(',')}`,
    '; Actions that it may use: which channels exist, and what they are. It can change nothing.',
    `write=${NEEDED_WRITE.join(',')}`,
    '; Asterisk drops a client that reads more slowly; its default is 100 ms.',
    'writetimeout=5000',
    '; Only these events leave Asterisk.',
    `eventfilter=${EVENT_FILTER}`,
  );
}

const MUSICONHOLD = lines(
  '; A cached class would be one stream for all callers that use it, and would never be released.',
  'cachertclasses=no',
  '; The class that the dialplan gives a channel takes precedence over that of the queue.',
  'preferchannelclass=yes',
);

const QUEUES = lines(
  '; Every announcement of the queue itself stops the music, and Asterisk restarts Holdcast after it.',
  ...Object.entries(QUIET_QUEUE).map(([option, value]) => `${option}=${value}`),
);

const FREEPBX_DIALPLAN = lines(
  '; A call to holdcast,400,1 enters queue 400 with its own music class.',
  '[holdcast]',
  `exten => _X!,1,Set(VQ_MOH=${CLASS_PREFIX}\${UNIQUEID})`,
  ' same => n,Goto(ext-queues,${EXTEN},1)',
);

const RES_CURL = lines(
  '; Seconds. Without these a call waits for up to 180 s when the hub hangs. They are also the limits of',
  '; every CURL() in your dialplan that sets none with CURLOPT(): omit this file if one of them may take longer.',
  'conntimeout=1',
  'httptimeout=2',
);

/** Asterisk reads the first line of it only. */
function fallback({ program, rate }: Setup): string {
  const { format } = holdApplication(program, rate);
  return lines(classText('holdcast', `${program} stream`, format));
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`;
}
