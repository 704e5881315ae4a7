// Playout: the Program that the caller hears now, paced to the reader. Another Program takes its place without a click, and one
// that throws is replaced by fallback music.
import { frameBytes, frameSamples, samplesOf } from '../audio/frame';
import type { Program } from '../program/program';
import { CHANGE_FRAMES, Stage } from '../program/stage';
import { READ_MS } from '../session/state';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import type { AudioOutput } from '../pipe/pipeOutput';
import { Pacer, type PacerEnd, type PacerSettings } from './pacer';

export interface PlayoutParts {
  output: AudioOutput;
  clock: Clock;
  /** As it is now: of the call that listens, once that is known. */
  log(): Logger;
  /** The reader is gone; nothing is written any more. */
  onEnd(reason: PacerEnd): void;
}

type Pacing = Omit<PacerSettings, 'rate'>;

export class Playout implements Closeable {
  #on: { readonly stage: Stage; readonly pacer: Pacer } | undefined;

  constructor(private readonly parts: PlayoutParts) {}

  /** What is heard; undefined: nothing yet. */
  get program(): Program | undefined {
    return this.#on?.stage.program;
  }

  /**
   * Puts a Program on the air: the first begins at once, a later one is crossfaded to.
   * @param goesOn it plays the track of the one before it, from the same sample
   */
  play(program: Program, pacing: Pacing, goesOn: boolean): void {
    const { rate } = program.settings;
    if (this.#on?.stage.rate !== rate) return this.#begin(program, { rate, ...pacing });
    const track = this.#on.stage.program.position?.trackId;
    const alike = goesOn && track !== undefined && program.position?.trackId === track;
    this.#on.stage.change(program, CHANGE_FRAMES, alike);
    this.#on.pacer.adjust(pacing);
  }

  adjust(pacing: Pacing): void {
    this.#on?.pacer.adjust(pacing);
  }

  /** Samples rendered that the caller has not heard: they wait in the pipe, or were read and not played yet. */
  get unheardSamples(): number {
    const rate = this.#on!.stage.rate;
    const queued = this.parts.output.queuedBytes();
    const unread = typeof queued === 'number' ? queued : 0;
    return (unread / frameBytes(rate)) * frameSamples(rate) + samplesOf(READ_MS, rate);
  }

  /** Nothing is written from now on. */
  stop(): void {
    this.#on?.pacer.stop();
  }

  /** May be called again. */
  close(): void {
    this.stop();
    this.#on?.stage.close();
    this.#on = undefined;
  }

  #begin(program: Program, settings: PacerSettings): void {
    this.close();
    const stage = new Stage(program);
    const { output, clock } = this.parts;
    const pacer = new Pacer(settings, {
      clock,
      output,
      render: (frame) => this.#render(stage, frame),
      onEnd: (why) => this.parts.onEnd(why),
    });
    this.#on = { stage, pacer };
    pacer.start();
  }

  /** A Program that throws ends its own cleverness, not the music. */
  #render(stage: Stage, frame: Int16Array): void {
    try {
      stage.render(frame);
    } catch (error) {
      this.parts.log().error(errorFields(error), 'the program failed; fallback music from here');
      stage.rescue(frame);
    }
  }
}
