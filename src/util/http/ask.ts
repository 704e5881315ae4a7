// One question to an HTTP server of this machine. Whatever listens there may say nothing, or never stop: the answer has a time limit
// and a greatest length.
import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Clock } from '../clock';
import { inTime, LATE } from '../inTime';
import type { Where } from './listening';

export interface Question extends Pick<RequestOptions, 'method' | 'path'> {
  readonly body?: string;
  readonly mostBytes: number;
  readonly limitMs: number;
  /** What is said of an answer that does not come in time, or is longer than `mostBytes`. */
  readonly words: { readonly late: string; readonly long: string };
}

export interface Answer {
  readonly code: number;
  readonly text: string;
}

/** @throws Error: late, too long, or not asked any more; the error of asking (ECONNREFUSED, EACCES) */
export async function ask(
  where: Where,
  question: Question,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Answer> {
  const answer = await inTime(clock, question.limitMs, (over) => asked(where, question, over), signal);
  if (answer === LATE) throw new Error(question.words.late);
  return answer;
}

async function asked(
  where: Where,
  { body, mostBytes, words, method, path }: Question,
  signal: AbortSignal,
): Promise<Answer> {
  const at = 'path' in where ? { socketPath: where.path } : where;
  const call = request({ ...at, method, path, agent: false, signal });
  call.on('error', () => {}); // after the response has begun, that tells
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > mostBytes) throw new Error(words.long);
  }
  return { code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
