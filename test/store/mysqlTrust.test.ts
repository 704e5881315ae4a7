// Whom the password of a database is given to: a real MariaDB with TLS, and false servers that ask for it in every way.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from '../../src/store/pool';
import { defaultDatabase, type DatabaseSettings } from '../../src/store/settings';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { FalseMysql, type FalseMysqlOptions } from '../support/falseMysql';
import { describeWithMariadb, Mariadb } from '../support/mariadb';
import { freePorts } from '../e2e/lab/ports';

const PASSWORD = 'correct horse battery';
let folder: string;
let pool: Pool | undefined;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'hc-trust-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => pool?.close());

function open(settings: Partial<DatabaseSettings>): Pool {
  const tls = settings.ca !== undefined;
  const all = { ...defaultDatabase, user: 'u', password: PASSWORD, database: 'shop', tls, ...settings };
  return (pool = new Pool(all, { log: silentLogger, clock: systemClock() }));
}

describe('a false server', () => {
  let server: FalseMysql;
  afterEach(() => server.close());
  async function against(options: FalseMysqlOptions, more: Partial<DatabaseSettings> = {}): Promise<unknown> {
    server = await FalseMysql.start(options);
    const place = options.path === undefined ? { port: server.port } : { socket: options.path };
    const failure = await open({ ...place, ...more })
      .query('SELECT 1')
      .then(
        () => 'it was believed',
        (error: unknown) => error,
      );
    await pool?.close();
    await server.left();
    return failure;
  }

  test.each(['caching_sha2_password', 'sha256_password'])(
    'with a key of its own gets no password by %s, and the error names the settings',
    async (plugin) => {
      expect(await against({ plugin })).toMatchObject({
        code: 'HC_STORE_AWAY',
        message: expect.stringContaining('without TLS') as string,
        hint: expect.stringMatching(/`tls: true`.*`ca`.*`socket`.*`serverPublicKey`/) as string,
      });
      expect(server.knows(PASSWORD)).toBe(false);
    },
  );

  test.each(['caching_sha2_password', 'sha256_password'])(
    'gets what only the owner of the pinned key can read by %s',
    async (plugin) => {
      const { publicKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const file = join(folder, 'public_key.pem');
      writeFileSync(file, publicKey);
      await against({ plugin }, { serverPublicKey: file });
      expect(server.heard.some(({ length }) => length === 256)).toBe(true);
      expect(server.knows(PASSWORD)).toBe(false);
    },
  );

  test('would be read by this test if it had got it', async () => {
    server = await FalseMysql.start({ plugin: 'caching_sha2_password' });
    const pinned = open({ port: server.port, serverPublicKey: server.publicKey });
    await pinned.query('SELECT 1').catch(() => {});
    expect(server.knows(PASSWORD)).toBe(true);
  });

  test.each(['mysql_clear_password', 'dialog', 'mysql_old_password', '__proto__'])(
    'that asks by %s gets nothing to read',
    async (plugin) => {
      expect(await against({ plugin })).toMatchObject({
        code: expect.stringMatching(/^HC_STORE_(AWAY|REFUSED)$/) as string,
      });
      expect(server.knows(PASSWORD)).toBe(false);
    },
  );

  test('that offers no TLS where it is wanted hears nothing at all', async () => {
    expect(await against({ plugin: 'caching_sha2_password' }, { tls: true })).toMatchObject({
      code: 'HC_STORE_AWAY',
      message: expect.stringContaining('offers no TLS') as string,
    });
    expect(server.heard).toEqual([]);
  });

  test('that only claims to speak TLS gets neither user nor password', async () => {
    await against({ plugin: 'caching_sha2_password', tls: true }, { tls: true, connectMs: 500 });
    expect(server.heard.length).toBeLessThanOrEqual(2);
    expect(server.heard.some((packet) => packet.includes('shop'))).toBe(false);
  });

  test.each([1045, 1062, 1040, 9999])(
    'that sends error %d before anybody knows who it is refuses nothing for good',
    async (refuses) => {
      for (const tls of [true, false]) {
        const failure = await against({ plugin: 'mysql_native_password', refuses }, { tls });
        expect(failure).toMatchObject({
          code: 'HC_STORE_AWAY',
          message: expect.stringContaining(`(${refuses})`) as string,
        });
        expect(server.heard).toEqual([]);
        if (tls) await server.close();
      }
    },
  );

  const asRoot = process.getuid?.() === 0;
  (asRoot ? test.each : test.skip.each)([
    ['in a folder of a user’s own in a folder of everybody’s', (path: string) => path],
    [
      'behind a link that lies there and leads to a folder of ours',
      (path: string, own: string) => {
        symlinkSync(own, path);
        return own;
      },
    ],
  ])('at a socket %s gets no password', async (_, place) => {
    const all = mkdtempSync(join(folder, 'all-'));
    chmodSync(all, 0o1777);
    const [theirs, own] = [join(all, 'theirs'), mkdtempSync(join(folder, 'own-'))];
    mkdirSync(theirs);
    const path = join(theirs, 's');
    const made = place(path, join(own, 's'));
    chownSync(theirs, 65_534, 65_534);
    server = await FalseMysql.start({ plugin: 'caching_sha2_password', path: made });
    const failure = await open({ socket: path })
      .query('SELECT 1')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('every user may write') as string });
    expect(server.knows(PASSWORD)).toBe(false);
  });

  test.each([
    ['serverPublicKey', 'no key at all'],
    ['serverPublicKey', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['ca', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['ca', 'CRLF of a key'],
  ])('%s that is none is named, and nobody is asked: %j', async (option, text) => {
    server = await FalseMysql.start({ plugin: 'caching_sha2_password', tls: true });
    const file = join(folder, 'malformed.pem');
    writeFileSync(file, text === 'CRLF of a key' ? server.publicKey.replaceAll('\n', '\r\n') : text);
    await expect(open({ port: server.port, [option]: file }).query('SELECT 1')).rejects.toMatchObject({
      code: 'HC_STORE_AWAY',
      message: expect.stringContaining(`\`${option}\` of the database is not`) as string,
    });
    expect(server.heard).toEqual([]);
  });

  test('a pinned key with line ends of Windows and a byte order mark is one', async () => {
    server = await FalseMysql.start({ plugin: 'caching_sha2_password' });
    const key = `\ufeff${server.publicKey.replaceAll('\n', '\r\n')}`;
    await open({ port: server.port, serverPublicKey: key })
      .query('SELECT 1')
      .catch(() => {});
    expect(server.knows(PASSWORD)).toBe(true);
  });

  test('at a socket in a folder of everybody’s gets no password; in one of ours it does', async () => {
    const open = join(folder, 'open');
    execFileSync('mkdir', [open]);
    chmodSync(open, 0o1777);
    const failure = await against({ plugin: 'caching_sha2_password', path: join(open, 's') });
    expect(failure).toMatchObject({ message: expect.stringContaining('every user may write') as string });
    expect(server.knows(PASSWORD)).toBe(false);
    await server.close();
    server = await FalseMysql.start({ plugin: 'caching_sha2_password', path: join(folder, 's') });
    await pool?.close();
    const own = new Pool(
      { ...defaultDatabase, user: 'u', password: PASSWORD, database: 'shop', socket: join(folder, 's') },
      { log: silentLogger, clock: systemClock() },
    );
    await own.query('SELECT 1').catch(() => {});
    expect(server.knows(PASSWORD)).toBe(true);
    await own.close();
  });

  test('that asks for a file of ours gets none of it', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'what is in the file');
    expect(await against({ plugin: 'mysql_native_password', wants: secret })).toMatchObject({
      code: 'HC_STORE_AWAY',
    });
    expect(server.heard.some((packet) => packet.includes('what is in the file'))).toBe(false);
  });

  test('a pinned key or an authority that cannot be read is named, and nobody is asked', async () => {
    server = await FalseMysql.start({ plugin: 'caching_sha2_password' });
    for (const [option, settings] of [
      ['serverPublicKey', { serverPublicKey: '/nowhere/key.pem' }],
      ['ca', { tls: true, ca: '/nowhere/ca.pem' }],
    ] as const) {
      const failure = open({ port: server.port, ...settings }).query('SELECT 1');
      await expect(failure).rejects.toMatchObject({
        code: 'HC_STORE_AWAY',
        message: expect.stringContaining(`\`${option}\``) as string,
      });
      await pool?.close();
    }
    expect(server.heard).toEqual([]);
  });
});

