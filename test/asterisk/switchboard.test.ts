// Switchboard: all calls over one link, each follower told of its own.
// Would catch: news of another call, a listener that stalls the rest, memory that grows, Asterisk asked without need.
import type { AmiEvent } from '../../src/asterisk/events';
import type { CallNews } from '../../src/asterisk/callNews';
import { HoldcastError } from '../../src/util/errors';
import type { Heard } from '../support/callNewsContract';
import { message, settled } from '../support/fakeAmi';
import { switchboardStand as stand } from '../support/switchboardStand';

const types = (heard: Heard): string => heard.news.map(({ type }) => type).join(' ');
const lastIdentity = (heard: Heard) => heard.news.findLast((news) => news.type === 'identity')?.identity;

describe('who is calling', () => {
  test('is known from the join, and Asterisk is asked once whether they withhold their number', async () => {
    const s = await stand();
    s.asterisk.call('me', { phone: '442079460018', language: 'ru' });
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    expect(heard.news).toEqual([
      {
        type: 'identity',
        identity: {
          uniqueid: 'me',
          channel: 'PJSIP/trunk-me',
          phone: '442079460018',
          language: 'ru',
          queue: 'sales',
        },
      },
      { type: 'place', place: { queue: 'sales', position: 1, joinedMs: s.clock.wall() } },
    ]);
    expect(s.ami.asked.filter(({ Action }) => Action === 'Status')).toEqual([
      { Action: 'Status', Channel: 'me', Variables: 'CALLERID(num-pres),CALLINGNUMPRES_SV,CALLINGPRES_SV' },
    ]);
    s.ami.emit({ type: 'moh-start', uniqueid: 'me', channel: 'PJSIP/trunk-me', number: '442079460018' });
    s.follow('me');
    await settled();
    expect(s.asked()).toEqual(['me']);
  });

  test('is known from the join where there is no number, and Asterisk is not asked', async () => {
    const s = await stand();
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    expect(types(heard)).toBe('identity place');
    expect(s.asked()).toEqual([]);
  });

  test('is asked once where events have not told, also by two followers at once', async () => {
    const s = await stand({ connected: false });
    s.asterisk.join('me', 'sales');
    s.ami.connect();
    const [one, two] = [s.follow('me'), s.follow('me')];
    await settled();
    expect(s.asked()).toEqual(['me']);
    expect(s.looks()).toEqual(['sales']);
    for (const heard of [one, two]) {
      expect(types(heard)).toBe('identity place');
      expect(lastIdentity(heard)).toMatchObject({ channel: 'PJSIP/trunk-me', queue: 'sales' });
    }
  });

  test('of a call in no queue: no place, no look at any queue', async () => {
    const s = await stand();
    s.asterisk.call('me', { phone: '1234567' });
    const heard = s.follow('me');
    await settled();
    expect(types(heard)).toBe('identity');
    expect(lastIdentity(heard)).toEqual({
      uniqueid: 'me',
      channel: 'PJSIP/trunk-me',
      phone: '1234567',
      language: 'en',
    });
    expect(s.looks()).toEqual([]);
  });

  test('of a call that an agent has: it waits in no queue, though Asterisk names one', async () => {
    const s = await stand({ connected: false });
    s.asterisk.join('me', 'sales');
    s.asterisk.answer('me');
    s.ami.connect();
    const heard = s.follow('me');
    await settled();
    expect(lastIdentity(heard)).not.toHaveProperty('queue');
    expect(heard.places).toBe('');
  });

  test('is told again when the channel has another name', async () => {
    const s = await stand();
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    s.asterisk.rename('me', 'PJSIP/other-1');
    s.asterisk.rename('me', 'PJSIP/other-1');
    expect(types(heard)).toBe('identity place identity');
    expect(lastIdentity(heard)).toMatchObject({ channel: 'PJSIP/other-1', queue: 'sales' });
    s.asterisk.call('never heard of');
    s.asterisk.rename('never heard of', 'PJSIP/other-2');
    expect(s.switchboard.known).toBe(1);
  });

  test('is told from music alone, and the queue is asked for', async () => {
    const s = await stand();
    s.asterisk.holding = true;
    s.asterisk.join('me', 'sales');
    s.asterisk.drop(1);
    s.asterisk.flow();
    s.ami.holding = true;
    const heard = s.follow('me');
    await settled();
    expect(lastIdentity(heard)).toMatchObject({ channel: 'PJSIP/trunk-me' });
    s.ami.holding = false;
    s.ami.look().give();
    await settled();
    expect(heard.places).toBe('1 in sales');
  });

  test('is asked again when Asterisk did not answer, after pauses that grow', async () => {
    const s = await stand();
    s.asterisk.join('other', 'sales');
    s.asterisk.call('me');
    s.ami.holding = true;
    const heard = s.follow('me');
    const seconds: number[] = [];
    for (let second = 0; second < 70; second++) {
      await settled();
      if (s.ami.pending > 0) seconds.push(second);
      s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
      await settled();
      s.clock.advance(1000);
    }
    expect(seconds).toEqual([0, 1, 3, 7, 15, 31, 61]);
    expect(s.logged.filter((line) => line.includes('could not be asked')).length).toBe(1);
    s.ami.holding = false;
    s.clock.advance(30_000);
    await settled();
    expect(types(heard)).toBe('identity');
  });

  test('is not asked again where Asterisk refuses, until it is connected anew', async () => {
    const s = await stand();
    s.asterisk.call('me');
    s.ami.holding = true;
    const heard = s.follow('me');
    await settled();
    s.ami.fail(new HoldcastError('HC_AMI_ERROR', 'Permission denied'));
    await settled();
    s.clock.advance(600_000);
    expect(s.asked()).toEqual(['me']);
    s.asterisk.lose();
    s.asterisk.restore();
    await settled();
    s.ami.fail(new HoldcastError('HC_AMI_ERROR', 'Permission denied'));
    await settled();
    expect(s.logged.filter((line) => line.includes('could not be asked')).length).toBe(2);
    s.ami.holding = false;
    s.asterisk.lose();
    s.asterisk.restore();
    await settled();
    expect(types(heard)).toBe('identity');
  });

  test('is not believed of another channel', async () => {
    const s = await stand();
    s.ami.answer = () => [
      message({ Event: 'Status', Uniqueid: 'other', Channel: 'me', CallerIDNum: '1234567' }),
    ];
    const heard = s.follow('me');
    await settled();
    expect(heard.news).toEqual([]);
  });

  test('is not asked for a call that is not followed any more', async () => {
    const s = await stand();
    s.asterisk.join('me', 'sales');
    s.follow('me').cancel();
    await settled();
    expect(s.asked()).toEqual([]);
    const heard = s.follow('me');
    await settled();
    heard.cancel();
    s.asterisk.lose();
    s.asterisk.restore();
    await settled();
    expect(s.asked()).toEqual([]);
    s.ami.holding = true;
    for (const follower of Array.from({ length: 40 }, (_, i) => s.follow(`call${i}`))) {
      await settled();
      follower.cancel();
    }
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await settled();
    expect(s.asked().length).toBe(16);
    expect(s.clock.pending).toBe(0);
  });

  test('is asked once more by a follower who does not wait for the next time', async () => {
    const s = await stand();
    s.asterisk.call('me');
    s.ami.holding = true;
    s.follow('me');
    await settled();
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await settled();
    s.ami.holding = false;
    const heard = s.follow('me');
    await settled();
    expect(types(heard)).toBe('identity');
    s.clock.advance(60_000);
    await settled();
    expect(s.asked()).toEqual(['me', 'me']);
  });

  test('of hundreds of calls is asked a few at a time after a reconnect, each by its own Uniqueid', async () => {
    const s = await stand();
    const all = Array.from({ length: 200 }, (_, i) => `call${i}`);
    for (const id of all) {
      s.asterisk.join(id, 'sales');
      s.follow(id);
    }
    await s.seconds(1);
    const looks = s.looks().length;
    s.asterisk.lose();
    s.ami.holding = true;
    s.asterisk.restore();
    expect(s.asked().length).toBe(16);
    for (let i = 0; i < 13; i++) {
      s.ami.look().give();
      await settled();
    }
    expect(s.asked().toSorted()).toEqual(all.toSorted());
    expect(s.looks().length).toBe(looks + 1);
  });

  test('is asked once for each call, also when the link goes before all had their turn', async () => {
    const s = await stand();
    const all = Array.from({ length: 50 }, (_, i) => `call${i}`);
    for (const id of all) s.asterisk.call(id);
    s.ami.holding = true;
    const followers = all.map((id) => s.follow(id));
    await settled();
    const before = s.asked().length;
    s.asterisk.lose();
    await settled();
    expect(s.clock.pending).toBe(0);
    s.ami.holding = false;
    s.asterisk.restore();
    for (let i = 0; i < 10; i++) await settled();
    expect(s.asked().slice(before).toSorted()).toEqual(all.toSorted());
    expect(followers.map(types)).toEqual(all.map(() => 'identity'));
    expect(s.logged).toEqual([]);
  });

  test('is still asked when the link goes twice in a moment', async () => {
    const s = await stand();
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    for (let i = 0; i < 5; i++) {
      s.asterisk.lose();
      s.asterisk.restore();
    }
    await settled();
    expect(types(heard)).toBe('identity place place identity place');
    expect(heard.places).toBe('1 in sales, -, 1 in sales');
  });
});

