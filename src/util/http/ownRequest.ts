// Is this request from a program that was told of this server, or from a page in somebody's browser? A browser on this
// machine sends what any web page likes: to 127.0.0.1, or to a host name of the page's own that leads here (DNS rebinding).
import type { IncomingMessage } from 'node:http';
import { isLoopback } from './listening';

/**
 * Why a request is not answered; undefined: it may be. Browsers alone send Origin and Sec-Fetch-Site; Asterisk's curl,
 * Prometheus and probes send neither.
 * @param hosts names, besides those of this machine's loopback, by which the server may be called; lower case
 */
export function foreignness(
  { url = '', headers, headersDistinct }: Pick<IncomingMessage, 'url' | 'headers' | 'headersDistinct'>,
  hosts: readonly string[],
): string | undefined {
  const browser = ['origin', 'sec-fetch-site'].find((name) => headers[name] !== undefined);
  if (browser !== undefined) return `from a browser (${browser})`;
  // A request line may name a host as well, and that one counts (RFC 9112, 3.2.2).
  const [, inLine] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url) ?? [];
  const named = [...(headersDistinct['host'] ?? []), ...(inLine === undefined ? [] : [inLine])];
  return named.every((host) => isOwn(host, hosts)) ? undefined : 'for another host';
}

/** Absent in HTTP/1.0, which no browser speaks. */
function isOwn(header: string, hosts: readonly string[]): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(header.trim().toLowerCase()) ?? [];
  return isLoopback(name.replace(/^\[(.*)\]$/, '$1')) || hosts.includes(name);
}
