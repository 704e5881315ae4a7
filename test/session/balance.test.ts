// Key 2 over scripted records and speech: whose balance is said, whole or not at all, and what if none is.
// Would catch: another caller's balance, half a sum, services that hang the call, a balance in the log.
import { quiet, run, sayBalance, sayPosition } from '../../src/session/actions';
import type { BalanceAnswer } from '../../src/billing/billing';
import type { Call } from '../../src/session/knownCall';
import { programLog } from '../../src/session/eventLog';
import { brokenClip, noiseClip } from '../support/audio';
import { Caller, turn, type CallerPlan } from '../support/caller';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/fakeRecords';

const ONE = accountsOf(account('0412', -1250n));
const THREE = accountsOf(account('0412', -1250n), account('0413', 0n), account('77', 500n));
const SAID = 'en-your-balance-is 0412:-1250';
const UNAVAILABLE = 'balance-unavailable';

/** A caller who has heard a second of music and pressed 2. */
async function press(
  records: FakeRecords | undefined,
  plan: CallerPlan = {},
  speech = new FakeSpeech(),
): Promise<Caller> {
  const call = new Caller({ speech, ...plan, ...(records && { records }) });
  call.hear(1);
  call.session.hear({ type: 'key', digit: '2' });
  await turn();
  return call;
}

async function answer(records: FakeRecords, what: BalanceAnswer): Promise<void> {
  records.answers(what);
  await turn();
}

test('the balance is said as one answer, in their language; the records are asked without a PIN', async () => {
  const records = new FakeRecords([ONE]);
  const speech = new FakeSpeech();
  const call = await press(records, { call: { language: 'ru' } }, speech);
  call.hear(4);
  expect(call.said).toEqual([SAID.replace('en', 'ru')]);
  const { announcement } = call.rig.eventsOf('voice-start')[0]!;
  expect(announcement).toMatchObject({ kind: 'answer', personal: true, title: 'Balance' });
  expect(records.asked).toMatchObject([{ language: 'ru', pin: undefined }]);
  expect(speech.balances[0]!.accounts).toEqual([account('0412', -1250n)]);
  expect(call.logged('error')).toEqual([]);
});

test('several accounts are one sentence of the speech: all of them, or none', async () => {
  const speech = new FakeSpeech();
  const call = await press(new FakeRecords([THREE]), {}, speech);
  call.hear(4);
  expect(call.said).toEqual(['en-your-balance-is 0412:-1250 0413:0 77:500']);
});

test('what was said is not kept for the rest of the call: a second later there is nothing to take back', async () => {
  const call = await press(new FakeRecords([ONE]));
  call.hear(4);
  const cancel = jest.spyOn(call.rig.program, 'cancel');
  call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', phone: '+15551234567' } });
  expect(call.said).toEqual([SAID]);
  expect(cancel).not.toHaveBeenCalled();
});

