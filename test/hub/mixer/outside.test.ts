// What a mixing thread has outside of it: bindings of keys, and messages that nobody waits for.
// Would catch: a built-in key that is asked for in the main thread, a late message that takes the thread down.
import { run } from '../../../src/session/actions';
import { portableConfig } from '../../../src/hub/play/portable';
import { resolveConfig } from '../../../src/config/defaults';
import { HubLink } from '../../support/hubLink';

test('built-in keys stay what they are, an operator’s function is one with its name, hold-off and limit', () => {
  const link = new HubLink();
  const config = resolveConfig(
    {
      keys: {
        '0': { action: 'quiet', holdOffMs: 5, music: true },
        '7': run(function hours() {}, { timeoutMs: 700 }),
      },
    },
    { configDir: '/', env: {} },
  );
  const { '0': quiet, '7': hours } = link.outside.bindings(portableConfig(config), '1.1');
  expect(quiet).toEqual({ action: 'quiet', holdOffMs: 5, music: true });
  expect(hours).toEqual({ action: expect.any(Function) as unknown, holdOffMs: 1000, timeoutMs: 700 });
  expect((hours!.action as { name: string }).name).toBe('hours');
  expect(link.toMain).toEqual([]);
});

test('answers and deeds that nobody waits for go nowhere', () => {
  const { outside, toMain } = new HubLink();
  outside.hear({ type: 'answer', id: 99, answer: { about: 'function' } });
  outside.hear({ type: 'deed', id: 99, deed: { do: 'nextTrack' } });
  expect(toMain).toEqual([]);
});
