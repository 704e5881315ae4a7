// The mixing thread itself, bundled as it is shipped, in a real thread.
// Would catch: a heavy library in its bundle, an error that ends it, masks that come too late, a config that is not heard.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { resolveConfig } from '../../src/config/defaults';
import { GcPauses } from '../../src/mixer/callFigures';
import type { HubNews, MixerFigures } from '../../src/mixer/messages';
import type { GcKind } from '../../src/util/gcPauses';
import { portableConfig } from '../../src/mixer/mixSettings';
import { MixerThread } from '../../src/hub/mixerThread';
import { systemClock } from '../../src/util/clock';
import { packageRoot } from '../../src/util/packageRoot';
import { keptLog, owned, tempFolder, until } from '../hub/fixtures';

const CONFIG = resolveConfig({}, { configDir: '/', env: {} });

function bundle(file: string) {
  return buildSync({
    absWorkingDir: packageRoot(),
    entryPoints: ['src/mixer/worker.ts'],
    outfile: file,
    metafile: true,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', packages: 'external' },
  }).metafile;
}

test('its bundle has nothing heavy in it, and asks for little else', () => {
  const { outputs, inputs } = bundle(join(tempFolder(), 'mixer.cjs'));
  const [{ bytes, imports }] = Object.values(outputs) as [(typeof outputs)[string]];
  const asked = new Set(imports.map(({ path }) => path));
  expect([...asked].sort()).toEqual([
    'node-cron',
    'node:events',
    'node:fs',
    'node:module', // for koffi
    'node:path',
    'node:perf_hooks',
    'node:v8',
    'node:worker_threads',
  ]);
  expect(
    Object.keys(inputs).filter((path) => /src\/(store|billing\/(?!settings)|speech|cli)/.test(path)),
  ).toEqual([]);
  expect(bytes).toBeLessThan(250_000);
});

async function started() {
  const file = join(tempFolder(), 'mixer.cjs');
  bundle(file);
  const messages: HubNews[] = [];
  const ends: string[] = [];
  const thread = owned(
    new MixerThread({
      file,
      onNews: (message) => void messages.push(message),
      serves: () => ({}) as never,
      onEnd: (reason) => void ends.push(reason),
      clock: systemClock(),
      log: keptLog().log,
    }),
  );
  await thread.start();
  return { thread, messages, ends };
}

test('it hears its config, tells its figures, and survives what it does not understand', async () => {
  const { thread, messages, ends } = await started();
  thread.send({ type: 'config' } as never);
  thread.send({ type: 'config', config: portableConfig(CONFIG) });
  thread.send({ type: 'answer', id: 1, answer: undefined });
  await until('figures', () => messages.some(({ type }) => type === 'figures'));
  const logged = messages.filter((message) => message.type === 'log');
  expect(logged.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'unexpected error; the thread continues'],
  ]);
  expect(await thread.request('status', undefined)).toEqual([]);
  await thread.close();
  expect(ends).toEqual([]);
});

test('it tells the pauses of its own collector', async () => {
  const { thread, messages } = await started();
  const told = (): MixerFigures['gcPauses'] =>
    messages.flatMap((message) => (message.type === 'figures' ? message.figures.gcPauses : []));
  thread.send({ type: 'config', config: portableConfig(CONFIG) });
  // Each leaves some megabytes behind in the thread, which passes over an answer to no question.
  const garbage = Array.from({ length: 50_000 }, (_, i) => ({ i }));
  for (let sent = 0; sent < 10; sent++) thread.send({ type: 'answer', id: 1, garbage } as never);
  await until('a pause', () => told().length > 0);
  const [{ kind, ms }] = told() as [MixerFigures['gcPauses'][number]];
  expect(['minor', 'major', 'incremental', 'weakcb']).toContain(kind);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThan(10_000);
});

test('pauses are kept until they are taken, of very many the first', () => {
  let pause: (kind: GcKind, ms: number) => void = () => {};
  const pauses = new GcPauses((take) => void (pause = take));
  expect(pauses.take()).toEqual([]);
  pause('minor', 0.5);
  pause('major', 3);
  expect(pauses.take()).toEqual([
    { kind: 'minor', ms: 0.5 },
    { kind: 'major', ms: 3 },
  ]);
  expect(pauses.take()).toEqual([]);
  for (let ms = 1; ms <= 10_000; ms++) pause('minor', ms);
  const kept = pauses.take();
  expect([kept.length, kept.at(-1)]).toEqual([500, { kind: 'minor', ms: 500 }]);
});
