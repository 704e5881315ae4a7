// What a mixing thread has outside of it: bindings of keys, and messages that nobody waits for.
// Would catch: a built-in key that is asked for in the main thread, a late message that takes the thread down.
import { run } from '../../src/session/actions';
import { portableConfig } from '../../src/mixer/mixSettings';
import { resolveConfig } from '../../src/config/defaults';
import { turn } from '../support/caller';
import { HubLink } from '../support/hubLink';

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

test('answers that nobody waits for go nowhere; what a function that is over still does is passed over', async () => {
  const { outside, toMain } = new HubLink();
  outside.hear({ type: 'answer', id: 99, answer: undefined });
  outside.hear({ type: 'failure', id: 99, message: 'no luck' });
  outside.hear({ type: 'cancel', id: 99 });
  outside.hear({
    type: 'request',
    id: 1,
    method: 'command',
    params: { run: 7, command: { do: 'nextTrack' } },
  });
  await turn();
  expect(toMain).toEqual([{ type: 'answer', id: 1, answer: undefined }]);
});

test('what the hub asks of the thread is answered', async () => {
  const { hub } = new HubLink();
  expect(await hub.request('status', undefined)).toEqual([]);
  expect(await hub.request('drain', undefined)).toBeUndefined();
});
