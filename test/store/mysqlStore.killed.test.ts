// A MariaDB that is killed while processes write: what was acknowledged is there when it runs again.
// With the server's own durability (innodb_flush_log_at_trx_commit = 1), which is its default.
import { openStore } from '../../src/store/open';
import { withAdmin } from '../../src/store/admin';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { describeWithMariadb, Mariadb } from '../support/mariadb';
import { startWriter } from '../support/storeWriters';

describeWithMariadb('MariaDB killed in the middle of writing', () => {
  const parts = { log: silentLogger, clock: systemClock() };
  let server: Mariadb;
  beforeAll(async () => {
    server = await Mariadb.start();
  });
  afterAll(() => server.remove());

  test.each(['server', 'writer'])(
    'eight times, the %s: nothing acknowledged is lost',
    async (victim) => {
      server.create(victim);
      const mysql = server.database(victim);
      const settings: StoreSettings = {
        ...defaultStore,
        mysql,
        file: '/nowhere/store.db',
        spool: '/nowhere',
      };
      await withAdmin(settings, parts, (admin) => admin.migrate({ tracks: [] }));
      const store = await openStore(settings, parts);
      let acknowledged = 0;
      for (let turn = 0; turn < 8; turn++) {
        const writer = startWriter(settings, { prefix: `${turn}-`, callers: 40, together: 1 + (turn % 4) });
        await writer.acknowledged(30 + turn * 10);
        if (victim === 'server') {
          await server.kill();
          await writer.kill();
          await server.resume();
          await store.choice('1').catch(() => undefined);
        } else await writer.kill();
        for (const [phone, at] of writer.kept) {
          const track = (await store.choice(phone)) ?? '';
          expect(Number(/\d+/.exec(track)?.[0] ?? -1)).toBeGreaterThanOrEqual(at);
          acknowledged++;
        }
      }
      expect(acknowledged).toBeGreaterThan(200);
      await store.close();
    },
    120_000,
  );
});