describe('a number', () => {
  const NUMBER = '442079460018';
  const music = (number?: string): AmiEvent => ({
    type: 'moh-start',
    uniqueid: 'me',
    channel: 'PJSIP/trunk-me',
    ...(number !== undefined && { number }),
  });

  test.each(['prohib_not_screened', 'prohib_passed_screen', 'prohib', 'unavailable', '', 'odd'])(
    'whose presentation is "%s" is told nobody, though every event names it',
    async (presentation) => {
      const s = await stand();
      s.asterisk.call('me', { phone: NUMBER, presentation });
      s.asterisk.join('me', 'sales');
      const heard = s.follow('me');
      await settled();
      s.ami.emit(music(NUMBER));
      s.asterisk.rename('me', 'PJSIP/other-1');
      s.asterisk.lose();
      s.asterisk.restore();
      await settled();
      expect(lastIdentity(heard)).toMatchObject({ channel: 'PJSIP/other-1' });
      expect(s.switchboard.who('me')).toBeDefined();
      expect(JSON.stringify([heard.news, s.switchboard.who('me')])).not.toContain(NUMBER);
    },
  );

  test('is told of nobody before Asterisk has said whether it may be', async () => {
    const s = await stand();
    s.ami.holding = true;
    s.asterisk.call('me', { phone: NUMBER });
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    expect([heard.news, s.switchboard.who('me')]).toEqual([[], undefined]);
    s.asterisk.press('me', '2');
    expect(heard.keys).toBe('2');
    s.ami.look().give();
    await settled();
    expect(types(heard)).toBe('key identity place');
    expect(lastIdentity(heard)).toMatchObject({ phone: NUMBER });
    expect(s.switchboard.who('me')).toMatchObject({ phone: NUMBER });
  });

  test.each(['HC_AMI_ERROR', 'HC_AMI_TIMEOUT'] as const)(
    'is not told where Asterisk does not say that (%s); everything else is',
    async (code) => {
      const s = await stand();
      s.ami.holding = true;
      s.asterisk.call('me', { phone: NUMBER, language: 'ru' });
      s.asterisk.join('me', 'sales');
      const heard = s.follow('me');
      await settled();
      s.ami.fail(new HoldcastError(code, 'Permission denied'));
      await settled();
      expect(types(heard)).toBe('identity place');
      expect(lastIdentity(heard)).toEqual({
        uniqueid: 'me',
        channel: 'PJSIP/trunk-me',
        language: 'ru',
        queue: 'sales',
      });
      expect(s.logged.filter((line) => line.includes('identity'))).toHaveLength(1);
      s.clock.advance(1000);
      s.ami.look().give();
      await settled();
      expect(lastIdentity(heard)?.phone).toBe(code === 'HC_AMI_TIMEOUT' ? NUMBER : undefined);
    },
  );

  test('is not told where Asterisk cannot say that at all, which is logged once, without it', async () => {
    const s = await stand();
    for (const id of ['me', 'other']) {
      s.asterisk.call(id, { phone: NUMBER, presentation: '' });
      s.asterisk.join(id, 'sales');
      s.follow(id);
    }
    await settled();
    expect(s.logged).toHaveLength(1);
    expect(s.logged[0]).toContain('func_callerid');
    expect(s.logged[0]).not.toContain(NUMBER);
  });

  test('that is another one all at once is void until Asterisk has said of the new one, too', async () => {
    const s = await stand();
    s.asterisk.call('me', { phone: NUMBER });
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    s.ami.holding = true;
    s.asterisk.call('me', { phone: '15551234567' });
    s.ami.emit(music('15551234567'));
    expect(lastIdentity(heard)?.phone).toBeUndefined();
    await settled();
    s.ami.look().give();
    await settled();
    expect(lastIdentity(heard)).toMatchObject({ phone: '15551234567' });
    s.ami.emit(music());
    expect(lastIdentity(heard)?.phone).toBeUndefined();
  });

  test('in an answer that an event has overtaken is asked for again', async () => {
    const s = await stand();
    s.ami.holding = true;
    s.asterisk.call('me', { phone: NUMBER });
    const heard = s.follow('me');
    await settled();
    s.ami.look();
    s.asterisk.call('me', { phone: '15551234567', presentation: 'prohib' });
    s.ami.emit(music('15551234567'));
    s.ami.give();
    for (let i = 0; i < 3; i++) {
      await settled();
      s.ami.look().give();
    }
    await settled();
    expect(lastIdentity(heard)).toMatchObject({ uniqueid: 'me' });
    expect(JSON.stringify(heard.news)).not.toMatch(/phone/);
    expect(s.asked().length).toBeLessThanOrEqual(4);
  });
});

