// CONTRIBUTING.md: each room of src has its line, files and commands that it names are there, and tests have the names that it says.
// Would catch: a map on which a room is missing, one that leads to a file which was moved, a test that nobody finds.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

test('each room of src has one line that says what it is', () => {
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const lines = [...TEXT.matchAll(/^\| `(\w+)` +\| \S.*\|$/gm)].map(([, room]) => room);
  expect(rooms.map(({ name }) => name).filter((room) => !lines.includes(room))).toEqual([]);
  expect(lines).toHaveLength(new Set(lines).size);
});

test('a room stands above those that it may import', () => {
  const rules = readFileSync(join(ROOT, '.dependency-cruiser.cjs'), 'utf8');
  const [, rooms = ''] = /const rooms = \[([^\]]*)\]/.exec(rules) ?? [];
  const lines = [...TEXT.matchAll(/^\| `(\w+)` +\| \S.*\|$/gm)].map(([, room]) => room);
  expect([...lines].reverse()).toEqual([...rooms.matchAll(/'(\w+)'/g)].map(([, room]) => room));
});

test('every file and folder that it names is there', () => {
  const named = [
    ...[...TEXT.matchAll(/`((?:src|test|bin|bench|media|docs|\.ci)\/[\w./-]+)`/g)].map(([, path]) => path!),
    ...[...TEXT.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!),
  ].filter((path) => !/\/thing\./.test(path));
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every source that the walks of architecture.md name is there', () => {
  const walks = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const named = [...walks.matchAll(/`([a-z]+\/\w+\.ts)`/gi)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(ROOT, 'src', path)))).toEqual([]);
});

test('every script that it names is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...TEXT.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
  expect(named).toContain('check');
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test('each test has the name of what it tests', () => {
  /** "thing" for thing.test.ts and thing.aspect.test.ts. */
  const subjects = (room: string): string[] =>
    readdirSync(join(ROOT, 'test', room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(dirname(file), basename(file).split('.')[0]!));
  const isThere = (folder: string, subject: string): boolean =>
    ['', '.ts', '.mjs', '.cjs', '.md'].some((end) => existsSync(join(ROOT, folder, subject + end)));
  const folders = (room: string): string[] => {
    if (room === 'bin') return ['bin', 'test/support', 'test/e2e', '.'];
    return [room === 'make' ? 'media/make' : room === 'support' ? 'test/support' : `src/${room}`];
  };
  const rooms = readdirSync(join(ROOT, 'test')).filter((room) => room !== 'e2e');
  const homeless = rooms.flatMap((room) =>
    subjects(room)
      .filter((subject) => !folders(room).some((folder) => isThere(folder, subject)))
      .map((subject) => `test/${room}/${subject}`),
  );
  expect(rooms.flatMap(subjects).length).toBeGreaterThan(200);
  expect(homeless).toEqual([]);
});
