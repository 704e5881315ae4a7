// Who calls, asked when a call arrives: once for all that want to know, and never twice for one arrival.
// Would catch: a question more for each caller of a crowd, a withheld number that is told, an answer from before a change.
import type { CallNews } from '../../src/asterisk/callNews';
import { Switchboard } from '../../src/asterisk/switchboard';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { switchboardStand } from '../support/switchboardStand';

const ID = '1795225281.7';

describe('who calls', () => {
  const stand = () => {
    const asterisk = new FakeAsterisk();
    const { ami } = asterisk;
    const board = new Switchboard({ link: ami, clock: new ManualClock(), log: silentLogger });
    ami.connect();
    return { asterisk, ami, board };
  };

  test('is asked, though an event has told the number: no event tells that it is withheld', async () => {
    const { asterisk, board } = stand();
    await settled();
    asterisk.call(ID, { phone: '442079460018', presentation: 'prohib_passed_screen' });
    asterisk.call('2.2', { phone: '442079460018' });
    for (const id of [ID, '2.2']) asterisk.join(id, 'sales');
    expect(await board.find(ID)).not.toHaveProperty('phone');
    expect(await board.find('2.2')).toMatchObject({ uniqueid: '2.2', phone: '442079460018' });
  });

  test('is known at once, and not asked, where an event came that tells of no number', async () => {
    const { asterisk, ami, board } = stand();
    await settled();
    asterisk.join(ID, 'sales');
    expect(board.find(ID)).toMatchObject({ uniqueid: ID });
    expect(ami.asks('Status', 'Channel')).toEqual([]);
  });

  test('is asked where no event was, as by Dial or MusicOnHold', async () => {
    const { asterisk, board } = stand();
    asterisk.call(ID, { phone: '442079460018' });
    expect(await board.find(ID)).toMatchObject({ uniqueid: ID, phone: '442079460018' });
  });

  test('is known when the event comes a moment after the look-up, though Asterisk has not answered', async () => {
    const { asterisk, ami, board } = stand();
    await settled();
    ami.holding = true;
    asterisk.call(ID);
    const found = board.find(ID);
    asterisk.join(ID, 'sales');
    expect(await found).toMatchObject({ uniqueid: ID });
    ami.look().give();
  });

  test('is not known of a call that there is not, nor without Asterisk', async () => {
    const { asterisk, board } = stand();
    expect(await board.find('9.9')).toBeUndefined();
    asterisk.lose();
    expect(board.find(ID)).toBeUndefined();
  });

  test('is not waited for when the connection goes, nor when it closes', async () => {
    const { asterisk, ami, board } = stand();
    await settled();
    ami.holding = true;
    const lost = board.find(ID);
    asterisk.lose();
    expect(await lost).toBeUndefined();
    asterisk.restore();
    const closed = board.find(ID);
    board.close();
    board.close();
    expect(await closed).toBeUndefined();
    ami.fail(new Error('over'));
  });

  test('is asked again when the dialplan changes the number while Asterisk is asked; not for ever', async () => {
    const { asterisk, ami, board } = stand();
    await settled();
    ami.holding = true;
    asterisk.call(ID, { phone: '442079460018' });
    const found = board.find(ID);
    ami.look();
    asterisk.setNumber(ID, '442079460019');
    ami.give();
    await settled();
    ami.look().give();
    expect(await found).toMatchObject({ phone: '442079460019' });
    expect(ami.asks('Status', 'Channel')).toEqual([ID, ID]);
    asterisk.call('3.3', { phone: '442079460020' });
    const restless = board.find('3.3');
    for (let i = 10; i < 90; i++) asterisk.setNumber('3.3', `4420794601${i}`);
    expect(await restless).toBeUndefined();
    expect(ami.asks('Status', 'Channel').filter((id) => id === '3.3')).toHaveLength(1);
    ami.fail(new Error('over'));
  });

  test('a flood of look-ups is not a flood of questions', async () => {
    const { asterisk, ami, board } = stand();
    await settled();
    ami.holding = true;
    const all = Array.from({ length: 1000 }, (_, i) => board.find(`1.${i}`));
    expect(all.filter((found) => found instanceof Promise)).toHaveLength(64);
    asterisk.lose();
    for (const found of all) await found;
    asterisk.restore();
    expect(board.find(ID)).toBeInstanceOf(Promise);
    ami.fail(new Error('over'));
  });
});

