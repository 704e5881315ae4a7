// `holdcast store`: what it prints, what it writes where, and that a wrong line changes nothing.
// The tables and both stores are tested in test/store; here it is one embedded file, moved to another and back.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runChecks } from '../../src/doctor/check';
import { storeChecks } from '../../src/doctor/storeCheck';
import { buildProgram } from '../../src/cli/program';
import {
  storeCheck,
  storeExport,
  storeImport,
  storeMigrate,
  storePurge,
  type StoreContext,
} from '../../src/cli/storeCommand';
import { linesOf } from '../../src/cli/storeImport';
import { resolveConfig } from '../../src/config/defaults';
import { openStore } from '../../src/store/open';
import type { StoreEntry } from '../../src/store/store';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { storeWorker } from '../support/storeWorker';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdcast-store-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOW = Date.now();
const DAY = 86_400_000;
const ENTRIES: StoreEntry[] = [
  { type: 'choice', phone: '0049', track: 'music/a.wav', wallMs: NOW },
  {
    type: 'heard',
    uniqueid: '1.1',
    phone: '0049',
    queue: 'q',
    kind: 'track',
    id: 'music/a.wav',
    wallMs: NOW - 9 * DAY,
  },
  { type: 'key', uniqueid: '1.1', digit: '3', action: 'nextTrack', wallMs: NOW },
];

class House {
  text = '';
  readonly path: string;
  readonly abort = new AbortController();
  readonly parts = { clock: systemClock(), log: silentLogger, worker: storeWorker() };

  constructor(name: string) {
    this.path = join(folder, name);
    mkdirSync(this.path, { recursive: true });
  }

  get config() {
    const config = { store: { file: 'calls.db' }, media: { folder: 'media' } };
    return resolveConfig(config, { configDir: this.path, env: {} });
  }

  context(input: Readable = Readable.from([])): StoreContext {
    const out = { write: (text: string) => void (this.text += text), isTTY: false, columns: 80 };
    return { ...this.parts, config: this.config, out, signal: this.abort.signal, input: () => input };
  }

  async write(entries: readonly StoreEntry[]): Promise<this> {
    const store = await openStore(this.config.store, this.parts);
    await store.write(entries);
    await store.close();
    return this;
  }

