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
  testTimeout: 60_000,
  maxWorkers: 2,
};
