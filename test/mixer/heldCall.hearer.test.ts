// Who hears a look-up's reader is told late, never, or otherwise than one would think. Until the call itself is named there is
// music and nothing else; when it is, nobody hears a seam.
// Would catch: a place, a key or a balance for another channel; a caller who is begun anew, or hears twice what was said.
import type { CallState } from '../../src/session/state';
import { memoryClip } from '../../src/audio/source';
import { ManualClock } from '../../src/util/clock';
import { noise } from '../support/audio';
import { FakeMedia, MixerRig, type MixerPlan } from '../support/mixer';
import { account, accountsOf, FakeRecords } from '../support/fakeRecords';

const TOKEN = 'a-token';
const ID = '1795225281.7';
const FRAME = 320;
/** Rounding. */
const SEAM = 1;

let rig: MixerRig;
let records: FakeRecords;
afterEach(() => rig.close());

function nameless(plan: MixerPlan = {}, state?: CallState): MixerRig {
  records = new FakeRecords([accountsOf(account('1', 100n))]);
  const media = new FakeMedia();
  media.spoken = ['one', 'two'].map((id) => memoryClip(id, noise(id.length, 0.2, 8000)));
  rig = new MixerRig({ records, media, ...plan });
  rig.beginNameless(TOKEN, state, state === undefined);
  return rig;
}

/** The music of a call as nobody hears anything else of it. */
function musicAlone(frames: number, state?: CallState): Int16Array {
  const spoken = rig.media.spoken;
  rig.media.spoken = [];
  const music = rig.offline(TOKEN, frames, undefined, state);
  rig.media.spoken = spoken;
  return music;
}

function mostDifference(heard: Int16Array, expected: Int16Array, from = 0, to = heard.length): number {
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, Math.abs(heard[i]! - expected[i]!));
  return most;
}

/** Where `part` begins in `whole`, to the last bit; −1: nowhere. */
function findIn(whole: Int16Array, part: Int16Array): number {
  const isAt = (from: number): boolean => {
    for (let i = 0; i < part.length; i++) if (whole[from + i] !== part[i]) return false;
    return true;
  };
  for (let from = 0; from + part.length <= whole.length; from++) if (isAt(from)) return from;
  return -1;
}

const PLACE = { type: 'place', place: { queue: 'sales', position: 2 } } as const;

describe('while nobody is named', () => {
  it('there is music, whatever is told and pressed: no voice, nothing asked, nothing kept, nothing in the log', async () => {
    nameless();
    const reader = rig.read(TOKEN);
    rig.identify(TOKEN);
    rig.tell(TOKEN, PLACE);
    for (const key of ['2', '4', '3']) {
      rig.press(TOKEN, key);
      rig.pass(2000);
    }
    await Promise.resolve();
    rig.pass(60_000);
    expect(mostDifference(reader.heard, musicAlone(1700))).toBe(0);
    expect([records.asked, records.remembered, records.choicesAsked]).toEqual([[], [], 0]);
    expect(rig.of('states')).toEqual([]);
    expect(rig.of('request')).toEqual([]);
    expect(rig.lines).toEqual([]);
    const [status] = rig.mixer.status();
    expect(status).toMatchObject({ status: 'playing' });
    expect(status).not.toHaveProperty('uniqueid');
  });

  it('another channel that is named changes nothing', () => {
    nameless();
    const reader = rig.read(TOKEN);
    rig.pass(2000);
    rig.name(TOKEN);
    rig.press(TOKEN, '3');
    rig.pass(30_000);
    expect(mostDifference(reader.heard, musicAlone(810))).toBe(0);
  });

  it('the next reader goes on where the one before it was', () => {
    nameless();
    const first = rig.read(TOKEN);
    rig.pass(5000);
    rig.kill(TOKEN);
    rig.pass(400);
    const second = rig.read(TOKEN);
    rig.pass(3000);
    // Behind the soft beginning that every sound has.
    const soft = 4000;
    const at = findIn(musicAlone(300), second.heard.subarray(soft, soft + 1000));
    // The music repeats itself each second.
    const aheadMs = ((at - soft - first.heard.length) / 8 + 100_500) % 1000;
    expect(Math.abs(aheadMs - 500)).toBeLessThan(120);
  });
});

