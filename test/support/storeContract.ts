// What every store promises, as tests: run against each adapter, so that a house may change from one to the other.
// Callers' numbers above all: a store that compares them as numbers gives one caller's choice to another.
import type { PinCaller, PinLimits } from '../../src/store/store';
import type { Store, StoreEntry } from '../../src/store/store';

export interface StoreBench {
  /** A store on the same place as all others since `clear`. */
  open(): Promise<Store>;
  /** Everything is forgotten. */
  clear(): Promise<void>;
  /** How many rows there are of each kind, by a way past the store. */
  counts(): Promise<{ choices: number; heard: number; keys: number }>;
  /** Everything that is kept of tries of PINs, as text, by a way past the store. */
  pinRows(): Promise<string>;
  /** Each try was so much longer ago, milliseconds; less than 0: the clock was set back since. */
  agePins(ms: number): Promise<void>;
}

const PIN_LIMITS: PinLimits = { tries: 3, lockMs: 3_600_000, allTries: 10, allMs: 600_000 };
const ALICE: PinCaller = { line: '9460018', told: '+442079460018' };
const caller = (line: string): PinCaller => ({ line, told: line });

/** Wall time that tests begin at. */
export const T0 = Date.UTC(2026, 0, 5, 12);

export function chose(phone: string, track: string, wallMs = T0): StoreEntry {
  return { type: 'choice', phone, track, wallMs };
}

const heard: StoreEntry & { type: 'heard' } = {
  type: 'heard',
  uniqueid: '1767614400.1',
  kind: 'track',
  id: 'music/a.wav',
  wallMs: T0,
};
const key: StoreEntry & { type: 'key' } = {
  type: 'key',
  uniqueid: '1767614400.1',
  digit: '2',
  action: 'balance',
  wallMs: T0,
};

