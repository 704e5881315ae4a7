// Where the hub may listen: this machine only, because a client may learn that a call exists.
// Read apart from the schema, since defaults are filled in before the first sample.
import { resolve } from 'node:path';
import type { Where } from '../util/http/listening';

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/;

/**
 * '8099', '127.0.0.1:8099', 'localhost:8099', '[::1]:8099', or the path of a Unix socket (it has a slash in it and may
 * be relative to `folder`). Undefined when it is none of these; port 0 lets the system choose.
 */
export function parseListen(text: string, folder: string): Where | undefined {
  if (text.includes('/')) return { path: resolve(folder, text) };
  const [, host = '127.0.0.1', digits] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!LOOPBACK.test(host) || !(port <= 65_535)) return undefined;
  return { host: host === '[::1]' ? '::1' : host, port };
}
