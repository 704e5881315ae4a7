// StreamParts: what a stream is given: its options, its config, where its sound goes, and what it asks of others.
// main.ts gives it those of a real process.
import type { ResolvedConfig } from '../config/types';
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
  /** How much longer this process takes for its work than on an idle machine, 1 and more. Default 1. */
  crowding?: () => number;
  /** Who tells keys and places of this call, and whom it asks; opened once everything stands. Absent: nobody. */
  openOutside?: (parts: OutsideParts) => Promise<CallOutside>;
  /** Has files prepared by a process of its own; returns at once, never throws. */
  requestPreparation: (config: ResolvedConfig, log: Logger) => void;
  /** The reader is gone; nothing is written any more. */
  onEnd(reason: string): void;
}
