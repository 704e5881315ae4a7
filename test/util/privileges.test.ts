// Commands that root starts in a folder of another user's: nothing that user has put there is run or touched as root.
// The other user is a real one, by setuid; the program is the built one, as an operator runs it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Home } from '../support/home';
import { NOBODY, OTHER, testAsRoot, testWithOther } from '../support/otherUser';
import { HOLDCAST, run, type Outcome } from '../support/process';

/** What the other user is after, and the folder of theirs in which root works. */
class Scene {
  readonly home = new Home();
  readonly theirs = join(this.home.path, 'theirs');
  /** A file of root's that everybody may read. */
  readonly victim = this.home.file('roots/victim', 'of root');

  constructor() {
    chmodSync(this.home.path, 0o755);
    mkdirSync(this.theirs);
    for (const name of ['cache', 'data']) mkdirSync(join(this.theirs, name));
    this.give();
    this.home.file(
      'etc/config.ts',
      `export default { store: { file: '${this.theirs}/data/holdcast.db' }, media: { cache: '${this.theirs}/cache' },
        calls: { folder: '${this.theirs}/run/calls' }, hub: { observe: false, listen: '127.0.0.1:0' } };`,
    );
  }

  /** All that is in it is the other user's, links too. */
  give(): void {
    execFileSync('chown', ['-hR', `${OTHER}:${OTHER}`, this.theirs]);
  }

  /** Something of the other user's in the place of what is there. */
  plant(name: string, target: string): void {
    const path = join(this.theirs, name);
    if (existsSync(path)) renameSync(path, `${path}.away`);
    symlinkSync(target, path);
    this.give();
  }

  holdcast(...args: string[]): Promise<Outcome> {
    const config = join(this.home.path, 'etc/config.ts');
    return run(HOLDCAST, args, {
      cwd: this.home.path,
      env: {
        ...this.home.env(),
        HOLDCAST_CONFIG: config,
        HOLDCAST_CACHE: undefined,
        HOLDCAST_DATA: undefined,
      },
    });
  }

  /** Whose and how everything of root's is. */
  get roots(): unknown {
    const all = readdirSync(join(this.home.path, 'roots'), { recursive: true, encoding: 'utf8' }).sort();
    return all.map((name) => {
      const { uid, mode, size } = lstatSync(join(this.home.path, 'roots', name));
      return [name, uid, mode, size];
    });
  }

  /** What is not the other user's in their folder. */
  get strangers(): string[] {
    return execFileSync('find', [this.theirs, '!', '-uid', String(OTHER)], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '');
  }
}

const COMMANDS: readonly (readonly string[])[] = [
  ['store', 'purge'],
  ['store', 'export'],
  ['store', 'check'],
  ['store', 'migrate'],
  ['media', 'prepare', '--prune'],
  ['media', 'check'],
  ['status'],
  ['config', 'check'],
  ['doctor'],
  ['asterisk', '--write', 'theirs/data/asterisk'],
  ['render', '--seconds', '1', '--out', 'theirs/data/call.wav', '--picture', 'theirs/data/call.png'],
];

describe('links in another user’s folder', () => {
  testWithOther.each([
    [
      'in the place of files',
      { 'data/holdcast.db': 'victim', 'data/call.wav': 'victim', 'data/call.png': 'new' },
    ],
    [
      'in the place of what comes beside them, and of folders below',
      {
        'data/holdcast.db-wal': 'victim',
        'data/holdcast.db-lock': 'new',
        'data/spool': '',
        'data/asterisk': '',
        cache: '',
        run: '',
      },
    ],
    ['in the place of the folder itself', { data: '' }],
  ])(
    '%s: what is root’s stays as it was, whatever root runs',
    async (_, plants) => {
      const scene = new Scene();
      for (const [name, target] of Object.entries(plants))
        scene.plant(name, join(scene.home.path, 'roots', target));
      const before = scene.roots;
      for (const command of COMMANDS) {
        await scene.holdcast(...command);
        expect([command, scene.roots]).toEqual([command, before]);
        expect([command, scene.strangers]).toEqual([command, []]);
      }
    },
    120_000,
  );
});

