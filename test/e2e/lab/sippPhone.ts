// A telephone that is not ours: sipp calls, presses keys by RFC 4733 and hangs up; G.711 comes to an Ear.
// What the product is told of it is what it is told of any telephone on the market.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Ear } from './ear';
import type { Lab } from './lab';

export interface Pressing {
  readonly digit: string;
  /** Before the key is pressed, milliseconds. */
  readonly afterMs: number;
}

/** Presses of keys on a telephone, as somebody recorded them: Debian's sip-tester has them. */
const PRESSES = '/usr/share/sip-tester/dtmf_2833_';

/** Words in square brackets are sipp's own. Its keys leave from the port that it finds in a line with "audio". */
function scenario({ port }: Ear, keys: readonly Pressing[], lastMs: number): string {
  const head = (
    method: string,
    sequence: number,
  ): string => `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:800@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${sequence} ${method}
Contact: <sip:800@[local_ip]:[local_port]>
Max-Forwards: 70`;
  const sdp = `v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio ${port} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=x-sipp:audio [media_port]`;
  const presses = keys
    .map(
      ({ digit, afterMs }) =>
        `<pause milliseconds="${afterMs}"/><nop><action><exec play_pcap_audio="${PRESSES}${digit}.pcap"/></action></nop>`,
    )
    .join('\n');
  const send = (text: string, more = ''): string => `<send ${more}><![CDATA[\n${text}\n]]></send>`;
  return `<?xml version="1.0" encoding="us-ascii"?>
<scenario name="a telephone">
${send(`${head('INVITE', 1)}\nContent-Type: application/sdp\nContent-Length: [len]\n\n${sdp}\n`, 'retrans="500"')}
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rtd="true"/>
${send(`${head('ACK', 1)}\nContent-Length: 0\n`)}
${presses}
<pause milliseconds="${lastMs}"/>
${send(`${head('BYE', 2)}\nContent-Length: 0\n`, 'retrans="500"')}
<recv response="200"/>
</scenario>
`;
}

/** Has sipp call a queue, press the keys and hang up. The number is 800. @returns when sipp has ended, its exit code */
export async function phoneBySipp(
  lab: Lab,
  ear: Ear,
  queue: string,
  keys: readonly Pressing[],
  lastMs: number,
): Promise<number | null> {
  const file = join(lab.folder, 'sipp.xml');
  writeFileSync(file, scenario(ear, keys, lastMs));
  const target = `127.0.0.1:${lab.ports.sip}`;
  // Which ports are free it finds itself.
  const words = ['-sf', file, '-s', `queue-${queue}`, '-i', '127.0.0.1'];
  const child: ChildProcess = spawn('sipp', [target, ...words, '-m', '1', '-nostdin', '-trace_err'], {
    cwd: join(lab.folder, 'recordings'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'dumb' },
  });
  const log = createWriteStream(join(lab.folder, 'log/sipp.out'));
  child.stdout!.pipe(log);
  child.stderr!.pipe(log);
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
