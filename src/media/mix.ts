// How two channels become one: their sum, unless that loses what is heard in one of them.
// Speech in antiphase (a cable with its poles swapped, a "wide" effect) cancels out in the sum and leaves noise. Pure.

/** What is taken of the left and of the right channel. */
export type Mix = readonly [left: number, right: number];

export const SUM: Mix = [0.5, 0.5];
const LEFT: Mix = [1, 0];
const RIGHT: Mix = [0, 1];
const DIFFERENCE: Mix = [0.5, -0.5];

/** Of each window the mean of the left channel's squares, of the right one's, and of their products. */
export interface StereoWindows {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly both: Float32Array;
}

/** Windows that are judged together: 50 ms, long enough that two tones which only beat do not count as antiphase. */
const TOGETHER = 5;
/** Quieter than the loudest by this much does not count, dB. */
const COUNTS_DB = 40;
/** The sum of a channel and silence is 6 dB below that channel, which is no loss; of anything in antiphase it is more. */
const LOST_DB = 7.5;
/** Part of the time that the sum may lose: wide music swings out of phase for moments. */
const MAY_LOSE = 0.05;

/** Power of a mix in a window. */
export function powerOf(windows: StereoWindows, k: number, [left, right]: Mix): number {
  const own = left * left * windows.left[k]! + right * right * windows.right[k]!;
  return Math.max(0, own + 2 * left * right * windows.both[k]!);
}

/** The mix that loses least of what is heard in either channel; the sum where that loses next to nothing. */
export function chooseMix(windows: StereoWindows): Mix {
  const joined = inBlocks(windows);
  if (lostShare(joined, SUM) <= MAY_LOSE) return SUM;
  const total = (channel: Float32Array): number => channel.reduce((a, b) => a + b, 0);
  const singles = total(joined.left) >= total(joined.right) ? [LEFT, RIGHT] : [RIGHT, LEFT];
  return [...singles, SUM, DIFFERENCE].reduce((best, mix) =>
    lostShare(joined, mix) < lostShare(joined, best) ? mix : best,
  );
}

/** Part of the time in which a mix is much quieter than the louder channel. */
function lostShare(windows: StereoWindows, mix: Mix): number {
  const louder = windows.left.map((power, k) => Math.max(power, windows.right[k]!));
  const floor = louder.reduce((a, b) => Math.max(a, b), 0) * 10 ** (-COUNTS_DB / 10);
  let [counting, lost] = [0, 0];
  louder.forEach((power, k) => {
    if (power === 0 || power < floor) return;
    counting++;
    if (powerOf(windows, k, mix) < power * 10 ** (-LOST_DB / 10)) lost++;
  });
  return counting === 0 ? 0 : lost / counting;
}

function inBlocks({ left, right, both }: StereoWindows): StereoWindows {
  const joined = (powers: Float32Array): Float32Array => {
    const sums = new Float32Array(Math.ceil(powers.length / TOGETHER));
    powers.forEach((power, k) => (sums[Math.floor(k / TOGETHER)]! += power));
    return sums;
  };
  return { left: joined(left), right: joined(right), both: joined(both) };
}
