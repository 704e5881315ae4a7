// What a run of the hub's benchmark and of its soak is told: how many callers, and for how long.
// A file of its own, since every part of the benchmark gets it in its context.
export interface HubOptions {
  /** Callers of each stage, rising. */
  stages: number[];
  /** Of each stage's window. */
  seconds: number;
  /** Of the soak. */
  callers: number;
  minutes: number;
  /** Short calls after it. */
  churn: number;
}

/** As given on the command line, or for a full run; `quick` is for finding mistakes. */
export function hubOptions(given: {
  quick?: boolean;
  stages?: string;
  seconds?: string;
  callers?: string;
  minutes?: string;
  churn?: string;
}): HubOptions {
  const { quick = false } = given;
  const number = (text: string | undefined, full: number, short: number): number => {
    const value = text === undefined ? (quick ? short : full) : Number(text);
    if (!(value > 0)) throw new Error(`not a number above 0: ${text}`);
    return value;
  };
  const stages = (given.stages ?? (quick ? '20,60' : '100,300,1000,2000,4000')).split(',');
  return {
    stages: stages.map((stage) => number(stage, 1, 1)).sort((one, other) => one - other),
    seconds: number(given.seconds, 60, 10),
    callers: number(given.callers, 500, 50),
    minutes: number(given.minutes, 60, 2),
    churn: number(given.churn, 10_000, 300),
  };
}
