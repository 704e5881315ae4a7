// A small orchestra in code: instruments, a room and a master bus, all mono floats at 32 kHz.
// The music on hold is rendered from scores, so that nobody owes anybody a licence fee and every note can be changed.
import { seededRandom, type Random } from '../../src/util/random';
import { highPass, onePole, resonator } from './filters';
import { resampleDown, type Samples } from './resample';

/** Under Jest a look-up of a global costs a microsecond, and there are millions of samples. */
const { sin, cos, exp, PI } = Math;

/** Rate at which everything is synthesised; four times the rate of the telephone. */
export const SYNTH_RATE = 32_000;
export const TELEPHONE_RATE = 8_000;

/** One note of a score. Times in seconds from the start of the piece; a negative start has already sounded. */
export interface Note {
  atSec: number;
  durationSec: number;
  /** MIDI number: 60 is middle C, 69 is A at 440 Hz. */
  midi: number;
  /** How hard it is played, 0 to 1. */
  velocity: number;
}

/** Sounds `note` into a fresh buffer: index 0 is the note's start, the length is up to the instrument. */
export type Instrument = (note: Note, random: Random) => Samples;

export interface Part {
  instrument: Instrument;
  notes: readonly Note[];
  /** Linear gain on the bus. */
  gain: number;
  /** How much goes to the room, 0 to 1. */
  reverb: number;
}

export interface Piece {
  /** Name of the file without its ending: "first-light". */
  name: string;
  title: string;
  /** Length of the whole file: a whole number of bars and OVERLAP_SEC. */
  seconds: number;
  /** Key, metre and tempo, for people. */
  description: string;
  seed: number;
  parts: (random: Random) => Part[];
  /** Seconds in which the room's sound falls by 60 dB. */
  roomSec: number;
}

/**
 * The tail after the last bar, in which the last chord rings: as long as the crossfade between tracks, so that a
 * piece that follows itself (or another) comes in on the bar.
 */
export const OVERLAP_SEC = 3;

/** Fade of the very first and last samples, too short to be heard as a fade. */
const EDGE_SEC = 0.012;

export function hertz(midi: number): number {
  return 440 * 2 ** ((midi - 69) / 12);
}

/** Roughly normally distributed, mean 0, deviation 1. */
export function gaussian(random: Random): number {
  return (random() + random() + random() + random() - 2) * Math.sqrt(3);
}

/** A player's hands: small errors of time and force. */
export function humanised(notes: readonly Note[], random: Random, timeMs = 7, force = 0.07): Note[] {
  return notes.map((note) => ({
    ...note,
    atSec: Math.max(Math.min(note.atSec, 0), note.atSec + (gaussian(random) * timeMs) / 1000),
    velocity: Math.min(1, Math.max(0.05, note.velocity * (1 + gaussian(random) * force))),
  }));
}

/** Renders the first `seconds` of `piece` as floats at the telephone's rate; the level is not set yet. */
export function renderPiece(piece: Piece, seconds = piece.seconds): Samples {
  const length = Math.round(seconds * SYNTH_RATE);
  const dry = new Float32Array(length);
  const toRoom = new Float32Array(length);
  piece.parts(seededRandom(piece.seed)).forEach((part, partIndex) => {
    part.notes.forEach((note, noteIndex) => {
      if (note.atSec >= seconds) return;
      const sound = part.instrument(note, seededRandom(piece.seed + partIndex * 10_007 + noteIndex * 101));
      mix(dry, sound, note.atSec, part.gain);
      mix(toRoom, sound, note.atSec, part.gain * part.reverb);
    });
  });
  const wet = room(toRoom, piece.roomSec);
  for (let i = 0; i < length; i++) dry[i]! += wet[i]!;
  const telephone = resampleDown(highPass(dry, SYNTH_RATE, 200), SYNTH_RATE, TELEPHONE_RATE);
  fadeEdges(telephone, TELEPHONE_RATE);
  return telephone;
}

function mix(into: Samples, sound: Samples, atSec: number, gain: number): void {
  const start = Math.round(atSec * SYNTH_RATE);
  const end = Math.min(into.length, start + sound.length);
  for (let i = Math.max(0, start); i < end; i++) into[i]! += gain * sound[i - start]!;
}

function fadeEdges(samples: Samples, rate: number): void {
  const edge = Math.round(EDGE_SEC * rate);
  for (let i = 0; i < edge; i++) {
    const gain = 0.5 - 0.5 * cos((PI * i) / edge);
    samples[i]! *= gain;
    samples[samples.length - 1 - i]! *= gain;
  }
}

