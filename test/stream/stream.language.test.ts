// A caller's language: Asterisk tells it when the media were read already, and its prompts are looked for then.
// Would catch: a caller who hears the house's language though there are prompts of their own.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from '../../src/config/defaults';
import { sayPosition } from '../../src/session/actions';
import type { CallNews } from '../../src/asterisk/callNews';
import { CallStream } from '../../src/stream/stream';
import { LocalRecords } from '../../src/session/callerRecords';
import { ManualClock } from '../../src/util/clock';
import { owned, until } from '../hub/fixtures';
import { noise } from '../support/audio';
import { Home } from '../support/home';

const sound = (seed: number, samples: number): Int16Array =>
  Int16Array.from(noise(seed, 0.2, samples), (sample) => sample * 32_767);
const ME = { uniqueid: '1795225281.7' };

test('prompts of the language that Asterisk tells are found, and said', async () => {
  const home = new Home();
  home.ship({
    'music/a.wav': sound(1, 400_000),
    'prompts/en/position-1.wav': sound(2, 4000),
    'prompts/ru/position-1.wav': sound(3, 4000),
  });
  const config = resolveConfig(
    {
      media: { folder: home.media, scanMs: 3_600_000 },
      keys: { '4': sayPosition() },
      position: { announce: false },
      log: { file: 'stream.log' },
    },
    { configDir: home.path, env: { HOLDCAST_CACHE: home.cache } },
  );
  const clock = new ManualClock();
  const said = (): string[] => {
    const file = join(home.path, 'stream.log');
    const log = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return [...log.matchAll(/"clips":\["([^"]+)"/g)].map(([, clip]) => clip!);
  };
  let tell: (news: CallNews) => void = () => {};
  const stream = owned(
    new CallStream({
      options: { options: ME, certain: true, unknown: [] },
      defaults: config,
      loadWarm: () => Promise.resolve(config),
      loadCold: () => Promise.resolve(config),
      output: { write: () => 'written', queuedBytes: () => undefined, close: () => {} },
      clock,
      openOutside: () =>
        Promise.resolve({
          follow: (listener) => (tell = listener),
          records: new LocalRecords({ call: () => ME, clock }),
          close: () => {},
        }),
      requestPreparation: () => {},
      onEnd: () => {},
    }),
  );
  let stands = false;
  void stream.run().then(() => (stands = true));
  await until('all of it stands', () => {
    clock.advance(40);
    return stands;
  });
  tell({ type: 'place', place: { queue: 'sales', position: 1 } });
  tell({ type: 'identity', identity: { ...ME, language: 'ru' } });
  await until('Russian prompts are found', () => {
    tell({ type: 'key', digit: '4' });
    clock.advance(100);
    return said().at(-1) === 'prompts/ru/position-1.wav';
  });
});
