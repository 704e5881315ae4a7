// HttpFailure: what may go wrong between a question over HTTP and its answer, in words that say what to do.
// Codes and statuses only: messages and bodies may repeat what was asked.
import { errnoOf, HoldcastError } from '../util/errors';
import { BillingFailure, isNotReached, strangeAnswer } from './failure';

/** The connection failed: nothing is wrong with the question. */
const CONNECTION =
  /^(ECONN(REFUSED|RESET)|E(HOST|NET)UNREACH|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_(SOCKET|CONNECT_TIMEOUT))$/;

/** What answers a TLS hello with something else. */
const NO_TLS =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$|^EPROTO$/;

/** Why a certificate is not believed, where there is more to say than its code. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody here knows its authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody here knows its authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of its authority was not sent with it',
};

/** What OpenSSL and Node call a certificate that is not believed. */
const CERTIFICATE = /CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)_|CRL/;

/** The connection stood, and was closed without an answer. */
const CLOSED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function isPlain(url: string): boolean {
  return /^http:/i.test(url);
}

/**
 * @param url its template
 * @param again the same may be asked once more where only the connection failed
 */
export function requestFailure(error: unknown, url: string, again: boolean): HoldcastError {
  if (error instanceof HoldcastError) return error;
  const code = errnoOf(error) ?? errnoOf((error as { cause?: unknown } | null)?.cause) ?? 'no code';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return strangeAnswer('the answer', 'is longer than 64 KB', 'ask billing for this caller’s accounts only');
  if (CONNECTION.test(code)) {
    // A port of TLS closes on plain HTTP, and says nothing.
    const mayBeTls = isPlain(url) && CLOSED.has(code);
    const hint =
      'see that billing runs and that its host and port are reached from here' +
      (mayBeTls ? '; if it was closed because the port speaks TLS, write the URL with https:' : '');
    return new BillingFailure(`billing is not reached: ${code}`, hint, {
      again,
      unjudged: isNotReached(code),
    });
  }
  if (NO_TLS.test(code)) {
    const hint = 'name the port that speaks https, or write http: where the way to billing is yours alone';
    return new BillingFailure(`what answers at billing’s port is not TLS: ${code}`, hint, { unjudged: true });
  }
  if (code.startsWith('HPE_')) {
    const hint = isPlain(url)
      ? 'write the URL with https: if the port speaks TLS, and see that host and port are those of billing'
      : 'see that host and port are those of billing';
    return new BillingFailure(`what answers at billing’s port is not HTTP: ${code}`, hint);
  }
  if (CERTIFICATE.test(code)) {
    const why = Object.hasOwn(CERTIFICATES, code) ? `${CERTIFICATES[code]} (${code})` : code;
    const hint =
      'see that the certificate is valid for the host of the URL; name the file of an own authority in `ca`';
    return new BillingFailure(`billing’s certificate is not believed: ${why}`, hint, { unjudged: true });
  }
  if (code === 'UND_ERR_INVALID_ARG')
    return new BillingFailure('the request cannot be made', 'correct `headers` of `billing.http`', {
      unjudged: true,
    });
  const hint = 'ask the URL with curl -v, and see what is wrong with its answer';
  return new BillingFailure(`the request failed: ${code}`, hint, { unjudged: isNotReached(code) });
}

/**
 * Of 4xx but 429 the server says that it is this question: others may be answered.
 * @param url its template
 * @param location where it redirects to
 */
export function statusFailure(status: number, url: string, location: unknown = ''): BillingFailure {
  const ofOne = status >= 400 && status < 500 && status !== 429;
  const hint = statusHint(status, isPlain(url), /^https:/i.test(String(location)));
  // Whether a PIN was looked at no status says: some systems answer a wrong one with 302 or 500, so that each is a try.
  return new BillingFailure(`billing answered with status ${status}`, hint, { ofOne });
}

function statusHint(status: number, plain: boolean, toTls: boolean): string {
  if (status >= 300 && status < 400)
    return plain && toTls
      ? 'it redirects to https: write the URL so; no redirect is followed'
      : 'write the URL that it redirects to; no redirect is followed';
  if (status >= 500) return 'see the log of the billing system';
  const mayBeTls = plain && status === 400 ? '; if the port speaks TLS, write the URL with https:' : '';
  return STATUS_HINTS[status] ?? `see that it is asked as it expects${mayBeTls}`;
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: 'correct `user` and `password`, or `token`',
  403: 'let this user ask for balances',
  404: 'see that the path of the URL is right; that a number is not registered is a 404 with JSON or with nothing',
  405: 'choose another `method`',
  407: 'correct `user` and `password`, or `token`',
  429: 'allow more questions there, or keep answers for longer with `billing.cacheMs`',
};

/** An answer that cannot be read, since it is packed in a way that was not asked for. */
export function packedAnswer(coding: string): HoldcastError {
  const hint = 'switch compression off for this path, at the billing system or the proxy before it';
  return strangeAnswer('the answer', `is compressed (${coding}), which was not asked for`, hint, false);
}
