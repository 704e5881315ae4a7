// ESLint: type-aware rules, since a floating promise or an unchecked any is how a caller loses his audio.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'demo/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: 'time is injected: use the Clock of src/util/clock.ts' },
        { name: 'setInterval', message: 'time is injected: use the Clock of src/util/clock.ts' },
        { name: 'performance', message: 'time is injected: use the Clock of src/util/clock.ts' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'time is injected: use the Clock of src/util/clock.ts' },
        { object: 'Math', property: 'random', message: 'use a seeded Random of src/util/random.ts' },
        {
          object: 'process',
          property: 'stdout',
          message: 'stdout is the caller’s ear: commands print through src/cli/terminal.ts',
        },
      ],
    },
  },
  {
    files: ['src/util/clock.ts', 'test/**', 'bench/**', 'media/make/**'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  { files: ['src/cli/terminal.ts'], rules: { 'no-restricted-properties': 'off' } },
);