describe('places', () => {
  test('come with a range for the wait when agents have taken three calls', async () => {
    const s = await stand();
    for (let i = 0; i < 3; i++) {
      s.asterisk.join(`ahead${i}`, 'sales');
      s.asterisk.join(`call${i}`, 'sales');
      s.asterisk.abandon(`ahead${i}`);
      s.asterisk.answer(`call${i}`, 60_000); // joined second: 30 s for each place
    }
    s.asterisk.join('a', 'sales');
    s.asterisk.join('me', 'sales');
    const heard = s.follow('me');
    await settled();
    expect(heard.news.at(-1)).toMatchObject({
      type: 'place',
      place: { queue: 'sales', position: 2, waitMs: [60_000, 60_000] },
    });
  });

  test('of calls that joined before the link came up are not counted for the wait', async () => {
    const s = await stand({ connected: false });
    for (const id of ['a', 'b', 'c', 'd', 'me']) s.asterisk.join(id, 'sales');
    s.ami.connect();
    const heard = s.follow('me');
    await settled();
    for (const id of ['a', 'b', 'c', 'd']) {
      await s.seconds(1);
      s.asterisk.answer(id, 60_000);
    }
    await s.seconds(1);
    expect(heard.places).toBe('5 in sales, 4 in sales, 3 in sales, 2 in sales, 1 in sales');
    expect(JSON.stringify(heard.news)).not.toContain('waitMs');
  });

  test('of one queue are not estimated from another', async () => {
    const s = await stand();
    for (let i = 0; i < 3; i++) {
      s.asterisk.join(`call${i}`, 'sales');
      s.ami.emit({ type: 'queue-connect', queue: 'support', uniqueid: `call${i}`, holdMs: 60_000 });
    }
    s.asterisk.join('me', 'support');
    const heard = s.follow('me');
    await settled();
    expect(heard.news.at(-1)).toMatchObject({ type: 'place', place: { queue: 'support', position: 1 } });
    expect(heard.news.at(-1)).not.toHaveProperty('place.waitMs');
  });

  test('are told to a follower who comes later, and keys are theirs from the first moment', async () => {
    const s = await stand();
    s.asterisk.join('a', 'sales');
    s.asterisk.join('me', 'sales');
    const first = s.follow('me');
    await settled();
    first.cancel();
    s.asterisk.abandon('a');
    const second = s.follow('me');
    s.asterisk.press('me', '4');
    await settled();
    expect(first.places).toBe('2 in sales');
    expect(second.places).toBe('1 in sales');
    expect(second.keys).toBe('4');
    expect(first.keys).toBe('');
  });
});

