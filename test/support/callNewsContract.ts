// What a feed tells of one call, whatever happens to the call and to Asterisk.
// Each test waits for news, never for time: what must not be told would have come before the news that ends the test.
import type { CallNews, QueuePlace } from '../../src/asterisk/callNews';
import type { ManualClock } from '../../src/util/clock';
import { settled, type FakeAsterisk } from './fakeAmi';

/** What tells of one call. */
interface Feed {
  open(listener: (news: CallNews) => void): void;
  close(): void | Promise<void>;
}

/** One feed, not opened yet, and the Asterisk behind it, whose link is up. */
export interface FeedStand {
  readonly feed: Feed;
  readonly asterisk: FakeAsterisk;
  readonly clock: ManualClock;
  /** Closes what the factory opened; the feed is closed by then. */
  close(): void | Promise<void>;
}

/** What a feed has told, in order. */
export class Heard {
  readonly news: CallNews[] = [];
  #waiting: { readonly from: number; readonly matches: Match; readonly resolve: (news: CallNews) => void }[] =
    [];

  readonly listener = (news: CallNews): void => {
    this.news.push(news);
    const met = this.#waiting.filter(({ matches }) => matches(news));
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) resolve(news);
  };

  /** The first news that matches, of what has been told from `from` on or is told next. */
  until(matches: Match, from = 0): Promise<CallNews> {
    const told = this.news.slice(from).find(matches);
    return told
      ? Promise.resolve(told)
      : new Promise((resolve) => this.#waiting.push({ from, matches, resolve }));
  }

  /** "3 in sales", "-" for none, in order. */
  get places(): string {
    return this.news.flatMap((news) => (news.type === 'place' ? [placeText(news.place)] : [])).join(', ');
  }

  get keys(): string {
    return this.news.flatMap((news) => (news.type === 'key' ? [news.digit] : [])).join('');
  }

  count(type: CallNews['type']): number {
    return this.news.filter((news) => news.type === type).length;
  }
}

type Match = (news: CallNews) => boolean;

function placeText(place: QueuePlace | undefined): string {
  return place ? `${place.position} in ${place.queue}` : '-';
}

export const isKey =
  (digit: string): Match =>
  (news) =>
    news.type === 'key' && news.digit === digit;

/** `isPlace('3 in sales')`; '-': none is known. */
export const isPlace =
  (text: string): Match =>
  (news) =>
    news.type === 'place' && placeText(news.place) === text;

export const isIdentity: Match = (news) => news.type === 'identity';
export const isEnded: Match = (news) => news.type === 'ended';

