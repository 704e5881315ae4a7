// First Light: a slow waltz in C major for electric piano, the brightest of the three pieces.
// Sixteen bars: a question and an answer of eight, over a bass that walks down and home again.
import { electricPiano, humanised, OVERLAP_SEC, softBass, warmPad, type Note, type Piece } from '../compose';
import { arch, barSec, melodyNotes, noteAt, type Melody, type Metre } from './score';

const METRE: Metre = { beatsPerBar: 3, bpm: 86 };

/** Bass and the rest of the chord, each voice moving as little as it can. */
const CHORDS: readonly { bass: number; fifth: number; voices: readonly number[] }[] = [
  { bass: 48, fifth: 55, voices: [59, 62, 64] }, // C maj9
  { bass: 57, fifth: 52, voices: [60, 64, 67] }, // A m7
  { bass: 53, fifth: 48, voices: [57, 64, 67] }, // F maj9
  { bass: 55, fifth: 50, voices: [57, 60, 65] }, // G 9sus
  { bass: 52, fifth: 47, voices: [55, 62, 67] }, // E m7
  { bass: 45, fifth: 52, voices: [55, 60, 64] }, // A m7
  { bass: 50, fifth: 57, voices: [53, 60, 64] }, // D m9
  { bass: 55, fifth: 50, voices: [53, 59, 64] }, // G 13
  { bass: 53, fifth: 48, voices: [57, 60, 64] }, // F maj7
  { bass: 53, fifth: 55, voices: [59, 62, 65] }, // G 7 over F
  { bass: 52, fifth: 47, voices: [59, 62, 67] }, // E m7
  { bass: 57, fifth: 52, voices: [61, 64, 67] }, // A 7
  { bass: 50, fifth: 57, voices: [60, 64, 65] }, // D m9
  { bass: 53, fifth: 48, voices: [60, 62, 68] }, // F m6
  { bass: 55, fifth: 48, voices: [60, 64, 67] }, // C over G
  { bass: 55, fifth: 50, voices: [57, 60, 65] }, // G 9sus
];

const [C5, D5, E5, F5, G5, GS5, A5, B5, C6] = [72, 74, 76, 77, 79, 80, 81, 83, 84] as const;
const MELODY: Melody = [
  [[E5, 2], [G5, 1]],
  [[C6, 2], [B5, 1]],
  [[A5, 1.5], [G5, 0.5], [E5, 1]],
  [[D5, 3]],
  [[D5, 2], [G5, 1]],
  [[B5, 2], [A5, 1]],
  [[A5, 1], [F5, 1], [E5, 1]],
  [[D5, 2], [E5, 0.5], [F5, 0.5]],
  [[A5, 2], [C6, 1]],
  [[B5, 2], [G5, 1]],
  [[G5, 1.5], [A5, 0.5], [B5, 1]],
  [[A5, 1], [G5, 1], [E5, 1]],
  [[F5, 2], [A5, 1]],
  [[GS5, 2], [F5, 1]],
  [[G5, 1], [E5, 1], [C5, 1]],
  [[D5, 2], ['rest', 1]],
]; // prettier-ignore

function accompaniment(): Note[] {
  return CHORDS.flatMap(({ voices }, bar) =>
    [1, 2].flatMap((beat) =>
      voices.map((midi, k) => noteAt(METRE, bar, beat + k * 0.012, 1, midi, beat === 1 ? 0.42 : 0.36)),
    ),
  );
}

function bassLine(): Note[] {
  return CHORDS.flatMap(({ bass, fifth }, bar) => [
    noteAt(METRE, bar, 0, 2, bass, 0.6),
    noteAt(METRE, bar, 2, 1, fifth, 0.36),
  ]);
}

function lastBass(): Note[] {
  return [noteAt(METRE, CHORDS.length, 0, 3, 48, 0.55), noteAt(METRE, CHORDS.length, 3, 2, 55, 0.4)];
}

/** Strings far behind the piano: they keep the level steady between its notes. */
function strings(): Note[] {
  return CHORDS.flatMap(({ voices }, bar) =>
    voices.map((midi) => ({
      ...noteAt(METRE, bar, -0.9, 3.2, midi, 0.4),
      velocity: bar % 8 === 0 ? 0.32 : 0.4,
    })),
  );
}

/** The chord of home, rolled, and two soft bars of waltz under it, to carry through the crossfade. */
function tail(): Note[] {
  const bar = CHORDS.length;
  const rolled = [55, 59, 62, 64, 72].map((midi, k) => noteAt(METRE, bar, k * 0.09, 5, midi, 0.46));
  const waltz = [1, 2, 4].flatMap((beat) =>
    [59, 62, 67].map((midi) => noteAt(METRE, bar, beat, 1, midi, 0.42 - 0.05 * beat)),
  );
  return [...rolled, ...waltz];
}

export const firstLight: Piece = {
  name: 'first-light',
  title: 'First Light',
  description: 'C major, waltz, 86 beats a minute, electric piano',
  seconds: CHORDS.length * barSec(METRE) + OVERLAP_SEC,
  seed: 1001,
  roomSec: 1.5,
  parts: (random) => [
    {
      instrument: electricPiano,
      notes: humanised(
        melodyNotes(
          METRE,
          MELODY,
          (bar, beat) => 0.58 + 0.16 * arch(bar, beat, 8, 3) + (beat === 0 ? 0.05 : 0),
        ),
        random,
      ),
      gain: 0.5,
      reverb: 0.3,
    },
    { instrument: electricPiano, notes: humanised(accompaniment(), random), gain: 0.36, reverb: 0.25 },
    { instrument: electricPiano, notes: humanised(tail(), random), gain: 0.42, reverb: 0.3 },
    {
      instrument: softBass,
      notes: humanised([...bassLine(), ...lastBass()], random, 5),
      gain: 0.34,
      reverb: 0.08,
    },
    {
      instrument: warmPad,
      notes: [...strings(), ...[55, 60, 64].map((midi) => noteAt(METRE, CHORDS.length, -0.9, 6, midi, 0.4))],
      gain: 0.2,
      reverb: 0.35,
    },
  ],
};
