// A PIN from the BalanceService down to the file: two processes' worth of services, keepers and stores on one embedded file.
// Would catch: tries that a restart forgets, and a PIN asked of billing although the file cannot be written.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { BalanceService } from '../../src/billing/balanceService';
import { defaultBilling, defaultPin } from '../../src/billing/settings';
import { exportStore } from '../../src/store/admin';
import { WriteBehindStore } from '../../src/store/writeBehindStore';
import { openStore } from '../../src/store/open';
import { defaultStore } from '../../src/store/settings';
import { systemClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';
import { storeWorker } from '../support/storeWorker';
import { expectDiscreet, KeptLog, owned } from './fixtures';

const folder = mkdtempSync(join(tmpdir(), 'hc-pins-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const settings = { ...defaultStore, file: join(folder, 'store', 'store.db'), spool: join(folder, 'spool') };
const kept = new KeptLog();
const parts = { clock: systemClock(), log: kept.log, worker: storeWorker() };
const asked: (string | undefined)[] = [];

/** As a process has them. */
function openBalances(): BalanceService {
  const random = seededRandom(1);
  const keeper = owned(
    new WriteBehindStore({ settings, open: () => openStore(settings, parts), ...parts, random }),
  );
  return owned(
    new BalanceService({
      settings: { ...defaultBilling, phone: { format: 'e164' }, pin: defaultPin },
      open: () =>
        Promise.resolve({
          accounts: ({ pin }) => {
            asked.push(pin);
            return Promise.resolve(
              pin === '4711' ? { status: 'accounts', accounts: [] } : { status: 'wrong-pin' },
            );
          },
        }),
      pins: keeper.pins,
      ...parts,
    }),
  );
}

const ask = async (balances: BalanceService, phone: string, pin?: string): Promise<string> => {
  const call = { phone, uniqueid: '1795225281.7', language: 'en', ...(pin !== undefined && { pin }) };
  return (await balances.balance(call, new AbortController().signal)).status;
};

test('tries are one count for all processes and after a restart, and the file has no number of the caller', async () => {
  const [one, other] = [openBalances(), openBalances()];
  const tries = await Promise.all([
    ...[ask(one, '442079460018', '1000'), ask(other, '00442079460018', '1001')],
    ...[ask(one, '02079460018', '1002'), ask(other, '+442079460018', '1003')],
    ...[ask(one, '442079460018', '1004'), ask(other, '2079460018', '1005')],
  ]);
  expect(tries.filter((status) => status === 'pin' || status === 'locked').length).toBe(6);
  expect(asked.length).toBe(3);
  const restarted = openBalances();
  expect(await ask(restarted, '442079460018')).toBe('locked');
  expect(await ask(restarted, '+442079460018', '4711')).toBe('locked');
  expect(await ask(restarted, '+442079460019')).toBe('pin');
  expect(asked.length).toBe(3);
  for (const name of readdirSync(join(folder, 'store')))
    expect(readFileSync(join(folder, 'store', name)).includes('9460018')).toBe(false);
  for await (const record of exportStore(settings, parts)) expect(record).toBe('nothing');
  expectDiscreet(kept, '9460018', '1000', '4711');
});

test('while another program holds the file no PIN is asked for, and none is sent', async () => {
  const balances = openBalances();
  expect(await ask(balances, '5550000')).toBe('pin');
  const before = asked.length;
  const blocker = new Database(settings.file);
  blocker.exec('BEGIN IMMEDIATE');
  try {
    expect(await ask(balances, '5550000', '4711')).toBe('unavailable');
    expect(await ask(balances, '5550000')).toBe('unavailable');
    expect(asked.length).toBe(before);
  } finally {
    blocker.exec('ROLLBACK');
    blocker.close();
  }
});
