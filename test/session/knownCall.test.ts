// KnownCall: what is told of a call reaches its Session where it may; its end reaches it, too, before anybody else may listen.
// Would catch: a transferred call in which the next one hears the rest of a balance, a call ended that never began.
import { KnownCall } from '../../src/session/knownCall';
import type { CallNews } from '../../src/asterisk/callNews';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/fakeRecords';
import { Caller, turn } from '../support/caller';

const ME = { uniqueid: '1795225281.7', phone: '+442079460018' };
const ONE = accountsOf(account('0412', -1250n));

function stand(certain = true) {
  const call = new Caller({ records: new FakeRecords([ONE]), speech: new FakeSpeech(), call: { certain } });
  const known = new KnownCall({ uniqueid: ME.uniqueid, certain, log: call.log });
  const told: CallNews['type'][] = [];
  const hear = (news: CallNews): void => {
    if (!known.hear(news)) return;
    told.push(news.type);
    call.session.hear(news);
  };
  call.hear(1);
  return { call, known, hear, told };
}

test('callers who hang up while their balance is said: whoever listens on hears music, and keys do nothing', async () => {
  const { call, hear, told } = stand();
  hear({ type: 'identity', identity: ME });
  hear({ type: 'key', digit: '2' });
  await turn();
  call.hear(0.4);
  hear({ type: 'ended' });
  hear({ type: 'key', digit: '3' });
  call.hear(3);
  const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
  expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
  expect([told.includes('ended'), call.rig.played, call.rig.program.duckGainDb]).toEqual([true, ['a'], 0]);
});

test('the end of a call that Asterisk never knew is none: it is logged, and nothing ends', () => {
  const { call, hear, told } = stand();
  hear({ type: 'ended' });
  hear({ type: 'key', digit: '3' });
  call.hear(1);
  expect([told, call.rig.played]).toEqual([['key'], ['a', 'b']]);
  expect(call.logged('warn')).toHaveLength(1);
});

test('a call of the old way, which is not certain, has keys and no more', () => {
  const { call, known, hear, told } = stand(false);
  hear({ type: 'identity', identity: { ...ME, language: 'ru' } });
  hear({ type: 'place', place: { queue: 'sales', position: 2 } });
  hear({ type: 'ended' });
  hear({ type: 'key', digit: '3' });
  call.hear(1);
  expect([told, call.rig.played, call.session.call.language]).toEqual([['key'], ['a', 'b'], 'en']);
  expect([known.recorded, known.told]).toEqual([undefined, []]);
});
