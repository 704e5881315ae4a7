// The contract of Voice: one suite for every kind, so that a Speaker cannot tell which one it has.
// A voice says all of a sentence or nothing, never rejects, and never logs the words that it was told.
import type { Clip } from '../../src/audio/source';
import { PAUSE, type Spoken } from '../../src/speech/spoken';
import type { Voice } from '../../src/speech/voice';
import type { LogLine } from '../media/fixtures';

/** A voice of English (not of German) that can say `whole`, and cannot say `impossible`. */
export interface VoiceStand {
  readonly voice: Voice;
  readonly whole: Spoken;
  readonly impossible: Spoken;
  readonly lines: readonly LogLine[];
}

const NEVER = new AbortController().signal;

function read(clip: Clip): Float32Array {
  const samples = new Float32Array(clip.samples);
  const reader = clip.open();
  expect(reader.read(samples, 0, clip.samples)).toBe(clip.samples);
  reader.close();
  return samples;
}

/** Call inside a `describe` that is skipped where the voice cannot be. */
export function voiceContract(make: () => VoiceStand | Promise<VoiceStand>): void {
  let stand: VoiceStand;

  beforeEach(async () => {
    stand = await make();
  });

  test('says a whole sentence, again and again, in its language and by its base', async () => {
    for (const language of ['en', 'en_GB', 'en-us']) {
      const clips = await stand.voice.clips(stand.whole, language, NEVER);
      expect(clips!.length).toBeGreaterThan(0);
      expect(Math.max(...clips!.flatMap((clip) => [...read(clip)]).map(Math.abs))).toBeGreaterThan(0.1);
    }
    expect(stand.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('says nothing of a sentence that it cannot say whole, and logs that once, without the words', async () => {
    for (let k = 0; k < 2; k++)
      expect(await stand.voice.clips(stand.impossible, 'en', NEVER)).toBeUndefined();
    const errors = stand.lines.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]!.fields).toMatchObject({ code: 'HC_VOICE_FAILED', hint: expect.any(String) as string });
    expect(JSON.stringify(stand.lines)).not.toContain(stand.impossible.text);
  });

  test('says nothing in a language that it does not speak, and nothing of nothing', async () => {
    const { voice, whole } = stand;
    for (const language of ['de', 'klingon', ''])
      expect(await voice.clips(whole, language, NEVER)).toBeUndefined();
    expect(await voice.clips({ text: '', clips: [] }, 'en', NEVER)).toBeUndefined();
    expect(await voice.clips({ text: '', clips: [PAUSE] }, 'en', NEVER)).toBeUndefined();
  });

  test('ends without a word when it is aborted, before or meanwhile, and logs nothing of it', async () => {
    const { voice, whole, lines } = stand;
    expect(await voice.clips(whole, 'en', AbortSignal.abort())).toBeUndefined();
    const stop = new AbortController();
    const clips = voice.clips(whole, 'en', stop.signal);
    stop.abort();
    expect(await clips).toBeUndefined();
    expect(lines).toEqual([]);
  });

  test('says the same to two that ask at once', async () => {
    const { voice, whole } = stand;
    const [a, b] = await Promise.all([voice.clips(whole, 'en', NEVER), voice.clips(whole, 'en', NEVER)]);
    expect(a!.map((clip) => clip.samples)).toEqual(b!.map((clip) => clip.samples));
  });
}
