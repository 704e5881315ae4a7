// The mixing thread itself, bundled as it is shipped, in a real thread.
// Would catch: a heavy library in its bundle, an error that ends it, masks that come too late, a config that is not heard.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { resolveConfig } from '../../../src/config/defaults';
import type { FromMixer } from '../../../src/hub/mixer/messages';
import { portableConfig } from '../../../src/hub/play/portable';
import { MixerThread } from '../../../src/hub/play/thread';
import { systemClock } from '../../../src/util/clock';
import { packageRoot } from '../../../src/util/packageRoot';
import { keptLog, owned, tempFolder, until } from '../fixtures';

const CONFIG = resolveConfig({}, { configDir: '/', env: {} });

function bundle(file: string) {
  return buildSync({
    absWorkingDir: packageRoot(),
    entryPoints: ['src/hub/mixer/worker.ts'],
    outfile: file,
    metafile: true,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', packages: 'external' },
  }).metafile;
}

test('its bundle has nothing heavy in it, and asks for little else', () => {
  const { outputs, inputs } = bundle(join(tempFolder(), 'mixer.cjs'));
  const [{ bytes, imports }] = Object.values(outputs) as [(typeof outputs)[string]];
  const asked = new Set(imports.map(({ path }) => path));
  expect([...asked].sort()).toEqual(['node-cron', 'node:fs', 'node:v8', 'node:worker_threads']);
  expect(
    Object.keys(inputs).filter((path) => /src\/(store|billing\/(?!settings)|speech|cli)/.test(path)),
  ).toEqual([]);
  expect(bytes).toBeLessThan(250_000);
});

test('it hears its config, tells its figures, and survives what it does not understand', async () => {
  const file = join(tempFolder(), 'mixer.cjs');
  bundle(file);
  const messages: FromMixer[] = [];
  const ends: string[] = [];
  const thread = owned(
    new MixerThread({
      file,
      onMessage: (message) => void messages.push(message),
      onEnd: (reason) => void ends.push(reason),
      clock: systemClock(),
      log: keptLog().log,
    }),
  );
  await thread.start();
  thread.send({ type: 'page' } as never);
  thread.send({ type: 'config', config: portableConfig(CONFIG) });
  thread.send({ type: 'answer', id: 1, answer: { about: 'choice', track: undefined } });
  await until('figures', () => messages.some(({ type }) => type === 'figures'));
  const logged = messages.filter((message) => message.type === 'log');
  expect(logged.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'unexpected; the thread goes on'],
  ]);
  await thread.close();
  expect(messages.at(-1)).toEqual({ type: 'drained' });
  expect(ends).toEqual([]);
});
