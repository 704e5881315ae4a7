// Before all tests of a run: a folder for what more than one test file needs (ffmpeg.ts, mariadb.ts).
// Workers get its name by their environment; runTeardown.cjs removes it.
const { mkdtempSync } = require('node:fs');
const { setPriority, tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  // What the product starts at the lowest priority gets a share of the processors beside the tests then.
  setPriority(10);
  process.env.HOLDCAST_TEST_RUN = mkdtempSync(join(tmpdir(), 'holdcast-test-run-'));
};
