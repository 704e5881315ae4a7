// After all tests of a run: what runSetup.cjs has made goes.
const { rmSync } = require('node:fs');

module.exports = () => {
  rmSync(process.env.HOLDCAST_TEST_RUN, { recursive: true, force: true });
};
