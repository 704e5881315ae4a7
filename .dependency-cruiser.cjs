// Imports run one way: a room imports only from rooms listed before it (the order is that of the house). What is
// beside src (benchmarks, tests, the making of media) is looked at for circles, and that src needs none of it.
const rooms = [
  'util',
  'audio',
  'program',
  'media',
  'speech',
  'store',
  'billing',
  'asterisk',
  'session',
  'config',
  'pcm',
  'pipe',
  'mixer',
  'observe',
  'hub',
  'stream',
  'render',
  'doctor',
  'cli',
];

const pure = ['audio', 'program'];
const adapters = {
  'ffmpeg-static': 'src/media/ffmpegBinary.ts',
  'fluent-ffmpeg': 'src/media/ffmpeg.ts',
  'asterisk-ami-client': 'src/asterisk/ami.ts',
  mysql2: 'src/store/(mysql|mysqlTrust).ts',
  'node-cron': 'src/config/cron.ts',
  commander: 'src/cli/(program|commands).ts',
};

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'the-product-knows-no-bench-or-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(bench|test|media/make)/' },
    },
    ...rooms.map((room, i) => ({
      name: `${room}-looks-only-down`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: `^src/(${rooms.slice(i + 1).join('|') || '-'})/` },
    })),
    {
      name: 'hosts-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/(hub|stream|render)/' },
      to: { path: '^src/(hub|stream|render)/', pathNot: '^src/$1/' },
    },
    {
      name: 'asterisk-knows-only-util-and-audio',
      severity: 'error',
      from: { path: '^src/asterisk/' },
      to: { path: '^src/', pathNot: '^src/(asterisk|util|audio)/' },
    },
    {
      // A mixing thread's figures are read as they are told; nothing of a thread runs in here.
      name: 'observe-takes-only-types-of-the-mixer',
      severity: 'error',
      from: { path: '^src/observe/' },
      to: { path: '^src/(mixer|pipe|pcm)/', dependencyTypesNot: ['type-only'] },
    },
    ...pure.map((room) => ({
      name: `${room}-is-pure`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'] },
    })),
    ...Object.entries(adapters).map(([pkg, file]) => ({
      name: `${pkg}-behind-one-adapter`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${file.replaceAll('.', '\\.')}$` },
      to: { path: `node_modules/(@types/)?${pkg}/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // n2words has a file a language behind its exports.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
