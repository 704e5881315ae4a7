// A config on its way to a mixing thread.
// Would catch: what cannot be sent, a password that goes along, an option that is lost on the way.
import example from '../../config.example';
import { callRules } from '../../src/config/rules';
import { resolveConfig } from '../../src/config/defaults';
import type { Config } from '../../src/config/types';
import { portableConfig, resolvedFor } from '../../src/mixer/mixSettings';
import { nextTrack, quiet, run, sayBalance } from '../../src/session/actions';

// The module that configs import, as it is now.
jest.mock('holdcast', () => jest.requireActual<object>('../../src/config/index'), { virtual: true });

const SECRET = 'hunter2';

/** Every option that is not plain data, or is nobody else's business. */
const FULL: Config = {
  language: 'ru',
  timeZone: 'Europe/Moscow',
  media: { folder: '/media', cache: '/cache', ffmpeg: '/usr/bin/ffmpeg', scanMs: 700 },
  advice: {
    dayParts: { firstDay: ['08:00', '20:00'] },
    campaigns: [{ match: 'last', from: '2026-01-01', to: '2026-02-01', cron: '* 9-17 * * mon-fri' }],
  },
  ami: { secret: SECRET, user: 'ami-user' },
  hub: { threads: 2, observe: false, listen: '/run/x.sock' },
  voices: [{ command: ['speak', '--key', SECRET] }],
  billing: {
    http: {
      url: `https://billing/?${SECRET}`,
      token: SECRET,
      password: SECRET,
      headers: { auth: SECRET },
      answer: () => [],
    },
    limitMs: 4321,
    pin: { digits: 5 },
  },
  store: { mysql: { database: 'x', password: SECRET } },
  keys: {
    '0': quiet({ music: true }),
    '2': sayBalance({ holdOffMs: 9 }),
    '5': run(async function hours() {}, { timeoutMs: 900 }),
    '6': () => {},
    '7': class {
      static readonly name = { not: 'text', fn: () => {} } as never;
    } as never,
    '8': { action: nextTrack().action, holdOffMs: 1, more: () => {} } as never,
  },
  log: { level: 'debug', file: '/var/log/x' },
};

const resolved = (config: Config) => resolveConfig(config, { configDir: '/etc/holdcast', env: {} });

test.each([
  ['of the example', example],
  ['with everything', FULL],
  ['with nothing', {}],
])('the config %s goes to a thread as it is', (_, config) => {
  const portable = portableConfig(resolved(config));
  expect(structuredClone(portable)).toEqual(portable);
});

test('nothing of AMI, billing, store or voices goes along', () => {
  const text = JSON.stringify(portableConfig(resolved(FULL)));
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/ami-user|mysql|billing\/|speak/);
});

test('keys are named, and keep their hold-off, limit and music', () => {
  expect(portableConfig(resolved(FULL)).keys).toEqual({
    '0': { action: 'quiet', holdOffMs: 1000, music: true },
    '2': { action: 'sayBalance', holdOffMs: 9 },
    '5': { action: { function: 'hours' }, holdOffMs: 1000, timeoutMs: 900 },
    '6': { action: { function: '6' }, holdOffMs: 1000, timeoutMs: 5000 },
    '7': { action: { function: 'function' }, holdOffMs: 1000, timeoutMs: 5000 },
    '8': { action: 'nextTrack', holdOffMs: 1 },
  });
});

test('balances have billing’s own time, or the default one where there is no billing', () => {
  expect(portableConfig(resolved(FULL)).balanceMs).toBe(4321);
  expect(portableConfig(resolved({})).balanceMs).toBe(3000);
});

test.each([[{}], [{ pin: { digits: 4 } }]])(
  'whether a PIN is asked for is told, and no more of it: %j',
  (pin) => {
    const config = resolved({ billing: { ask: () => [], ...pin } });
    const portable = portableConfig(config);
    expect(portable.asksPin).toBe('pin' in pin);
    expect(callRules(resolvedFor(portable, {})).rules.asksPin).toBe('pin' in pin);
    expect(callRules(config).rules.asksPin).toBe('pin' in pin);
  },
);

test('on the other side calls have the same rules', async () => {
  const config = resolved({ ...FULL, keys: { '3': nextTrack() } });
  const [here, there] = [
    config,
    resolvedFor(structuredClone(portableConfig(config)), config.keys as never),
  ].map(callRules);
  await Promise.all([here!.ready(), there!.ready()]);
  const plain = ({ rules: { program, keys, position } }: typeof here & object) => ({
    program,
    keys,
    position,
  });
  expect(plain(there!)).toEqual(plain(here!));
  for (let hour = 0; hour < 24 * 60; hour += 7) {
    const wallMs = Date.UTC(2026, 0, 5) + hour * 3_600_000;
    expect(there!.rules.dayPart(wallMs)).toBe(here!.rules.dayPart(wallMs));
    const id = 'advices/last/a.mp3';
    expect(there!.rules.allowed(id, wallMs)).toBe(here!.rules.allowed(id, wallMs));
  }
});
