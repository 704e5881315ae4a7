// The hub: one that answers, one of another installation, one that is down, one that says nothing.
// Each mistake is made once, and must be found and named.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdApplication, readerApplication } from '../../src/asterisk/realtime';
import { hubChecks } from '../../src/doctor/hubCheck';
import type { ConfigState, Site } from '../../src/doctor/site';
import type { Config } from '../../src/config/types';
import { RealtimeServer } from '../../src/hub/realtimeServer';
import { ManualClock, systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { PROGRAM, READER, closing, configured, siteWith, told } from './doctorSite';

/** A server that calls `act` as soon as something has come. */
async function peer(act: (socket: { end(text: string): unknown }) => void): Promise<{ port: number }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => act(socket));
    closing.push(() => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.unshift(() => new Promise((done) => server.close(done)));
  return { port: (server.address() as AddressInfo).port };
}

describe('the hub', () => {
  async function hub(application = holdApplication(PROGRAM, 8000)): Promise<number> {
    const server = new RealtimeServer({
      listen: { host: '127.0.0.1', port: 0 },
      clock: systemClock(),
      log: silentLogger,
    });
    await server.start();
    server.serve({ application, startable: () => true });
    closing.push(() => server.close());
    return server.port!;
  }
  const at = (port: number, more: Config = {}): ConfigState =>
    configured({
      hub: { listen: `127.0.0.1:${port}`, folder: '/nowhere/play', play: 'stream' },
      ...more,
    });
  const playing = (port: number, folder: string): ConfigState =>
    configured({ hub: { listen: `127.0.0.1:${port}`, folder } });

  test('one that answers with this installation is right', async () => {
    const texts = await told(hubChecks(siteWith({ config: at(await hub()) })));
    expect(texts).toEqual([
      'hub: ok: it answers with a music class for each call',
      "calls' names: problem: there is no /nowhere",
    ]);
  });

  test('one of another installation, and one that has not seen the new config', async () => {
    const other = await told(
      hubChecks(siteWith({ config: at(await hub(holdApplication('/old/bin/holdcast', 8000))) })),
    );
    expect(other[0]).toBe(`hub: warning: it makes Asterisk start /old/bin/holdcast, this is ${PROGRAM}`);
    const config = at(await hub(), { sound: { rate: 16000 } });
    const [stale] = await told(hubChecks(siteWith({ config })));
    expect(stale).toBe('hub: problem: it makes Asterisk read slin, sound.rate is 16000');
  });

  test('one that plays has Asterisk start readers, which must be able to open its pipes', async () => {
    const pipes = mkdtempSync(join(tmpdir(), 'holdcast-doctor-'));
    closing.push(() => rmSync(pipes, { recursive: true }));
    const application = readerApplication(READER, pipes, 8000);
    const asked = async (folder: string, more: Partial<Site> = {}): Promise<string[]> =>
      told(hubChecks(siteWith({ config: playing(await hub(application), folder), ...more })));
    const account = { name: 'asterisk', uid: process.getuid!(), gid: 0, groups: [0], home: '/' };
    expect(await asked(pipes, { account })).toEqual([
      'hub: ok: it answers with a music class for each call',
      `callers' pipes: ok: in ${pipes}, which asterisk may use`,
    ]);
    const other = { ...account, uid: 65_533, gid: 65_533, groups: [65_533] };
    expect((await asked(pipes, { account: other }))[1]).toMatch(/^callers' pipes: problem: /);
    expect((await asked('/nowhere/pipes', { account }))[0]).toMatch(/^hub: warning: it makes Asterisk start/);
  });

  test('one that is down is a problem only where Asterisk would ask it', async () => {
    const config = at(1);
    const files = { 'extconfig.conf': '[settings]\nmusiconhold => curl,http://127.0.0.1:1/x\n' };
    const [unmapped] = await told(hubChecks(siteWith({ config })));
    const [mapped] = await told(hubChecks(siteWith({ config, files })));
    expect(unmapped).toMatch(/^hub: warning: it does not answer on 127\.0\.0\.1:1: .*ECONNREFUSED/);
    expect(mapped).toMatch(/^hub: problem:/);
  });

  test('one that accepts and says nothing does not hold up the doctor', async () => {
    const clock = new ManualClock();
    const { port } = await peer(() => clock.advance(3000));
    const [text] = await told(hubChecks(siteWith({ config: at(port), clock })));
    expect(text).toBe(`hub: warning: it does not answer on 127.0.0.1:${port}: nothing came within 3 s`);
  });

  test('another program on that port is not taken for it, however much it says', async () => {
    const page = `HTTP/1.1 200 OK\r\n\r\n${'<html>'.repeat(20_000)}`;
    const { port } = await peer((socket) => socket.end(page));
    const [text] = await told(hubChecks(siteWith({ config: at(port) })));
    expect(text).toMatch(/hub: warning: .*the answer is too long/);
    const short = await peer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello%'));
    const [other] = await told(hubChecks(siteWith({ config: at(short.port) })));
    expect(other).toMatch(/hub: problem: something answers, but not with a music class/);
  });
});