testWithOther(
  'links in a folder of everybody’s (/tmp) are replaced, never written through',
  async () => {
    const scene = new Scene();
    const shared = join(scene.home.path, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    // Made when the owner of what is there has been looked at: of another user's own links it is decided then.
    for (const name of ['call.wav', 'call.png']) symlinkSync(scene.victim, join(shared, name));
    const before = scene.roots;
    const outputs = ['--out', `${shared}/call.wav`, '--picture', `${shared}/call.png`];
    for (const command of [
      ['demo', '--out', shared],
      ['render', '--seconds', '1', ...outputs],
    ]) {
      const { code, stderr } = await scene.home.run(...command);
      expect([command, code, stderr]).toEqual([command, 0, '']);
      expect(scene.roots).toEqual(before);
      expect(lstatSync(join(shared, 'call.png')).isFile()).toBe(true);
    }
    for (const name of ['call.wav', 'call.png']) {
      renameSync(join(shared, name), join(shared, `${name}.old`));
      symlinkSync(scene.victim, join(shared, name));
      execFileSync('chown', ['-h', `${OTHER}:${OTHER}`, join(shared, name)]);
    }
    await scene.home.run('demo', '--out', shared);
    expect([scene.roots, lstatSync(join(shared, 'call.wav')).uid]).toEqual([before, OTHER]);
  },
  60_000,
);

testWithOther(
  'the log of a stream that root starts goes through no link of another user’s',
  async () => {
    const scene = new Scene();
    scene.plant('stream.log', scene.victim);
    const config = scene.home.file(
      'log.ts',
      `export default { log: { file: '${scene.theirs}/stream.log' } };`,
    );
    const before = scene.roots;
    const command = `'${HOLDCAST}' stream --uniqueid 1.1 --config '${config}' | head -c 32000 | wc -c`;
    const { stdout } = await run('sh', ['-c', command], { cwd: '/', env: scene.home.env() });
    expect([stdout.trim(), scene.roots]).toEqual(['32000', before]);
  },
  30_000,
);

describe('what root starts works as the owner of the folders', () => {
  testWithOther(
    'and does what it is for',
    async () => {
      const scene = new Scene();
      for (const command of COMMANDS.filter(([name]) => !['status', 'doctor'].includes(name!))) {
        const { code, stderr } = await scene.holdcast(...command);
        expect([command, code, stderr]).toEqual([command, 0, expect.any(String)]);
      }
      expect(scene.strangers).toEqual([]);
      const made = ['asterisk', 'call.png', 'call.wav', 'holdcast.db'];
      expect(readdirSync(join(scene.theirs, 'data'))).toEqual(expect.arrayContaining(made));
    },
    60_000,
  );

  testWithOther('a file of root’s own is left to the shell, and the error says so', async () => {
    const scene = new Scene();
    const out = join(scene.home.path, 'roots/calls.jsonl');
    const { code, stderr } = await scene.holdcast('store', 'export', '--out', out);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`store export > ${out}`)]);
  });

  testWithOther('folders of two users are refused', async () => {
    const scene = new Scene();
    mkdirSync(join(scene.home.path, 'others'));
    chownSync(join(scene.home.path, 'others'), 12_345, 12_345);
    const { code, stderr } = await scene.holdcast('render', '--seconds', '1', '--out', 'others/x.wav');
    expect([code, stderr]).toEqual([1, expect.stringContaining('HC_NOT_AS_ROOT')]);
    expect(readdirSync(join(scene.home.path, 'others'))).toEqual([]);
  });

  testAsRoot('a folder of root’s in which anybody may write is refused', async () => {
    const scene = new Scene();
    mkdirSync(join(scene.home.path, 'open'));
    chmodSync(join(scene.home.path, 'open'), 0o777);
    const { code, stderr } = await scene.home.run('render', '--seconds', '1', '--out', 'open/x.wav');
    expect([code, stderr]).toEqual([1, expect.stringContaining('chmod go-w')]);
    expect(readdirSync(join(scene.home.path, 'open'))).toEqual([]);
  });
});

