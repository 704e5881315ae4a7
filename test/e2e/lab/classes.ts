// The look-up of music classes without the hub: a few lines that an operator could write themselves.
// Shows that the product needs nothing of Asterisk but one process a call with its Uniqueid.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Lab } from './lab';

/** Answers on the lab's port for look-ups. Closed by the caller. */
export async function serveClasses(lab: Lab): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => (body += text));
    request.on('end', () => response.end(classFor(lab, new URLSearchParams(body).get('name') ?? '')));
  });
  server.listen(lab.ports.realtime, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function classFor(lab: Lab, name: string): string {
  const uniqueid = /^hold-(.+)$/.exec(name)?.[1];
  if (uniqueid === undefined) return '';
  const application = `${lab.holdcast} stream --uniqueid ${uniqueid}`;
  return new URLSearchParams({ name, mode: 'custom', application }).toString().replaceAll('+', '%20');
}
