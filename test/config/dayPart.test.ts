// Parts of the day against an oracle that does not use Intl: the offsets of each zone around its switches of 2026.
import fc from 'fast-check';
import { dayPartAt, localTime } from '../../src/config/dayPart';
import { defaultDayParts } from '../../src/config/defaults';
import type { DayParts } from '../../src/config/dayPart';

const MINUTE = 60_000;
/** [from this instant, minutes east of UTC], from the published rules of 2026. */
const OFFSETS: Record<string, [string, number][]> = {
  'Europe/Moscow': [['2026-01-01T00:00Z', 180]],
  'Asia/Kathmandu': [['2026-01-01T00:00Z', 345]],
  'Europe/Berlin': [
    ['2026-01-01T00:00Z', 60],
    ['2026-03-29T01:00Z', 120],
    ['2026-10-25T01:00Z', 60],
  ],
  'America/St_Johns': [
    ['2026-01-01T00:00Z', -210],
    ['2026-03-08T05:30Z', -150],
    ['2026-11-01T04:30Z', -210],
  ],
  'Australia/Lord_Howe': [
    ['2026-01-01T00:00Z', 660],
    ['2026-04-04T15:00Z', 630],
    ['2026-10-03T15:30Z', 660],
  ],
};

function oracleMinutes(wallMs: number, zone: string): { minutes: number; date: string } {
  const [, offset] = OFFSETS[zone]!.findLast(([since]) => Date.parse(since) <= wallMs)!;
  const local = new Date(wallMs + offset * MINUTE);
  return {
    minutes: local.getUTCHours() * 60 + local.getUTCMinutes(),
    date: local.toISOString().slice(0, 10),
  };
}

function oraclePart(minutes: number, parts: DayParts): string | undefined {
  const at = (time: string): number => Number(time.split(':')[0]) * 60 + Number(time.split(':')[1]);
  for (const [part, window] of Object.entries(parts)) {
    const [from, to] = [at(window![0]), at(window![1])];
    if (from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to) return part;
  }
  return undefined;
}

const overMidnight: DayParts = { firstEvening: ['22:00', '06:00'], firstDay: ['06:30', '21:45'] };

describe.each(Object.keys(OFFSETS))('the clock of %s', (zone) => {
  const switches = OFFSETS[zone]!.map(([since]) => Date.parse(since)).slice(1);
  const days = switches.length > 0 ? switches : [Date.parse('2026-06-01T00:00Z')];

  it.each(days.map((day) => new Date(day).toISOString()))('is right in every minute around %s', (day) => {
    for (let at = Date.parse(day) - 1440 * MINUTE; at < Date.parse(day) + 1440 * MINUTE; at += MINUTE) {
      const { minutes, date } = oracleMinutes(at, zone);
      const local = localTime(at, zone);
      if (local.minutes !== minutes || local.date !== date)
        expect({ at, ...local }).toEqual({ at, minutes, date });
      const part = dayPartAt(at, overMidnight, zone);
      if (part !== oraclePart(minutes, overMidnight))
        expect([at, part]).toEqual([at, oraclePart(minutes, overMidnight)]);
    }
  });

  it('is right at any moment of 2026, to the last millisecond of a minute', () => {
    const year = fc.integer({ min: Date.UTC(2026, 0, 2), max: Date.UTC(2026, 11, 31) });
    fc.assert(
      fc.property(year, fc.constantFrom(defaultDayParts, overMidnight, {}), (at, parts) => {
        expect(dayPartAt(at, parts, zone)).toBe(oraclePart(oracleMinutes(at, zone).minutes, parts));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('windows', () => {
  const at = (time: string): number => Date.parse(`2026-06-01T${time}Z`);

  it('include their beginning and not their end', () => {
    const part = (time: string) => dayPartAt(at(time), defaultDayParts, 'UTC');
    expect([part('00:00'), part('09:59:59.999'), part('10:00')]).toEqual([
      'firstMorning',
      'firstMorning',
      'firstDay',
    ]);
    expect([part('20:59:59.999'), part('21:00'), part('23:59:59.999')]).toEqual([
      'firstDay',
      'firstEvening',
      'firstEvening',
    ]);
  });

  it('name no part in a gap', () => {
    expect(dayPartAt(at('06:15'), overMidnight, 'UTC')).toBeUndefined();
    expect(dayPartAt(at('06:15'), {}, 'UTC')).toBeUndefined();
  });

  it('cross midnight', () => {
    for (const time of ['22:00', '23:59', '00:00', '05:59'])
      expect(dayPartAt(at(time), overMidnight, 'UTC')).toBe('firstEvening');
    expect(dayPartAt(at('06:00'), overMidnight, 'UTC')).toBeUndefined();
  });

  it('may end at 00:00, which is 24:00', () => {
    expect(dayPartAt(at('23:59'), { firstEvening: ['22:00', '00:00'] }, 'UTC')).toBe('firstEvening');
    expect(dayPartAt(at('00:00'), { firstEvening: ['22:00', '00:00'] }, 'UTC')).toBeUndefined();
  });
});

describe('without a time zone', () => {
  it('shows what the machine’s own clock shows, as its zone would by name', () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (let hour = 0; hour < 24 * 370; hour += 5) {
      const wallMs = Date.UTC(2026, 0, 1, hour, 17);
      expect(localTime(wallMs)).toEqual(localTime(wallMs, zone));
    }
  });
});
