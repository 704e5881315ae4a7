// A number that changes while its caller waits: what is known of it is void until Asterisk has said who it is now.
// Would catch: a balance of the last caller for the next one, an answer from before a change, a withheld number told.
import { phoneIn, readEvent, statusOf } from '../../src/asterisk/events';
import { Switchboard } from '../../src/asterisk/switchboard';
import { ManualClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { AmiMessage } from '../../src/asterisk/message';
import { FakeAsterisk, message, settled } from '../support/fakeAmi';
import { Heard } from '../support/callNewsContract';

const FIRST = '442079460018';
const SECOND = '442079460019';

async function waiting(caller: { presentation?: string; keptPresentation?: string } = {}) {
  const asterisk = new FakeAsterisk();
  const clock = new ManualClock();
  asterisk.ami.connect();
  const switchboard = new Switchboard({ link: asterisk.ami, clock, log: silentLogger });
  await settled();
  asterisk.call('me', { phone: FIRST, ...caller });
  asterisk.join('me', 'sales');
  const heard = new Heard();
  switchboard.follow('me', heard.listener);
  await settled();
  const phones = (): (string | undefined)[] =>
    heard.news.flatMap((news) => (news.type === 'identity' ? [news.identity.phone] : []));
  return { asterisk, ami: asterisk.ami, clock, switchboard, heard, phones };
}

test('another number: nobody is known at once, the new one when Asterisk has said that it may be told', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.setNumber('me', SECOND);
  expect(phones()).toEqual([FIRST, undefined]);
  await settled();
  expect(phones()).toEqual([FIRST, undefined, SECOND]);
});

test('another name under the same number: nobody is known until it was asked whether that is still told', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.setPresentation('me', 'prohib');
  asterisk.setNumber('me', FIRST);
  expect(phones()).toEqual([FIRST, undefined]);
  await settled();
  expect(phones()).toEqual([FIRST, undefined]);
  asterisk.setPresentation('me', 'allowed');
  asterisk.setNumber('me', FIRST);
  await settled();
  expect(phones()).toEqual([FIRST, undefined, FIRST]);
});

test('a number that is taken away: nobody is known, and nobody is told later', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.setNumber('me', undefined);
  await settled();
  expect(phones()).toEqual([FIRST, undefined]);
});

test('another telephone behind the channel: nobody is known until Asterisk was asked', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.rename('me', 'PJSIP/other-1');
  expect(phones()).toEqual([FIRST, undefined]);
  await settled();
  expect(phones()).toEqual([FIRST, undefined, FIRST]);
});

test.each([
  ['another number', SECOND],
  ['the same', FIRST],
])('an answer from before the change is void: %s', async (_, number) => {
  const { asterisk, ami, phones } = await waiting();
  ami.holding = true;
  asterisk.setNumber('me', FIRST);
  ami.look();
  asterisk.setPresentation('me', 'prohib');
  asterisk.setNumber('me', number);
  ami.give();
  await settled();
  expect(phones()).toEqual([FIRST, undefined]);
  ami.look().give();
  await settled();
  expect(phones()).toEqual([FIRST, undefined]);
});

test('… also of a call that waits while thousands of others come', async () => {
  const { asterisk, ami, switchboard, phones } = await waiting();
  asterisk.setNumber('me', FIRST);
  await settled();
  for (let i = 0; i < 5001; i++) asterisk.join(`other-${i}`, 'sales');
  ami.holding = true;
  void switchboard.confirmCaller('me');
  ami.look();
  asterisk.setPresentation('me', 'prohib');
  asterisk.setNumber('me', FIRST);
  ami.give();
  await settled();
  expect(phones()).toEqual([FIRST, undefined, FIRST, undefined]);
});

test('a change before the first answer: what Asterisk saw before it is void', async () => {
  const { asterisk, ami, switchboard } = await waiting();
  ami.holding = true;
  asterisk.call('late', { phone: FIRST });
  const heard = new Heard();
  switchboard.follow('late', heard.listener);
  await settled();
  ami.look();
  asterisk.setPresentation('late', 'prohib');
  asterisk.setNumber('late', FIRST);
  ami.give();
  await settled();
  ami.look().give();
  await settled();
  expect(JSON.stringify(heard.news)).not.toContain(FIRST);
  expect(heard.count('identity')).toBe(1);
});

test('a change while Asterisk cannot be asked: nobody is known from the loss on', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.lose();
  expect(phones()).toEqual([FIRST, undefined]);
  asterisk.setNumber('me', SECOND);
  asterisk.restore();
  await settled();
  expect(phones()).toEqual([FIRST, undefined, SECOND]);
});

test('a change that Asterisk does not explain leaves nobody known', async () => {
  const { asterisk, ami, phones } = await waiting();
  ami.holding = true;
  asterisk.setNumber('me', SECOND);
  await settled();
  ami.fail(new HoldcastError('HC_AMI_TIMEOUT', 'no answer'));
  await settled();
  expect(phones()).toEqual([FIRST, undefined]);
});

