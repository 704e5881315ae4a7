// Recorder: what a Program did, kept for the timeline and the picture of a call.
// Any host can feed it: it only sees events and the ducking gain after each Frame.
import { FRAME_MS } from '../audio/frame';
import type { Program, ProgramEvent } from '../program/program';
import type { TimelineEvent, TimelineKind } from './timeline';

const KIND_OF: Record<string, TimelineKind> = {
  advice: 'advice',
  position: 'announcement',
  answer: 'announcement',
};

export class Recorder {
  readonly #events: TimelineEvent[] = [];
  readonly #ducked: number[] = [];
  /** What is being heard, to be given its end. */
  #voice: TimelineEvent | undefined;
  #track: TimelineEvent | undefined;

  /** @param rate samples a second of the Program */
  constructor(private readonly rate: number) {}

  /** In the order in which things happened. */
  get events(): readonly TimelineEvent[] {
    return this.#events;
  }

  /** How many Frames were rendered. */
  get frames(): number {
    return this.#ducked.length;
  }

  /** The gain that ducking gave the music, dB, one value a Frame. */
  get duckGainDb(): Float32Array {
    return Float32Array.from(this.#ducked);
  }

  /** Something that the script or the caller did. */
  note(kind: TimelineKind, title: string, detail?: string): void {
    this.#events.push({ atMs: this.#ducked.length * FRAME_MS, kind, title, ...(detail && { detail }) });
  }

  onFrame(program: Program): void {
    this.#ducked.push(program.duckGainDb);
  }

  onEvent(event: ProgramEvent): void {
    const atMs = (event.atSample * 1000) / this.rate;
    switch (event.type) {
      case 'track':
        end(this.#track, atMs + (event.overlap * 1000) / this.rate);
        this.#track = { atMs, kind: 'music', title: event.track.title };
        this.#events.push(this.#track);
        break;
      case 'voice-start': {
        const { kind, title } = event.announcement;
        this.#voice = {
          atMs,
          kind: KIND_OF[kind] ?? 'announcement',
          title,
          ...(event.shelf && { detail: event.shelf }),
        };
        this.#events.push(this.#voice);
        break;
      }
      case 'voice-end':
      case 'voice-cut':
        end(this.#voice, atMs);
        this.#voice = undefined;
        break;
      case 'track-failed':
        this.#events.push({ atMs, kind: 'note', title: event.track.title, detail: 'cannot be played' });
        break;
      case 'voice-failed':
        this.#events.push({ atMs, kind: 'note', title: event.clip.title, detail: 'cannot be played' });
        break;
    }
  }

  /** Gives what is still heard its end. */
  finish(): void {
    const atMs = this.#ducked.length * FRAME_MS;
    end(this.#track, atMs);
    end(this.#voice, atMs);
  }
}

function end(event: TimelineEvent | undefined, atMs: number): void {
  if (event) event.untilMs = atMs;
}
