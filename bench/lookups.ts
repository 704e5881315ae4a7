// Realtime look-ups: a hundred a second, as Asterisk's curl asks when callers come in; and each caller's thread waits.
// Beside it a bare node:http server that answers the same bytes: what the machine and Node take anyway.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../src/util/packageRoot';
import type { Context } from './context';
import { median, percentile, sleep, type Section } from './measure';

const RATE = 100;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const BARE = `require('node:http').createServer((q, a) => { q.resume(); q.on('end', () => a.end(
  'name=hold-1795225281.1&mode=custom&application=%2Fusr%2Flocal%2Fbin%2Fholdcast%20stream%20--token%20holdcastholdcastholdcastholdcastholdcastholdcastholdcastholdcast\\n'));
}).listen(Number(process.argv[1]), '127.0.0.1')`;

/** Asks as res_config_curl does. Resolves with the answer and its time, ms. */
function ask(port: number, agent: Agent, uniqueid: string): Promise<{ ms: number; text: string }> {
  const began = performance.now();
  return new Promise((done, failed) => {
    const body = `name=hold-${uniqueid}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
    const path = '/realtime/musiconhold/single';
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => done({ ms: performance.now() - began, text }));
    });
    asked.on('error', failed);
    asked.end(body);
  });
}

async function answering(port: number, agent: Agent): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await ask(port, agent, '1.0'));
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(50);
    }
  }
}

async function measure(start: (port: number) => ChildProcess, seconds: number) {
  const port = await freePort();
  const server = start(port);
  // One connection a look-up is the worst that curl does; Asterisk keeps one for each of its threads.
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  try {
    await answering(port, agent);
    const began = performance.now();
    const answers: Promise<{ ms: number; text: string }>[] = [];
    for (let i = 0; i < seconds * RATE; i++) {
      await sleep(began + (i * 1000) / RATE - performance.now());
      answers.push(ask(port, agent, `1795225281.${i}`));
    }
    const all = await Promise.all(answers);
    const right = all.filter(({ text }) => text.includes('mode=custom')).length;
    const times = all.map(({ ms }) => ms);
    return {
      asked: all.length,
      right,
      medianMs: median(times),
      p99Ms: percentile(times, 0.99),
      maxMs: Math.max(...times),
    };
  } finally {
    agent.destroy();
    server.kill('SIGTERM');
  }
}

/** The hub's own process, with a config of its own and no AMI. */
function startHub(folder: string, port: number): ChildProcess {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.ts');
  writeFileSync(
    config,
    `export default { hub: { listen: '127.0.0.1:${port}' }, log: { level: 'error' } };\n`,
  );
  const env = {
    ...process.env,
    HOLDCAST_CONFIG: config,
    HOLDCAST_CACHE: folder,
    HOLDCAST_RUN: join(folder, 'run'),
  };
  return spawn(join(packageRoot(), 'bin/holdcast'), ['hub'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function benchLookups(context: Context): Promise<Section> {
  const seconds = context.quick ? 2 : 20;
  context.progress('lookups: the hub, then a bare server');
  const hub = await measure((port) => startHub(join(context.workshop.folder, 'hub'), port), seconds);
  const bare = await measure(
    (port) => spawn(process.execPath, ['-e', BARE, String(port)], { stdio: 'inherit' }),
    seconds,
  );
  const row = (name: string, r: typeof hub): (string | number)[] => [
    name,
    r.asked,
    r.right,
    r.medianMs,
    r.p99Ms,
    r.maxMs,
  ];
  return {
    data: { rate: RATE, seconds, hub, bare },
    tables: [
      {
        title: `Realtime look-ups, ${RATE} a second for ${seconds} s`,
        columns: ['', 'asked', 'right', 'median ms', '99th percentile', 'max'],
        rows: [row('holdcast hub', hub), row('bare node:http', bare)],
      },
    ],
  };
}
