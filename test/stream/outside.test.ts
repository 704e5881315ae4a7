// What a stream has outside of its process: its own connection to Asterisk where its config holds the secret, else nobody.
// Would catch: a call that may be another one for which something is asked or kept, a balance said after the name was lost.
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { BenchAmi } from '../../bench/hubAmi';
import { resolveConfig } from '../../src/config/defaults';
import { KnownCall } from '../../src/session/knownCall';
import { StateFile } from '../../src/store/stateFile';
import { openOutside, type CallOutside } from '../../src/stream/outside';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, tempFolder, until } from '../hub/fixtures';

interface Plan {
  port?: number;
  certain?: boolean;
  alone?: boolean;
  /** The answer of billing. */
  ask?: () => Promise<unknown>;
}

const ME = { uniqueid: '1.1', phone: '442079460018' };

class Stand {
  readonly folder = tempFolder();
  readonly kept = keptLog();
  readonly states = new StateFile(join(this.folder, 'calls'));
  readonly known: KnownCall;
  /** Whether the hub's note still names the call. */
  isStill = true;

  constructor(private readonly plan: Plan = {}) {
    this.known = new KnownCall({ uniqueid: ME.uniqueid, certain: plan.certain ?? true, log: this.kept.log });
  }

  async open(): Promise<CallOutside> {
    const { port, alone = true, ask } = this.plan;
    const ami = port === undefined ? {} : { ami: { port, secret: 'x' } };
    const billing = ask && { billing: { ask: ask as never } };
    const config = resolveConfig(
      { store: { file: join(this.folder, 'store.db') }, ...ami, ...billing },
      { configDir: this.folder, env: { HOLDCAST_CACHE: this.folder } },
    );
    const { known, states } = this;
    const [clock, { log }, random] = [new ManualClock(Date.now() + 86_400_000), this.kept, () => 1];
    const outside = await openOutside({
      ...{ known, config, states, clock, log, random, alone },
      isStill: () => this.isStill,
    });
    return owned(outside);
  }
}

const balance = ({ records }: CallOutside) => records.balance('en', undefined, new AbortController().signal);

async function listening(): Promise<{ port: number; connected: Promise<void>; server: Server }> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  owned({ close: () => void server.close() });
  const connected = new Promise<void>((done) =>
    server.once('connection', (socket) => done(void socket.destroy())),
  );
  return { port: (server.address() as { port: number }).port, connected, server };
}

test('with an AMI secret it connects to Asterisk by itself', async () => {
  const { port, connected } = await listening();
  const { follow } = await new Stand({ port }).open();
  follow!(() => {});
  await connected;
});

test('without one nobody tells anything, which the log says; what an earlier call has left is cleared away', async () => {
  const stand = new Stand();
  const sweep = jest.spyOn(stand.states, 'sweep');
  const outside = await stand.open();
  expect(outside.follow).toBeUndefined();
  expect(await outside.records.choice()).toBeUndefined();
  expect(await balance(outside)).toEqual({ status: 'unavailable' });
  expect(stand.kept.lines.map(({ message }) => message)).toEqual(['music without keys and places']);
  expect(sweep.mock.lastCall).toMatchObject([{ living: undefined }]);
});

test('where a hub has answered the look-up, the hub clears away', async () => {
  const stand = new Stand({ alone: false });
  const sweep = jest.spyOn(stand.states, 'sweep');
  await stand.open();
  expect(sweep).not.toHaveBeenCalled();
});

test('of a call that may be another one nothing is asked or kept', async () => {
  const ask = jest.fn();
  const stand = new Stand({ certain: false, ask });
  stand.known.hear({ type: 'identity', identity: ME });
  const outside = await stand.open();
  outside.records.remember({ type: 'choice', track: 'music/a.wav' });
  expect(await outside.records.choice()).toBeUndefined();
  expect(await balance(outside)).toEqual({ status: 'unavailable' });
  expect(ask).not.toHaveBeenCalled();
});

test('billing is asked for the number that Asterisk has told', async () => {
  const ask = jest.fn(() => Promise.resolve([{ number: '7', balance: '12.50' }]));
  const alone = new Stand({ ask });
  const outside = await alone.open();
  expect(await balance(outside)).toEqual({ status: 'unknown-caller' });
  alone.known.hear({ type: 'identity', identity: ME });
  expect(await balance(outside)).toMatchObject({ status: 'accounts' });
  expect(ask).toHaveBeenCalledTimes(1);
});

test('a balance is asked for after Asterisk has confirmed the caller, and not when another may listen by now', async () => {
  const ask = jest.fn(() => Promise.resolve([{ number: '7', balance: '12.50' }]));
  const ami = new BenchAmi();
  owned({ close: () => ami.close() });
  const stand = new Stand({ ask, port: await ami.start() });
  ami.join(ME.uniqueid, ME.phone, 'sales');
  const outside = await stand.open();
  outside.follow!((news) => void stand.known.hear(news));
  await until('Asterisk tells who calls', () => stand.known.recorded?.phone !== undefined);
  expect(await balance(outside)).toMatchObject({ status: 'accounts' });
  stand.isStill = false;
  expect(await balance(outside)).toEqual({ status: 'unavailable' });
  expect(ask).toHaveBeenCalledTimes(1);
});
