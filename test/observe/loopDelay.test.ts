// The delay of the event loop, measured on this very thread: nothing before it is sampled, and what holds it up while it is.
import { LoopDelay } from '../../src/observe/loopDelay';
import { owned, until } from '../hub/fixtures';

/** Holds up this thread, as a long computation does. */
function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('what holds up the loop is told once; nothing where it is not sampled', async () => {
  const delay = owned(new LoopDelay());
  hold(50);
  await new Promise((done) => setTimeout(done, 50));
  expect(delay.takeWorstMs()).toBe(0);
  delay.sample(true);
  await new Promise((done) => setTimeout(done, 50));
  hold(60);
  await until('a delay', () => delay.takeWorstMs() > 0);
  delay.sample(false);
  delay.takeWorstMs();
  hold(60);
  await new Promise((done) => setTimeout(done, 50));
  expect(delay.takeWorstMs()).toBe(0);
});
