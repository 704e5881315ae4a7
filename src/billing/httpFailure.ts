// HttpFailure: what may go wrong between a question over HTTP and its answer, in words that say what to do.
// Codes and statuses only: messages and bodies may repeat what was asked.
import { errnoOf, HoldcastError } from '../util/errors';
import { BillingFailure, isNotReached, strangeAnswer } from './failure';

/** The connection failed: nothing is wrong with the question. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What OpenSSL and Node call a certificate that is not believed. */
const CERTIFICATE = /CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)_|CRL|^EPROTO$/;

/** @param again the same may be asked once more where only the connection failed */
export function requestFailure(error: unknown, again: boolean): HoldcastError {
  if (error instanceof HoldcastError) return error;
  const code = errnoOf(error) ?? errnoOf((error as { cause?: unknown } | null)?.cause) ?? 'no code';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return strangeAnswer('the answer', 'is longer than 64 KB', 'ask billing for this caller’s accounts only');
  if (CONNECTION.has(code)) {
    const hint = 'see that billing runs and that its host and port are reached from here';
    return new BillingFailure(`billing is not reached: ${code}`, hint, again, false, isNotReached(code));
  }
  if (CERTIFICATE.test(code)) {
    const hint =
      'see that the certificate is valid for the host of the URL; name the file of an own authority in `ca`';
    return new BillingFailure(`billing’s certificate is not believed: ${code}`, hint, false, false, true);
  }
  if (code === 'UND_ERR_INVALID_ARG')
    return new BillingFailure(
      'the request cannot be made',
      'correct `headers` of `billing.http`',
      ...([false, false, true] as const),
    );
  const hint = 'ask the URL with curl -v, and see what is wrong with its answer';
  return new BillingFailure(`the request failed: ${code}`, hint, false, false, isNotReached(code));
}

/** Of 4xx but 429 the server says that it is this question: others may be answered. */
export function statusFailure(status: number): BillingFailure {
  const ofOne = status >= 400 && status < 500 && status !== 429;
  return new BillingFailure(
    `billing answered with status ${status}`,
    statusHint(status),
    ...([false, ofOne, !ofOne] as const),
  );
}

function statusHint(status: number): string {
  if (status >= 300 && status < 400) return 'write the URL that it redirects to; no redirect is followed';
  switch (status) {
    case 401:
    case 407:
      return 'correct `user` and `password`, or `token`';
    case 403:
      return 'let this user ask for balances';
    case 404:
      return 'see that the path of the URL is right; that a number is not registered is a 404 with JSON or with nothing';
    case 405:
      return 'choose another `method`';
    case 429:
      return 'allow more questions there, or keep answers for longer with `billing.cacheMs`';
    default:
      return status >= 500 ? 'see the log of the billing system' : 'see that it is asked as it expects';
  }
}