  /** What the store has, as lines. */
  async lines(): Promise<unknown[]> {
    this.text = '';
    expect(await storeExport({}, this.context())).toBe(0);
    const lines = this.text.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

const sorted = (records: readonly unknown[]): string[] =>
  records.map((record) => JSON.stringify(record)).sort();

describe('export and import', () => {
  test('move everything from one store to another, by a file', async () => {
    const old = await new House('old').write(ENTRIES);
    const file = join(folder, 'calls.jsonl');
    expect(await storeExport({ out: file }, old.context())).toBe(0);
    expect(old.text).toMatch(/^3 records in /);
    expect([statSync(file).mode & 0o777, readdirSync(folder).sort()]).toEqual([
      0o600,
      ['calls.jsonl', 'old'],
    ]);
    const next = new House('next');
    expect(await storeImport({ file }, next.context())).toBe(0);
    expect(next.text).toBe('1 choices, 1 things heard and 1 keys are in the store.\n');
    await storeImport({ file, json: true }, next.context());
    expect(sorted(await next.lines())).toEqual(sorted(await old.lines()));
    expect(await next.lines()).toHaveLength(3);
  });

  test('standard input is read too, whatever pieces it comes in, also with a byte order mark', async () => {
    const bytes = Buffer.from(`\ufeff${ENTRIES.map((entry) => JSON.stringify(entry)).join('\r\n')}\n\n`);
    const house = new House('a');
    await storeImport(
      { file: '-', json: true },
      house.context(Readable.from([...bytes].map((b) => Buffer.from([b])))),
    );
    expect(JSON.parse(house.text)).toEqual({ choices: 1, heard: 1, keys: 1, skipped: [] });
  });

  test('one wrong line, and nothing is imported; it is named by its number, not by what stands in it', async () => {
    const long = { ...ENTRIES[0], phone: '0049301234567890' };
    const lines = [ENTRIES[0], ENTRIES[1], long, { type: 'x' }].map((line) => JSON.stringify(line));
    const file = join(folder, 'calls.jsonl');
    writeFileSync(file, [...lines, '{"phone":"0049'].join('\n'));
    const house = new House('a');
    const failure = storeImport({ file }, house.context());
    await expect(failure).rejects.toMatchObject({
      code: 'HC_USAGE',
      message:
        'nothing was imported: lines 3 (a choice has no right number), 4 (it is no record), 5 (it is no record)',
      hint: expect.stringContaining('--skip-bad') as string,
    });
    expect(existsSync(house.config.store.file)).toBe(false);
    expect(await storeImport({ file, skipBad: true }, house.context())).toBe(0);
    expect(house.text).toContain('Left out: lines 3 (');
    expect(await house.lines()).toHaveLength(2);
  });

  test('a file that cannot be read or written is said, with what to do; no half export is left', async () => {
    const house = await new House('a').write(ENTRIES);
    const usage = { code: 'HC_USAGE', hint: expect.stringMatching(/\w/) as string };
    await expect(storeImport({ file: join(folder, 'none') }, house.context())).rejects.toMatchObject(usage);
    await expect(storeImport({ file: folder }, house.context())).rejects.toMatchObject(usage);
    await expect(storeExport({ out: join(folder, 'none/x') }, house.context())).rejects.toMatchObject(usage);
    mkdirSync(join(folder, 'x/y'), { recursive: true });
    await expect(storeExport({ out: join(folder, 'x') }, house.context())).rejects.toMatchObject(usage);
    house.abort.abort();
    await expect(storeExport({ out: join(folder, 'z') }, house.context())).rejects.toThrow('interrupted');
    expect(readdirSync(folder).sort()).toEqual(['a', 'x']);
    writeFileSync(join(folder, 'records'), JSON.stringify(ENTRIES[0]));
    const imported = storeImport({ file: join(folder, 'records') }, house.context());
    await expect(imported).rejects.toThrow('interrupted; what was written stays');
  });

  test('a person sees how far an import is, and no bar is left behind', async () => {
    const house = new House('a');
    const file = join(folder, 'calls.jsonl');
    writeFileSync(file, ENTRIES.map((entry) => JSON.stringify(entry)).join('\n'));
    const [bar, { isTTY }] = [jest.spyOn(process.stderr, 'write').mockReturnValue(true), process.stderr];
    process.stderr.isTTY = true;
    const context = house.context();
    await storeImport({ file }, { ...context, out: { ...context.out, isTTY: true } });
    process.stderr.isTTY = isTTY;
    const drawn = bar.mock.calls.map(([text]) => String(text));
    bar.mockRestore();
    expect(drawn.filter((text) => text.includes('%')).map((text) => /\d+%/.exec(text)![0])).toEqual([
      ...['33%', '67%', '100%'],
    ]);
    expect(drawn.at(-1)).toBe('\r\u001b[K');
  });

  test('a line that never ends takes no memory', async () => {
    let most = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('a\n');
      for (let i = 0; i < 500; i++) {
        await Promise.resolve();
        yield Buffer.alloc(100_000, 'x');
        most = Math.max(most, process.memoryUsage().heapUsed);
      }
      yield Buffer.from('\nb');
    };
    const before = process.memoryUsage().heapUsed;
    const lines = [];
    for await (const { number, text } of linesOf(endless())) lines.push([number, text]);
    expect(lines).toEqual([
      [1, 'a'],
      [2, undefined],
      [3, 'b'],
    ]);
    expect(most - before).toBeLessThan(40e6);
  });
});

describe('migrate, check, purge', () => {
  test('migrate says what it does, and changes nothing on a dry run', async () => {
    const house = new House('a');
    mkdirSync(join(house.path, 'media/music'), { recursive: true });
    for (const name of ['10.wav', '9.wav']) writeFileSync(join(house.path, 'media/music', name), '');
    expect(await storeMigrate({ dryRun: true }, house.context())).toBe(0);
    expect(house.text).toMatch(/would be applied\.\n[^]*Nothing was changed\.\n$/);
    const old = [2, 3, 4].map((musicClass) => ({
      type: 'choice',
      phone: `${musicClass}`,
      musicClass,
      wallMs: 1,
    }));
    const input = Readable.from([Buffer.from(old.map((record) => JSON.stringify(record)).join('\n'))]);
    await storeImport({ file: '-' }, house.context(input));
    house.text = '';
    await expect(storeMigrate({ class: { 3: 'music/x.wav' } }, house.context())).rejects.toMatchObject({
      code: 'HC_USAGE',
      hint: 'name one of them: music/9.wav, music/10.wav',
    });
    await storeMigrate({ class: { 3: 'music/9.wav', 7: 'music/9.wav' } }, house.context());
    expect(house.text).toContain('Music class 2 is music/10.wav (1 callers).');
    expect(house.text).toContain('Music class 3 is music/9.wav (1 callers).');
    expect(house.text).toContain('Music class 7: nothing to change.');
    expect(house.text).toContain('→ say what it is: holdcast store migrate --class 4=music/name.wav');
  });

  test('check exits with 1 where something is wrong, and prints JSON', async () => {
    const house = await new House('a').write(ENTRIES);
    expect(await storeCheck({}, house.context())).toBe(0);
    expect(house.text).toContain('1 choices, 1 things heard, 1 keys');
    house.text = '';
    writeFileSync(house.config.store.file, 'this is no database, and never was one'.repeat(100));
    expect(await storeCheck({ json: true }, house.context())).toBe(1);
    expect(JSON.parse(house.text)).toMatchObject({ ok: false });
  });

  test('purge removes what is older than the config or --days says', async () => {
    const house = await new House('a').write(ENTRIES);
    await storePurge({ json: true }, house.context());
    await storePurge({ days: 7, json: true }, house.context());
    expect(house.text).toBe('{"rows":0,"keepDays":365}\n{"rows":1,"keepDays":7}\n');
    expect(await house.lines()).toHaveLength(2);
  });
});

describe('the command line', () => {
  const parse = async (...args: string[]): Promise<string> => {
    let text = '';
    const program = buildProgram((t) => (text += t));
    const quiet = (command: ReturnType<typeof buildProgram>): void => {
      command.exitOverride().configureOutput({ writeOut: (t) => (text += t), writeErr: (t) => (text += t) });
      for (const sub of command.commands) quiet(sub);
    };
    quiet(program);
    await program.parseAsync(args, { from: 'user' }).catch(() => {});
    return text;
  };

  test.each(['migrate', 'check', 'export', 'import', 'purge'])(
    'store %s has help with examples',
    async (name) => {
      const help = await parse('store', name, '--help');
      expect(help).toMatch(new RegExp(`Examples:\\n {2}\\$ sudo -u asterisk holdcast store ${name}`));
      expect(help).toContain('--config');
    },
  );

  test('a --class that is no number and track, or says two things of a number, is refused', async () => {
    expect(await parse('store', 'migrate', '--class', 'x')).toContain('3=music/first-light.wav');
    const twice = await parse('store', 'migrate', '--class', '3=a', '--class', '3=b');
    expect(twice).toContain('music class 3 is a already');
    expect(await parse('store', 'purge', '--days', '0')).toContain('1 to 36500');
  });
});

test('the doctor says which store it is, how much is in it, and what lies in the spool', async () => {
  const house = await new House('a').write(ENTRIES);
  const { spool } = house.config.store;
  mkdirSync(spool);
  writeFileSync(join(spool, 'refused.jsonl'), '');
  writeFileSync(join(spool, `${'0'.repeat(15)}-00000001-1-1-1.jsonl`), '');
  chmodSync(house.config.store.file, 0o600);
  const checks = storeChecks({ config: { config: house.config }, ...house.parts }, house.parts);
  const { signal } = new AbortController();
  const rows = await runChecks(checks, { clock: systemClock(), limitMs: 20_000, signal });
  const told = rows.map(({ check, result, found }) => `${check}: ${result}: ${found}`);
  expect(told[0]).toMatch(/^store: ok: embedded: .*calls\.db, \d+ bytes$/);
  expect(told).toContain('store: rows: ok: 1 choices, 1 things heard, 1 keys');
  expect(told).toContain(`store: spool: ok: 1 files with choices in ${spool} will be written`);
  expect(told).toContain(
    `store: spool: warning: choices that the store refused are in ${spool}/refused.jsonl`,
  );
});
