// Jest for the tests on a real Asterisk: only test/e2e/run.mjs starts it, inside a lab.
const common = require('../../jest.config.cjs');
module.exports = {
  ...common,
  rootDir: '../..',
  roots: ['<rootDir>/test/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  // What only measures is run by `npm run bench`, which names it.
  testMatch: process.env.HOLDCAST_E2E_MEASURE ? ['**/*.measure.ts'] : ['**/*.e2e.ts', '**/*.test.ts'],
  testTimeout: 240_000,
  maxWorkers: 1,
};