describeWithMariadb('TLS to MariaDB', () => {
  let server: Mariadb;
  let port: number;
  const pem = (name: string): string => join(folder, `${name}.pem`);
  function openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
  /** A certificate for `subject` and `names`, signed by our authority. */
  function certificate(name: string, subject: string, names?: string): void {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      pem(`${name}-key`),
      '-out',
      pem(`${name}-csr`),
      '-subj',
      subject,
    );
    writeFileSync(join(folder, 'ext'), names === undefined ? '' : `subjectAltName=${names}\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      pem(`${name}-csr`),
      '-CA',
      pem('ca'),
      '-CAkey',
      pem('ca-key'),
      '-CAcreateserial',
      '-days',
      '30',
      '-out',
      pem(name),
      '-extfile',
      'ext',
    );
  }

  beforeAll(async () => {
    for (const name of ['ca', 'other'])
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '30',
        '-keyout',
        pem(`${name}-key`),
        '-out',
        pem(name),
        '-subj',
        `/CN=${name}`,
      );
    certificate('address', '/CN=db', 'IP:127.0.0.1');
    certificate('local', '/CN=db', 'DNS:localhost');
    certificate('auto', '/CN=MySQL_Server_8.0.36_Auto_Generated_Server_Certificate');
    [port] = (await freePorts(1)) as [number];
    server = await Mariadb.start({ port });
    server.create('shop');
    server.sql(
      `CREATE USER u@'127.0.0.1' IDENTIFIED BY '${PASSWORD}' REQUIRE SSL; GRANT ALL ON shop.* TO u@'127.0.0.1'`,
    );
    await server.stop();
  }, 60_000);
  afterAll(() => server?.remove());
  afterEach(() => server.stop());

  async function serving(name: string, more: Partial<DatabaseSettings>): Promise<unknown> {
    await server.resume([`--ssl-cert=${pem(name)}`, `--ssl-key=${pem(`${name}-key`)}`]);
    return open({ port, ...more })
      .query("SHOW STATUS LIKE 'Ssl_version'")
      .then(
        ([row]) => row?.['Value'],
        (error: unknown) => error,
      );
  }
  const disbelieved = (why: RegExp) =>
    expect.objectContaining({
      code: 'HC_STORE_AWAY',
      message: expect.stringMatching(why) as string,
    }) as unknown;

  test('a certificate for the address, of the authority that is named, is believed', async () => {
    expect(await serving('address', { ca: pem('ca') })).toMatch(/^TLSv1\.[23]$/);
    await pool?.close();
    expect(
      await open({ port, ca: readFileSync(pem('ca'), 'utf8'), tls: true }).query('SELECT 1 AS one'),
    ).toEqual([{ one: 1 }]);
  });

  test('another authority, another host or none that is known is not, and the error says which', async () => {
    expect(await serving('address', { ca: pem('other') })).toEqual(
      disbelieved(/certificate is not believed/),
    );
    await pool?.close();
    expect(
      await open({ port, tls: true })
        .query('SELECT 1')
        .catch((error: unknown) => error),
    ).toEqual(disbelieved(/certificate is not believed/));
    await server.stop();
    // Node would compare with "localhost", since it forgets the address that a socket was connected to.
    expect(await serving('local', { ca: pem('ca') })).toEqual(disbelieved(/altnames/));
  });

  test('a certificate for another name is believed where the config names it', async () => {
    const tlsName = 'MySQL_Server_8.0.36_Auto_Generated_Server_Certificate';
    expect(await serving('auto', { ca: pem('ca') })).toEqual(disbelieved(/altnames/));
    await pool?.close();
    expect(await open({ port, ca: pem('ca'), tlsName }).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a user who needs TLS is refused without it', async () => {
    expect(await serving('address', {})).toMatchObject({ code: 'HC_STORE_REFUSED' });
  });
});