// --- Instruments -----------------------------------------------------------------------------------------------

/** Attack and release in raised cosines, an exponential decay between; `decaySec` is the time to fall by 8.7 dB. */
function shaped(note: Note, attackSec: number, decaySec: number, releaseSec: number): Samples {
  const total = Math.ceil((note.durationSec + releaseSec) * SYNTH_RATE);
  const attack = Math.max(1, Math.round(attackSec * SYNTH_RATE));
  const release = Math.round(releaseSec * SYNTH_RATE);
  const envelope = new Float32Array(total);
  for (let i = 0; i < total; i++) {
    const rise = i < attack ? 0.5 - 0.5 * cos((PI * i) / attack) : 1;
    const left = total - i;
    const fall = left < release ? 0.5 - 0.5 * cos((PI * left) / release) : 1;
    envelope[i] = rise * fall * exp(-i / SYNTH_RATE / decaySec);
  }
  return envelope;
}

/** A tine piano: two operators, its brightness falling faster than its tone, with a slow tremolo. */
export function electricPiano(note: Note, random: Random): Samples {
  const frequency = hertz(note.midi);
  const decaySec = 1.9 * 2 ** ((60 - note.midi) / 22);
  const out = shaped(note, 0.004, decaySec, 0.22);
  const step = (2 * PI * frequency) / SYNTH_RATE;
  const phase = random() * 2 * PI;
  const index = 0.3 + 0.95 * note.velocity;
  for (let i = 0; i < out.length; i++) {
    const sec = i / SYNTH_RATE;
    const bright = index * exp(-sec / (0.45 * decaySec)) + 0.12;
    const tine = 0.1 * note.velocity * exp(-sec / 0.09) * sin(4.02 * step * i);
    const tone = sin(step * i + bright * sin(step * i));
    const warmth = 0.35 * sin(step * 1.0012 * i);
    const tremolo = 1 + 0.05 * sin(2 * PI * 4.3 * sec + phase);
    out[i]! *= note.velocity * tremolo * (0.75 * tone + warmth + tine);
  }
  return onePole(out, SYNTH_RATE, 2600);
}

/** A soft bass whose overtones carry its pitch where the telephone does not carry its fundamental. */
export function softBass(note: Note): Samples {
  const step = (2 * PI * hertz(note.midi)) / SYNTH_RATE;
  const out = shaped(note, 0.012, 1.1, 0.12);
  for (let i = 0; i < out.length; i++) {
    const body = exp(-i / SYNTH_RATE / 0.5);
    const tone = sin(step * i) + (0.3 + 0.35 * body) * sin(2 * step * i) + 0.22 * body * sin(3 * step * i);
    out[i]! *= note.velocity * tone;
  }
  return out;
}

/** A plucked nylon string: Karplus and Strong's loop, tuned by an all-pass, plucked a fifth of its length in. */
export function nylonString(note: Note, random: Random): Samples {
  const frequency = hertz(note.midi);
  const period = SYNTH_RATE / frequency;
  const softness = (0.48 - 0.22 * note.velocity) * Math.min(1, 340 / frequency) ** 0.6;
  const whole = Math.floor(period - softness - 0.3);
  const fraction = period - softness - whole;
  const tuning = (1 - fraction) / (1 + fraction);
  const decaySec = 4.4 * 2 ** ((64 - note.midi) / 40);
  const loss = 10 ** (-3 / (frequency * decaySec));
  const line = pluck(whole, note.velocity, random);
  const out = new Float32Array(Math.ceil((note.durationSec + 0.25) * SYNTH_RATE));
  const release = Math.round(0.2 * SYNTH_RATE);
  let [previous, allIn, allOut] = [0, 0, 0];
  for (let i = 0, at = 0; i < out.length; i++, at = (at + 1) % whole) {
    const raw = line[at]!;
    const smooth = (1 - softness) * raw + softness * previous;
    previous = raw;
    const tuned = tuning * (smooth - allOut) + allIn;
    allIn = smooth;
    allOut = tuned;
    line[at] = loss * tuned;
    const left = out.length - i;
    out[i] = raw * (left < release ? 0.5 - 0.5 * cos((PI * left) / release) : 1);
  }
  return body(out);
}

