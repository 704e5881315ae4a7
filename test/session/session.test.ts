// Session: what a caller's key does, that it is heard at once, and that mashing keys does no harm.
// Would catch: a key bounced into two actions, a key that throws, one that waits until a voice has ended.
import { toneSamples } from '../../src/audio/tone';
import { nextTrack, quiet, sayBalance, sayPosition } from '../../src/session/actions';
import { correlation, db, noiseClip, peak, rms } from '../support/audio';
import { Caller, type CallerPlan } from '../support/caller';

/** A caller who has heard a second of music. */
function caller(plan: CallerPlan = {}): Caller {
  const made = new Caller(plan);
  made.hear(1);
  return made;
}

describe('keys', () => {
  test('3: another track, by a crossfade', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '3' });
    const out = call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
    const usual = rms(out, 4000);
    for (let at = 0; at + 800 < out.length; at += 400)
      expect(Math.abs(db(rms(out, at, at + 800) / usual))).toBeLessThan(2);
  });

  test('0: advices off, and on again', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '0' });
    expect(call.rig.program.quiet).toBe(true);
    call.hear(2);
    call.session.hear({ type: 'key', digit: '0' });
    expect(call.rig.program.quiet).toBe(false);
    expect(call.rig.program.hushed).toBe(false);
  });

  test('quiet with the music: silence, and all of it again', () => {
    const call = caller({ keys: { '0': quiet({ music: true }) }, settings: { keyTone: { enabled: false } } });
    call.session.hear({ type: 'key', digit: '0' });
    call.hear(1);
    expect(peak(call.hear(2))).toBe(0);
    expect(call.rig.program.quiet).toBe(true);
    call.session.hear({ type: 'key', digit: '0' });
    call.hear(1);
    expect(rms(call.hear(1))).toBeGreaterThan(0.05);
    expect(call.rig.program.quiet).toBe(false);
  });

  test('who has silenced the music and asks for another track hears it; advices stay off', () => {
    const call = caller({ keys: { '0': quiet({ music: true }), '3': nextTrack() } });
    call.session.hear({ type: 'key', digit: '0' });
    call.hear(2);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    expect(rms(call.hear(1))).toBeGreaterThan(0.05);
    expect(call.rig.played.at(-1)).toBe('b');
    expect(call.rig.program.quiet).toBe(true);
  });

  test('4: says the position, as an answer', () => {
    const call = caller({ position: { announce: false } });
    call.moveTo(5);
    call.hear(3);
    expect(call.said).toEqual([]);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(3);
    expect(call.said).toEqual(['position-5']);
    expect(call.rig.eventsOf('voice-start')[0]!.announcement.kind).toBe('answer');
  });

  test.each(['1', '9', '*', '#', 'A', '', '33', 'x', 'toString', 'constructor', '__proto__'])(
    'unbound %j does nothing, and no tone says that it did',
    (digit) => {
      const [call, other] = [caller(), caller()];
      expect(() => call.session.hear({ type: 'key', digit })).not.toThrow();
      expect(call.hear(1)).toEqual(other.hear(1));
      expect(call.rig.played).toEqual(['a']);
      expect(call.lines).toEqual([]);
    },
  );

  test('keys turned off altogether', () => {
    const call = caller({ keys: {} });
    for (const digit of '0123456789*#') call.session.hear({ type: 'key', digit });
    call.hear(2);
    expect(call.rig.played).toEqual(['a']);
  });

  test('a key may be bound to any action', () => {
    const call = caller({ keys: { '#': nextTrack(), '*': nextTrack({ holdOffMs: 0 }) } });
    for (const digit of '#**') call.session.hear({ type: 'key', digit });
    call.hear(2);
    expect(call.rig.played).toEqual(['a', 'b', 'c', 'd']);
  });

  test('which key was pressed is not in the log in clear, what it did is', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '3' });
    const pressed = call.lines.filter(({ text }) => text === 'key');
    expect(pressed).toHaveLength(1);
    expect(pressed[0]!.fields).toMatchObject({ action: 'nextTrack' });
    expect(JSON.stringify(call.lines)).not.toContain('442079460018');
  });

  test('when the session is closed, nothing is done any more, and no timer is left', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(2);
    call.session.close();
    call.session.close();
    expect(call.clock.pending).toBe(0);
    const said = call.said.length;
    call.session.hear({ type: 'key', digit: '3' });
    call.session.hear({ type: 'key', digit: '4' });
    call.moveTo(1);
    call.hear(200);
    expect([call.rig.played, call.said.length]).toEqual([['a'], said]);
  });
});

describe('the tone', () => {
  const settings = { keyTone: { levelDb: -10 } };
  const tone = toneSamples(8000, { hz: 880, ms: 120, levelDb: -10 });

  test.each(['2', '3', '4', '0'])('%s is heard to act in the very next Frame, and only once', (digit) => {
    const call = caller({ settings });
    call.session.hear({ type: 'key', digit });
    const out = call.hear(0.4);
    expect(correlation(out, tone, call.rig.latency, 0, tone.length)).toBeGreaterThan(0.7);
    call.session.hear({ type: 'key', digit });
    const held = call.hear(0.4);
    expect(correlation(held, tone, call.rig.latency, 0, tone.length)).toBeLessThan(0.3);
  });

  test('the first word comes within the duck after it, so within half a second of the press', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(40);
    call.session.hear({ type: 'key', digit: '4' });
    const before = call.rig.program.atSample;
    call.hear(1);
    const startMs = call.saidAt.at(-1)! - call.rig.ms(before);
    expect(startMs).toBeGreaterThanOrEqual(120);
    expect(startMs).toBeLessThanOrEqual(300);
  });
});

