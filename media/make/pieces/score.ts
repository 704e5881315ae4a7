// Writing music down: beats, bars and voicings become notes with times.
// Scores stay readable as music; only this file knows seconds.
import type { Note } from '../compose';

/** A melody as [midi or rest, beats] pairs, one array a bar. */
export type Melody = readonly (readonly (readonly [midi: number | 'rest', beats: number])[])[];

export interface Metre {
  beatsPerBar: number;
  bpm: number;
}

export function beatSec(metre: Metre): number {
  return 60 / metre.bpm;
}

export function barSec(metre: Metre): number {
  return metre.beatsPerBar * beatSec(metre);
}

/** A note at a beat of a bar; both count from 0. */
export function noteAt(
  metre: Metre,
  bar: number,
  beat: number,
  beats: number,
  midi: number,
  velocity: number,
): Note {
  const atSec = bar * barSec(metre) + beat * beatSec(metre);
  return { atSec, durationSec: beats * beatSec(metre), midi, velocity };
}

/** The notes of a melody, its phrases swelling: `velocityOf` hears the bar and the beat. */
export function melodyNotes(
  metre: Metre,
  melody: Melody,
  velocityOf: (bar: number, beat: number) => number,
): Note[] {
  const notes: Note[] = [];
  melody.forEach((bar, barIndex) => {
    let beat = 0;
    for (const [midi, beats] of bar) {
      if (midi !== 'rest') notes.push(noteAt(metre, barIndex, beat, beats, midi, velocityOf(barIndex, beat)));
      beat += beats;
    }
  });
  return notes;
}

/** 0 at the ends of an `bars`-bar phrase, 1 in its middle: how a player breathes. */
export function arch(bar: number, beat: number, bars: number, beatsPerBar: number): number {
  return Math.sin((Math.PI * ((bar % bars) + beat / beatsPerBar)) / bars);
}
