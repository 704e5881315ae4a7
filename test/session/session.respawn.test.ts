// A call whose program Asterisk kills and starts again: what the caller notices of it, which is to be nothing.
// Would catch: the place said again, a key that forgets its hold-off, a wait that forgets that it was shorter.
import { nextTrack, quiet, sayPosition } from '../../src/session/actions';
import { correlation, noise, noiseClip, periodicClip } from '../support/audio';
import { Caller } from '../support/caller';

/** A caller in place 3, who has been told so. */
function told(change: ConstructorParameters<typeof Caller>[0] = {}): Caller {
  const call = new Caller(change);
  call.moveTo(3);
  call.hear(5);
  return call;
}

describe('the place in the queue', () => {
  test('the same or a worse one is not said again; a better one is', () => {
    let call = told();
    for (const position of [3, 5]) {
      call = call.respawn();
      call.moveTo(position);
      call.hear(20);
      expect(call.said).toEqual([]);
    }
    call = call.respawn();
    call.moveTo(2);
    call.hear(1);
    expect(call.said).toEqual(['position-2']);
  });

  test('the gap since it was said last goes on, and so do the two minutes', () => {
    let call = told().respawn(160, 3000);
    call.moveTo(2);
    call.hear(10);
    expect(call.said).toEqual([]);
    call.hear(3);
    expect(call.said).toEqual(['position-2']);
    call = call.respawn(160, 30_000);
    call.moveTo(2);
    call.hear(80);
    expect(call.said).toEqual([]);
    call.hear(15);
    expect(call.said).toEqual(['position-2']);
  });

  test('a queue that interrupts every 15 s, for five minutes: told at its times, and no more', () => {
    let call = told({ settings: { advice: { firstAfterMs: 3_600_000 } } });
    const said: string[] = [];
    for (let i = 0; i < 20; i++) {
      call = call.respawn(160, 100);
      call.moveTo(3);
      call.hear(15);
      said.push(...call.said);
    }
    expect(said).toEqual(['position-3', 'position-3']);
  });

  test.each([
    [0.36, 'position-3'],
    [0.5, 'position-3'],
    [0.6, undefined],
    [1, undefined],
  ])('killed when %f s of it were on their way to the ear: %s', (seconds, again) => {
    const first = new Caller();
    first.moveTo(3);
    first.hear(seconds + 0.16);
    const call = first.respawn(160);
    call.moveTo(3);
    call.hear(5);
    expect(call.said).toEqual(again === undefined ? [] : [again]);
  });

  test('a clock set back meanwhile does not keep it from being said', () => {
    const first = told();
    first.clock.stepWall(-3_600_000);
    const call = first.respawn();
    call.moveTo(2);
    call.hear(25);
    expect(call.said).toEqual(['position-2']);
  });

  test('the wait that was said last is remembered: a longer one is not said without a word', () => {
    const first = new Caller({ position: { wait: true } });
    first.moveTo(4, [3, 5]);
    first.hear(5);
    const call = first.respawn(160, 20_000);
    call.moveTo(3, [5, 10]);
    call.hear(3);
    expect(call.said).toEqual(['position-3 wait-longer wait-5-10']);
  });

  test('a wait whose range was cut off is not one that they know', () => {
    const first = new Caller({ position: { wait: true } });
    first.moveTo(4, [1, 2]);
    first.hear(0.3 + 0.5 + 0.1 + 0.16); // the number, and a fifth of the wait
    const call = first.respawn(160, 20_000);
    call.moveTo(3, [5, 10]);
    call.hear(3);
    expect(call.said).toEqual(['position-3 wait-5-10']);
  });
});

describe('keys', () => {
  test('hold-offs go on', () => {
    const keys = { '3': nextTrack({ holdOffMs: 10_000 }), '4': sayPosition() };
    const first = new Caller({ keys });
    first.session.hear({ type: 'key', digit: '3' });
    first.hear(4);
    const call = first.respawn(160, 1000);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(4);
    expect(call.rig.played).toHaveLength(1);
    call.hear(1.2);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.2);
    expect(call.rig.played).toHaveLength(2);
  });

  test('a press of which they have heard nothing yet may be made again', () => {
    const first = new Caller();
    first.hear(5);
    first.session.hear({ type: 'key', digit: '3' });
    first.hear(0.12);
    const call = first.respawn(160);
    expect(call.rig.played).toEqual(['a']);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.2);
    expect(call.rig.played).toEqual(['a', 'b']);
  });

  test('a key that is not bound any more leaves nothing behind', () => {
    const first = new Caller();
    first.session.hear({ type: 'key', digit: '3' });
    first.hear(1);
    const call = first.respawn(0, 0, { keys: {} });
    expect(call.session.stateAt(0).pressed).toEqual({});
  });

  test('quiet and silence stay, and the same key ends them', () => {
    const first = new Caller({ keys: { '0': quiet({ music: true }) } });
    first.session.hear({ type: 'key', digit: '0' });
    first.hear(2);
    const call = first.respawn();
    expect([call.rig.program.quiet, call.rig.program.hushed]).toEqual([true, true]);
    call.hear(2);
    call.session.hear({ type: 'key', digit: '0' });
    expect([call.rig.program.quiet, call.rig.program.hushed]).toEqual([false, false]);
  });
});

test('the music goes on within the ear, sample by sample', () => {
  const material = noise(3, 0.2, 24_000);
  const first = new Caller({ music: [periodicClip('long', material, 80_000_000)] });
  first.hear(7);
  const call = first.respawn(120, 100);
  const out = call.hear(1);
  const { latency } = call.rig;
  const from = 7 * 8000 - 960 - latency; // what the ear was to hear next
  expect(correlation(out, material, latency + 100, (from + 100) % 24_000, 4000)).toBeGreaterThan(0.9999);
});

test('no advice comes twice, and each comes at its time', () => {
  const advices = { first: ['x', 'y', 'z'].map((id, i) => noiseClip(id, i, 0.2, 16_000)) };
  let call = new Caller({ advices });
  const said: string[] = [];
  for (let i = 0; i < 8; i++) {
    call.hear(13);
    said.push(...call.rig.eventsOf('voice-end').map(({ announcement }) => announcement.title));
    call = call.respawn();
  }
  expect(said).toEqual(['x', 'y', 'z']);
});