/** @param make a stand whose feed follows `uniqueid` */
export function feedContract(
  adapter: string,
  make: (uniqueid: string) => FeedStand | Promise<FeedStand>,
): void {
  const ME = '1795225281.7';
  let stand: FeedStand;
  let heard: Heard;

  /** Opens the feed, and waits until it tells: from then on what happens is told. */
  async function opened(): Promise<FakeAsterisk> {
    stand.feed.open(heard.listener);
    await heard.until(isIdentity);
    return stand.asterisk;
  }

  /** Everything that was on its way has been told. */
  async function caughtUp(): Promise<void> {
    const from = heard.news.length;
    stand.asterisk.press(ME, '#');
    await heard.until(isKey('#'), from);
  }

  async function passes(ms: number): Promise<void> {
    await settled();
    stand.clock.advance(ms);
    await settled();
  }

  describe(`${adapter} tells of one call`, () => {
    beforeEach(async () => {
      stand = await make(ME);
      heard = new Heard();
    });

    afterEach(async () => {
      await stand.feed.close();
      await stand.close();
    });

    test('tells who calls and where they stand, of a call that waits already', async () => {
      stand.asterisk.join('other', 'sales');
      stand.asterisk.call(ME, { phone: '442079460018', language: 'ru' });
      stand.asterisk.join(ME, 'sales');
      await opened();
      await heard.until(isPlace('2 in sales'));
      expect(heard.news.find(isIdentity)).toEqual({
        type: 'identity',
        identity: {
          uniqueid: ME,
          channel: `PJSIP/trunk-${ME}`,
          phone: '442079460018',
          language: 'ru',
          queue: 'sales',
        },
      });
    });

    test('asks about a call that was there before the link', async () => {
      stand.asterisk.lose();
      stand.asterisk.join('other', 'sales');
      stand.asterisk.call(ME, { phone: '442079460018', language: 'ru' });
      stand.asterisk.join(ME, 'sales');
      stand.asterisk.restore();
      await opened();
      await heard.until(isPlace('2 in sales'));
      expect(heard.news.findLast(isIdentity)).toMatchObject({
        identity: { channel: `PJSIP/trunk-${ME}`, phone: '442079460018', language: 'ru', queue: 'sales' },
      });
    });

    test('tells no number of a caller who withholds it', async () => {
      stand.asterisk.join(ME, 'sales');
      await opened();
      expect(heard.news.find(isIdentity)).toMatchObject({ identity: { uniqueid: ME } });
      expect(JSON.stringify(heard.news)).not.toMatch(/phone|unknown/);
    });

    test('tells each press once, at its first sign, and nobody else’s', async () => {
      stand.asterisk.join(ME, 'sales');
      stand.asterisk.join('other', 'sales');
      const asterisk = await opened();
      asterisk.keyDown(ME, '3');
      await heard.until(isKey('3'));
      asterisk.keyUp(ME, '3');
      asterisk.press('other', '9');
      asterisk.keyDown(ME, '8', false);
      asterisk.keyUp(ME, '4');
      asterisk.press(ME, '*');
      await caughtUp();
      expect(heard.keys).toBe('34*#');
    });

    test('tells every place on the way to the front', async () => {
      for (const id of ['a', 'b']) stand.asterisk.join(id, 'sales');
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      await heard.until(isPlace('3 in sales'));
      asterisk.join('behind', 'sales');
      for (const move of [
        () => asterisk.abandon('a'),
        () => asterisk.join('urgent', 'sales', 10),
        () => asterisk.answer('urgent'),
        () => asterisk.answer('b'),
      ]) {
        await passes(1000);
        move();
      }
      await passes(1000);
      await caughtUp();
      expect(heard.places).toBe('3 in sales, 2 in sales, 3 in sales, 2 in sales, 1 in sales');
    });

    test('tells of a call that changes from one queue to another', async () => {
      stand.asterisk.join('a', 'Служба 2, "VIP"=x');
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      await heard.until(isPlace('1 in sales'));
      asterisk.leave(ME);
      asterisk.join(ME, 'Служба 2, "VIP"=x');
      await caughtUp();
      expect(heard.places).toBe('1 in sales, -, 2 in Служба 2, "VIP"=x');
      expect(heard.news.findLast(isIdentity)).toMatchObject({ identity: { queue: 'Служба 2, "VIP"=x' } });
    });

    test('says that a place is not known while Asterisk cannot be asked, and tells identity and place again', async () => {
      for (const id of ['a', 'b']) stand.asterisk.join(id, 'sales');
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      await heard.until(isPlace('3 in sales'));
      asterisk.lose();
      await heard.until(isPlace('-'));
      asterisk.abandon('a');
      const from = heard.news.length;
      asterisk.restore();
      await heard.until(isPlace('2 in sales'), from);
      await heard.until(isIdentity, from);
      await caughtUp();
      expect(heard.places).toBe('3 in sales, -, 2 in sales');
    });

    test('says once that the call has ended', async () => {
      stand.asterisk.join(ME, 'sales');
      stand.asterisk.join('other', 'sales');
      const asterisk = await opened();
      asterisk.hangup('other');
      await caughtUp();
      expect(heard.count('ended')).toBe(0);
      asterisk.abandon(ME);
      await heard.until(isEnded);
      expect(heard.count('ended')).toBe(1);
      expect(heard.news.at(-1)).toEqual({ type: 'ended' });
    });

    test('says that a call has ended which ended while Asterisk could not be asked', async () => {
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      asterisk.lose();
      asterisk.hangup(ME);
      asterisk.restore();
      await heard.until(isEnded);
    });

    test('says that a call has ended when Asterisk was restarted', async () => {
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      asterisk.restart();
      asterisk.restore();
      await heard.until(isEnded);
    });

    test('says that a call has ended which is not there when the feed opens', async () => {
      stand.feed.open(heard.listener);
      await heard.until(isEnded);
    });

    test('waits for a link that is not up yet', async () => {
      stand.asterisk.join(ME, 'sales');
      stand.asterisk.lose();
      stand.feed.open(heard.listener);
      stand.asterisk.restore();
      await heard.until(isPlace('1 in sales'));
      await heard.until(isIdentity);
    });

    test('goes on after a listener that throws', async () => {
      stand.asterisk.join(ME, 'sales');
      stand.feed.open((news) => {
        heard.listener(news);
        throw new Error('the listener is broken');
      });
      await heard.until(isPlace('1 in sales'));
      await caughtUp();
      expect(heard.keys).toBe('#');
    });

    test('tells nothing when it is closed, and may be closed twice', async () => {
      stand.asterisk.join(ME, 'sales');
      const asterisk = await opened();
      await heard.until(isPlace('1 in sales'));
      const told = heard.news.length;
      await stand.feed.close();
      asterisk.press(ME, '3');
      asterisk.abandon(ME);
      await stand.feed.close();
      expect(heard.news.length).toBe(told);
    });
  });
}