describe('the end of a call', () => {
  test('is told to everybody who listens for hang-ups, followed or not', async () => {
    const s = await stand();
    const ended: string[] = [];
    const stop = s.switchboard.onHangup((id) => ended.push(id));
    for (const id of ['me', 'other', 'third']) s.asterisk.join(id, 'sales');
    const heard = s.follow('me');
    await settled();
    s.asterisk.abandon('other');
    s.asterisk.abandon('me');
    stop();
    s.asterisk.abandon('third');
    expect(ended).toEqual(['other', 'me']);
    expect(heard.news.at(-1)).toEqual({ type: 'ended' });
    expect(heard.count('ended')).toBe(1);
  });

  test('moves up those behind, though its leave was missed', async () => {
    const s = await stand();
    for (const id of ['a', 'me']) s.asterisk.join(id, 'sales');
    const heard = s.follow('me');
    await settled();
    s.asterisk.holding = true;
    s.asterisk.abandon('a');
    s.asterisk.drop(1);
    s.asterisk.flow();
    await s.seconds(1);
    expect(heard.places).toBe('2 in sales, 1 in sales');
  });

  test('leaves alone who follows a call of the same Uniqueid later', async () => {
    const s = await stand();
    const before = s.follow('me');
    await settled();
    expect(types(before)).toBe('ended');
    s.asterisk.join('me', 'sales');
    const later = s.follow('me');
    before.cancel();
    await settled();
    s.asterisk.press('me', '1');
    expect(types(later)).toBe('identity place key');
    expect(types(before)).toBe('ended');
  });

  test('that was missed is found by asking for this call, without listing all', async () => {
    const s = await stand();
    const ended: string[] = [];
    s.switchboard.onHangup((id) => ended.push(id));
    s.asterisk.join('me', 'sales');
    s.asterisk.join('stays', 'sales');
    const [me, stays] = [s.follow('me'), s.follow('stays')];
    await settled();
    s.asterisk.lose();
    s.asterisk.abandon('me');
    s.asterisk.restore();
    await settled();
    expect(me.news.at(-1)).toEqual({ type: 'ended' });
    expect(stays.places).toBe('2 in sales, -, 1 in sales');
    expect(ended).toEqual(['me']);
    expect(s.ami.asks('CoreShowChannels', 'Action')).toEqual([]);
  });

  test('of a hundred calls at once when Asterisk was restarted', async () => {
    const s = await stand();
    const all = Array.from({ length: 100 }, (_, i) => {
      s.asterisk.join(`call${i}`, 'sales');
      return s.follow(`call${i}`);
    });
    await settled();
    s.asterisk.restart();
    s.asterisk.restore();
    for (let i = 0; i < 10; i++) await settled();
    expect(all.map((heard) => heard.count('ended'))).toEqual(Array(100).fill(1));
    expect(s.clock.pending).toBe(0);
  });
});

