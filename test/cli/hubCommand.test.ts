// What `holdcast hub` says of an error that nobody expected: it comes from anywhere, an operator's code among it.
// Such a text may hold a caller's number; and what cannot be told must not end the hub, which would silence everybody.
import { unexpectedFields } from '../../src/cli/hubCommand';
import { HoldcastError } from '../../src/util/errors';

test('numbers in its text are masked, its code and what to do stay', () => {
  const error = new HoldcastError('HC_BILLING_FAILED', 'no account for +44 20 7946 0018', 'look there');
  expect(unexpectedFields(error)).toEqual({
    error: 'no account for …',
    code: 'HC_BILLING_FAILED',
    hint: 'look there',
  });
});

test('a text without end is cut', () => {
  expect(unexpectedFields(new Error('x'.repeat(1e6))).error).toHaveLength(1000);
});

test.each([
  ['nothing', undefined],
  ['an object without a text', Object.create(null)],
  ['a symbol', Symbol('x')],
  [
    'one whose message throws',
    {
      get message(): string {
        throw new Error('no');
      },
    },
  ],
] as [string, unknown][])('%s is thrown: it is told all the same', (_, thrown) => {
  expect(typeof unexpectedFields(thrown).error).toBe('string');
});
