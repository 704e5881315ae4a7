// What the tests of billing share: a log that keeps its lines, and a scope whose things are closed after each test.
// A line must never hold what a caller would not shout in a street: `expectDiscreet` looks for it in all of them.
import { createLogger, type LogFields, type Logger } from '../../src/util/log';
import { Scope } from '../../src/util/scope';

let scope = new Scope();
afterEach(async () => {
  const ending = scope;
  scope = new Scope();
  await ending.close();
});

/** Closed after the test, the last one first. */
export function owned<T extends { close(): void | Promise<void> }>(resource: T): T {
  return scope.own(resource);
}

export interface LogLine {
  level: string;
  fields: LogFields;
  message: string;
}

export class KeptLog {
  readonly lines: LogLine[] = [];
  readonly log: Logger = createLogger(
    (level, fields, message) => this.lines.push({ level, fields, message }),
    () => 0,
    'debug',
  );

  /** Messages of lines that an operator sees by default. */
  get messages(): string[] {
    return this.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  }
}

/** Nothing of these in any line, whatever its level. */
export function expectDiscreet({ lines }: KeptLog, ...secrets: string[]): void {
  const text = JSON.stringify(lines);
  for (const secret of secrets) expect(text).not.toContain(secret);
}

/** Whatever was settled has had its consequences. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise((done) => setImmediate(done));
}