test('withheld from one queue to the next, though the number is the same', async () => {
  const { asterisk, phones } = await waiting();
  asterisk.leave('me');
  asterisk.setPresentation('me', 'prohib');
  asterisk.join('me', 'support');
  await settled();
  expect(phones().at(-1)).toBeUndefined();
});

describe('asked just before it matters', () => {
  test('a presentation of which no event has told is known before that is confirmed', async () => {
    const { asterisk, switchboard, phones } = await waiting();
    asterisk.setPresentation('me', 'prohib_passed_screen');
    await settled();
    expect(phones()).toEqual([FIRST]);
    expect(await switchboard.confirmCaller('me')).toBe(true);
    expect(phones()).toEqual([FIRST, undefined]);
  });

  test('a question that is under way already does not count', async () => {
    const { asterisk, ami, switchboard, phones } = await waiting();
    ami.holding = true;
    const first = switchboard.confirmCaller('me');
    ami.look();
    asterisk.setPresentation('me', 'prohib');
    const both = [switchboard.confirmCaller('me'), switchboard.confirmCaller('me')];
    ami.give();
    expect(await first).toBe(true);
    await settled();
    expect(phones()).toEqual([FIRST]);
    expect(ami.pending).toBe(1);
    ami.look().give();
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(phones()).toEqual([FIRST, undefined]);
  });

  test('it is not confirmed where the caller changes meanwhile, but once that is known', async () => {
    const { asterisk, ami, switchboard, phones } = await waiting();
    ami.holding = true;
    let confirmed: boolean | undefined;
    void switchboard.confirmCaller('me').then((answer) => (confirmed = answer));
    ami.look();
    asterisk.setNumber('me', SECOND);
    ami.give();
    await settled();
    expect(confirmed).toBeUndefined();
    ami.look().give();
    await settled();
    expect([confirmed, phones().at(-1)]).toEqual([true, SECOND]);
  });

  test('nor where Asterisk is away, goes away, refuses or has lost the call', async () => {
    const { asterisk, ami, switchboard } = await waiting();
    ami.holding = true;
    const ask = (): Promise<boolean> => switchboard.confirmCaller('me');
    const answers = [ask()];
    ami.fail(new HoldcastError('HC_AMI_ERROR', 'Permission denied'));
    await settled();
    answers.push(ask());
    asterisk.lose();
    answers.push(ask());
    asterisk.restore();
    answers.push(ask());
    asterisk.hangup('me');
    answers.push(ask());
    expect(await Promise.all(answers)).toEqual([false, false, false, false, false]);
  });
});

describe('what FreePBX keeps counts as well', () => {
  const status = (...variables: string[]): AmiMessage =>
    new AmiMessage(
      ['Event: Status', `CallerIDNum: ${FIRST}`, ...variables.map((text) => `Variable: ${text}`)],
      0,
    );

  test.each([
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=allowed_passed_screen'], true],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=', 'CALLINGPRES_SV='], true],
    [['CALLERID(num-pres)=allowed', 'CALLINGNUMPRES_SV=(null)', 'CALLINGPRES_SV=(null)'], true],
    [['CALLERID(num-pres)=(null)', 'CALLINGNUMPRES_SV=(null)', 'CALLINGPRES_SV=(null)'], false],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=prohib_passed_screen'], false],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=prohib'], false],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=unavailable'], false],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGPRES_SV=prohib_not_screened'], false],
    [['CALLERID(num-pres)=prohib', 'CALLINGNUMPRES_SV=allowed'], false],
    [['CALLERID(num-pres)=allowed_failed_screen'], false],
    [['CALLERID(num-pres)=allowed_not_screened', 'CALLINGNUMPRES_SV=allowed_failed_screen'], false],
    [['CALLINGNUMPRES_SV=allowed'], false],
    [['CALLERID(num-pres)=allowed', 'CALLINGNUMPRES_SV=something else'], false],
  ])('%j', (variables, shown) => {
    expect(phoneIn(status(...variables))).toEqual(shown ? { phone: FIRST } : {});
  });

  test('it is asked for with everything else, and a number hidden so is told nobody', async () => {
    expect(statusOf('1.1').Variables.split(',')).toContain('CALLINGNUMPRES_SV');
    const { phones } = await waiting({ keptPresentation: 'prohib_passed_screen' });
    expect(phones()).toEqual([undefined]);
  });
});

test('the event as Asterisk 22 sends it', () => {
  const event = { Event: 'NewCallerid', Channel: 'PJSIP/phone-1', Uniqueid: '1.1', Language: 'en' };
  const changed = { type: 'caller-changed', uniqueid: '1.1', channel: 'PJSIP/phone-1', language: 'en' };
  const pres = { 'CID-CallingPres': '35 (Presentation Prohibited, Network Number)' };
  expect(readEvent(message({ ...event, CallerIDNum: '555', CallerIDName: 'X', ...pres }))).toEqual({
    ...changed,
    number: '555',
  });
  expect(readEvent(message({ ...event, CallerIDNum: '<unknown>', ...pres }))).toEqual(changed);
  expect(readEvent(message({ Event: 'NewCallerid', CallerIDNum: '555' }))).toBeUndefined();
});
