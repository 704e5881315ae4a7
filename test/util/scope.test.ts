// Scope: what an owner opened is closed last-in-first-out, once, and awaited, whatever goes wrong meanwhile.
// A leak in a process per caller is a leak a hundred times an hour.
import { Scope } from '../../src/util/scope';

const pause = (): Promise<void> => new Promise((done) => setImmediate(done));

function tracked(closed: string[]) {
  return (name: string) => ({
    name,
    close: async () => {
      closed.push(`${name} closing`);
      await pause();
      closed.push(`${name} closed`);
    },
  });
}

test('closes last in, first out, each awaited before the next', async () => {
  const closed: string[] = [];
  const scope = new Scope();
  const open = tracked(closed);
  scope.own(open('store'));
  scope.defer(() => void closed.push('deferred'));
  scope.own(open('ami'));
  await scope.close();
  expect(closed).toEqual(['ami closing', 'ami closed', 'deferred', 'store closing', 'store closed']);
});

test('own returns what it was given', () => {
  const resource = { close: () => {}, port: 5038 };
  expect(new Scope().own(resource)).toBe(resource);
});

test('closing twice closes once, and both wait for it', async () => {
  const closed: string[] = [];
  const scope = new Scope();
  scope.own(tracked(closed)('store'));
  const first = scope.close();
  const second = scope.close();
  await second;
  expect(closed).toEqual(['store closing', 'store closed']);
  await first;
  await scope.close();
  expect(closed).toHaveLength(2);
});

test('one that fails does not keep the others open, and every failure is told', async () => {
  const closed: string[] = [];
  const scope = new Scope();
  scope.own(tracked(closed)('oldest'));
  scope.defer(() => Promise.reject(new Error('the pool is gone')));
  scope.own(tracked(closed)('newest'));
  scope.defer(() => {
    throw new Error('no such timer');
  });
  const failure: unknown = await scope.close().catch((error: unknown) => error);
  expect(closed).toEqual(['newest closing', 'newest closed', 'oldest closing', 'oldest closed']);
  expect(failure).toBeInstanceOf(AggregateError);
  const { errors, message } = failure as AggregateError;
  expect(errors.map((error: Error) => error.message)).toEqual(['no such timer', 'the pool is gone']);
  expect(message).toContain('no such timer');
  expect(message).toContain('the pool is gone');
});

test('closing an empty scope is nothing', async () => {
  await expect(new Scope().close()).resolves.toBeUndefined();
});

test('what is owned while the scope is closing is closed too, or refused; never kept open', async () => {
  const closed: string[] = [];
  const open = tracked(closed);
  const scope = new Scope();
  scope.own(open('old'));
  const closing = scope.close();
  try {
    scope.own(open('late'));
  } catch {
    closed.push('late closed');
  }
  await closing;
  await pause();
  expect(closed).toContain('late closed');
});

test('what is owned after the scope was closed is closed at once, or refused; never kept open', async () => {
  const closed: string[] = [];
  const scope = new Scope();
  await scope.close();
  try {
    scope.own(tracked(closed)('late'));
  } catch {
    closed.push('late closed');
  }
  await pause();
  await pause();
  expect(closed).toContain('late closed');
});
