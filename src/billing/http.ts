// Billing over HTTP: one request for each question, on connections that stay. TLS is always checked, no redirect is
// followed (it would carry credentials and numbers to a place that the operator did not write), no answer is unbounded.
import { readFile } from 'node:fs/promises';
import { Pool, type Dispatcher } from 'undici';
import { errnoOf } from '../util/errors';
import { mapped } from './answer';
import type { Billing, BillingParts, BillingQuestion, BillingReply } from './billing';
import { BillingFailure, strangeAnswer } from './failure';
import { filledHeader, filledJson, filledPath, templateUrl } from './fill';
import type { BillingSettings, HttpBilling } from './settings';
import { packedAnswer, requestFailure, statusFailure } from './httpFailure';

const MOST_BYTES = 64 * 1024;
const CONNECTIONS = 16;
/** Idle connections are closed after this time, unless the server says less; milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** A server may be silent for `limitMs`; the caller of this limits the whole. */
export type HttpParts = Pick<BillingSettings, 'currency' | 'limitMs'> & Pick<BillingParts, 'log'>;

/** @throws BillingFailure when the settings cannot be used: no URL, no file `ca` */
export async function openHttp(settings: HttpBilling, parts: HttpParts): Promise<Billing> {
  const { limitMs } = parts;
  const { origin } = templateUrl(settings.url);
  const ca = settings.ca === undefined ? undefined : await certificate(settings.ca);
  const tls = { rejectUnauthorized: true, timeout: limitMs, ...(ca !== undefined && { ca }) };
  const pool = new Pool(origin, {
    connect: tls,
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: limitMs,
    bodyTimeout: limitMs,
    maxResponseSize: MOST_BYTES,
  });
  return new BillingOverHttp(settings, parts, pool);
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
  /** Statuses that were read as an answer, said once each: a wrong address or password may give them, too. */
  readonly #told = new Set<number>();

  constructor(
    private readonly settings: HttpBilling,
    private readonly parts: Pick<HttpParts, 'currency' | 'log'>,
    private readonly pool: Pool,
  ) {
    this.#method = settings.method ?? (settings.body === undefined ? 'GET' : 'POST');
  }

  async accounts(question: BillingQuestion, signal: AbortSignal): Promise<BillingReply> {
    const said = await this.#said(question, signal);
    if ('reply' in said) return said.reply;
    const { answer = (json: unknown): unknown => json } = this.settings;
    return mapped(answer, said.json, question, this.parts.currency);
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  async #said(question: BillingQuestion, signal: AbortSignal): Promise<Said> {
    const request = this.#request(question);
    // Asked with a PIN, a billing system counts: once more would be one try more.
    const again = this.#method === 'GET' && question.pin === undefined;
    try {
      const response = await this.pool.request({ ...request, signal });
      const { statusCode, body } = response;
      if (statusCode >= 200 && statusCode < 300) return { json: parsed(await body.arrayBuffer(), response) };
      const reply = await replyByStatus(response, question);
      // Read to its end, the connection can be used again; too long, it is closed.
      body.dump({ limit: MOST_BYTES }).catch(() => {});
      if (!reply) throw statusFailure(statusCode, this.settings.url, response.headers['location']);
      this.#tell(statusCode, question);
      return { reply };
    } catch (error) {
      throw requestFailure(error, this.settings.url, again);
    }
  }

  #tell(status: number, { uniqueid }: BillingQuestion): void {
    if (this.#told.has(status)) return;
    this.#told.add(status);
    const [meaning, hint] = MEANINGS[status === 404 ? 404 : 401];
    this.parts.log.info({ uniqueid, status, hint }, meaning);
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
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(user !== undefined && { authorization: `Basic ${basic}` }),
      ...own,
    };
  }
}

/** What a server said: JSON that is to be mapped, or by its status alone what the mapping would come to. */
type Said = { readonly json: unknown } | { readonly reply: BillingReply };

const MEANINGS = {
  401: [
    'billing refused a PIN: that counts as a wrong one',
    'if every PIN is refused, see that the user or the token of `billing.http` is right',
  ],
  404: [
    'billing answered 404: that is taken for a number that is not registered',
    'if every caller hears that, see that the path of `billing.http.url` is right',
  ],
} as const;

/** Undefined: the status is a failure. A page that a proxy answers with says nothing of a caller. */
async function replyByStatus(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { pin }: BillingQuestion,
): Promise<BillingReply | undefined> {
  if (pin !== undefined && (statusCode === 401 || statusCode === 403)) return { status: 'wrong-pin' };
  if (statusCode !== 404) return undefined;
  const type = String(headers['content-type'] ?? '');
  const isAnswer = /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type) || (await isEmpty(body));
  return isAnswer ? { status: 'accounts', accounts: [] } : undefined;
}

/** Hangs up on one that is not. */
async function isEmpty(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const part of body) if (part.length > 0) return false;
  return true;
}

function parsed(bytes: ArrayBuffer, { headers }: Pick<Dispatcher.ResponseData, 'headers'>): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    const coding = codingOf(headers['content-encoding'], new Uint8Array(bytes));
    if (coding !== undefined) throw packedAnswer(coding);
    const hint = 'ask the URL with curl: its answer must be JSON in UTF-8';
    throw strangeAnswer('the answer', 'is not JSON', hint, false);
  }
}

/** How an answer is compressed, as it says or as its first bytes do; undefined: it is not. */
function codingOf(header: string | string[] | undefined, [first, second]: Uint8Array): string | undefined {
  const said = /^(gzip|x-gzip|deflate|br|zstd|compress)\b/i.exec([header].flat().join())?.[1];
  return said?.toLowerCase() ?? (first === 0x1f && second === 0x8b ? 'gzip' : undefined);
}
