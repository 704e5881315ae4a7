// What is told about a call reaches its Session; its end reaches it, too, before anybody else may listen.
// Would catch: a transferred call in which the next one hears the rest of a balance, a call ended that never began.
import { KnownCall } from '../../src/session/knownCall';
import { SessionFeed } from '../../src/stream/sessionFeed';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/office';
import { Caller, turn } from '../support/caller';

const ME = { uniqueid: '1795225281.7', phone: '+442079460018' };
const ONE = accountsOf(account('0412', -1250n));

function stand(certain = true) {
  const call = new Caller({ office: new FakeRecords([ONE]), speech: new FakeSpeech(), call: { certain } });
  const told: string[] = [];
  const known = new KnownCall({ uniqueid: ME.uniqueid, certain, log: call.log });
  const feed = new SessionFeed({
    known,
    session: () => call.session,
    onLanguage: () => void told.push('language'),
    onOver: () => void told.push('over'),
  });
  call.hear(1);
  return { call, known, feed, told };
}

test('he hangs up while his balance is said: whoever listens on hears music, and his keys do nothing', async () => {
  const { call, feed, told } = stand();
  feed.hear({ type: 'identity', identity: ME });
  feed.hear({ type: 'key', digit: '2' });
  await turn();
  call.hear(0.4);
  feed.hear({ type: 'ended' });
  feed.hear({ type: 'key', digit: '3' });
  call.hear(3);
  const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
  expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
  expect([told, call.rig.played, call.rig.program.duckGainDb]).toEqual([['over'], ['a'], 0]);
});

test('the end of a call that Asterisk never knew is none: it is logged, and nothing ends', () => {
  const { call, feed, told } = stand();
  feed.hear({ type: 'ended' });
  feed.hear({ type: 'key', digit: '3' });
  call.hear(1);
  expect([told, call.rig.played]).toEqual([[], ['a', 'b']]);
  expect(call.logged('warn')).toHaveLength(1);
});

test('another language is told of once', () => {
  const { feed, told } = stand();
  for (const language of ['en', 'ru', 'ru']) feed.hear({ type: 'identity', identity: { ...ME, language } });
  expect(told).toEqual(['language']);
});

test('a call of the old way, which is not certain, has keys and no more', () => {
  const { call, known, feed, told } = stand(false);
  feed.hear({ type: 'identity', identity: { ...ME, language: 'ru' } });
  feed.hear({ type: 'place', place: { queue: 'sales', position: 2 } });
  feed.hear({ type: 'ended' });
  feed.hear({ type: 'key', digit: '3' });
  call.hear(1);
  expect([told, call.rig.played, call.session.call.language]).toEqual([[], ['a', 'b'], 'en']);
  expect([known.recorded, known.told]).toEqual([undefined, []]);
});
