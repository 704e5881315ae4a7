// Session: what a caller's key does, and what a new place in the queue does.
// Would catch: a key bounced into two actions, a key that throws, a position said when it got worse.
import { memoryClip, type Clip } from '../../src/audio/source';
import { nextTrack, quiet, sayPosition, type KeyBinding } from '../../src/session/actions';
import { Session } from '../../src/session/session';
import { ManualClock } from '../../src/util/clock';
import { createLogger } from '../../src/util/log';
import { constant, longNoise } from '../support/audio';
import { Rig } from '../support/program';

interface Line {
  level: string;
  fields: Readonly<Record<string, unknown>>;
  text: string;
}

function stage(keys: Record<string, KeyBinding> = { '3': nextTrack(), '4': sayPosition(), '0': quiet() }) {
  const rig = new Rig({ music: ['a', 'b', 'c', 'd', 'e'].map((id, i) => longNoise(id, i, 0.2)) });
  const clock = new ManualClock();
  const lines: Line[] = [];
  const prompts = new Map<string, Clip>();
  for (const n of [1, 2, 3, 5, 7])
    prompts.set(`position-${n}`, memoryClip(`position-${n}`, constant(0.1, 800)));
  const session = new Session({
    call: { language: 'en', phone: '+442079460018' },
    program: rig.program,
    keys,
    prompt: (name) => prompts.get(name),
    clock,
    log: createLogger((level, fields, text) => void lines.push({ level, fields, text }), clock.wall, 'debug'),
  });
  /** Both clocks go on: the caller hears `seconds`. */
  const hear = (seconds: number): void => {
    rig.render(seconds);
    clock.advance(seconds * 1000);
  };
  hear(1);
  return { rig, clock, session, lines, hear };
}

describe('keys', () => {
  test('3: another track', () => {
    const { session, rig, hear } = stage();
    session.press('3');
    hear(1);
    expect(rig.played).toEqual(['a', 'b']);
  });

  test('0: advices off, and on again', () => {
    const { session, rig, hear } = stage();
    session.press('0');
    expect(rig.program.quiet).toBe(true);
    hear(2);
    session.press('0');
    expect(rig.program.quiet).toBe(false);
  });

  test('4: says the position, as an answer', () => {
    const { session, rig, hear } = stage();
    session.moveTo(5);
    hear(3);
    session.press('4');
    hear(3);
    expect(rig.spoken).toEqual(['position-5', 'position-5']);
    const kinds = rig.eventsOf('voice-start').map(({ announcement }) => announcement.kind);
    expect(kinds).toEqual(['position', 'answer']);
  });

  test('4 without a known position, or without a prompt for it: nothing said, a line in the log', () => {
    const { session, rig, lines, hear } = stage();
    session.press('4');
    session.moveTo(6);
    hear(2);
    expect(rig.spoken).toEqual([]);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  test.each(['1', '9', '*', '#', 'A', '', '33', 'x', 'toString', 'constructor', '__proto__'])(
    'unbound %j does nothing',
    (digit) => {
      const { session, rig, hear } = stage();
      expect(() => session.press(digit)).not.toThrow();
      hear(2);
      expect(rig.played).toEqual(['a']);
      expect(rig.spoken).toEqual([]);
      expect(rig.program.quiet).toBe(false);
    },
  );

  test('keys turned off altogether', () => {
    const { session, rig, hear } = stage({});
    for (const digit of '0123456789*#') session.press(digit);
    hear(2);
    expect(rig.played).toEqual(['a']);
  });

  test('a key may be bound to any action', () => {
    const { session, rig, hear } = stage({ '#': nextTrack(), '*': nextTrack({ holdOffMs: 0 }) });
    session.press('#');
    session.press('*');
    session.press('*');
    hear(2);
    expect(rig.played).toEqual(['a', 'b', 'c', 'd']);
  });

  test('which key was pressed is not in the log in clear, what it did is', () => {
    const { session, lines } = stage();
    session.press('3');
    const pressed = lines.filter(({ text }) => text === 'key');
    expect(pressed).toHaveLength(1);
    expect(pressed[0]!.fields).toMatchObject({ action: 'nextTrack' });
    expect(JSON.stringify(lines)).not.toContain('442079460018');
  });
});

describe('hold-off', () => {
  test('a second press within it does nothing; after it, it does; a press that did nothing does not prolong it', () => {
    const { session, rig, hear, clock } = stage({ '3': nextTrack({ holdOffMs: 3000 }) });
    session.press('3');
    for (let ms = 0; ms < 2900; ms += 100) {
      clock.advance(100);
      session.press('3');
    }
    rig.render(0.4);
    expect(rig.played).toEqual(['a', 'b']);
    clock.advance(100);
    session.press('3');
    hear(0.4);
    expect(rig.played).toEqual(['a', 'b', 'c']);
  });

  test('each key has its own', () => {
    const { session, rig, hear } = stage();
    session.press('3');
    session.press('0');
    hear(0.4);
    expect(rig.played).toEqual(['a', 'b']);
    expect(rig.program.quiet).toBe(true);
  });

  test('the very first press counts, whatever the clock says; a step of wall time does not matter', () => {
    const { session, rig, hear, clock } = stage();
    session.press('3');
    clock.stepWall(3_600_000);
    session.press('3');
    hear(0.4);
    expect(rig.played).toEqual(['a', 'b']);
  });

  test('0 switches once for a bouncing key', () => {
    const { session, rig, clock } = stage();
    for (let i = 0; i < 5; i++) {
      session.press('0');
      clock.advance(100);
    }
    expect(rig.program.quiet).toBe(true);
  });
});

describe('position', () => {
  test('said when it improves, not when it stays or gets worse', () => {
    const { session, rig, hear } = stage();
    for (const position of [5, 5, 3, 5, 7, 3, 3, 2, 1]) {
      session.moveTo(position);
      hear(4);
    }
    const said = rig.spoken.map((id) => Number(id.slice(-1)));
    expect(said.slice(said[0] === 5 ? 1 : 0)).toEqual([3, 3, 2, 1]);
  });

  test('one for which there is no prompt is not said; the next one is', () => {
    const { session, rig, hear } = stage();
    for (const position of [7, 6, 5]) {
      session.moveTo(position);
      hear(4);
    }
    expect(rig.spoken.slice(-1)).toEqual(['position-5']);
    expect(rig.spoken).not.toContain('position-6');
  });
});