describe('the doctor beside a process that is called asterisk', () => {
  /** A process of `uid` with the doctor's environment turned against it; every program of it says that it ran, and as whom. */
  function lure(scene: Scene, program: string, uid: number): { ran: () => string; end: () => void } {
    const said = scene.home.file('said', '');
    chmodSync(said, 0o666);
    const evil = scene.home.file('evil', `#!/bin/sh\nid -u >>${said}\necho ffmpeg version 6\n`);
    const bin = join(scene.home.path, 'bin');
    mkdirSync(bin);
    for (const name of ['node', 'ffmpeg', 'asterisk']) copyFileSync(evil, join(bin, name));
    for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755);
    chmodSync(evil, 0o755);
    const pipe = join(scene.home.path, 'pipe');
    execFileSync('mkfifo', ['-m', '666', pipe]);
    const env = {
      PATH: `${bin}:/usr/bin:/bin`,
      FFMPEG_PATH: evil,
      HOLDCAST_CONFIG: pipe,
      NODE_OPTIONS: `-r ${evil}`,
    };
    const child = spawn(program, ['300'], { env, uid, gid: uid, stdio: 'ignore' });
    return { ran: () => readFileSync(said, 'utf8'), end: () => void child.kill('SIGKILL') };
  }

  function sleeper(folder: string, owner: number): string {
    const program = join(folder, 'asterisk');
    copyFileSync(spawnSync('which', ['sleep'], { encoding: 'utf8' }).stdout.trim(), program);
    chmodSync(program, 0o755);
    chownSync(program, owner, owner);
    return program;
  }

  testWithOther.each([
    ['of the right user, of their own making', NOBODY.uid, NOBODY.uid],
    ['of another user, though its program is root’s', OTHER, 0],
  ])(
    '%s: nothing of it is run',
    async (_, uid, owner) => {
      const scene = new Scene();
      const { ran, end } = lure(scene, sleeper(dirname(scene.victim), owner), uid);
      try {
        const { stdout } = await scene.holdcast('doctor', '--user', NOBODY.name, '--json');
        expect(ran()).toBe('');
        expect(JSON.parse(stdout)).toMatchObject({ checks: expect.anything() as unknown });
      } finally {
        end();
      }
    },
    60_000,
  );

  testWithOther(
    'one that is believed: what its environment names runs as its own user',
    async () => {
      const scene = new Scene();
      const { ran, end } = lure(scene, sleeper(dirname(scene.victim), 0), NOBODY.uid);
      try {
        const { stdout } = await scene.holdcast('doctor', '--user', NOBODY.name, '--json');
        const { checks } = JSON.parse(stdout) as { checks: { check: string; found: string }[] };
        expect(checks.find(({ check }) => check === "Asterisk's process")?.found).toMatch(/^\d+, as nobody$/);
        expect(new Set(ran().trim().split('\n'))).toEqual(new Set([String(NOBODY.uid)]));
      } finally {
        end();
      }
    },
    60_000,
  );
});

testWithOther.each([
  ['of theirs', 'own.ts'],
  ['of root’s, by a link of theirs', 'link.ts'],
])(
  'a config %s that root names is not run as Asterisk’s user, nor with the environment of the hub',
  async (_, name) => {
    const scene = new Scene();
    const said = scene.home.file('said', '');
    chmodSync(said, 0o666);
    const text = `import { appendFileSync } from 'node:fs'; appendFileSync('${said}', 'ran'); export default {};`;
    writeFileSync(join(scene.theirs, 'own.ts'), text);
    symlinkSync(scene.home.file('roots/config.ts', text), join(scene.theirs, 'link.ts'));
    scene.give();
    for (const command of ['doctor', 'asterisk']) {
      const words = ['--user', NOBODY.name, '--config', join(scene.theirs, name)];
      const { code, stdout, stderr } = await scene.holdcast(command, ...words);
      expect([command, code, stdout + stderr]).toEqual([command, 1, expect.stringMatching(/belongs\s+to/)]);
    }
    expect(readFileSync(said, 'utf8')).toBe('');
  },
  60_000,
);

testAsRoot(
  'a config in the folder that root stands in is not run, and config check says so',
  async () => {
    const scene = new Scene();
    const mark = join(scene.home.path, 'mark');
    const text = `import { writeFileSync } from 'node:fs'; writeFileSync('${mark}', ''); export default {};`;
    writeFileSync(join(scene.home.path, 'roots/config.ts'), text);
    symlinkSync('../roots/config.ts', join(scene.theirs, 'config.ts'));
    scene.give();
    const env = { ...scene.home.env(), HOLDCAST_CONFIG: undefined };
    for (const command of ['config check', 'media list', 'store check', 'asterisk', 'doctor', 'status'])
      await run(HOLDCAST, command.split(' '), { cwd: scene.theirs, env });
    expect(existsSync(mark)).toBe(false);
    const { stdout } = await run(HOLDCAST, ['config', 'check'], { cwd: scene.theirs, env });
    expect(stdout).toContain('--config');
    expect(statSync(scene.theirs).uid).toBe(OTHER);
  },
  60_000,
);
