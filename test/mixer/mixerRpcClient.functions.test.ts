// An operator's own function that runs in another thread than its call: it must do and be kept from the same.
// Would catch: what comes to be deaf too late, words that are never over, what cannot be sent and takes the thread down.
import { run, type KeyBinding, type KeyFunction } from '../../src/session/actions';
import { Caller, turn } from '../support/caller';
import { HubLink } from '../support/hubLink';
import { keyFunctionContract } from '../support/keyFunctionContract';

const UNIQUEID = '1795225281.7';

/** The same bindings as a Session in a mixing thread has them. */
function throughThreads(
  keys: Record<string, KeyBinding>,
  link = linkFor(() => keys),
): Record<string, KeyBinding> {
  const portable = Object.entries(keys).map(([digit, { action, ...rest }]) => [
    digit,
    { ...rest, action: typeof action === 'string' ? action : { function: action.name } },
  ]);
  return link.outside.bindings({ keys: structuredClone(Object.fromEntries(portable)) as never }, UNIQUEID);
}

const linkFor = (keys: () => Record<string, KeyBinding>): HubLink => new HubLink({ keys });

keyFunctionContract((keys) => throughThreads(keys));

async function pressed(action: KeyFunction): Promise<{ call: Caller; link: HubLink }> {
  const keys = { '7': run(action, { holdOffMs: 0, timeoutMs: 1000 }) };
  const link = linkFor(() => keys);
  const call = new Caller({ keys: throughThreads(keys, link) });
  call.session.hear({ type: 'key', digit: '7' });
  await turn();
  return { call, link };
}

const pending = ({ link }: { link: HubLink }): number[] => link.pending;

test('when it is over nothing of it is kept at either end', async () => {
  const quick = await pressed((session) => session.say('position-1'));
  // The function, and what it says.
  expect(pending(quick)).toEqual([1, 2]);
  await quick.call.live(2);
  expect(pending(quick)).toEqual([0, 0]);
  const speaking = await pressed((session) => void session.say('position-1'));
  expect(pending(speaking)).toEqual([0, 1]);
  await speaking.call.live(2);
  expect(pending(speaking)).toEqual([0, 0]);
  const hanging = await pressed(() => new Promise(() => {}));
  hanging.call.session.close();
  await turn();
  expect(pending(hanging)).toEqual([0, 0]);
});

test('a call that ends while it speaks sets it free to go on, and hears no more of it', async () => {
  let wentOn = false;
  const { call, link } = await pressed(async (session) => {
    await session.say('position-1');
    wentOn = true;
    session.nextTrack();
  });
  await call.live(0.2);
  call.session.close();
  await call.live(1);
  expect(wentOn).toBe(true);
  expect(link.toMixer.filter(({ type }) => type === 'answer' || type === 'failure')).toEqual([]);
  expect(call.rig.played).toEqual(['a']);
});

test('the log and the journal know it by its name', async () => {
  const { call } = await pressed(async function openingHours() {});
  expect(call.lines.find(({ text }) => text === 'key')?.fields).toEqual({ action: 'openingHours' });
});

test('what cannot be sent to a thread harms neither: it is left out', async () => {
  const { call } = await pressed(async (session) => {
    session.log.info({ call: () => {}, deep: { symbol: Symbol('no'), kept: 1 } }, 'odd');
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    session.log.info(loop, 'round');
    await session.say({ toString: () => 'position-1' } as never);
  });
  await call.live(1);
  expect(call.lines.find(({ text }) => text === 'odd')?.fields).toEqual({ call: undefined, deep: { symbol: undefined, kept: 1 } }); // prettier-ignore
  expect(JSON.stringify(call.lines.find(({ text }) => text === 'round'))).toContain('…');
  expect(call.logged('error').map(({ fields }) => fields['error'])).toEqual([
    expect.stringMatching(/1 of 1/),
  ]);
});

test('one that logs and skips without end does not flood the mixing thread', async () => {
  const { link } = await pressed((session) => {
    for (let i = 0; i < 50_000; i++) session.log.debug({ i }, 'again');
    for (let i = 0; i < 50_000; i++) session.nextTrack();
    for (let i = 0; i < 50_000; i++) void session.say('position-1');
  });
  expect(link.toMixer.length).toBeLessThan(1200);
});

test('a key that has lost its function while it was pressed is an error in the log, and no more', async () => {
  const keys: Record<string, KeyBinding> = { '7': run(() => {}) };
  const link = linkFor(() => ({}));
  const call = new Caller({ keys: throughThreads(keys, link) });
  call.session.hear({ type: 'key', digit: '7' });
  await turn();
  expect(call.logged('error').map(({ fields }) => fields['error'])).toEqual([
    'this function no longer exists',
  ]);
  expect(pending({ link })).toEqual([0, 0]);
});

test('when its thread is gone the function is told, and what it says goes nowhere', async () => {
  const seen: boolean[] = [];
  const { link } = await pressed(async (session) => {
    session.signal.addEventListener('abort', () => seen.push(true));
    await session.say('position-1');
    session.nextTrack();
  });
  link.hub.close();
  await turn();
  expect(seen).toEqual([true]);
  expect(link.toMixer.map(({ type }) => type)).toEqual(['request']);
  expect(link.pending[1]).toBe(0);
});
