// Asterisk's configuration for the lab: every file it reads, written anew for each run into a folder of its own.
// What the product needs of them is what `holdcast asterisk` prints, included as it tells the operator to.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { includeLine, setupFiles, type SetupFile } from '../../../src/asterisk/snippets';
import { packageRoot } from '../../../src/util/packageRoot';

export interface AsteriskPorts {
  readonly manager: number;
  /** Where music classes are looked up. */
  readonly realtime: number;
  readonly sip: number;
  /** First and last port of Asterisk's own RTP. */
  readonly rtp: readonly [first: number, last: number];
}

export interface AsteriskFolders {
  /** Everything that is this Asterisk's own. */
  readonly own: string;
  /** Where the installed modules lie, as Asterisk sees it. */
  readonly modules: string;
  /** Where the installed sounds and documentation lie. */
  readonly data: string;
  /** Begins every Uniqueid; absent: there is none. */
  readonly systemName?: string | undefined;
}

/** The judge may do everything; the product what its own snippet gives it. */
export const JUDGE = { user: 'judge', secret: 'judges-secret' } as const;
export const PRODUCT = { user: 'holdcast', secret: 'products;secret' } as const;

/** Queues without announcements of their own, and one that interrupts the music every 15 s. */
export const QUEUES = ['quiet', 'pairs', 'keys', 'places', 'many', 'phones'] as const;
export const LOUD_QUEUE = 'loud';
export const LOUD_EVERY_S = 15;

const NOT_LOADED = [
  'app_voicemail_imap.so',
  'app_voicemail_odbc.so',
  'cdr_radius.so',
  'cel_radius.so',
  'chan_console.so',
  'chan_iax2.so',
  'chan_mobile.so',
  'chan_motif.so',
  'chan_ooh323.so',
  'chan_sip.so',
  'chan_skinny.so',
  'chan_unistim.so',
  'pbx_ael.so',
  'pbx_lua.so',
  'res_hep.so',
  'res_phoneprov.so',
  'res_snmp.so',
  'res_xmpp.so',
];

