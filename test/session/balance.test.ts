// Key 2 over a scripted function of the operator's: whose balance is said, whole or not at all, and what if none is.
// Would catch: another caller's balance, half a sum, a function that hangs the call, a balance in the log.
import { sayBalance, sayPosition, type BalanceCaller, type BalanceFunction } from '../../src/session/actions';
import type { Call } from '../../src/session/call';
import { programLog } from '../../src/session/eventLog';
import { brokenClip } from '../support/audio';
import { Caller, rejected, turn, type CallerPlan } from '../support/caller';

const WORDS = ['position-7', 'position-20', 'position-3'];
const [SAID, UNAVAILABLE] = [WORDS.join(' '), 'balance-unavailable'];

/** What the operator's function does is scripted; it notes who asked. */
class Fake {
  readonly asked: BalanceCaller[] = [];
  #settle: (names: readonly string[]) => void = () => {};
  constructor(private readonly answer: 'later' | BalanceFunction) {}

  readonly balance: BalanceFunction = (caller) => {
    this.asked.push(caller);
    if (this.answer !== 'later') return this.answer(caller);
    return new Promise((resolve) => (this.#settle = resolve));
  };

  async answers(names: readonly string[]): Promise<void> {
    this.#settle(names);
    await turn();
  }
}

async function press(fake: Fake | undefined, plan: CallerPlan = {}): Promise<Caller> {
  const call = new Caller({ ...plan, ...(fake && { balance: fake.balance }) });
  call.hear(1);
  call.session.press('2');
  await turn();
  return call;
}

test('the balance is said as one answer; the function is told who asks', async () => {
  const fake = new Fake(() => WORDS);
  const call = await press(fake);
  call.hear(4);
  expect(call.said).toEqual([SAID]);
  expect(call.rig.eventsOf('voice-start')[0]!.announcement).toMatchObject({ kind: 'answer', personal: true });
  expect(fake.asked).toMatchObject([{ phone: '+442079460018', uniqueid: '1795225281.7', language: 'en' }]);
  expect(call.logged('error')).toEqual([]);
});

describe('only for a caller who is certain', () => {
  test.each<[string, Partial<Call>]>([
    ['an identity from the environment', { certain: false }],
    ['one of which nothing is known', { certain: undefined } as object],
    ['a number withheld', { phone: undefined }],
    ['no Uniqueid', { uniqueid: undefined }],
  ])('%s: he hears that, and nobody is asked', async (_, who) => {
    const fake = new Fake(() => WORDS);
    const call = await press(fake, { call: who });
    call.hear(2);
    expect(call.said).toEqual(['balance-unknown-caller']);
    expect(fake.asked).toEqual([]);
  });

  test('the number turns out to be another while it is asked for: the balance is not said', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    call.session.identify({ uniqueid: '1795225281.7', phone: '+15551234567' });
    await fake.answers(WORDS);
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
  });
});

describe('no balance', () => {
  const cases: [string, BalanceFunction | undefined, RegExp | undefined][] = [
    ['nobody knows one', undefined, undefined],
    ['the function throws', () => { throw new Error('the server said 500'); }, /the server said 500/],
    ['it throws later', () => Promise.reject(new Error('refused')), /refused/],
    ['it throws no Error', () => rejected('odd'), /odd/],
    ['it throws what has no text', () => rejected(Object.create(null)), /no text/],
    ['it answers nothing', () => undefined as never, /something else/],
    ['it answers a sum', () => 720.03 as never, /something else/],
    ['it answers a text', () => 'position-7' as never, /something else/],
    ['it answers a list of sums', () => [720] as never, /something else/],
    ['it answers a book', () => Array.from({ length: 51 }, () => 'position-1'), /something else/],
    ['it names a prompt that is missing', () => ['position-7', 'dollars-720'], /prompt 2 of 2/],
    ['it names a thing of every object', () => ['constructor'], /prompt 1 of 1/],
  ]; // prettier-ignore
  test.each(cases)('%s: he hears that it is not available, the log says why', async (_, answer, why) => {
    const call = await press(answer && new Fake(answer));
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
    const errors = call.logged('error');
    expect(errors).toHaveLength(why ? 1 : 0);
    if (why) expect(errors[0]!.fields).toMatchObject({ code: 'HC_ACTION_FAILED', error: expect.stringMatching(why) as string }); // prettier-ignore
  });

  test('an empty list is no mistake: it is not known', async () => {
    const call = await press(new Fake(() => []));
    call.hear(2);
    expect(call.said).toEqual([UNAVAILABLE]);
    expect(call.logged('error')).toEqual([]);
  });

  test('even the prompt for that is missing: music, and one line that names it', async () => {
    const call = await press(undefined, { prompts: [], keys: { '2': sayBalance({ holdOffMs: 0 }) } });
    call.session.press('2');
    call.hear(4);
    expect(call.said).toEqual([]);
    expect(call.logged('warn').map(({ fields }) => fields['prompt'])).toEqual([UNAVAILABLE]);
  });
});

describe('a function that takes its time', () => {
  test('up to a second: no word before the balance', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    call.hear(0.96);
    await fake.answers(WORDS);
    call.hear(4);
    expect(call.said).toEqual([SAID]);
  });

  test('longer: he is asked for a moment, and the balance follows that to its end', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    call.hear(1.6); // in the middle of "one moment"
    await fake.answers(WORDS);
    call.hear(4);
    expect(call.said).toEqual(['one-moment', SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('an answer just as he would be asked for a moment comes in its place', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    call.hear(1.12); // the music goes down for "one moment"
    await fake.answers(WORDS);
    call.hear(4);
    expect(call.said).toEqual([SAID]);
    expect(call.saidAt[0]).toBeLessThan(2400);
  });

  test('longer than three seconds: it is not available, it is aborted, and its late answer is not said', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    await call.live(3.2);
    await fake.answers(WORDS);
    call.hear(10);
    expect(call.said).toEqual(['one-moment', UNAVAILABLE]);
    expect(fake.asked[0]!.signal.aborted).toBe(true);
    expect(call.logged('error')[0]!.fields['error']).toContain('3000 ms');
    expect(call.clock.pending).toBe(0);
  });

  test('pressed again meanwhile: it is asked once, and the tone does not say otherwise', async () => {
    const fake = new Fake('later');
    const call = await press(fake, { keys: { '2': sayBalance({ holdOffMs: 0 }) } });
    for (let i = 0; i < 5; i++) call.session.press('2');
    expect(fake.asked).toHaveLength(1);
    expect(call.lines.filter(({ text }) => text === 'key')).toHaveLength(1);
  });

  test('4 pressed meanwhile is answered at once, and then comes the balance', async () => {
    const fake = new Fake('later');
    const call = await press(fake, { keys: { '2': sayBalance(), '4': sayPosition() } });
    call.session.press('4');
    call.hear(0.6);
    await fake.answers(WORDS);
    call.hear(4);
    expect(call.said).toEqual(['position-unknown', SAID]);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
  });

  test('the call ends meanwhile: it is aborted, nothing is said, no timer is left', async () => {
    const fake = new Fake('later');
    const call = await press(fake);
    call.hear(0.2);
    call.session.close();
    expect(fake.asked[0]!.signal.aborted).toBe(true);
    await fake.answers(WORDS);
    call.hear(5);
    expect(call.said).toEqual([]);
    expect(call.clock.pending).toBe(0);
    expect(call.session.busy).toBe(false);
  });
});

test('no line of the log tells the balance or the number, whatever goes wrong', async () => {
  const answers: BalanceFunction[] = [
    () => WORDS,
    () => [...WORDS, 'dollars-720'],
    () => { throw new Error('account 7203 of +44 20 7946 0018: no answer'); },
  ]; // prettier-ignore
  for (const answer of answers) {
    const call = await press(new Fake(answer));
    call.hear(4);
    const listen = programLog(call.log, 8000);
    for (const event of call.rig.events) listen(event);
    const { announcement } = call.rig.eventsOf('voice-start')[0]!;
    const clip = brokenClip('prompts/en/dollars-720.wav');
    listen({ type: 'voice-failed', atSample: 0, announcement, clip, error: new Error(clip.id) });
    const text = JSON.stringify(call.lines);
    if (answer === answers[0]) expect(text).not.toMatch(/position-(7|20|3)\b/);
    if (answer === answers[0]) expect(text).not.toContain('dollars');
    expect(text).not.toMatch(/7946|dollars-720(?!\.wav)/);
  }
});