describe('only for a caller who is certain', () => {
  test.each<[string, Partial<Call>]>([
    ['an identity from the environment', { certain: false }],
    ['one of which nothing is known', { certain: undefined } as object],
  ])('%s: the caller hears that, and nobody is asked', async (_, who) => {
    const records = new FakeRecords([ONE]);
    const call = await press(records, { call: who });
    call.hear(2);
    expect(call.said).toEqual(['balance-unknown-caller']);
    expect(records.asked).toEqual([]);
  });

  const other = { uniqueid: '1795225281.7', phone: '+15551234567' };

  test('the number turns out to be another while it is asked for: the balance is not said', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.session.hear({ type: 'identity', identity: other });
    await answer(records, ONE);
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
  });

  test('… while a voice looks for its words', async () => {
    const speech = new FakeSpeech('later');
    const call = await press(new FakeRecords([ONE]), {}, speech);
    call.session.hear({ type: 'identity', identity: other });
    speech.speaks();
    await turn();
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
  });

  test('… while the music goes down for it: it is taken back', async () => {
    const call = await press(new FakeRecords([ONE]));
    call.hear(0.12);
    call.session.hear({ type: 'identity', identity: other });
    call.hear(3);
    expect(call.said).toEqual([]);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('… while it is said: it ends at once', async () => {
    const call = await press(new FakeRecords([ONE]));
    call.hear(0.4);
    expect(call.said).toEqual([SAID]);
    call.session.hear({ type: 'identity', identity: other });
    call.hear(3);
    const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
    expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
  });

  const nobody = { uniqueid: '1795225281.7' };

  test('… nobody is known any more while it is said: it ends at once, and is not taken up again for the same number', async () => {
    const call = await press(new FakeRecords([ONE]));
    call.hear(0.4);
    call.session.hear({ type: 'identity', identity: nobody });
    call.session.hear({ type: 'identity', identity: { ...nobody, phone: '+442079460018' } });
    call.hear(3);
    const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
    expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
    expect(call.said).toEqual([SAID]);
  });

  test.each([
    ['nobody', nobody],
    ['another number', other],
  ])(
    '… %s is known for a moment while it is asked for, then the same number: it is not said',
    async (_, who) => {
      const records = new FakeRecords();
      const call = await press(records);
      call.session.hear({ type: 'identity', identity: who });
      call.session.hear({ type: 'identity', identity: { ...nobody, phone: '+442079460018' } });
      await answer(records, ONE);
      call.hear(3);
      expect(call.said).toEqual([UNAVAILABLE]);
    },
  );

  test('… while a voice looks for its words', async () => {
    const speech = new FakeSpeech('later');
    const call = await press(new FakeRecords([ONE]), {}, speech);
    call.session.hear({ type: 'identity', identity: nobody });
    call.session.hear({ type: 'identity', identity: { ...nobody, phone: '+442079460018' } });
    speech.speaks();
    await turn();
    call.hear(3);
    expect(call.said).toEqual([UNAVAILABLE]);
  });

  test('the question brings it out that the number is withheld by now: that is said, also to nobody else', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.session.hear({ type: 'identity', identity: nobody });
    await answer(records, { status: 'unknown-caller' });
    call.hear(3);
    expect(call.said).toEqual(['balance-unknown-caller']);
    const next = await press(new FakeRecords(), {});
    next.session.hear({ type: 'identity', identity: other });
    await answer(next.records!, { status: 'unknown-caller' });
    next.hear(3);
    expect(next.said).toEqual([UNAVAILABLE]);
  });

  test('the same identity told again changes nothing', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.session.hear({ type: 'identity', identity: { ...other, phone: '+442079460018' } });
    await answer(records, ONE);
    call.hear(3);
    expect(call.said).toEqual([SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('two callers press in the same instant: each hears their own, whichever answer comes first', async () => {
    const allRecords = [new FakeRecords(), new FakeRecords()];
    const calls = await Promise.all(
      allRecords.map((records, i) =>
        press(records, { call: { uniqueid: `1.${i}`, phone: `+4420794600${i}` } }),
      ),
    );
    await answer(allRecords[1]!, accountsOf(account('1111', 1n)));
    await answer(allRecords[0]!, accountsOf(account('0000', 0n)));
    for (const call of calls) call.hear(3);
    expect(calls.map(({ said }) => said)).toEqual([
      ['en-your-balance-is 0000:0'],
      ['en-your-balance-is 1111:1'],
    ]);
  });
});

describe('a key that is quicker than the identity', () => {
  const WHO = { uniqueid: '1795225281.7', phone: '+442079460018' };

  /** A caller of whom nothing but the Uniqueid is known has pressed 2. */
  function early(records: FakeRecords): Promise<Caller> {
    return press(records, { call: { phone: undefined, channel: undefined } });
  }

  test('the balance is that of the caller whom Asterisk then names', async () => {
    const records = new FakeRecords();
    const call = await early(records);
    call.session.hear({ type: 'identity', identity: WHO });
    await answer(records, ONE);
    call.hear(0.4);
    call.session.hear({ type: 'identity', identity: WHO });
    call.hear(3);
    expect(call.said).toEqual([SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('… also when that comes while it is said', async () => {
    const call = await early(new FakeRecords([ONE]));
    call.hear(0.4);
    call.session.hear({ type: 'identity', identity: WHO });
    call.hear(3);
    expect([call.said, call.rig.eventsOf('voice-cut')]).toEqual([[SAID], []]);
  });

  test.each([[WHO], [{ uniqueid: WHO.uniqueid }]])(
    'a second identity with another number is somebody else: %j first',
    async (first) => {
      const records = new FakeRecords();
      const call = await early(records);
      call.session.hear({ type: 'identity', identity: first });
      call.session.hear({ type: 'identity', identity: { ...WHO, phone: '+15551234567' } });
      await answer(records, ONE);
      call.hear(3);
      expect(call.said).toEqual([UNAVAILABLE]);
    },
  );
});

describe('the caller hangs up, and somebody else listens on', () => {
  const WHO = { uniqueid: '1795225281.7', phone: '+442079460018' };

  test('in the middle of the balance: it ends at once, and the music comes up', async () => {
    const call = await press(new FakeRecords([ONE]));
    call.hear(0.4);
    call.session.hear({ type: 'ended' });
    call.hear(3);
    const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
    expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test.each([
    ['billing is asked', new FakeRecords(), new FakeSpeech()],
    ['a voice looks for its words', new FakeRecords([ONE]), new FakeSpeech('later')],
    ['the music goes down for it', new FakeRecords([ONE]), new FakeSpeech()],
  ])('while %s: nothing is said', async (_, records, speech) => {
    const call = await press(records, {}, speech);
    call.hear(0.12);
    call.session.hear({ type: 'ended' });
    records.answers(ONE);
    speech.speaks();
    await turn();
    call.hear(5);
    expect([call.said, call.clock.pending, call.session.busy]).toEqual([[], 0, false]);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('what an operator’s function says is theirs, too, though the function is over', async () => {
    const keys = { '7': run((session) => void session.say('position-1', 'position-2')) };
    const call = new Caller({ keys });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '7' });
    await turn();
    call.hear(0.4);
    call.session.hear({ type: 'ended' });
    call.hear(3);
    const [start, cut] = call.rig.eventsOf('voice-start', 'voice-cut');
    expect(call.rig.ms(cut!.atSample - start!.atSample)).toBeLessThan(250);
  });

  test('their PIN pad is closed, keys do nothing, no place is said', async () => {
    const records = new FakeRecords([{ status: 'pin', wrong: false, digits: 4 }]);
    const call = await press(records);
    call.hear(1);
    call.moveTo(3);
    call.session.hear({ type: 'ended' });
    for (const digit of '47113420') call.session.hear({ type: 'key', digit });
    call.moveTo(2);
    await turn();
    call.hear(30);
    expect([records.asked.length, call.rig.played.length, call.said]).toEqual([1, 1, ['enter-pin']]);
    expect(call.clock.pending).toBe(0);
  });

  test('music that they had silenced is there for the other one', () => {
    const call = new Caller({ keys: { '0': quiet({ music: true }) } });
    call.session.hear({ type: 'key', digit: '0' });
    call.hear(2);
    call.session.hear({ type: 'ended' });
    expect(call.rig.program.hushed).toBe(false);
  });

  test('what the other one hears is not kept as theirs, nor a track that they would have chosen', () => {
    const records = new FakeRecords();
    const call = new Caller({ records, music: ['a', 'b'].map((id, i) => noiseClip(id, i, 0.1, 80_000)) });
    call.session.hear({ type: 'identity', identity: WHO });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    call.session.hear({ type: 'ended' });
    const kept = records.remembered.length;
    call.hear(60);
    call.session.hear({ type: 'identity', identity: WHO });
    call.session.opened();
    call.session.close();
    expect(call.rig.played.length).toBeGreaterThan(3);
    expect([records.remembered.length, records.kept('choice')]).toEqual([kept, []]);
  });
});

describe('no balance', () => {
  test.each<[string, BalanceAnswer, string]>([
    ['no account', accountsOf(), 'number-not-registered'],
    ['billing is away', { status: 'unavailable' }, UNAVAILABLE],
    ['their number is withheld', { status: 'unknown-caller' }, 'balance-unknown-caller'],
    ['too many wrong PINs', { status: 'locked' }, 'pin-locked'],
    ['an answer that nobody knows', { status: 'odd' } as never, UNAVAILABLE],
    ['the name of a thing of every object', { status: 'constructor' } as never, UNAVAILABLE],
  ])('%s: the caller hears that', async (_, what, prompt) => {
    const call = await press(new FakeRecords([what]));
    call.hear(2);
    expect(call.said).toEqual([prompt]);
  });

  test.each([
    ['no services', undefined, new FakeSpeech()],
    ['no speech', new FakeRecords([ONE]), undefined],
    ['no voice can say it', new FakeRecords([ONE]), new FakeSpeech('mute')],
    ['the speech throws', new FakeRecords([ONE]), new FakeSpeech(new Error('odd'))],
  ])('%s: not available, and no half of a sentence', async (_, records, speech) => {
    const call = new Caller({ ...(records && { records }), ...(speech && { speech }) });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '2' });
    await turn();
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
  });

  test('records that throw: not available, and the log has nothing of what it threw', async () => {
    const call = await press(new FakeRecords([new Error('no account for +442079460018')]));
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
    expect(call.logged('error')).toMatchObject([{ fields: { code: 'HC_BILLING_FAILED' } }]);
    expect(JSON.stringify(call.lines)).not.toContain('7946');
  });

  test('even the prompt for that is missing: music, and one line that names it', async () => {
    const call = await press(undefined, { prompts: [], keys: { '2': sayBalance({ holdOffMs: 0 }) } });
    call.session.hear({ type: 'key', digit: '2' });
    call.hear(4);
    expect(call.said).toEqual([]);
    expect(call.logged('warn').map(({ fields }) => fields['prompt'])).toEqual([UNAVAILABLE]);
    expect(call.rig.program.duckGainDb).toBe(0);
  });
});

describe('the first word', () => {
  test('with billing at 50 ms it comes 300 ms after the press: the music is on its way down meanwhile', async () => {
    const records = new FakeRecords();
    const call = new Caller({ records, speech: new FakeSpeech() });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '2' });
    call.clock.after(50, () => records.answers(ONE));
    await call.live(1);
    expect(call.said).toEqual([SAID]);
    expect(call.saidAt[0]! - 1000).toBeLessThanOrEqual(301);
  });

  test.each([350, 600, 900])(
    'an answer after %i ms is said in the next Frame: the music is down',
    async (ms) => {
      const records = new FakeRecords();
      const call = new Caller({ records, speech: new FakeSpeech() });
      call.hear(1);
      call.session.hear({ type: 'key', digit: '2' });
      call.clock.after(ms, () => records.answers(ONE));
      await call.live(2);
      expect(call.saidAt[0]! - 1000 - ms).toBeLessThanOrEqual(41);
    },
  );
});

describe('an answer that takes its time', () => {
  test('up to a second: no word before the balance', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.hear(0.96);
    await answer(records, ONE);
    call.hear(4);
    expect(call.said).toEqual([SAID]);
  });

  test('longer: they are asked for a moment, hear music, and then the balance', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.hear(4);
    expect(call.rig.program.duckGainDb).toBe(0);
    await answer(records, ONE);
    call.hear(4);
    expect(call.said).toEqual(['one-moment', SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('the balance follows "one moment" to its end', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    call.hear(1.2); // in the middle of "one moment"
    await answer(records, ONE);
    call.hear(4);
    expect(call.said).toEqual(['one-moment', SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('a voice that takes long counts in that second, too', async () => {
    const records = new FakeRecords();
    const speech = new FakeSpeech('later');
    const call = await press(records, {}, speech);
    call.hear(0.6);
    await answer(records, ONE);
    call.hear(0.6);
    expect(call.said).toEqual(['one-moment']);
    speech.speaks();
    await turn();
    call.hear(4);
    expect(call.said).toEqual(['one-moment', SAID]);
  });

  test('an answer just as they would be asked for a moment comes in its place', async () => {
    const records = new FakeRecords();
    const call = await press(records, { settings: { duck: { attackMs: 2000 } } });
    call.hear(1.12); // the music goes down for "one moment"
    await answer(records, ONE);
    call.hear(4);
    expect(call.said).toEqual([SAID]);
  });

  test('no answer at all: not available, it is aborted, and its late answer is not said', async () => {
    const records = new FakeRecords();
    const call = await press(records);
    await call.live(15.2);
    await answer(records, ONE);
    call.hear(10);
    expect(call.said).toEqual(['one-moment', UNAVAILABLE]);
    expect(records.asked[0]!.signal.aborted).toBe(true);
    expect(call.logged('error')).toHaveLength(1);
    expect(call.clock.pending).toBe(0);
  });

  test('the second voice has its time when the first has taken all of its own', async () => {
    const speech = new FakeSpeech('later');
    const call = await press(new FakeRecords([ONE]), {}, speech);
    await call.live(23);
    speech.speaks();
    await turn();
    call.hear(3);
    expect(call.said).toEqual(['one-moment', SAID]);
  });

  test('voices that never speak are aborted after twenty-five seconds', async () => {
    const speech = new FakeSpeech('later');
    const call = await press(new FakeRecords([ONE]), {}, speech);
    await call.live(25.2);
    call.hear(3);
    expect(call.said).toEqual(['one-moment', UNAVAILABLE]);
    expect(speech.balances[0]!.signal.aborted).toBe(true);
    speech.speaks();
    await turn();
    call.hear(3);
    expect(call.said).toHaveLength(2);
  });

  test('pressed again meanwhile: it is asked once, and the tone does not say otherwise', async () => {
    const records = new FakeRecords();
    const call = await press(records, { keys: { '2': sayBalance({ holdOffMs: 0 }) } });
    for (let i = 0; i < 5; i++) call.session.hear({ type: 'key', digit: '2' });
    expect(records.asked).toHaveLength(1);
    expect(call.lines.filter(({ text }) => text === 'key')).toHaveLength(1);
  });

  test('4 pressed meanwhile is answered at once, and then comes the balance', async () => {
    const records = new FakeRecords();
    const call = await press(records, { keys: { '2': sayBalance(), '4': sayPosition() } });
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(0.6);
    await answer(records, ONE);
    call.hear(4);
    expect(call.said).toEqual(['position-unknown', SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test.each([0.2, 1.2])(
    'the call ends after %f s: aborted, nothing is said, no timer is left',
    async (seconds) => {
      const records = new FakeRecords();
      const call = await press(records);
      call.hear(seconds);
      const said = call.said.length;
      call.session.close();
      expect(records.asked[0]!.signal.aborted).toBe(true);
      await answer(records, ONE);
      call.hear(5);
      expect(call.said).toHaveLength(said);
      expect(call.clock.pending).toBe(0);
      expect(call.session.busy).toBe(false);
      expect(call.rig.program.duckGainDb).toBe(0);
    },
  );
});

test('no line of the log tells the balance or the number, whatever goes wrong', async () => {
  const answers = [THREE, { status: 'locked' } as const, new Error('0412 of +44 20 7946 0018: -12.50')];
  for (const what of answers) {
    const call = await press(new FakeRecords([what]));
    call.hear(4);
    const listen = programLog(call.log, 8000);
    for (const event of call.rig.events) listen(event);
    const { announcement } = call.rig.eventsOf('voice-start')[0]!;
    const clip = brokenClip('voices/en/0412.wav');
    if (what === THREE)
      listen({ type: 'voice-failed', atSample: 0, announcement, clip, error: new Error(clip.id) });
    expect(JSON.stringify(call.lines)).not.toMatch(/7946|0412|1250|12\.50/);
  }
});
