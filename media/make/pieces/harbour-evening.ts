// Harbour Evening: a slow pad in F major with bells over it, the calmest of the three pieces.
// Eight wide bars; the bells answer each other in threes, and each note comes back once from across the water.
import { humanised, OVERLAP_SEC, softBell, warmPad, type Note, type Piece } from '../compose';
import { barSec, melodyNotes, noteAt, type Melody, type Metre } from './score';

const METRE: Metre = { beatsPerBar: 4, bpm: 58 };

/** Lowest voice first; the upper voices move by step or stay. */
const CHORDS: readonly (readonly number[])[] = [
  [53, 60, 64, 67, 69], // F maj9
  [52, 60, 64, 67, 69], // A m7 over E
  [50, 60, 64, 65, 69], // D m9
  [58, 60, 62, 65, 69], // B flat maj9
  [55, 58, 62, 65, 69], // G m9
  [57, 60, 65, 67, 72], // F add9 over A
  [58, 60, 62, 65, 70], // B flat add9
  [48, 58, 62, 65, 67], // C 9sus
];

const [C5, D5, E5, F5, G5, A5, BF5, C6, D6, E6] = [72, 74, 76, 77, 79, 81, 82, 84, 86, 88] as const;
const BELLS: Melody = [
  [[A5, 1], [C6, 1.5], [G5, 1.5]],
  [[E5, 1], [G5, 1.5], [C6, 1.5]],
  [[F5, 1], [A5, 1.5], [E6, 1.5]],
  [[D6, 1], [C6, 1.5], [A5, 1.5]],
  [[BF5, 1], [D6, 1.5], [A5, 1.5]],
  [[C6, 1], [A5, 1.5], [G5, 1.5]],
  [[F5, 1], [A5, 1.5], [D6, 1.5]],
  [[C6, 1], [BF5, 1], [G5, 1], [D5, 1]],
]; // prettier-ignore

/** A low bell between the bells of the melody, so that the water never stands quite still. */
const RIPPLES: Melody = [
  [['rest', 0.5], [C5, 1], ['rest', 0.5], [E5, 1], [C5, 1]],
  [['rest', 0.5], [C5, 1], ['rest', 0.5], [E5, 1], [G5, 1]],
  [['rest', 0.5], [C5, 1], ['rest', 0.5], [F5, 1], [C5, 1]],
  [['rest', 0.5], [F5, 1], ['rest', 0.5], [D5, 1], [F5, 1]],
  [['rest', 0.5], [F5, 1], ['rest', 0.5], [D5, 1], [F5, 1]],
  [['rest', 0.5], [F5, 1], ['rest', 0.5], [C5, 1], [F5, 1]],
  [['rest', 0.5], [D5, 1], ['rest', 0.5], [F5, 1], [D5, 1]],
  [['rest', 0.5], [F5, 1], ['rest', 0.5], [D5, 1], [F5, 1]],
]; // prettier-ignore

/** Chords begin a little before their bar, so that the swell arrives on it. */
function pad(): Note[] {
  const bars = CHORDS.flatMap((voices, bar) =>
    voices.map((midi, k) => noteAt(METRE, bar, -1, 4.3, midi, k === 0 ? 0.62 : 0.5)),
  );
  const home = CHORDS[0]!.map((midi, k) => noteAt(METRE, CHORDS.length, -1, 6, midi, k === 0 ? 0.58 : 0.46));
  return [...bars, ...home];
}

/** Bells ring on over the next ones. */
function ringing(notes: readonly Note[]): Note[] {
  return notes.map((note) => ({ ...note, durationSec: 4 }));
}

/** Each bell again, three quarters of a beat later and far softer. */
function echoed(notes: readonly Note[]): Note[] {
  return notes.map((note) => ({
    ...note,
    atSec: note.atSec + (0.75 * 60) / METRE.bpm,
    velocity: note.velocity * 0.34,
  }));
}

export const harbourEvening: Piece = {
  name: 'harbour-evening',
  title: 'Harbour Evening',
  description: 'F major, four in a bar, 58 beats a minute, warm pad and bells',
  seconds: CHORDS.length * barSec(METRE) + OVERLAP_SEC,
  seed: 3003,
  roomSec: 2.6,
  parts: (random) => {
    const last = [noteAt(METRE, CHORDS.length, 0, 4, A5, 0.5), noteAt(METRE, CHORDS.length, 1, 4, F5, 0.4)];
    const bells = humanised(
      ringing([...melodyNotes(METRE, BELLS, (_, beat) => (beat === 0 ? 0.62 : 0.52)), ...last]),
      random,
      12,
    );
    const ripples = humanised(ringing(melodyNotes(METRE, RIPPLES, () => 0.3)), random, 14);
    return [
      { instrument: warmPad, notes: pad(), gain: 0.3, reverb: 0.4 },
      { instrument: softBell, notes: bells, gain: 0.26, reverb: 0.5 },
      { instrument: softBell, notes: echoed(bells), gain: 0.26, reverb: 0.7 },
      { instrument: softBell, notes: ripples, gain: 0.24, reverb: 0.5 },
    ];
  },
};
