// Whom a stream is told by and asks: the hub where one answers, else its own connection to Asterisk and its own store.
// A hub that was killed leaves a socket behind; a stream that takes it for a hub has neither keys nor places.
import { renameSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { mintToken } from '../../src/asterisk/token';
import { HubFeed } from '../../src/asterisk/hubFeed';
import { HubOffice } from '../../src/asterisk/hubOffice';
import { resolveConfig } from '../../src/config/defaults';
import { LocalOffice } from '../../src/session/localOffice';
import { StateFile } from '../../src/store/stateFile';
import { openOutside, type CallOutside } from '../../src/stream/feeds';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { owned, tempFolder } from '../hub/fixtures';

async function listening(where: string | number): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((done) => server.listen(where, done));
  owned({ close: () => void server.close() });
  return server;
}

class Place {
  readonly folder = tempFolder();
  readonly socket = join(this.folder, 'hub.sock');

  /** A hub was here, and was killed. */
  async stale(): Promise<this> {
    const server = await listening(`${this.socket}.x`);
    renameSync(`${this.socket}.x`, this.socket);
    await new Promise((done) => server.close(done));
    return this;
  }

  async open({
    port,
    certain = true,
    token,
  }: { port?: number; certain?: boolean; token?: string } = {}): Promise<CallOutside> {
    const { folder } = this;
    const ami = port === undefined ? {} : { ami: { port, secret: 'x' } };
    const config = resolveConfig(
      { hub: { socket: this.socket }, store: { file: join(folder, 'store.db') }, ...ami },
      { configDir: folder, env: { HOLDCAST_CACHE: folder } },
    );
    const states = new StateFile(join(folder, 'calls'));
    const [clock, log, random] = [new ManualClock(), silentLogger, () => 1];
    const who = token === undefined ? { uniqueid: '1.1', token } : { uniqueid: undefined, token };
    const hearer = (): void => {};
    const outside = await openOutside({ ...who, certain, hearer, config, states, clock, log, random });
    owned(outside.feed);
    owned(outside.office);
    return outside;
  }
}

test('a hub that answers is believed, though there is an AMI secret', async () => {
  const place = new Place();
  await listening(place.socket);
  const { feed, office } = await place.open({ port: 1 });
  expect([feed, office]).toEqual([expect.any(HubFeed), expect.any(HubOffice)]);
});

test('a socket at which nobody answers is no hub: Asterisk is asked directly', async () => {
  const place = await new Place().stale();
  const asterisk = await listening(0);
  const connected = new Promise<void>((done) =>
    asterisk.once('connection', (socket) => done(void socket.destroy())),
  );
  const { port } = asterisk.address() as { port: number };
  const { feed, office } = await place.open({ port });
  expect(feed).not.toBeInstanceOf(HubFeed);
  expect(office).toBeInstanceOf(LocalOffice);
  await connected;
});

test('with neither hub nor AMI the office knows nobody, and the call goes on', async () => {
  const { office } = await new Place().open();
  expect(await office.choice()).toBeUndefined();
  expect(await office.balance('en', undefined, new AbortController().signal)).toEqual({
    status: 'unavailable',
  });
});

test('of a call that may be another one nothing is asked or kept, whoever is there', async () => {
  const place = new Place();
  await listening(place.socket);
  const { office } = await place.open({ certain: false });
  office.remember({ type: 'choice', track: 'music/a.wav' });
  expect(await office.choice()).toBeUndefined();
  expect(await office.balance('en', undefined, new AbortController().signal)).toEqual({
    status: 'unavailable',
  });
});

test('what a token stands for only a hub knows: Asterisk is not asked directly, also where no hub answers', async () => {
  const place = await new Place().stale();
  const { feed, office } = await place.open({ port: 1, certain: false, token: mintToken() });
  expect([feed, office]).toEqual([expect.any(HubFeed), expect.any(HubOffice)]);
});
