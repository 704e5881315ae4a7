// StreamParts: what a stream is given: its options, its config, where its sound goes, and what it asks of others.
// A real process gives it standard output and the clock of the machine; the demo, a file and a clock that runs ahead.
import type { ResolvedConfig } from '../config/types';
import type { ReadMode } from '../media/track';
import type { Program, ProgramEvent } from '../program/program';
import type { Speech } from '../session/speech';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { ParsedOptions } from './options';
import type { CallOutside, OutsideParts } from './outside';
import type { AudioOutput } from '../pipe/pipeOutput';

export interface StreamParts {
  options: ParsedOptions;
  /** What is there before any config is read; asked for only by a call that has no compiled config. */
  defaults: ResolvedConfig;
  /** The config if it can be had at once; undefined: it must be compiled first. */
  loadWarm: () => Promise<ResolvedConfig | undefined>;
  loadCold: () => Promise<ResolvedConfig>;
  /** The last config that was right; undefined: there is none. */
  loadLastGood?: () => Promise<ResolvedConfig | undefined>;
  output: AudioOutput;
  clock: Clock;
  /** How tracks are read; 'memory' where the clock outruns the disk. Default 'stream'. */
  readMode?: ReadMode;
  /** Average time between the first Frames and everything slow, milliseconds. Default 600. */
  settleMs?: number;
  /** How much longer this process takes for its work than on an idle machine, 1 and more. Default 1. */
  crowding?: () => number;
  /** Who tells keys and places of this call, and whom it asks; opened once everything stands. Absent: nobody. */
  openOutside?: (parts: OutsideParts) => Promise<CallOutside>;
  /** Who says numbers, for a clock that outruns the loading of voices; its owner closes it. Default: the config's voices. */
  speech?: Speech;
  /** Has files prepared by a process of its own; returns at once, never throws. */
  requestPreparation: (config: ResolvedConfig, log: Logger) => void;
  /** The reader is gone; nothing is written any more. */
  onEnd(reason: string): void;
  onEvent?(event: ProgramEvent): void;
  /** Called after each Frame with the Program that rendered it. */
  onFrame?(program: Program): void;
}
