// How many callers there is room for, and who is one too many.
// A limit read wrongly ends in EMFILE or in the kernel's killing the hub: then all callers lose their music.
import { CallerLimit, possibleCallers } from '../../src/hub/limits';
import { ManualClock } from '../../src/util/clock';
import { keptLog } from './fixtures';

const MIB = 1024 * 1024;
const wanted = { callers: 4000, threads: 2, cacheMb: 128 };

describe('possibleCallers', () => {
  test('with room for all, all are possible and nothing is to be said', () => {
    const resources = { descriptors: 65_536, memoryBytes: 8192 * MIB };
    expect(possibleCallers(wanted, resources)).toEqual({ mostCallers: 4000, reasons: [] });
  });

  test('what is not known limits nothing', () => {
    const resources = { descriptors: undefined, memoryBytes: undefined };
    expect(possibleCallers(wanted, resources).mostCallers).toBe(4000);
  });

  test('too few descriptors: fewer callers, and the line for the service that would do', () => {
    const { mostCallers, reasons } = possibleCallers(wanted, { descriptors: 1024, memoryBytes: undefined });
    expect(mostCallers).toBe(512);
    expect(reasons).toEqual([
      {
        code: 'HC_HUB_LIMIT',
        limit: 'descriptors',
        callers: 512,
        hint: expect.stringContaining('LimitNOFILE=4512') as unknown,
      },
    ]);
    const enough = possibleCallers(wanted, { descriptors: 4512, memoryBytes: undefined });
    expect(enough.reasons).toEqual([]);
  });

  test('too little memory: what the cache and the threads need comes first, and it says how much is missing', () => {
    const rest = 100;
    const memoryBytes = (128 + 2 * 40 + 64 + rest) * MIB;
    const { mostCallers, reasons } = possibleCallers(wanted, { descriptors: undefined, memoryBytes });
    expect(mostCallers).toBe(4 * rest);
    expect(reasons[0]!.hint).toContain('900 MiB');
    expect(reasons[0]!.hint).toContain('hub.threads');
  });

  test.each([
    ['many cores and few callers: one thread is enough', { callers: 1000, threads: 64 }, 1],
    ['a caller more than one thread is reckoned for', { callers: 1001, threads: 64 }, 2],
    ['fewer threads than there could be', { callers: 4000, threads: 3 }, 3],
  ])('%s', (_, more, threads) => {
    const settings = { ...wanted, ...more };
    const needed = (128 + threads * 40 + 64 + settings.callers / 4) * MIB;
    const of = (memoryBytes: number) =>
      possibleCallers(settings, { descriptors: undefined, memoryBytes }).mostCallers;
    expect([of(needed), of(needed - MIB)]).toEqual([settings.callers, settings.callers - 4]);
  });

  test('a machine without any room takes nobody, and is no error', () => {
    const { mostCallers, reasons } = possibleCallers(wanted, { descriptors: 100, memoryBytes: 0 });
    expect(mostCallers).toBe(0);
    expect(reasons.map(({ limit }) => limit)).toEqual(['descriptors', 'memory']);
  });
});

describe('CallerLimit', () => {
  function limitOf(mostCallers: number, memory: { bytes: number | undefined }) {
    const [{ log, lines }, clock] = [keptLog(), new ManualClock()];
    let asked = 0;
    const memoryBytes = (): number | undefined => {
      asked++;
      return memory.bytes;
    };
    const limit = new CallerLimit({ mostCallers, clock, log, memoryBytes });
    return { limit, lines, clock, asked: () => asked };
  }

  test('the last of those that are possible is let in, the next is not', () => {
    const { limit, lines } = limitOf(10, { bytes: undefined });
    expect([limit.admits(0), limit.admits(9), limit.admits(10), limit.admits(11)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.fields).toMatchObject({ code: 'HC_HUB_LIMIT', limit: 'callers', callers: 10, most: 10 });
    expect(limit.admits(9)).toBe(true);
  });

  test('a thousand refusals are two lines, and none is forgotten', () => {
    const { limit, lines, clock } = limitOf(1, { bytes: undefined });
    for (let i = 0; i < 1000; i++) limit.admits(1);
    clock.advance(60_000);
    limit.admits(1);
    expect(lines.map(({ fields }) => fields['times'])).toEqual([1, 1000]);
  });

  test('memory that goes while callers are there stops new ones, until it is back', () => {
    const memory = { bytes: 500 * MIB };
    const { limit, lines, clock, asked } = limitOf(100, memory);
    for (let i = 0; i < 50; i++) expect(limit.admits(i)).toBe(true);
    expect(asked()).toBe(1);
    memory.bytes = 10 * MIB;
    clock.advance(2000);
    expect(limit.admits(50)).toBe(false);
    expect(lines[0]!.fields).toMatchObject({ limit: 'memory', freeMb: 10 });
    memory.bytes = 500 * MIB;
    clock.advance(2000);
    expect(limit.admits(50)).toBe(true);
  });
});
