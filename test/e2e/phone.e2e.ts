// A telephone that is not ours (sipp): SIP, G.711, keys by RFC 4733. Its sound is coarser, so it is judged by likeness.
// Everything else of the tests calls with a telephone of their own, which could share a mistake with its judge.
import { spawnSync } from 'node:child_process';
import { locate } from './judge/correlate';
import { configText, ownBalance, positionId } from './lab/config';
import { Ear } from './lab/ear';
import { keepFigures } from './lab/figures';
import { Lab } from './lab/lab';
import { RATE, tracks, voices } from './lab/media';
import { phoneBySipp } from './lab/sippPhone';
import { listener } from './lab/speech';
import { until } from './lab/wait';

/** In the order in which they were once recorded: an older packet would be taken for one that comes too late. */
const KEYS = ['2', '3', '4'];
const HALF_SECOND = RATE / 2;
const music = tracks(4, 40);
const prompts = voices([positionId(1)]);
const byEar = listener('en', prompts);

let lab: Lab;
let ear: Ear;
beforeAll(async () => {
  lab = await Lab.open({ media: { ...music, ...prompts }, config: (one) => configText(one) });
  await lab.startHub();
  ear = await Ear.open();
});
afterAll(async () => {
  ear?.close();
  await lab?.close();
});

/** The track and the place in it that are heard at a sample, for half a second. */
function musicAt(heard: Int16Array, sample: number): { source: string; at: number } | undefined {
  return locate(heard.subarray(sample, sample + HALF_SECOND), music);
}

/** run.mjs has seen to it where it can, and says so where it cannot. */
const withSipp = spawnSync('which', ['sipp']).status === 0 ? test : test.skip;

withSipp(
  'a real telephone: the balance for 2, another track for 3, the place for 4, and no sample lost',
  async () => {
    const keys = KEYS.map((digit, i) => ({ digit, afterMs: i === 0 ? 4000 : 5000 }));
    expect(await phoneBySipp(lab, ear, 'phones', keys, 5000)).toBe(0);
    const begun = lab.manager.events.filter(({ event }) => event['Event'] === 'DTMFBegin');
    expect(begun.map(({ event }) => event['Digit'])).toEqual(KEYS);
    const heard = ear.samples;
    const [balance, track, place] = begun.map(({ atMs }) => ear.sampleAt(atMs));

    const before = musicAt(heard, track! - HALF_SECOND)!;
    const after = musicAt(heard, track! + 2 * RATE)!;
    expect(after.source).not.toBe(before.source);
    const [owned, said, ...more] = byEar.transcribe(heard);
    expect([owned?.text, said?.text, more]).toEqual([ownBalance('800'), 'position-1', []]);
    const delays = [said!.at - place!, owned!.at - balance!].map((samples) => samples / 8);
    keepFigures(lab, 'sipp, key to first word, ms', { place: delays[0], balance: delays[1] });
    for (const delay of delays) expect(delay).toBeGreaterThan(0);
    for (const delay of delays) expect(delay).toBeLessThan(1000);

    const end = heard.length - RATE;
    const later = musicAt(heard, end)!;
    expect([later.source, later.at - after.at]).toEqual([after.source, end - (track! + 2 * RATE)]);
    expect(ear.lostPackets).toBe(0);
    await until(
      () => JSON.stringify(lab.strays),
      () => lab.strays.length === 0,
    );
  },
);
