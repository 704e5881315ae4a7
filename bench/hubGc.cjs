// Preloaded into the hub under test, main thread and store: notes every pause of the garbage collector in a file.
// Mixing threads begin without NODE_OPTIONS and are not in it: theirs are among the hub's metrics.
// One line a pause, "thread kind milliseconds startedAtMs"; kinds as in node:perf_hooks (1 minor, 4 major, 8 incremental).
'use strict';
const { appendFile } = require('node:fs');
const { PerformanceObserver, performance } = require('node:perf_hooks');
const { threadId } = require('node:worker_threads');

const file = process.env.HOLDCAST_BENCH_GC;
let lines = '';
if (file) {
  new PerformanceObserver((list) => {
    for (const { detail, duration, startTime } of list.getEntries())
      lines += `${threadId} ${detail.kind} ${duration.toFixed(3)} ${(performance.timeOrigin + startTime).toFixed(1)}\n`;
  }).observe({ entryTypes: ['gc'] });
  setInterval(() => {
    if (lines) appendFile(file, lines, () => {});
    lines = '';
  }, 1000).unref();
}
