// The order of test files: those that mostly wait stand between those that compute, the longest of each first.
// Two workers then seldom wait both at once, or compute beside what is heard in real time; no long file is left for the end.
const { default: Sequencer } = require('@jest/test-sequencer');

/** They hear real streams in real time, wait for limits that are the product's own, or freeze and start databases. */
const WAITING = [/\/test\/stream\//, /\/test\/hub\/hub\.hostileMedia\./, /\/test\/store\/mysql/];

class WaitingBetween extends Sequencer {
  /** @returns a waiting file, two others, a waiting file, … as long as there are both; the base class knows what takes long */
  sort(tests) {
    const longestFirst = super.sort(tests);
    const waits = ({ path }) => WAITING.some((pattern) => pattern.test(path));
    const waiting = longestFirst.filter(waits);
    const working = longestFirst.filter((test) => !waits(test));
    const order = [];
    while (waiting.length > 0 || working.length > 0)
      order.push(...waiting.splice(0, 1), ...working.splice(0, 2));
    return order;
  }
}

module.exports = WaitingBetween;