export function describeStore(bench: () => StoreBench): void {
  let store: Store;
  beforeEach(async () => {
    await bench().clear();
    store = await bench().open();
  });
  afterEach(() => store.close());

  test('a caller of whom nothing is kept has no choice', async () => {
    expect(await store.choice('0049301234')).toBeUndefined();
  });

  test('the choice that is kept comes back, also for another process', async () => {
    await store.write([chose('0049301234', 'music/first light.wav')]);
    const other = await bench().open();
    expect(await other.choice('0049301234')).toBe('music/first light.wav');
    await other.close();
  });

  test('a time that is yet to come does not count for ever', async () => {
    const now = Date.now();
    await store.write([chose('49', 'music/future.wav', now + 1e10)]);
    expect(await store.choice('49')).toBe('music/future.wav');
    await store.write([chose('49', 'music/now.wav', now)]);
    expect(await store.choice('49')).toBe('music/now.wav');
    await store.write([chose('49', 'music/older.wav', now - 1)]);
    expect(await store.choice('49')).toBe('music/now.wav');
    await store.write([chose('50', 'music/future.wav', now + 1e10), chose('50', 'music/now.wav', now)]);
    expect(await store.choice('50')).toBe('music/now.wav');
  });

  test('numbers are strings: leading zeros, plus signs and spaces make another caller', async () => {
    const phones = ['0049', '49', '049', '+49', '49.0', '4.9e1', '0x31', '49#', '*49', '123456789012345'];
    await store.write(phones.map((phone, at) => chose(phone, `music/${at}.wav`)));
    for (const [at, phone] of phones.entries()) expect(await store.choice(phone)).toBe(`music/${at}.wav`);
    for (const strange of [
      '0',
      '00049',
      ' 49',
      '49 ',
      '49\t',
      '',
      '49\u0000',
      '４９',
      '9',
      '%',
      '4_',
      "49' OR '1'='1",
    ])
      expect(await store.choice(strange)).toBeUndefined();
    expect((await bench().counts()).choices).toBe(phones.length);
  });

  test('letters are compared as they are', async () => {
    await store.write([chose('Alice', 'music/a.wav')]);
    expect(await store.choice('alice')).toBeUndefined();
    expect(await store.choice('Alice')).toBe('music/a.wav');
  });

  test('a number that is too long, or has spaces, is not kept; nobody else gets that choice', async () => {
    await store.write([
      chose('1234567890123456', 'music/long.wav'),
      chose('49 ', 'music/space.wav'),
      chose('', 'music/empty.wav'),
      chose('49', 'music/right.wav'),
    ]);
    expect(await store.choice('1234567890123456')).toBeUndefined();
    expect(await store.choice('123456789012345')).toBeUndefined();
    expect(await store.choice('49')).toBe('music/right.wav');
    expect((await bench().counts()).choices).toBe(1);
  });

  test('the newest choice counts, in whatever order they are written', async () => {
    await store.write([chose('49', 'music/a.wav', T0 + 2000)]);
    await store.write([chose('49', 'music/old.wav', T0 + 1000)]);
    expect(await store.choice('49')).toBe('music/a.wav');
    await store.write([chose('49', 'music/c.wav', T0 + 4000), chose('49', 'music/b.wav', T0 + 3000)]);
    expect(await store.choice('49')).toBe('music/c.wav');
    await store.write([chose('49', 'music/a.wav', T0 + 5000)]);
    expect(await store.choice('49')).toBe('music/a.wav');
  });

  test('tracks keep every letter of their names', async () => {
    const tracks = [
      'music/Ünïcode 😀.wav',
      'music/музыка.wav',
      'music/o\'clock \\ "x".wav',
      'MUSIC/A.wav',
      'music/A.wav',
    ];
    await store.write(tracks.map((track, at) => chose(`49${at}`, track)));
    for (const [at, track] of tracks.entries()) expect(await store.choice(`49${at}`)).toBe(track);
  });

  test('the same entries twice are kept once', async () => {
    const entries = [chose('49', 'music/a.wav'), heard, key];
    await store.write(entries);
    await store.write([...entries, ...entries]);
    expect(await bench().counts()).toEqual({ choices: 1, heard: 1, keys: 1 });
  });

  test('what differs in any part is kept beside it', async () => {
    await store.write([heard, { ...heard, wallMs: T0 + 1 }, { ...heard, uniqueid: '1767614400.2' }]);
    await store.write([
      { ...heard, kind: 'advice' },
      { ...heard, id: 'music/b.wav' },
      key,
      { ...key, digit: '3' },
    ]);
    await store.write([{ type: 'heard', uniqueid: '1767614400.1', kind: 'answer', wallMs: T0 }]);
    expect(await bench().counts()).toEqual({ choices: 0, heard: 6, keys: 2 });
  });

  test('nothing to write is written', async () => {
    await store.write([]);
    expect(await bench().counts()).toEqual({ choices: 0, heard: 0, keys: 0 });
  });

  const bad: [what: string, entry: unknown][] = [
    ['a track that is none', { ...chose('1', 'x'), track: '' }],
    ['a track that is too long', chose('1', `music/${'x'.repeat(250)}`)],
    ['a track with half a character', chose('1', 'music/\ud83d.wav')],
    ['a track with a space at its end', chose('1', 'music/a.wav ')],
    ['a number of a caller that is a number', { ...chose('1', 'x'), phone: 49 }],
    ['a time that is none', { ...heard, wallMs: Number.NaN }],
    ['a kind that there is not', { ...heard, kind: 'noise' }],
    ['a Uniqueid that is too long', { ...heard, uniqueid: '1'.repeat(151) }],
    ['two digits at once', { ...key, digit: '12' }],
    ['a type that there is not', { ...key, type: 'dream' }],
  ];
  test.each(bad)(
    '%s is refused, with all that came with it, and no value is in the message',
    async (_, entry) => {
      const write = store.write([chose('4930', 'music/secret.wav'), entry as StoreEntry]);
      await expect(write).rejects.toMatchObject({ code: 'HC_STORE_REFUSED' });
      await expect(write).rejects.not.toThrow(/4930|secret|1767614400/);
      expect(await bench().counts()).toEqual({ choices: 0, heard: 0, keys: 0 });
    },
  );

  test('a number that cannot be kept does not keep the rest of a call from being kept', async () => {
    await store.write([
      { ...heard, phone: '1234567890123456' },
      { ...key, phone: '' },
    ]);
    expect(await bench().counts()).toEqual({ choices: 0, heard: 1, keys: 1 });
  });

  test('a thousand entries at once are all kept', async () => {
    const entries = Array.from({ length: 1000 }, (_, at) =>
      chose(`49${String(at).padStart(4, '0')}`, `music/${at % 7}.wav`),
    );
    await store.write(entries);
    expect((await bench().counts()).choices).toBe(1000);
    expect(await store.choice('490999')).toBe('music/5.wav');
  });

  test('purging removes what is older, and choices that were not renewed', async () => {
    await store.write([chose('1', 'music/a.wav'), chose('2', 'music/a.wav'), heard, key]);
    await store.write([chose('2', 'music/a.wav', T0 + 5000), { ...heard, wallMs: T0 + 5000 }]);
    expect(await store.purge(T0 + 1000)).toBe(3);
    expect(await store.choice('1')).toBeUndefined();
    expect(await store.choice('2')).toBe('music/a.wav');
    expect(await bench().counts()).toEqual({ choices: 1, heard: 1, keys: 0 });
    expect(await store.purge(T0 + 1000)).toBe(0);
  });

  test('purging removes more than one piece', async () => {
    await store.write(Array.from({ length: 2500 }, (_, at) => ({ ...heard, wallMs: T0 + at })));
    await store.write(Array.from({ length: 1200 }, (_, at) => chose(`1${at}`, 'music/a.wav', T0)));
    expect(await store.purge(T0 + 2400)).toBe(3600);
    expect(await bench().counts()).toEqual({ choices: 0, heard: 100, keys: 0 });
  });

  test('many write the same callers at once: nothing is refused, the newest counts', async () => {
    const others = await Promise.all([bench().open(), bench().open(), bench().open()]);
    await Promise.all(
      [store, ...others].flatMap((one, who) =>
        Array.from({ length: 10 }, (_, turn) =>
          one.write(
            ['1', '2', '3', '4', '5'].map((phone) => chose(phone, `music/${who}.wav`, T0 + turn * 4 + who)),
          ),
        ),
      ),
    );
    for (const phone of ['1', '5']) expect(await store.choice(phone)).toBe('music/3.wav');
    for (const other of others) await other.close();
  });

  test('a store that is closed says so, and may be closed again', async () => {
    await store.write([chose('1', 'music/a.wav')]);
    await store.close();
    await store.close();
    await expect(store.choice('1')).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    await expect(store.write([chose('1', 'music/a.wav')])).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
  });

  describe('tries of PINs', () => {
    const begin = (who = ALICE, limits = PIN_LIMITS, on = store) => on.pins.begin(who, limits);
    const counts = (who = ALICE, limits = PIN_LIMITS) => store.pins.counts(who, limits);

    test('are counted up to the limit, also for another process, and each line has its own', async () => {
      expect(await counts()).toEqual({ ofLine: 0, ofAll: 0 });
      expect(await begin()).toEqual({ begun: true, ofLine: 1, ofAll: 1 });
      const other = await bench().open();
      expect(await begin(ALICE, PIN_LIMITS, other)).toEqual({ begun: true, ofLine: 2, ofAll: 2 });
      expect(await begin()).toEqual({ begun: true, ofLine: 3, ofAll: 3 });
      expect(await begin(ALICE, PIN_LIMITS, other)).toEqual({ begun: false, ofLine: 3, ofAll: 3 });
      expect(await begin(caller('5550000'))).toEqual({ begun: true, ofLine: 1, ofAll: 4 });
      expect(await counts()).toEqual({ ofLine: 3, ofAll: 4 });
      await other.close();
    });

    test('at once, of many processes, are no more than the limits', async () => {
      const others = await Promise.all([bench().open(), bench().open(), bench().open()]);
      const begunOf = async (callerOf: (serial: number) => PinCaller): Promise<number> => {
        const stores = [store, ...others].flatMap((one) => Array.from({ length: 5 }, () => one));
        const tries = await Promise.all(stores.map((one, at) => begin(callerOf(at), PIN_LIMITS, one)));
        return tries.filter(({ begun }) => begun).length;
      };
      const counted = [await begunOf(() => ALICE), await begunOf((at) => caller(`555${at}`))];
      for (const other of others) await other.close();
      expect(counted).toEqual([3, 7]);
    });

    test('a right one forgives what was told the same; told in two ways, only itself', async () => {
      for (let i = 0; i < 3; i++) await begin();
      await store.pins.end(ALICE, 'right');
      expect(await counts()).toEqual({ ofLine: 0, ofAll: 0 });
      const neighbour = { ...ALICE, told: '+339460018' };
      await begin();
      await begin();
      await begin(neighbour);
      await store.pins.end(neighbour, 'right');
      expect(await counts()).toEqual({ ofLine: 2, ofAll: 2 });
      await begin(neighbour);
      await store.pins.end(neighbour, 'right');
      await begin();
      expect((await begin()).begun).toBe(false);
    });

    test('one that nobody judged does not count, and never less than nothing is counted', async () => {
      await begin();
      await begin();
      await store.pins.end(ALICE, 'unjudged');
      expect(await counts()).toEqual({ ofLine: 1, ofAll: 1 });
      for (let i = 0; i < 3; i++) await store.pins.end(ALICE, 'unjudged');
      expect(await counts()).toEqual({ ofLine: 0, ofAll: 0 });
      expect((await begin()).ofLine).toBe(1);
    });

    test('a lock is not lengthened by who tries on, ends after its time, and leaves nothing', async () => {
      for (let i = 0; i < 3; i++) await begin();
      await bench().agePins(PIN_LIMITS.lockMs - 60_000);
      expect((await begin()).begun).toBe(false);
      expect(await counts()).toEqual({ ofLine: 3, ofAll: 0 });
      await bench().agePins(60_000);
      await counts(caller('55'));
      expect(await bench().pinRows()).toBe('');
      expect(await begin()).toEqual({ begun: true, ofLine: 1, ofAll: 1 });
    });

    test('a lock is not flushed by any number of others', async () => {
      const many = { ...PIN_LIMITS, allTries: 10_000 };
      for (let i = 0; i < 3; i++) await begin(ALICE, many);
      for (let at = 0; at < 300; at++) await begin(caller(`55${at}`), many);
      expect(await begin(ALICE, many)).toEqual({ begun: false, ofLine: 3, ofAll: 303 });
    });

    test('over all lines have a limit that ends with its time, and the lines keep their tries', async () => {
      for (let at = 0; at < 10; at++) await begin(caller(`55${at}`));
      expect(await begin()).toEqual({ begun: false, ofLine: 0, ofAll: 10 });
      await bench().agePins(PIN_LIMITS.allMs);
      expect(await begin()).toEqual({ begun: true, ofLine: 1, ofAll: 1 });
      expect((await counts(caller('550'))).ofLine).toBe(1);
    });

    test('a clock that was set back locks nobody for longer than a lock', async () => {
      for (let i = 0; i < 3; i++) await begin();
      await bench().agePins(-10 * 365 * 86_400_000);
      expect((await begin()).begun).toBe(false);
      await bench().agePins(PIN_LIMITS.lockMs);
      expect((await begin()).begun).toBe(true);
    });

    test('have no number in what is kept', async () => {
      await begin();
      const kept = await bench().pinRows();
      expect(kept).not.toBe('');
      expect(kept).not.toMatch(/9460018/);
    });

    test('go with a purge when no limit counts them any more', async () => {
      await begin();
      expect(await store.purge(0)).toBe(0);
      await bench().agePins(86_400_000);
      expect(await store.purge(0)).toBe(1);
      expect(await bench().pinRows()).toBe('');
    });

    test('are not counted in a store that is closed', async () => {
      await store.close();
      await expect(begin()).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    });
  });
}
