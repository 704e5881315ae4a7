// Campaigns: which advices they name, on which days and in which minutes these are heard.
import fc from 'fast-check';
import * as nodeCron from 'node-cron';
import { campaignFilter } from '../../src/config/campaigns';
import { cronMatcher, validateCron } from '../../src/config/cron';
import { matchesAdvice, matchesName } from '../../src/config/glob';

const at = (time: string): number => Date.parse(time);

describe('patterns', () => {
  it.each([
    ['last', 'advices/last/bye.wav', true],
    ['last/', 'advices/last/bye.wav', true],
    ['last', 'advices/last.wav', true],
    ['last', 'advices/lasting/bye.wav', false],
    ['first', 'advices/firstDay/a.wav', false],
    ['first*', 'advices/firstDay/a.wav', true],
    ['middle/summer-*', 'advices/middle/summer-1.mp3', true],
    ['middle/summer-*', 'advices/middle/winter-1.mp3', false],
    ['middle/summer-?', 'advices/middle/summer-12.mp3', false],
    ['middle/summer-?', 'advices/middle/summer-1.mp3', true],
    ['middle/offer', 'advices/middle/offer.mp3', true],
    ['middle/offer', 'advices/middle/offer.en.mp3', true],
    ['middle/offer', 'advices/middle/offer.v2.mp3', false],
    ['middle/offer.en', 'advices/middle/offer.en.mp3', true],
    ['middle/offer.en', 'advices/middle/offer.ru.mp3', false],
    ['middle/offer.mp3', 'advices/middle/offer.mp3', true],
    ['middle/offer', 'advices/middle/offers.mp3', false],
    ['*', 'advices/middle/a.mp3', true],
    ['*/a', 'advices/middle/a.mp3', true],
    ['middle/a/b', 'advices/middle/a.mp3', false],
    ['middle/a.b', 'advices/middle/axb', false],
    ['middle', 'middle/without-prefix.mp3', true],
    ['middle/e\u0301te\u0301-*', 'advices/middle/\u00e9t\u00e9-1.mp3', true],
    ['middle/\u00e9t\u00e9', 'advices/middle/e\u0301te\u0301.fr.mp3', true],
    ['middle/?t?', 'advices/middle/e\u0301te\u0301.mp3', true],
    ['middle/ete', 'advices/middle/e\u0301te\u0301.mp3', false],
  ])('%s and %s: %s', (pattern, id, expected) => expect(matchesAdvice(pattern, id)).toBe(expected));

  it('agree with a regular expression on any text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesName(glob, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: 5000, seed: 2 },
    );
  });

  it('take no time that grows out of hand', () => {
    const start = performance.now();
    expect(matchesName('*a'.repeat(30) + 'b', 'a'.repeat(200))).toBe(false);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('campaigns', () => {
  const summer = { match: 'middle/summer', from: '2026-06-01', to: '2026-08-31' };

  it('leave alone what they do not name', async () => {
    const allowed = await campaignFilter([summer], 'UTC');
    expect(allowed('advices/last/bye.wav', at('2026-01-01T12:00Z'))).toBe(true);
  });

  it('include both days, in their time zone', async () => {
    const allowed = await campaignFilter([summer], 'Europe/Berlin');
    const heard = (time: string): boolean => allowed('advices/middle/summer.en.wav', at(time));
    expect([heard('2026-05-31T21:59:59Z'), heard('2026-05-31T22:00Z')]).toEqual([false, true]);
    expect([heard('2026-08-31T21:59:59Z'), heard('2026-08-31T22:00Z')]).toEqual([true, false]);
  });

  it('may be open on either side', async () => {
    const from = await campaignFilter([{ match: 'last', from: '2026-06-01' }], 'UTC');
    const to = await campaignFilter([{ match: 'last', to: '2026-06-01' }], 'UTC');
    const days = ['2026-05-31T12:00Z', '2026-06-01T12:00Z', '2026-06-02T12:00Z'].map(at);
    expect(days.map((day) => from('advices/last/a.wav', day))).toEqual([false, true, true]);
    expect(days.map((day) => to('advices/last/a.wav', day))).toEqual([true, true, false]);
  });

  it('allow what any of them allows', async () => {
    const winter = { match: 'middle', from: '2026-12-01' };
    const allowed = await campaignFilter([summer, winter], 'UTC');
    const heard = (time: string): boolean => allowed('advices/middle/summer.wav', at(time));
    expect([heard('2026-07-01T00:00Z'), heard('2026-10-01T00:00Z'), heard('2026-12-24T00:00Z')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('cron expressions', () => {
  it('match the whole minute, on the clock of their zone, through a switch', () => {
    const matches = cronMatcher('30 2 * * *', 'Europe/Berlin');
    expect(matches(at('2026-03-28T01:30:45Z'))).toBe(true);
    expect([at('2026-03-29T00:30Z'), at('2026-03-29T01:30Z')].map(matches)).toEqual([false, false]); // 02:30 does not exist
    expect([at('2026-10-25T00:30Z'), at('2026-10-25T01:30Z')].map(matches)).toEqual([true, true]); // 02:30 comes twice
  });

  it('need both the day of the month and the day of the week', () => {
    const matches = cronMatcher('* * 13 * fri', 'UTC');
    expect([at('2026-02-13T12:00Z'), at('2026-02-20T12:00Z'), at('2026-01-13T12:00Z')].map(matches)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('agree with an oracle on minutes and hours', () => {
    const matches = cronMatcher('*/15 8-9,22 * * *', 'Asia/Kathmandu');
    for (let minute = 0; minute < 1440; minute++) {
      const wall = Date.UTC(2026, 5, 1) + minute * 60_000;
      const local = (minute + 345) % 1440;
      const expected = [8, 9, 22].includes(Math.floor(local / 60)) && (local % 60) % 15 === 0;
      if (matches(wall) !== expected) expect([minute, matches(wall)]).toEqual([minute, expected]);
    }
  });

  it('leave no task behind and print nothing', () => {
    const printed = [jest.spyOn(console, 'info'), jest.spyOn(console, 'debug'), jest.spyOn(console, 'log')];
    cronMatcher('* * * * *', 'UTC');
    expect(nodeCron.getTasks().size).toBe(0);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  });

  it.each([
    ['* * * * *', undefined],
    ['*/5 9-17 1,15 jan-mar mon-fri', undefined],
    ['* * * * * *', '6 fields'],
    ['* * *', '3 fields'],
    ['@daily', '1 field'],
    ['', '0 fields'],
    ['61 * * * *', 'minute 61'],
    ['* 24 * * *', 'hour 24'],
    ['* * * * funday', 'dayOfWeek funday'],
  ])('%j: %s', (expression, wrong) => expect(validateCron(expression)).toBe(wrong));
});
