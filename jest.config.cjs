// Jest with swc: TypeScript sources are tested as they are, type checking is `npm run types`.
const swc = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };

module.exports = {
  testEnvironment: 'node',
  // Not only tests: `--findRelatedTests` (npm run check) knows no file outside of these.
  roots: ['<rootDir>/src', '<rootDir>/media/make', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', swc],
    // There is no CommonJS of n2words.
    '/node_modules/n2words/.+\\.js$': ['@swc/jest', swc],
  },
  transformIgnorePatterns: ['/node_modules/(?!n2words/)'],
  globalSetup: '<rootDir>/test/support/runSetup.cjs',
  globalTeardown: '<rootDir>/test/support/runTeardown.cjs',
  // A test's code runs in a context of its own, where each look-up of a global takes about a microsecond: these are handed to
  // every module as locals. None that tests replace (Date, timers), and none that a package declares itself (Buffer, Error, Map).
  sandboxInjectedGlobals: [
    'BigInt',
    'Float32Array',
    'Float64Array',
    'Int16Array',
    'JSON',
    'Math',
    'Number',
    'Object',
    'RangeError',
    'String',
    'TypeError',
  ],
  setupFilesAfterEnv: ['<rootDir>/test/support/leftBehind.ts'],
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/sequencer.cjs',
  // No more than the two cores of CI: a process of the lowest priority, which some tests start, gets next to nothing of a
  // core beside others, and then is not done within a test's time.
  maxWorkers: 2,
};
