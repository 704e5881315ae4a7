// A mixing thread as the main thread holds it: real threads that die, hang, eat memory, print, or never get ready.
// Would catch: a dead thread that nobody notices, a living one that is ended, a pipe that is open after its thread's end.
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubNews } from '../../src/mixer/messages';
import { Unanswered } from '../../src/util/rpc';
import { MixerThread, type MixerThreadParts } from '../../src/hub/mixerThread';
import { ManualClock, systemClock, type Clock } from '../../src/util/clock';
import { keptLog, owned, tempFolder, until } from './fixtures';

const READY = `
const { parentPort: port } = require('node:worker_threads');
const fs = require('node:fs');
const figures = () => port.postMessage({ type: 'figures', figures: {} });
port.postMessage({ type: 'ready' });
`;

function opened(code: string, clock: Clock = systemClock(), more: Partial<MixerThreadParts> = {}) {
  const folder = tempFolder();
  const file = join(folder, 'thread.cjs');
  writeFileSync(file, code);
  const messages: HubNews[] = [];
  const ends: string[] = [];
  const { log, lines } = keptLog();
  const thread = new MixerThread({
    file,
    onNews: (message) => void messages.push(message),
    serves: () => ({}) as never,
    onEnd: (reason) => void ends.push(reason),
    clock,
    log,
    ...more,
  });
  owned(thread);
  return { thread, messages, ends, lines, folder, types: () => messages.map(({ type }) => type) };
}

/** Does what it is told in `do`. */
const obeying = (deeds: string): string => `${READY}
const deeds = { ${deeds} };
port.on('message', ({ type, token, id, method }) => type === 'end' ? Object.values(deeds)[token]() : method === 'drain' && drain(id));
const drain = (id) => { port.postMessage({ type: 'states', states: [] }); port.postMessage({ type: 'answer', id }); };
`;
const deed = (id: number) => ({ type: 'end', token: String(id) }) as const;

/** Clocks that do not go on keep a test from seeing what an end by time would look like. */
const eventsOnly = (): ManualClock => new ManualClock();

test('what is sent comes in order, and what is said is heard in order', async () => {
  const { thread, messages } = opened(
    `${READY} port.on('message', ({ token, id }) => port.postMessage(token === undefined ? { type: 'answer', id } : { type: 'wanted', key: Number(token), index: 0 }))`,
  );
  await thread.start();
  for (let id = 1; id <= 1000; id++) thread.send(deed(id));
  await until('all answers', () => messages.length > 1000);
  expect(messages.slice(1).map((message) => 'key' in message && message.key)).toEqual(
    Array.from({ length: 1000 }, (_, i) => i + 1),
  );
});

