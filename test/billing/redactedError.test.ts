// What a log may say of what an operator's code threw, whatever that was and whatever its text looks like.
// Would catch: a caller's name that V8 quotes in its message, and one that dresses up as a line of a stack.
import { redactedError } from '../../src/billing/redactedError';

function thrownBy(code: () => unknown): unknown {
  try {
    return code();
  } catch (error) {
    return error;
  }
}

const hostile = (): never => {
  throw new Error('not for you');
};

const withStack = (error: Error, ...frames: string[]): Error =>
  Object.assign(error, { stack: [`${error.name}: ${error.message}`, ...frames].join('\n') });

test('is its name and its place, not its text', () => {
  const error = thrownBy(() => JSON.parse('John Smith') as unknown);
  expect((error as Error).message).toContain('John Smith');
  expect(redactedError(error)).toMatch(/^threw SyntaxError at .*\(?redactedError\.test\.ts:\d+:\d+\)?$/);
});

test.each([
  ['file:///var/cache/holdcast/config/config-5f1c.mjs', 'config-5f1c.mjs'],
  ['data:text/javascript;base64,aW1wb3J0', 'config'],
  ['/etc/holdcast/billing.ts', 'billing.ts'],
])('the place is the first line in a file of the operator’s: %s', (file, name) => {
  const error = withStack(
    new TypeError('fetch failed for Smith'),
    '    at node:internal/deps/undici/undici:12502:13',
    '    at JSON.parse (<anonymous>)',
    '    at ask (/srv/node_modules/client/index.js:1:2)',
    `    at async Object.ask (${file}:12:9)`,
    '    at async BalanceService.balance (/usr/lib/holdcast/cli.cjs:1:1)',
  );
  expect(redactedError(Object.assign(error, { cause: { code: 'ECONNREFUSED' } }))).toBe(
    `threw TypeError (ECONNREFUSED) at Object.ask (${name}:12:9)`,
  );
});

test('a text that looks like a line of the stack is none', () => {
  const error = withStack(new Error('no\n    at Smith (Smith.js:1:1)'), '    at ask (/etc/config.ts:2:3)');
  expect(redactedError(error)).toBe('threw Error at ask (config.ts:2:3)');
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'threw what is no error'],
  ['a text', 'John Smith', 'threw what is no error'],
  ['an object', { phone: '+442079460018' }, 'threw what is no error'],
  ['a name and a code with spaces', { name: 'John Smith', code: 'No Smith' }, 'threw what is no error'],
  ['a Proxy', new Proxy({}, { get: hostile }), 'threw something that cannot be read'],
])('whatever is thrown has a text: %s', (_, thrown, text) => {
  expect(redactedError(thrown)).toBe(text);
});

test('a stack without end is read at once', () => {
  const error = withStack(
    new Error('x'),
    ...Array.from({ length: 50 }, () => `    at ${'a ('.repeat(20_000)}`),
  );
  expect(redactedError(error)).toBe('threw Error');
});