describe('all calls', () => {
  test('are listed when Asterisk can be asked', async () => {
    const s = await stand();
    s.asterisk.call('a');
    s.asterisk.join('b', 'sales');
    expect(await s.switchboard.calls()).toEqual(new Set(['a', 'b']));
  });

  test('are not known when it cannot, or refuses', async () => {
    const s = await stand();
    s.ami.holding = true;
    const refused = s.switchboard.calls();
    s.ami.fail(new HoldcastError('HC_AMI_ERROR', 'Permission denied'));
    expect(await refused).toBeUndefined();
    s.asterisk.lose();
    expect(await s.switchboard.calls()).toBeUndefined();
  });
});

describe('trouble', () => {
  test('a listener that throws keeps no other from its news', async () => {
    const s = await stand();
    const heard: CallNews['type'][] = [];
    s.asterisk.join('me', 'sales');
    s.switchboard.onHangup(() => {
      throw new Error('broken');
    });
    const ended: string[] = [];
    s.switchboard.onHangup((id) => ended.push(id));
    s.switchboard.follow('me', () => {
      throw new Error('broken');
    });
    s.switchboard.follow('me', ({ type }) => heard.push(type));
    await settled();
    s.asterisk.press('me', '3');
    s.asterisk.abandon('me');
    expect(heard.join(' ')).toMatch(/^identity place key .*ended$/);
    expect(ended).toEqual(['me']);
  });

  test('a follower that cancels while it is told hears nothing more', async () => {
    const s = await stand();
    s.asterisk.join('me', 'sales');
    let told = 0;
    const cancel = s.switchboard.follow('me', () => {
      told++;
      cancel();
      cancel();
    });
    await settled();
    s.asterisk.abandon('me');
    expect(told).toBe(1);
  });

  test('keys, numbers and names of callers are not logged', async () => {
    const s = await stand();
    s.asterisk.call('me', { phone: '442079460018' });
    s.asterisk.join('me', 'sales');
    s.switchboard.follow('me', () => {
      throw new Error('broken');
    });
    await settled();
    s.asterisk.press('me', '7');
    s.asterisk.abandon('me');
    expect(s.logged.length).toBeGreaterThan(0);
    expect(s.logged.join('\n')).not.toMatch(/442079460018|"7"/);
  });

  test('calls that nobody follows take little memory, and none after their end', async () => {
    const s = await stand();
    for (let i = 0; i < 3000; i++) s.asterisk.join(`call${i}`, `queue${i % 7}`);
    expect(s.switchboard.known).toBe(3000);
    for (let i = 0; i < 3000; i++) s.asterisk.abandon(`call${i}`);
    expect(s.switchboard.known).toBe(0);
    for (let i = 0; i < 9000; i++)
      s.ami.emit({ type: 'moh-start', uniqueid: `call${i}`, channel: 'x', number: '1' });
    expect(s.switchboard.known).toBe(5000);
    const heard = s.follow('call8999');
    s.asterisk.lose();
    expect(s.switchboard.known).toBe(1);
    heard.cancel();
    expect(s.switchboard.known).toBe(0);
  });

  test('a call that is heard of all the time is not forgotten for those heard of once', async () => {
    const s = await stand();
    s.asterisk.call('me', { language: 'ru' });
    s.ami.emit({ type: 'moh-start', uniqueid: 'me', channel: 'x', language: 'ru' });
    for (let i = 0; i < 9000; i++) {
      s.ami.emit({ type: 'moh-start', uniqueid: `call${i}`, channel: 'x' });
      if (i % 1000 === 0) s.asterisk.rename('me', `PJSIP/me-${i}`);
    }
    s.ami.holding = true;
    const heard = s.follow('me');
    await settled();
    expect(lastIdentity(heard)).toMatchObject({ language: 'ru' });
  });

  test('closing leaves nothing that waits, and tells nothing more', async () => {
    const s = await stand();
    s.asterisk.call('me');
    s.ami.holding = true;
    const heard = s.follow('me');
    await settled();
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await settled();
    s.asterisk.join('waits', 'sales');
    s.follow('waits');
    await settled();
    s.ami.emit({ type: 'queue-leave', queue: 'sales', uniqueid: 'ghost', position: 1 });
    s.ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
    await settled();
    expect(s.clock.pending).toBe(2);
    const late = s.follow('waits');
    s.switchboard.close();
    s.switchboard.close();
    expect(s.clock.pending).toBe(0);
    expect(s.ami.listeners).toBe(0);
    s.ami.emit({ type: 'key-down', uniqueid: 'me', channel: 'x', digit: '1', received: true });
    heard.cancel();
    const asked = s.ami.asked.length;
    await settled();
    expect([...heard.news, ...late.news]).toEqual([]);
    expect(s.ami.asked.length).toBe(asked);
  });
});

test('who stands where they stood is told how long it takes now', async () => {
  const s = await stand();
  for (const id of ['a', 'b', 'c']) {
    s.asterisk.call(id);
    s.asterisk.join(id, 'sales');
  }
  // They join behind nobody who leaves: their place never changes.
  s.asterisk.call('me');
  s.asterisk.join('me', 'support');
  const heard = s.follow('me');
  await settled();
  for (const id of ['x', 'y', 'z']) {
    s.asterisk.call(id);
    s.asterisk.join(id, 'support');
    s.asterisk.answer(id, 60_000);
  }
  await settled();
  const places = heard.news.flatMap((news) => (news.type === 'place' ? [news.place] : []));
  expect(places[0]).toMatchObject({ queue: 'support', position: 1 });
  expect(places[0]).not.toHaveProperty('waitMs');
  expect(places.at(-1)).toMatchObject({ queue: 'support', position: 1, waitMs: [30_000, 30_000] });
});