/** Writes all files below `folders.own`/etc; @returns the path of asterisk.conf */
export function writeAsteriskFiles(folders: AsteriskFolders, ports: AsteriskPorts): string {
  const etc = join(folders.own, 'etc');
  const snippets = productSnippets(etc, ports);
  const include = (file: string): string =>
    snippets
      .filter(({ into }) => into?.file === file)
      .map((snippet) => includeLine({ etc, folder: join(etc, 'holdcast') }, snippet))
      .join('\n');
  for (const [name, text] of Object.entries(files(folders, ports, include))) write(join(etc, name), text);
  for (const { name, text } of snippets) write(join(etc, 'holdcast', name), text);
  return join(etc, 'asterisk.conf');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** As `holdcast asterisk --write` makes them, with its second engine turned on: music for callers while the hub is down. */
function productSnippets(etc: string, { realtime }: AsteriskPorts): SetupFile[] {
  const setup = {
    program: join(packageRoot(), 'bin/holdcast'),
    rate: 8000,
    listen: { host: '127.0.0.1', port: realtime },
    ami: { host: '127.0.0.1', ...PRODUCT },
    freepbx: false,
    etc,
    folder: join(etc, 'holdcast'),
  } as const;
  return setupFiles(setup).map((file) =>
    file.name === 'extconfig.conf'
      ? { ...file, text: file.text.replace(/^;(musiconhold => curl,file)/m, '$1') }
      : file,
  );
}

/** @param include lines that include the product's snippets for one of Asterisk's files */
function files(
  folders: AsteriskFolders,
  ports: AsteriskPorts,
  include: (file: string) => string,
): Record<string, string> {
  return {
    'asterisk.conf': asteriskConf(folders),
    'modules.conf': ['[modules]', 'autoload=yes', ...NOT_LOADED.map((name) => `noload=${name}`)].join('\n'),
    'manager.conf': managerConf(ports.manager, include('manager.conf')),
    'extconfig.conf': `[settings]\n${include('extconfig.conf')}\n`,
    'musiconhold.conf': musiconholdConf(join(folders.own, 'media/music'), include('musiconhold.conf')),
    'res_curl.conf': `[globals]\n${include('res_curl.conf')}\n`,
    'queues.conf': queuesConf(join(folders.own, 'sounds'), include('queues.conf')),
    'extensions.conf': EXTENSIONS,
    'logger.conf': '[general]\n[logfiles]\nfull => notice,warning,error,verbose(3)\n',
    'rtp.conf': `[general]\nrtpstart=${ports.rtp[0]}\nrtpend=${ports.rtp[1]}\nstrictrtp=no\n`,
    'pjsip.conf': pjsipConf(ports.sip),
    'res_parking.conf': '[general]\n[default]\nparkext=700\nparkpos=701-720\ncontext=parkedcalls\n',
    'cdr.conf': '[general]\nenable=no\n',
    'cel.conf': '[general]\nenable=no\n',
  };
}

function asteriskConf({ own, modules, data, systemName }: AsteriskFolders): string {
  const folder = (name: string): string => join(own, name);
  return `[directories]
astetcdir => ${folder('etc')}
astmoddir => ${modules}
astvarlibdir => ${data}
astdbdir => ${folder('db')}
astkeydir => ${folder('keys')}
astdatadir => ${data}
astagidir => ${folder('agi-bin')}
astspooldir => ${folder('spool')}
astrundir => ${folder('run')}
astlogdir => ${folder('log')}
[options]
verbose = 3
${systemName === undefined ? '' : `systemname = ${systemName}\n`}`;
}

function managerConf(port: number, product: string): string {
  return `[general]
enabled=yes
port=${port}
bindaddr=127.0.0.1
[${JUDGE.user}]
secret=${JUDGE.secret}
read=all
write=all
writetimeout=5000
${product}
`;
}

/** @param music a folder whose files Asterisk plays by itself as the class `files`: what it costs is compared with */
function musiconholdConf(music: string, product: string): string {
  return `[general]
[files]
mode=files
directory=${music}
${product}
`;
}

/** @param quiet what the product advises for queues */
function queuesConf(sounds: string, quiet: string): string {
  const common = 'strategy=ringall\ntimeout=15\njoinempty=yes\nleavewhenempty=no\n';
  const loud = `announce-frequency=${LOUD_EVERY_S}
min-announce-frequency=${LOUD_EVERY_S}
announce-position=yes
announce-holdtime=no
queue-youarenext=${sounds}/announcement
queue-thereare=${sounds}/announcement
queue-callswaiting=
queue-thankyou=
`;
  const queues = QUEUES.map((name) => `[${name}]\n${common}${quiet}\n`).join('');
  return `[general]\nautofill=yes\npersistentmembers=no\n${queues}[${LOUD_QUEUE}]\n${common}${loud}`;
}

/**
 * queue-NAME: a caller who waits in NAME; ru-queue-NAME: one whose language is Russian; files-NAME: one who hears Asterisk's
 * own music. agent: answers, says nothing.
 * shared-queue-NAME: the same, and all channels that are made for the caller inherit the class, as in FreePBX. leg: a member's
 * channel, which has music while it rings a telephone that nobody answers. hears-CLASS: hears a class that is another's.
 * calls-PORT: calls a telephone.
 */
const EXTENSIONS = `[default]
exten => _queue-.,1,Answer()
 same => n,Set(CHANNEL(musicclass)=hold-\${UNIQUEID})
 same => n,Queue(\${EXTEN:6},c)
 same => n,Hangup()
exten => _ru-queue-.,1,Set(CHANNEL(language)=ru)
 same => n,Goto(\${EXTEN:3},1)
exten => _files-.,1,Answer()
 same => n,Set(CHANNEL(musicclass)=files)
 same => n,Queue(\${EXTEN:6},c)
exten => agent,1,Answer()
 same => n,Wait(600)
exten => _shared-.,1,Set(__MOHCLASS=hold-\${UNIQUEID})
 same => n,Goto(\${EXTEN:7},1)
exten => leg,1,Dial(Local/rings@default/n,60,m(\${MOHCLASS}))
exten => rings,1,Ringing()
 same => n,Wait(600)
exten => _hears-.,1,Answer()
 same => n,MusicOnHold(\${EXTEN:6})
exten => _calls-.,1,Answer()
 same => n,Set(CHANNEL(musicclass)=hold-\${UNIQUEID})
 same => n,Dial(PJSIP/phone/sip:agent@127.0.0.1:\${EXTEN:6},30)
`;

export function pjsipConf(port: number): string {
  return `[transport]
type=transport
protocol=udp
bind=127.0.0.1:${port}
[phone]
type=endpoint
context=default
transport=transport
disallow=all
allow=slin
allow=ulaw
dtmf_mode=rfc4733
direct_media=no
[ident]
type=identify
endpoint=phone
match=127.0.0.1
`;
}
