// What is told about a call reaches its Session; its end reaches it, too, before anybody else may listen.
// Would catch: a transferred call in which the next one hears the rest of a balance, a call ended that never began.
import { Outside } from '../../src/stream/outside';
import { account, accountsOf, FakeOffice, FakeSpeech } from '../support/office';
import { Caller, turn } from '../support/caller';

const ME = { uniqueid: '1795225281.7', phone: '+442079460018' };
const ONE = accountsOf(account('0412', -1250n));

function stand() {
  const call = new Caller({ office: new FakeOffice([ONE]), speech: new FakeSpeech() });
  const told: string[] = [];
  const outside = new Outside({
    session: () => call.session,
    log: call.log,
    onLanguage: () => void told.push('language'),
    onOver: () => void told.push('over'),
  });
  call.hear(1);
  return { call, outside, told };
}

test('he hangs up while his balance is said: whoever listens on hears music, and his keys do nothing', async () => {
  const { call, outside, told } = stand();
  outside.hear({ type: 'identity', identity: ME });
  outside.hear({ type: 'key', digit: '2' });
  await turn();
  call.hear(0.4);
  outside.hear({ type: 'ended' });
  outside.hear({ type: 'key', digit: '3' });
  call.hear(3);
  const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
  expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
  expect([told, call.rig.played, call.rig.program.duckGainDb]).toEqual([['over'], ['a'], 0]);
});

test('the end of a call that Asterisk never knew is none: it is logged, and nothing ends', () => {
  const { call, outside, told } = stand();
  outside.hear({ type: 'ended' });
  outside.hear({ type: 'key', digit: '3' });
  call.hear(1);
  expect([told, call.rig.played]).toEqual([[], ['a', 'b']]);
  expect(call.logged('warn')).toHaveLength(1);
});

test('another language is told of once', () => {
  const { outside, told } = stand();
  for (const language of ['en', 'ru', 'ru'])
    outside.hear({ type: 'identity', identity: { ...ME, language } });
  expect(told).toEqual(['language']);
});
