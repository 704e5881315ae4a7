// Billing over HTTP: one request for each question, on connections that stay. TLS is always checked, no redirect is
// followed (it would carry credentials and numbers to a place that the operator did not write), no answer is unbounded.
import { readFile } from 'node:fs/promises';
import { Pool, type Dispatcher } from 'undici';
import { errnoOf } from '../util/errors';
import type { Billing, BillingQuestion, BillingReply } from './billing';
import { BillingFailure, strangeAnswer } from './failure';
import { filledHeader, filledJson, filledPath, templateUrl } from './fill';
import { mapped } from './mapping';
import type { HttpBilling } from './settings';
import { SpareConnection } from './spare';
import { requestFailure, statusFailure } from './httpFailure';
import { Abandoned, unlessAborted } from './within';

const MOST_BYTES = 64 * 1024;
const CONNECTIONS = 16;
/** Connections that nothing was asked on for so long are closed, unless the server says less; milliseconds. */
const KEEP_ALIVE_MS = 30_000;

export interface HttpParts {
  /** ISO 4217, of amounts that name none. */
  currency: string;
  /** How long a server may be silent, milliseconds; who asks limits the whole. */
  limitMs: number;
}

/** @throws BillingFailure when the settings cannot be used: no URL, no file `ca` */
export async function openHttp(settings: HttpBilling, { currency, limitMs }: HttpParts): Promise<Billing> {
  const { origin } = templateUrl(settings.url);
  const ca = settings.ca === undefined ? undefined : await certificate(settings.ca);
  const tls = { rejectUnauthorized: true, timeout: limitMs, ...(ca !== undefined && { ca }) };
  const spare = new SpareConnection(origin, tls);
  const pool = new Pool(origin, {
    connect: spare.connect,
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: limitMs,
    bodyTimeout: limitMs,
    maxResponseSize: MOST_BYTES,
  });
  return new BillingOverHttp(settings, currency, pool, spare);
}

async function certificate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const hint = 'name a PEM file that this user may read in `ca`';
    throw new BillingFailure(`the certificate of the authority cannot be read: ${errnoOf(error)}`, hint);
  }
}

class BillingOverHttp implements Billing {
  readonly #method: 'GET' | 'POST' | 'PUT';

  constructor(
    private readonly settings: HttpBilling,
    private readonly currency: string,
    private readonly pool: Pool,
    private readonly spare: SpareConnection,
  ) {
    this.#method = settings.method ?? (settings.body === undefined ? 'GET' : 'POST');
  }

  async accounts(question: BillingQuestion, signal: AbortSignal): Promise<BillingReply> {
    // The client does not look at the signal before its connection stands.
    const json = await unlessAborted(signal, () => this.#json(question, signal));
    if (json === NOT_REGISTERED) return { status: 'accounts', accounts: [] };
    const { answer = (said: unknown): unknown => said } = this.settings;
    return mapped(answer, json, question, signal, this.currency);
  }

  async warm(): Promise<void> {
    await this.spare.open();
  }

  async close(): Promise<void> {
    this.spare.close();
    await this.pool.destroy();
  }

  async #json(question: BillingQuestion, signal: AbortSignal): Promise<unknown> {
    const request = this.#request(question);
    // Asked with a PIN, a billing system counts: once more would be one try more.
    const again = this.#method === 'GET' && question.pin === undefined;
    try {
      const { statusCode, body } = await this.pool.request({ ...request, signal });
      if (statusCode >= 200 && statusCode < 300) return parsed(await body.arrayBuffer());
      // Read to its end, the connection can be used again; too long, it is closed.
      body.dump({ limit: MOST_BYTES }).catch(() => {});
      if (statusCode === 404) return NOT_REGISTERED;
      throw statusFailure(statusCode);
    } catch (error) {
      throw signal.aborted ? new Abandoned() : requestFailure(error, again);
    }
  }

  #request(question: BillingQuestion): Dispatcher.RequestOptions {
    const { url, body } = this.settings;
    return {
      path: filledPath(url, question),
      method: this.#method,
      headers: this.#headers(question),
      ...(body !== undefined && { body: filledJson(body, question) }),
    };
  }

  #headers(question: BillingQuestion): Record<string, string> {
    const { headers = {}, body, user, password = '', token } = this.settings;
    const own: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) own[name.toLowerCase()] = filledHeader(value, question);
    const basic = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
    return {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(user !== undefined && { authorization: `Basic ${basic}` }),
      ...own,
    };
  }
}

const NOT_REGISTERED = Symbol('404');

function parsed(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    const hint = 'ask the URL with curl: its answer must be JSON in UTF-8';
    throw strangeAnswer('the answer', 'is not JSON', hint);
  }
}