describe('the end of a thread is told once, with its reason', () => {
  const cases: [string, string, RegExp][] = [
    ['throws', "throw new Error('no luck')", /no luck/],
    ['rejects', "void Promise.reject(new Error('no luck'))", /no luck/],
    ['exits', 'process.exit(3)', /code 3/],
    ['ends by itself', 'port.close()', /code 0/],
  ];
  test.each(cases)('it %s', async (_, code, why) => {
    const { thread, ends } = opened(obeying(`it: () => { ${code} }`), eventsOnly());
    await thread.start();
    thread.send(deed(0));
    await until('the end', () => ends.length > 0);
    thread.send(deed(0));
    await thread.close();
    expect(ends).toEqual([expect.stringMatching(why)]);
  });

  test('it eats memory: it dies alone', async () => {
    const eat = 'const all = []; for (;;) all.push(new Array(10_000).fill(all.length))';
    const limits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
    const { thread, ends } = opened(obeying(`it: () => { ${eat} }`), eventsOnly(), { limits });
    await thread.start();
    thread.send(deed(0));
    await until('the end', () => ends.length > 0);
    expect(ends).toEqual([expect.stringMatching(/memory/)]);
  });

  test('it hangs in a loop: it is ended after three seconds, and its pipes are closed by then', async () => {
    const clock = new ManualClock();
    const openPipes = (folder: string): string[] =>
      readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === join(folder, 'pipe'));
    const { thread, ends, folder, types } = opened(
      obeying(`it: () => { fs.openSync(__dirname + '/pipe', 'w'); figures(); for (;;); }`),
      clock,
      { onEnd: (reason) => void ends.push(`${reason}, pipes: ${openPipes(folder).length}`) },
    );
    await thread.start();
    thread.send(deed(0));
    await until('its last figures', () => types().includes('figures'));
    expect(existsSync(join(folder, 'pipe'))).toBe(true);
    expect(openPipes(folder)).toHaveLength(1);
    clock.advance(2999);
    expect(ends).toEqual([]);
    clock.advance(1);
    await until('the end', () => ends.length > 0);
    expect(ends).toEqual(['no sign of life for 3000 ms, pipes: 0']);
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

describe('a thread that lives is left alone', () => {
  test('when this thread itself, or the machine, stood still for long', async () => {
    const clock = new ManualClock();
    const { thread, ends, messages } = opened(obeying('it: figures'), clock);
    await thread.start();
    for (let minute = 0; minute < 20; minute++) {
      clock.stall(60_000);
      clock.advance(0);
      // Only now it is heard what came in the meantime.
      thread.send(deed(0));
      await until('figures', () => messages.length > minute + 1);
    }
    clock.advance(2400);
    expect(ends).toEqual([]);
  });

  test('while its figures come', async () => {
    const clock = new ManualClock();
    const { thread, ends, messages } = opened(obeying('it: figures'), clock);
    await thread.start();
    for (let second = 0; second < 10; second++) {
      clock.advance(2000);
      thread.send(deed(0));
      await until('figures', () => messages.length > second + 1);
    }
    expect(ends).toEqual([]);
  });

  test('other messages are no sign that it mixes', async () => {
    const clock = new ManualClock();
    const { thread, ends, messages } = opened(
      obeying("it: () => port.postMessage({ type: 'wanted' })"),
      clock,
    );
    await thread.start();
    for (let look = 0; look < 6; look++) {
      thread.send(deed(0));
      await until('a message', () => messages.length > look + 1);
      clock.advance(500);
    }
    await until('the end', () => ends.length > 0);
  });
});

describe('a thread that cannot be started is an error with a hint', () => {
  test.each([
    ['there is no file', undefined],
    ['it throws', "throw new Error('no luck')"],
    ['it ends', ''],
    ['it is no JavaScript', '%%%'],
  ])('%s', async (_, code) => {
    const { thread, ends } = opened(
      code ?? '',
      eventsOnly(),
      code === undefined ? { file: '/nowhere/mixer.cjs' } : {},
    );
    await expect(thread.start()).rejects.toMatchObject({
      code: 'HC_MIXER_FAILED',
      hint: expect.stringContaining('mixer.cjs') as unknown,
    });
    await thread.close();
    expect(ends).toEqual([]);
  });

  test('it is never ready', async () => {
    const clock = new ManualClock();
    const { thread, ends } = opened('setInterval(() => {}, 1000)', clock);
    const started = thread.start();
    clock.advance(10_000);
    await expect(started).rejects.toMatchObject({ code: 'HC_MIXER_FAILED' });
    expect(ends).toEqual([]);
  });
});

test('what it prints is in the log, numbers masked, once in a minute, and not on standard output', async () => {
  const print = "console.log('call of 442079460018'); console.error('x'.repeat(9000))";
  const { thread, lines, types } = opened(
    obeying(`it: () => { for (let i = 0; i < 100; i++) { ${print} } figures(); }`),
  );
  await thread.start();
  thread.send(deed(0));
  await until('the end of printing', () => types().includes('figures') && lines.length > 0);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain('7946');
  expect(JSON.stringify(lines).length).toBeLessThan(1000);
});

test('it has none of the environment, where the secrets are', async () => {
  const { thread, messages } = opened(
    obeying("it: () => port.postMessage({ type: 'wanted', key: Object.keys(process.env).length, index: 0 })"),
  );
  await thread.start();
  thread.send(deed(0));
  await until('an answer', () => messages.length > 1);
  expect(messages[1]).toMatchObject({ key: 0 });
});

describe('the end of the hub', () => {
  test('states that it hands over at its end are heard, and its end is no loss', async () => {
    const { thread, types, ends } = opened(obeying(''), eventsOnly());
    await thread.start();
    await Promise.all([thread.close(), thread.close()]);
    expect(types()).toEqual(['ready', 'states']);
    expect(ends).toEqual([]);
  });

  test('one that hangs does not hold up the hub', async () => {
    const clock = new ManualClock();
    const { thread, ends, types } = opened(obeying('it: () => { figures(); for (;;); }'), clock);
    await thread.start();
    thread.send(deed(0));
    await until('the loop', () => types().includes('figures'));
    const closed = thread.close();
    clock.advance(1000);
    await closed;
    expect(ends).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('while it hands over it is not taken for stuck', async () => {
    const clock = new ManualClock();
    const { thread, ends } = opened(`${READY} port.on('message', () => {});`, clock);
    await thread.start();
    clock.advance(2900);
    const closed = thread.close();
    clock.advance(999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await closed;
    expect(ends).toEqual([]);
  });
});

describe('what a thread is asked', () => {
  test('is answered; what it refuses is an error, and what it does not answer in time is unanswered', async () => {
    const clock = new ManualClock();
    const answers = `port.on('message', ({ type, id, method }) => {
      if (method === 'drain') port.postMessage({ type: 'answer', id });
      if (id === 1) port.postMessage({ type: 'answer', id, answer: [{ uniqueid: '1.1' }] });
      if (id === 2) port.postMessage({ type: 'failure', id, message: 'no luck', hint: 'try' });
      if (type === 'cancel') port.postMessage({ type: 'wanted', key: id, index: 0 });
    });`;
    const { thread, types } = opened(READY + answers, clock);
    await thread.start();
    expect(await thread.request('status', undefined)).toEqual([{ uniqueid: '1.1' }]);
    const refused = { code: 'HC_ACTION_FAILED', message: 'no luck', hint: 'try' };
    await expect(thread.request('status', undefined)).rejects.toMatchObject(refused);
    const late = thread.request('status', undefined, { limitMs: 100 });
    clock.advance(100);
    await expect(late).rejects.toThrow(Unanswered);
    await until('it hears that nobody waits', () => types().includes('wanted'));
  });

  test.each([
    ['that dies', 'process.exit(3)'],
    ['that hangs', 'for (;;);'],
  ])('is unanswered where it is one %s, and nothing can be asked of it then', async (_, code) => {
    const clock = new ManualClock();
    const { thread, ends, types } = opened(obeying(`it: () => { figures(); ${code} }`), clock);
    await thread.start();
    const asked = thread.request('status', undefined);
    thread.send(deed(0));
    const end = expect(asked).rejects.toThrow(Unanswered);
    if (code !== 'process.exit(3)') {
      await until('the loop', () => types().includes('figures'));
      clock.advance(3000);
    }
    await until('the end', () => ends.length > 0);
    await end;
    await expect(thread.request('status', undefined)).rejects.toThrow(Unanswered);
  });

  test('what it asks is answered by whom it is given, with samples that go over', async () => {
    const ask = `port.postMessage({ type: 'request', id: 7, method: 'say-position', params: { place: 3 } });
    port.on('message', ({ id, answer }) => port.postMessage(answer ? { type: 'wanted', key: id, index: answer[0].length } : { type: 'answer', id }));`;
    const samples = new Int16Array(4);
    const served: string[] = [];
    const { thread, messages } = opened(READY + ask, eventsOnly(), {
      serves: () => ({ 'say-position': () => Promise.resolve([samples]) }) as never,
      onServed: (method) => void served.push(method),
    });
    await thread.start();
    await until('the answer', () => messages.some(({ type }) => type === 'wanted'));
    expect(messages.at(-1)).toEqual({ type: 'wanted', key: 7, index: 4 });
    expect([served, samples.byteLength]).toEqual([['say-position'], 0]);
  });
});

test('what cannot be sent is a line in the log', async () => {
  const { thread, lines } = opened(obeying('it: figures'), eventsOnly());
  await thread.start();
  thread.send({ ...deed(0), more: () => {} } as never);
  expect(lines.map(({ fields }) => fields['type'])).toEqual(['end']);
});

test('a listener that throws is a line in the log', async () => {
  const { thread, lines } = opened(obeying('it: figures'), eventsOnly(), {
    onNews: ({ type }) => {
      if (type === 'figures') throw new Error('no luck');
    },
  });
  await thread.start();
  thread.send(deed(0));
  await until('a line', () => lines.length > 0);
  expect(lines[0]!.fields).toMatchObject({ type: 'figures', error: 'no luck' });
});
