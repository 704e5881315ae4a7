// The other end of the hub's messages to systemd: a real Unix datagram socket, held by python, for which Node has none.
// It also tells which process the kernel says has sent each message: with NotifyAccess=main systemd believes the hub's alone.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { owned, tempFolder, until } from '../hub/fixtures';

/** Prints each datagram as JSON; ends with its standard input. While a line "pause" counts it reads none. */
const LISTENER = `
import json, select, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('"bound"', flush=True)
reading = True
while True:
    ready = select.select([sys.stdin] + ([s] if reading else []), [], [])[0]
    if s in ready:
        data, extra, _, _ = s.recvmsg(65536, 1024)
        pid = [struct.unpack('iii', d)[0] for level, kind, d in extra if kind == socket.SCM_CREDENTIALS][0]
        print(json.dumps([pid, data.decode()]), flush=True)
    if sys.stdin in ready:
        line = sys.stdin.readline()
        if not line: break
        reading = line.strip() != 'pause'
        print(json.dumps('paused' if not reading else 'reads'), flush=True)
`;

export interface SystemdSocket {
  readonly socket: string;
  /** Texts of all messages so far. */
  readonly heard: string[];
  /** Process ids of their senders. */
  readonly senders: number[];
  /** Resolves when so many have come. */
  readonly count: (messages: number) => Promise<void>;
  /** Has it read nothing, or read again. */
  readonly pause: (on: boolean) => Promise<void>;
  /** Nobody listens at that address any more. */
  close(): Promise<void>;
}

/** @param socket default: a path of its own */
export async function systemdSocket(socket = join(tempFolder(), 'notify')): Promise<SystemdSocket> {
  const child = spawn('python3', ['-u', '-c', LISTENER, socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const [heard, senders, said]: [string[], number[], string[]] = [[], [], []];
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const told = JSON.parse(line) as string | [number, string];
      if (typeof told === 'string') said.push(told);
      else {
        senders.push(told[0]);
        heard.push(told[1]);
      }
    }
  });
  const says = async (what: string, times: number): Promise<void> =>
    until(`python3: ${what}`, () => said.filter((word) => word === what).length >= times);
  await says('bound', 1);
  const pauses = { paused: 0, reads: 0 };
  return owned({
    socket,
    heard,
    senders,
    count: (messages: number) => until(`${messages} messages`, () => heard.length >= messages),
    pause: (on: boolean) => {
      const word = on ? 'paused' : 'reads';
      child.stdin.write(on ? 'pause\n' : 'go\n');
      return says(word, ++pauses[word]);
    },
    close: () => {
      child.stdin.end();
      return ended;
    },
  });
}
