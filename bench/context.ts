// What each part of the benchmark is given.
import type { Contender, Workshop } from './contenders';
import type { HubOptions } from './hubOptions';

export interface Context {
  contenders: Contender[];
  workshop: Workshop;
  /** A short trial: fewer rounds, shorter calls. For finding mistakes, not for figures. */
  quick: boolean;
  /** How often a measurement is repeated for its median. */
  runs: number;
  /** Descriptor that the callers' standard error goes to. */
  log: number;
  progress(text: string): void;
  /** For the hub's parts. */
  hub: HubOptions;
}

/** The contender of that name; throws when it cannot run here. */
export function contender(context: Context, name: string): Contender {
  const found = context.contenders.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is not among the contenders`);
  return found;
}

/** Holdcast and the floor: those that are compared where the peers have nothing to say. */
export function mainPair(context: Context): Contender[] {
  return context.contenders.filter(({ name }) => name === 'holdcast' || name === 'bare node');
}
