// Sentences for a call in a mixing thread: the samples that a voice has in the main thread, and nothing half.
// Would catch: samples that are changed or cut on their way, a voice that speaks for nobody, a caller who waits for ever.
import type { Clip } from '../../src/audio/source';
import { memoryClip } from '../../src/audio/source';
import type { Speech } from '../../src/session/speech';
import { ManualClock } from '../../src/util/clock';
import { turn } from '../support/caller';
import { HubLink, type LinkPlan } from '../support/hubLink';
import { FakeSpeech } from '../support/fakeRecords';

const CALL = '1795225281.7';
const never = (): AbortSignal => new AbortController().signal;

function speaking(voice: Speech | undefined, plan: LinkPlan = {}) {
  const clock = new ManualClock();
  const link = new HubLink({ clock, speech: () => voice, ...plan });
  return { clock, link, speech: link.outside.speech(CALL) };
}

/** Says one clip, whatever is asked. */
const saying = (...clips: Clip[]): Speech => ({
  balance: () => Promise.resolve(clips),
  position: () => Promise.resolve(clips),
});

function samplesOf(clip: Clip): number[] {
  const out = new Float32Array(clip.samples);
  clip.open().read(out, 0, out.length);
  return [...out].map((sample) => Math.round(sample * 32768));
}

test('every sample comes as the voice has it, at full scale too', async () => {
  const samples = Int16Array.of(-32768, -1, 0, 1, 32767, 1234);
  const { speech } = speaking(saying(memoryClip('voices/en/one.wav', samples, 'one')));
  const clips = await speech.position(1, 'en', never());
  expect(samplesOf(clips![0]!)).toEqual([...samples]);
});

test('a long sentence is read in slices, between which the main thread has its turn', async () => {
  const samples = Int16Array.from({ length: 100_000 }, (_, i) => (i * 7) % 30_000);
  const { clock, speech } = speaking(saying(memoryClip('long', samples)));
  let clips: readonly Clip[] | undefined;
  void speech.position(1, 'en', never()).then((came) => (clips = came));
  for (let slice = 0; slice < 3; slice++) {
    expect(clips).toBeUndefined();
    await turn();
    clock.advance(0);
  }
  await turn();
  expect(samplesOf(clips![0]!)).toEqual([...samples]);
});

test.each<[string, Speech | undefined]>([
  ['nobody speaks', undefined],
  ['no voice can say it', new FakeSpeech('mute')],
  ['a voice throws', new FakeSpeech(new Error('no luck'))],
  ['a clip is shorter than it said', saying({ ...memoryClip('short', new Int16Array(10)), samples: 20 })],
  ['a clip’s file is gone', saying({ ...memoryClip('gone', new Int16Array(10)), open: () => { throw new Error('gone'); } })], // prettier-ignore
  [
    'it is longer than any sentence',
    saying({ ...memoryClip('endless', new Int16Array(10)), samples: 2 ** 40 }),
  ],
])('%s: nothing is said', async (_, voice) => {
  const { link, speech } = speaking(voice);
  expect(await speech.position(1, 'en', never())).toBeUndefined();
  expect(link.pending).toEqual([0, 0]);
});

test('an abort ends the voice’s work', async () => {
  const voice = new FakeSpeech('later');
  const { clock, link, speech } = speaking(voice);
  const abort = new AbortController();
  const said = speech.position(3, 'en', abort.signal);
  await turn();
  abort.abort();
  expect(await said).toBeUndefined();
  await turn();
  expect(voice.positions[0]!.signal.aborted).toBe(true);
  expect([link.pending, clock.pending]).toEqual([[0, 0], 0]);
});

test('a main thread that does not answer leaves nobody waiting', async () => {
  const { clock, speech } = speaking(new FakeSpeech(), { answers: () => false });
  const said = speech.position(3, 'en', never());
  clock.advance(26_000);
  expect(await said).toBeUndefined();
});