describe('one arrival', () => {
  const stand = async () => {
    const { switchboard: board, ...rest } = await switchboardStand();
    return { ...rest, board };
  };

  const who = { phone: '442079460018', language: 'ru', queue: 'sales' };

  test('that is looked up, then followed, costs one question', async () => {
    const { asterisk, board, asked } = await stand();
    asterisk.call(ID, { phone: '442079460018', language: 'ru' });
    asterisk.join(ID, 'sales');
    expect(await board.find(ID)).toMatchObject(who);
    const news: CallNews[] = [];
    board.follow(ID, (told) => void news.push(told));
    await settled();
    expect(news).toMatchObject([{ type: 'identity', identity: who }, { type: 'place' }]);
    expect(asked()).toEqual([ID]);
  });

  test('… also where it is followed while Asterisk is still asked', async () => {
    const { asterisk, ami, board, asked } = await stand();
    asterisk.call(ID, { phone: '442079460018', language: 'ru' });
    asterisk.join(ID, 'sales');
    ami.holding = true;
    const found = board.find(ID);
    const news: CallNews[] = [];
    board.follow(ID, (told) => void news.push(told));
    await settled();
    expect(asked()).toEqual([ID]);
    ami.look().give();
    expect(await found).toMatchObject(who);
    await settled();
    expect(news.map(({ type }) => type)).toContain('identity');
    expect(news.findLast(({ type }) => type === 'identity')).toMatchObject({ identity: who });
    expect(asked()).toEqual([ID]);
  });

  test('… and where no event has told its place: the answer says in which queue, which is looked at once', async () => {
    const asterisk = new FakeAsterisk();
    asterisk.call(ID, { phone: '442079460018', language: 'ru' });
    asterisk.join(ID, 'sales');
    asterisk.ami.connect();
    const board = new Switchboard({ link: asterisk.ami, clock: new ManualClock(), log: silentLogger });
    await settled();
    await board.find(ID);
    const news: CallNews[] = [];
    board.follow(ID, (told) => void news.push(told));
    await settled();
    expect(news.at(-1)).toMatchObject({ type: 'place', place: { queue: 'sales', position: 1 } });
    expect(asterisk.ami.asked.map(({ Action }) => Action)).toEqual(['Status', 'QueueStatus']);
  });

  test('a hundred at once cost a question each, and no more', async () => {
    const { asterisk, board, asked } = await stand();
    const ids = Array.from({ length: 100 }, (_, i) => `1.${i}`);
    for (const [i, id] of ids.entries()) {
      asterisk.call(id, { phone: `44207946${1000 + i}` });
      asterisk.join(id, 'sales');
    }
    const found = ids.map((id) => board.find(id));
    for (const each of found) await each;
    for (const id of ids) board.follow(id, () => {});
    await settled();
    expect(asked().sort()).toEqual([...ids].sort());
  });

  test('a channel that may be another caller’s since is asked for again, and nobody is told the number before', async () => {
    const { asterisk, ami, board, asked } = await stand();
    asterisk.call(ID, { phone: '442079460018' });
    asterisk.join(ID, 'sales');
    await board.find(ID);
    ami.emit({ type: 'renamed', uniqueid: ID, channel: 'PJSIP/other-1' });
    expect(board.who(ID)).toBeUndefined();
    const news: CallNews[] = [];
    board.follow(ID, (told) => void news.push(told));
    await settled();
    expect(asked()).toEqual([ID, ID]);
    ami.holding = true;
    const again = board.find('2.2');
    ami.emit({ type: 'renamed', uniqueid: '2.2', channel: 'PJSIP/other-2' });
    ami.look().give();
    expect(await again).toBeUndefined();
    expect(asked().filter((id) => id === '2.2')).toHaveLength(1);
    expect(board.who('2.2')).toBeUndefined();
  });

  test.each([
    ['known', true],
    ['not answered for', false],
  ])(
    'a caller who hangs up in the moment in which they are followed is told of first, then their end, and nothing after: %s',
    async (_, known) => {
      const { asterisk, ami, board } = await stand();
      ami.holding = !known;
      asterisk.call(ID, { phone: '442079460018' });
      asterisk.join(ID, 'sales');
      const found = board.find(ID);
      if (known) await found;
      const news: CallNews[] = [];
      board.follow(ID, (told) => void news.push(told));
      asterisk.hangup(ID);
      await settled();
      ami.look().give();
      await settled();
      const [first] = news;
      expect(news.map(({ type }) => type)).toEqual(expect.arrayContaining(['identity', 'ended']));
      expect(first).toMatchObject({ type: 'identity', identity: { uniqueid: ID } });
      expect(JSON.stringify(news).includes('442079460018')).toBe(known);
      expect(news.at(-1)).toEqual({ type: 'ended' });
    },
  );

  test('whoever wants it confirmed wants it asked after that: an answer under way is not enough', async () => {
    const { asterisk, board, asked } = await stand();
    asterisk.call(ID, { phone: '442079460018' });
    asterisk.join(ID, 'sales');
    void board.find(ID);
    board.follow(ID, () => {});
    expect(await board.confirmCaller(ID)).toBe(true);
    expect(asked()).toEqual([ID, ID]);
  });
});
