// The AMI, asked on a real connection: password, rights, events.
// Each mistake is made once, and must be found and named.
import { amiChecks } from '../../src/doctor/amiCheck';
import type { Site } from '../../src/doctor/site';
import { AmiServer } from '../support/amiServer';
import { closing, configured, siteWith, told } from './doctorSite';

describe('AMI', () => {
  const MANAGER = '[general]\nenabled=yes\n[moh]\nsecret=x\n';
  async function asked(
    change: (server: AmiServer) => void,
    manager = `${MANAGER}read=all\nwrite=reporting\n`,
    more: Partial<Site> = {},
  ): Promise<string[]> {
    const server = await AmiServer.open();
    closing.push(() => server.close());
    for (const action of ['QueueStatus', 'Status', 'CoreShowChannels'])
      server.on(action, (received, session) => session.list(received, []));
    server.on('CoreSettings', (received, session) =>
      session.respond(received, { AsteriskVersion: '22.1.0' }),
    );
    change(server);
    const { port } = server;
    const config = configured({ ami: { port, user: 'moh', secret: 'mohsecret' } });
    const site = siteWith({ config, files: { 'manager.conf': manager }, ...more });
    return told(amiChecks(site));
  }

  test('all that is needed, and where it was seen', async () => {
    const texts = await asked(() => {});
    expect(texts.slice(1)).toEqual([
      'Asterisk: ok: 22.1.0',
      'AMI QueueStatus: ok: answered',
      'AMI Status: ok: answered',
      'AMI CoreShowChannels: ok: answered',
      expect.stringMatching(/^AMI events: ok: read=/),
    ]);
    expect(texts[0]).toMatch(/^AMI login: ok: as moh at 127\.0\.0\.1/);
  });

  test('a wrong password', async () => {
    const [text] = await asked((server) => (server.login = 'refuse'));
    expect(text).toMatch(/^AMI login: problem: .*moh.*Authentication failed/);
  });

  test('a right that is missing is named, with the line', async () => {
    const texts = await asked((server) =>
      server.on('Status', (action, session) => session.refuse(action, 'Permission denied')),
    );
    expect(texts).toContain('AMI Status: problem: Asterisk refuses Status: Permission denied');
  });

  test('events that would not be told, and rights that are too many, in manager.conf', async () => {
    const texts = await asked(() => {}, `${MANAGER}read=call,agent\nwrite=reporting,command,originate\n`);
    expect(texts).toContain('AMI events: problem: manager.conf: read= lacks dtmf');
    expect(texts).toContain(
      'AMI rights: warning: manager.conf: [moh] may do more than it needs: command, originate',
    );
  });

  test('Asterisk’s console knows better than a file that it may not have read yet', async () => {
    const console = (command: string) =>
      Promise.resolve(
        command === 'manager show user moh' ? '  read perm: call\n write perm: reporting\n' : '',
      );
    const texts = await asked(() => {}, undefined, { console });
    expect(texts).toContain("AMI events: problem: Asterisk's console: read= lacks dtmf, agent");
  });

  test('without a password there is nothing to try', async () => {
    const [text] = await told(amiChecks(siteWith()));
    expect(text).toMatch(/^AMI: warning: the config has no ami\.secret/);
  });
});