describe('the call is named', () => {
  it.each([0, 200, 5000])('%i ms before its reader comes: it hears what it would have heard anyway', (ms) => {
    nameless();
    rig.pass(ms);
    rig.name(TOKEN, ID);
    const reader = rig.read(TOKEN);
    rig.pass(30_000);
    expect(mostDifference(reader.heard, rig.offline(TOKEN, 760))).toBe(0);
    expect(rig.status(ID)).toMatchObject({ uniqueid: ID, status: 'playing' });
    expect(rig.lines.filter(({ text }) => text === 'music').map(({ fields }) => fields['uniqueid'])).toEqual([
      ID,
    ]);
  });

  it.each([40, 200, 1000, 9000])('%i ms after its reader has come: the music has no seam', (ms) => {
    nameless();
    const reader = rig.read(TOKEN);
    rig.pass(ms);
    rig.name(TOKEN, ID);
    rig.pass(18_000 - ms);
    expect(mostDifference(reader.heard, musicAlone(460))).toBeLessThanOrEqual(SEAM);
    rig.pass(10_000);
    // And then the first advice, at its time.
    const whole = rig.offline(TOKEN, 720);
    expect(mostDifference(reader.heard, whole)).toBeLessThanOrEqual(SEAM);
    expect(mostDifference(whole, musicAlone(720))).toBeGreaterThan(1000);
  });

  it('its keys and places work from then on, and its first track is remembered as if it had been known at once', async () => {
    nameless();
    rig.read(TOKEN);
    rig.pass(1000);
    rig.name(TOKEN, ID);
    rig.tell(TOKEN, { type: 'identity', identity: { uniqueid: ID, phone: '+442079460018' } });
    rig.tell(TOKEN, PLACE);
    rig.pass(1000);
    rig.press(TOKEN, '2');
    await Promise.resolve();
    rig.pass(2000);
    expect(records.asked).toHaveLength(1);
    expect(records.kept('heard')[0]).toMatch(/^track a/);
    expect(rig.status(ID)).toMatchObject({ position: 2 });
    expect(rig.state(TOKEN)).toBeDefined();
  });

  const kept = (state: Partial<CallState>): CallState => ({
    version: 1,
    rate: 8000,
    music: { trackId: 'a', sample: 16_000 },
    heardSamples: 400_000,
    heard: ['one'],
    bag: [],
    quiet: false,
    hushed: false,
    pressed: {},
    ...state,
  });

  it.each(['before', 'after'])('%s its reader has come: it goes on from what is kept of it', (when) => {
    const wallMs = new ManualClock().wall();
    const state = kept({ sinceVoice: 8000, told: { queue: 'sales', position: 2, wallMs } });
    nameless({}, state);
    const reader = when === 'after' ? rig.read(TOKEN) : undefined;
    rig.pass(400);
    rig.name(TOKEN, ID);
    rig.tell(TOKEN, PLACE);
    const heard = (reader ?? rig.read(TOKEN)).heard;
    rig.pass(10_000);
    expect(heard.length).toBeLessThan(20_000);
    const told = rig.state(TOKEN)!;
    expect(told.heard).toContain('one');
    expect(told.told).toEqual(state.told);
    expect(told.heardSamples).toBeGreaterThan(state.heardSamples + 8000 * 7);
    expect(records.kept('heard')).not.toContain('track a');
  });

  it('one who has chosen silence hears none of the music, where no reader was there before the name', () => {
    nameless({}, kept({ quiet: true, hushed: true }));
    rig.name(TOKEN, ID);
    const reader = rig.read(TOKEN);
    rig.pass(3000);
    expect(reader.heard.every((sample) => sample === 0)).toBe(true);
  });

  it('twice, with the same name: nothing happens', () => {
    nameless();
    const reader = rig.read(TOKEN);
    rig.pass(1000);
    for (let i = 0; i < 3; i++) rig.name(TOKEN, ID);
    rig.pass(2000);
    expect(mostDifference(reader.heard, musicAlone(90))).toBeLessThanOrEqual(SEAM);
    expect(records.closed).toBe(0);
  });
});

test('a second channel hears the same: what is being said ends, the music goes on, and nothing is said or kept again', async () => {
  nameless();
  const reader = rig.read(TOKEN);
  rig.pass(1000);
  rig.name(TOKEN, ID);
  rig.tell(TOKEN, { type: 'identity', identity: { uniqueid: ID, phone: '+442079460018' } });
  rig.press(TOKEN, '2');
  await Promise.resolve();
  rig.pass(800);
  const cut = reader.heard.length + 10 * FRAME;
  rig.name(TOKEN);
  rig.tell(TOKEN, PLACE);
  rig.press(TOKEN, '2');
  rig.pass(20_000);
  const music = musicAlone(600);
  const heard = reader.heard;
  // The fade of the voice and of what was in the pipe.
  expect(mostDifference(heard, music, 8000, cut)).toBeGreaterThan(1000);
  expect(mostDifference(heard, music, cut + 8 * FRAME)).toBe(0);
  expect(records.asked).toHaveLength(1);
  expect(records.closed).toBe(1);
  const states = rig.of('states').length;
  rig.kill(TOKEN);
  rig.pass(3000);
  expect(rig.of('states')).toHaveLength(states);
});