/** What the finger leaves on the string: smoothed noise with the notches of where it was plucked. */
function pluck(length: number, velocity: number, random: Random): Samples {
  const noise = Float32Array.from({ length }, () => random() * 2 - 1);
  const smooth = onePole(onePole(noise, SYNTH_RATE, 1100 + 1500 * velocity), SYNTH_RATE, 2400);
  const offset = Math.round(length / 5);
  const line = Float32Array.from({ length }, (_, i) => smooth[i]! - smooth[(i + length - offset) % length]!);
  const mean = line.reduce((sum, x) => sum + x, 0) / length;
  const power = Math.sqrt(line.reduce((sum, x) => sum + (x - mean) ** 2, 0) / length);
  return line.map((x) => ((x - mean) * velocity * 0.3) / power);
}

/** A guitar's wooden body: three broad resonances. */
function body(samples: Samples): Samples {
  const parts = [
    resonator(samples, SYNTH_RATE, 215, 4),
    resonator(samples, SYNTH_RATE, 410, 3.2),
    resonator(samples, SYNTH_RATE, 760, 2.5),
  ];
  const gains = [0.5, 0.45, 0.25];
  return samples.map((x, i) => 0.75 * x + parts.reduce((sum, part, k) => sum + gains[k]! * part[i]!, 0));
}

/** A warm pad: three slightly detuned voices of eight soft harmonics, swelling and fading. */
export function warmPad(note: Note, random: Random): Samples {
  const out = new Float32Array(Math.ceil((note.durationSec + 1.9) * SYNTH_RATE));
  for (const cents of [-6, 0.5, 7]) {
    const frequency = hertz(note.midi + cents / 100);
    for (let n = 1; n <= 8; n++) {
      addSine(out, frequency * n, (note.velocity / 3) * n ** -1.45 * exp(-(frequency * n) / 1500), random);
    }
  }
  const envelope = shaped(note, 1.3, 60, 1.9);
  const [swell, phase] = [0.16 + 0.1 * random(), random() * 2 * PI];
  return out.map((x, i) => x * envelope[i]! * (1 + 0.12 * sin((2 * PI * swell * i) / SYNTH_RATE + phase)));
}

/** A soft bell, more celesta than church: nearly harmonic, its upper partials gone first. */
export function softBell(note: Note, random: Random): Samples {
  const envelope = shaped(note, 0.005, 60, 0.5);
  const out = new Float32Array(envelope.length);
  const partials = [
    { ratio: 1, level: 1, decaySec: 1.5 },
    { ratio: 1.0015, level: 0.22, decaySec: 1.2 },
    { ratio: 2.001, level: 0.22, decaySec: 0.7 },
    { ratio: 3.01, level: 0.12 * note.velocity, decaySec: 0.28 },
    { ratio: 4.1, level: 0.1 * note.velocity, decaySec: 0.1 },
  ];
  for (const { ratio, level, decaySec } of partials) {
    const frequency = hertz(note.midi) * ratio;
    if (frequency > 0.4 * SYNTH_RATE) continue;
    const partial = new Float32Array(out.length);
    addSine(partial, frequency, level * note.velocity, random);
    for (let i = 0; i < out.length; i++) out[i]! += partial[i]! * exp(-i / SYNTH_RATE / decaySec);
  }
  return out.map((x, i) => x * envelope[i]!);
}

/** Adds a sine of random phase, by rotation: a pad has thousands of them. */
function addSine(out: Samples, frequency: number, amplitude: number, random: Random): void {
  const angle = (2 * PI * frequency) / SYNTH_RATE;
  const [turnCos, turnSin] = [cos(angle), sin(angle)];
  const phase = random() * 2 * PI;
  let [x, y] = [amplitude * cos(phase), amplitude * sin(phase)];
  for (let i = 0; i < out.length; i++) {
    out[i]! += y;
    [x, y] = [x * turnCos - y * turnSin, x * turnSin + y * turnCos];
  }
}

// --- The room ---------------------------------------------------------------------------------------------------

/** A room: eight delay lines that feed each other (Jot's network, Householder matrix), dull towards the end. */
export function room(input: Samples, decaySec: number): Samples {
  const delays = [1123, 1289, 1447, 1601, 1789, 1951, 2113, 2287];
  const lines = delays.map((length) => new Float32Array(length));
  const feedback = delays.map((length) => 10 ** ((-3 * length) / (SYNTH_RATE * decaySec)));
  const dull = new Float32Array(delays.length);
  const damping = 0.45;
  return input.map((x, i) => {
    let sum = 0;
    lines.forEach((line, k) => {
      dull[k] = (1 - damping) * line[i % line.length]! + damping * dull[k]!;
      sum += dull[k];
    });
    lines.forEach((line, k) => (line[i % line.length] = x + feedback[k]! * (dull[k]! - sum / 4)));
    return sum / 8;
  });
}
