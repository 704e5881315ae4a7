// Before all tests of a run: a folder for media that more than one test needs (test/support/ffmpeg.ts).
// Workers get its name by their environment; runTeardown.cjs removes it.
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  process.env.HOLDCAST_TEST_MEDIA = mkdtempSync(join(tmpdir(), 'holdcast-test-media-'));
};
