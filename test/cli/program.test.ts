// The command line as a person meets it: help with examples, errors that say what to do, exit codes, completion.
// Each command is run as it is installed; what is imported by none of them cannot break here unseen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Home } from '../support/home';
import { HOLDCAST, ROOT, run } from '../support/process';

const COMMANDS = [
  '',
  'stream',
  'hub',
  'asterisk',
  'doctor',
  'render',
  'media',
  'media prepare',
  'media list',
  'media check',
  'config',
  'config check',
  'demo',
  'completion',
];
const words = (command: string): string[] => (command === '' ? [] : command.split(' '));

test('every command has help with examples that begin with holdcast', async () => {
  const home = new Home();
  const helps = await Promise.all(
    COMMANDS.map(async (command) => ({ command, ...(await home.run(...words(command), '--help')) })),
  );
  for (const { command, code, stdout, stderr } of helps) {
    expect([command, code, stderr]).toEqual([command, 0, '']);
    expect(stdout).toContain(`Usage: holdcast${command && ` ${command}`}`);
    const examples = stdout.split('Examples:')[1] ?? '';
    expect([command, /\$ .*holdcast /.test(examples)]).toEqual([command, true]);
  }
  const top = helps[0]!.stdout;
  for (const command of COMMANDS.filter((name) => name !== '' && !name.includes(' ')))
    expect(top).toMatch(new RegExp(`^ +${command} `, 'm'));
});

test.each(['--help', '-h', 'help'])('holdcast %s', async (word) => {
  const { code, stdout } = await new Home().run(word);
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: holdcast');
});

test('the help of stream names every option that says who calls', async () => {
  const { stdout } = await new Home().run('stream', '--uniqueid', '1.1', '--help');
  for (const option of ['--config', '--uniqueid', '--channel', '--phone', '--queue'])
    expect(stdout).toContain(option);
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const outcomes = await Promise.all(['--version', '-V'].map((option) => new Home().run(option)));
  for (const { code, stdout } of outcomes) expect([code, stdout]).toEqual([0, `${version}\n`]);
});

test.each([
  [['rendr'], /Did you mean render\?/],
  [['media', 'prepar'], /Did you mean prepare\?/],
  [['render', '--secnds', '5', '--out', 'x'], /Did you mean --seconds\?/],
  [['render'], /--out/],
  [['frobnicate'], /--help/],
  [['demo', 'extra', 'words'], /--help/],
  [['--frobnicate'], /--help/],
  [['media'], /Usage: holdcast media/],
  [['store'], /Usage: holdcast store/],
  [['config', 'chek'], /Did you mean check\?/],
  [['render', '--seconds', 'ten', '--out', 'x'], /a number of seconds/],
  [['render', '--out'], /argument missing/],
  [['store', 'purge', '--days', '0'], /1 to 36500/],
  [['store', 'migrate', '--class', 'x'], /a number and a track/],
  [['store', 'import'], /missing required argument/],
  [['store', 'import', '/nowhere/calls.jsonl'], /cannot be read/],
  [['render', '--script', '/nowhere/call.json', '--out', 'x'], /nowhere/],
  [['status', 'extra'], /--help/],
  [['hub', '--config'], /argument missing/],
])('%j is answered with what was meant, and exits with 2', async (args, told) => {
  const { code, stdout, stderr } = await new Home().run(...args);
  expect([code, stderr]).toEqual([2, expect.any(String)]);
  expect(stdout).toBe('');
  expect(stderr).toMatch(told);
});

test('without a command the help says what there is', async () => {
  const { code, stdout, stderr } = await new Home().run();
  expect(stdout + stderr).toContain('Usage: holdcast');
  expect(code).toBe(2);
});

describe('config check', () => {
  test('passes the example, and says what it comes to', async () => {
    const { code, stdout, stderr } = await new Home().run(
      'config',
      'check',
      '--config',
      join(ROOT, 'config.example.ts'),
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^OK/m);
    expect(stdout).toContain('8000 Hz');
  });

  test('tells key, what was found, what is allowed, and exits with 1', async () => {
    const home = new Home();
    home.file('config.ts', 'export default { stream: { leadMs: 9000 }, musik: {} };');
    const { code, stdout } = await home.run('config', 'check');
    expect(code).toBe(1);
    for (const text of ['stream.leadMs', '9000', '80 to 200', 'musik', 'music', 'HC_CONFIG_INVALID'])
      expect(stdout).toContain(text);
  });

  test('ends though the config keeps a timer', async () => {
    const home = new Home();
    home.file('config.ts', 'setInterval(() => {}, 1000); export default {};');
    const { code, stdout } = await home.run('config', 'check');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^OK/m);
  });

  test('--json is JSON, however it ends', async () => {
    const home = new Home();
    const good = await home.run('config', 'check', '--json');
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true });
    home.file('config.ts', 'export default {');
    const bad = await home.run('config', 'check', '--json');
    expect(JSON.parse(bad.stdout)).toMatchObject({ ok: false, code: 'HC_CONFIG_SYNTAX' });
    expect(bad.code).toBe(1);
  });
});

test('a reader that has seen enough is no error', async () => {
  const home = new Home();
  const line = `"${HOLDCAST}" --help | head -n 1; echo "exit \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await run('/bin/bash', ['-c', line], { cwd: home.path, env: home.env() });
  expect(stdout).toMatch(/^Usage[^\n]*\nexit 0\n$/);
  expect(stderr).toBe('');
});

describe('completion', () => {
  /** What bash proposes for a line whose cursor is at its end. */
  async function proposed(home: Home, line: string): Promise<string[]> {
    const typed = line.split(' ').map((word) => `'${word}'`);
    const code = `source <("${HOLDCAST}" completion); COMP_WORDS=(${typed.join(' ')}); COMP_CWORD=${typed.length - 1}; _holdcast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await run('/bin/bash', ['-c', code], { cwd: home.path, env: home.env() });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  }

  test('is valid bash that completes holdcast', async () => {
    const home = new Home();
    const { code, stdout } = await home.run('completion');
    expect(code).toBe(0);
    home.file('completion', stdout);
    const check = await run('/bin/bash', ['-n', 'completion'], { cwd: home.path, env: home.env() });
    expect([check.code, check.stderr]).toEqual([0, '']);
    const bound = 'source completion; complete -p holdcast';
    const { stdout: shown } = await run('/bin/bash', ['-c', bound], { cwd: home.path, env: home.env() });
    expect(shown).toContain('_holdcast');
  });

  test('proposes what may follow', async () => {
    const home = new Home();
    home.file('call.json', '{}');
    const cases: [string, string[]][] = [
      ['holdcast med', ['media']],
      ['holdcast media ', ['check', 'list', 'prepare']],
      ['holdcast media p', ['prepare']],
      ['holdcast render --se', ['--seconds', '--seed']],
      ['holdcast render --script call.json --ou', ['--out']],
      ['holdcast media prepare --config call.json --fo', ['--force']],
      ['holdcast stream --un', ['--uniqueid']],
      ['holdcast render --script ca', ['call.json']],
    ];
    const got = await Promise.all(
      cases.map(async ([line, expected]) => {
        const words = await proposed(home, line);
        return [
          line,
          line.endsWith(' ') ? words.filter((word) => expected.includes(word)).sort() : words.sort(),
        ];
      }),
    );
    expect(got).toEqual(cases);
  });
});