describe('a press during speech', () => {
  test('4 over an advice: the advice ends at once, the answer begins within the take-over time', () => {
    const call = caller({ advices: { first: [noiseClip('advice', 3, 0.2, 80_000)] } });
    call.moveTo(5);
    call.hear(22);
    expect(call.said.at(-1)).toBe('advice');
    const pressedMs = call.rig.ms(call.rig.program.atSample);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(2);
    expect(call.said.at(-1)).toBe('position-5');
    expect(call.saidAt.at(-1)! - pressedMs).toBeLessThanOrEqual(130);
  });

  test('2 over the answer of 4, then 4 over that of 2: the later press takes over each time', () => {
    const keys = { '2': sayBalance({ holdOffMs: 0 }), '4': sayPosition({ holdOffMs: 0 }) };
    const call = caller({ keys, position: { announce: false } });
    call.moveTo(5);
    for (const digit of '4242') {
      call.session.hear({ type: 'key', digit });
      call.hear(0.48); // music down, and part of the answer
    }
    call.hear(2);
    const [position, balance] = ['position-5', 'balance-unavailable'];
    expect(call.said).toEqual([position, balance, position, balance]);
    const cut = call.rig.eventsOf('voice-cut').map(({ announcement }) => announcement.title);
    expect(cut).toEqual([position, balance, position]);
  });

  test('3 changes the music under the voice, which goes on', () => {
    const call = caller();
    call.moveTo(5);
    call.hear(0.5);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(2);
    expect(call.said).toEqual(['position-5']);
    expect(call.rig.eventsOf('voice-cut')).toEqual([]);
    expect(call.rig.played).toEqual(['a', 'b']);
  });
});

describe('hold-off', () => {
  test('a second press within it does nothing; after it, it does; a press that did nothing does not prolong it', () => {
    const call = caller({ keys: { '3': nextTrack({ holdOffMs: 3000 }) } });
    call.session.hear({ type: 'key', digit: '3' });
    for (let ms = 0; ms < 2900; ms += 100) {
      call.clock.advance(100);
      call.session.hear({ type: 'key', digit: '3' });
    }
    call.rig.render(0.4);
    expect(call.rig.played).toEqual(['a', 'b']);
    call.clock.advance(100);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.4);
    expect(call.rig.played).toEqual(['a', 'b', 'c']);
  });

  test('each key has its own', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '3' });
    call.session.hear({ type: 'key', digit: '0' });
    call.hear(0.4);
    expect(call.rig.played).toEqual(['a', 'b']);
    expect(call.rig.program.quiet).toBe(true);
  });

  test('the very first press counts, whatever the clock says; a step of wall time does not matter', () => {
    const call = caller();
    call.session.hear({ type: 'key', digit: '3' });
    call.clock.stepWall(3_600_000);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.4);
    expect(call.rig.played).toEqual(['a', 'b']);
  });

  test('0 switches once for a bouncing key', () => {
    const call = caller();
    for (let i = 0; i < 5; i++) {
      call.session.hear({ type: 'key', digit: '0' });
      call.clock.advance(100);
    }
    expect(call.rig.program.quiet).toBe(true);
  });

  test('keys without a hold-off mashed for half a minute: nothing piles up', () => {
    const call = caller({ keys: { '2': sayPosition({ holdOffMs: 0 }), '3': nextTrack({ holdOffMs: 0 }) } });
    call.moveTo(5);
    call.hear(4);
    for (let i = 0; i < 300; i++) {
      call.session.hear({ type: 'key', digit: '2' });
      call.session.hear({ type: 'key', digit: '3' });
      call.hear(0.08);
    }
    const over = call.rig.events.length;
    call.hear(4);
    expect(call.rig.events.length - over).toBeLessThanOrEqual(3);
    expect(call.rig.program.duckGainDb).toBe(0);
  });
});

describe('who is calling', () => {
  test('told later: from then on everything is said in their language', () => {
    const call = caller({ call: { channel: undefined, phone: undefined } });
    call.moveTo(5);
    call.session.hear({
      type: 'identity',
      identity: { uniqueid: '1795225281.7', channel: 'PJSIP/1-0000000a', language: 'ru' },
    });
    call.hear(3);
    expect(call.said).toEqual(['ru/position-5']);
    expect(call.session.call).toMatchObject({ channel: 'PJSIP/1-0000000a', language: 'ru', certain: true });
  });

  test('without a language they keep the one that they had', () => {
    const call = caller({ call: { language: 'ru' } });
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', phone: '1234' } });
    expect(call.session.call).toMatchObject({ language: 'ru', phone: '1234' });
  });

  test('another call’s identity is not taken, and said in the log without its number', () => {
    const call = caller();
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.8', phone: '+15551234567' } });
    expect(call.session.call.phone).toBe('+442079460018');
    expect(call.logged('warn')).toHaveLength(1);
    expect(JSON.stringify(call.lines)).not.toContain('15551234567');
  });

  test('an identity does not make a call certain that was not', () => {
    const call = caller({ call: { certain: false } });
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', phone: '+15551234567' } });
    expect(call.session.call.certain).toBe(false);
  });
});
