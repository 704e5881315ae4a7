// Willow Road: a finger-picked guitar in G major, walking pace, the liveliest of the three pieces.
// The thumb alternates on the low strings, the fingers fill the off-beats, a second guitar sings above.
import { humanised, nylonString, OVERLAP_SEC, softBass, type Note, type Piece } from '../compose';
import { arch, barSec, melodyNotes, noteAt, type Melody, type Metre } from './score';

const METRE: Metre = { beatsPerBar: 4, bpm: 116 };

interface Shape {
  root: number;
  fifth: number;
  /** Third, second and first string. */
  strings: readonly [number, number, number];
}
const G: Shape = { root: 55, fifth: 50, strings: [62, 67, 71] };
const G_B: Shape = { root: 59, fifth: 55, strings: [62, 67, 71] };
const D_FS: Shape = { root: 54, fifth: 57, strings: [62, 66, 69] };
const E_M7: Shape = { root: 52, fifth: 59, strings: [62, 67, 71] };
const C_9: Shape = { root: 48, fifth: 55, strings: [62, 64, 67] };
const C: Shape = { root: 48, fifth: 55, strings: [60, 64, 67] };
const A_M7: Shape = { root: 57, fifth: 52, strings: [60, 64, 67] };
const D_SUS: Shape = { root: 50, fifth: 57, strings: [62, 67, 69] };
const D_7: Shape = { root: 50, fifth: 57, strings: [60, 66, 69] };
const CHORDS = [G, D_FS, E_M7, C_9, G_B, A_M7, C_9, D_SUS, C, G_B, A_M7, G, C, G_B, A_M7, D_7] as const;

const [A4, B4, C5, D5, E5, FS5, G5, A5, B5] = [69, 71, 72, 74, 76, 78, 79, 81, 83] as const;
const MELODY: Melody = [
  [[D5, 1.5], [E5, 0.5], [G5, 2]],
  [[FS5, 1.5], [E5, 0.5], [D5, 2]],
  [[B4, 1.5], [D5, 0.5], [E5, 2]],
  [[G5, 1], [E5, 1], [D5, 2]],
  [[D5, 1.5], [E5, 0.5], [G5, 2]],
  [[A5, 1.5], [G5, 0.5], [E5, 2]],
  [[E5, 1], [G5, 1], [E5, 2]],
  [[D5, 3], ['rest', 1]],
  [[G5, 1.5], [A5, 0.5], [G5, 1], [E5, 1]],
  [[D5, 3], ['rest', 1]],
  [[E5, 1.5], [G5, 0.5], [A5, 1], [G5, 1]],
  [[B5, 2], [A5, 1], [G5, 1]],
  [[G5, 1.5], [A5, 0.5], [G5, 1], [E5, 1]],
  [[D5, 2], [B4, 2]],
  [[C5, 1], [D5, 1], [E5, 1], [C5, 1]],
  [[A4, 2], ['rest', 2]],
]; // prettier-ignore

/** One bar of picking: thumb on the beats, fingers between them. Strings ring until they are plucked again. */
function picked({ root, fifth, strings }: Shape, bar: number): Note[] {
  const [third, second, first] = strings;
  const pluck = (beat: number, beats: number, midi: number, velocity: number): Note =>
    noteAt(METRE, bar, beat, beats, midi, velocity);
  return [
    pluck(0, 2, root, 0.6),
    pluck(1, 2, fifth, 0.44),
    pluck(2, 2, root, 0.52),
    pluck(3, 1.2, fifth, 0.42),
    ...(bar % 2 === 0 ? [pluck(0, 2.4, first, 0.4)] : [pluck(0.5, 2, third, 0.36)]),
    pluck(1.5, 2.4, second, 0.4),
    pluck(2.5, 2, first, 0.44),
    pluck(3.5, 1.6, bar % 4 === 3 ? third : second, 0.36),
  ];
}

function bassLine(): Note[] {
  return CHORDS.flatMap(({ root }, bar) => [
    noteAt(METRE, bar, 0, 2.5, root, 0.5),
    noteAt(METRE, bar, 2.5, 1.5, root, 0.34),
  ]);
}

/** After the last bar: the chord of home, strummed, and the pattern once more, softer and softer. */
function tail(): Note[] {
  const bar = CHORDS.length;
  const strum = [55, 62, 67, 71, 74].map((midi, k) => noteAt(METRE, bar, k * 0.06, 6, midi, 0.46));
  const endSec = (bar + 1.5) * barSec(METRE);
  const pattern = [...picked(G, bar), ...picked(G, bar + 1)].filter(
    ({ atSec }) => atSec > strum[0]!.atSec && atSec < endSec,
  );
  return [
    ...strum,
    ...pattern.map((note) => ({ ...note, velocity: note.velocity * 0.45 * (1 + (endSec - note.atSec) / 3) })),
  ];
}

export const willowRoad: Piece = {
  name: 'willow-road',
  title: 'Willow Road',
  description: 'G major, four in a bar, 116 beats a minute, finger-picked guitar',
  seconds: CHORDS.length * barSec(METRE) + OVERLAP_SEC,
  seed: 2002,
  roomSec: 1.1,
  parts: (random) => [
    {
      instrument: nylonString,
      notes: humanised([...CHORDS.flatMap((shape, bar) => picked(shape, bar)), ...tail()], random, 6),
      gain: 0.5,
      reverb: 0.16,
    },
    {
      instrument: nylonString,
      notes: humanised(
        melodyNotes(METRE, MELODY, (bar, beat) => 0.6 + 0.14 * arch(bar, beat, 4, 4)).map((note) => ({
          ...note,
          durationSec: note.durationSec + 0.35,
        })),
        random,
        9,
      ),
      gain: 0.95,
      reverb: 0.26,
    },
    {
      instrument: softBass,
      notes: humanised([...bassLine(), noteAt(METRE, CHORDS.length, 0, 5, 55, 0.45)], random, 5),
      gain: 0.18,
      reverb: 0.05,
    },
  ],
};
