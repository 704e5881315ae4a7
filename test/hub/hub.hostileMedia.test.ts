// A hub whose media folder holds what it should not, or is on a drive that hangs: it begins, answers, and ends all the same.
// Would catch: an open that waits, a scan that takes all threads, an end that waits for them.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { canHang, HungDrive } from '../support/hungDrive';
import { Home } from '../support/home';
import { HOLDCAST, until } from '../support/process';

const LIMIT_MS = 30_000;
/** Peak of memory of a hub with nothing to do; one that reads /dev/zero to no end had 540 MB and more. */
const MOST_KB = 300_000;

class Hub {
  #said = '';
  readonly #child;
  readonly ended: Promise<number | string | null>;

  constructor(home: Home) {
    const places = `listen: '127.0.0.1:0', observe: false, folder: '${home.path}/run/play'`;
    home.config(`hub: { ${places} }, calls: { folder: '${home.path}/run/calls' }`);
    const env = home.env();
    const args = [HOLDCAST, 'hub', '--config', 'config.ts'];
    this.#child = spawn(process.execPath, args, { cwd: home.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [this.#child.stdout, this.#child.stderr])
      output.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.ended = new Promise((done) => this.#child.once('close', (code, signal) => done(code ?? signal)));
  }

  says(what: RegExp | string): Promise<void> {
    const matches = (): boolean => this.#said.search(what) >= 0;
    return until(() => `${String(what)}: ${this.#said}`, matches, LIMIT_MS);
  }

  get peakKb(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]);
  }

  async lookUp(uniqueid: string): Promise<string> {
    const url = /http:\/\/127\.0\.0\.1:\d+[^\s,;]*/.exec(this.#said)![0].replace(/\/$/, '');
    const body = new URLSearchParams({ name: `hold-${uniqueid}` });
    return (await fetch(`${url}/single`, { method: 'POST', body })).text();
  }

  end(): Promise<number | string | null> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}

function homeWithMusic(): Home {
  const home = new Home();
  home.ship({ 'music/a.wav': new Int16Array(80_000).fill(1000) });
  return home;
}

test.each([
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  ['a link to /dev/zero', (path: string) => symlinkSync('/dev/zero', path)],
])('manifest.json is %s: the hub begins, and ends when it is told to', async (_, make) => {
  const home = homeWithMusic();
  rmSync(join(home.media, 'manifest.json'));
  make(join(home.media, 'manifest.json'));
  const hub = new Hub(home);
  await hub.says('is ready');
  await hub.says('manifest is ignored');
  expect(hub.peakKb).toBeLessThan(MOST_KB);
  expect(await hub.end()).toBe(0);
});

const whereHanging = canHang ? test : test.skip;

whereHanging('the drive of the media hangs before the hub begins: it begins, and ends', async () => {
  const home = homeWithMusic();
  await HungDrive.over(home.media);
  const hub = new Hub(home);
  await hub.says('is ready');
  await hub.says('does not answer');
  expect(await hub.end()).toBe('SIGTERM');
});

whereHanging('it hangs while the hub runs: look-ups are answered, and it is looked at again', async () => {
  const home = homeWithMusic();
  const hub = new Hub(home);
  await hub.says('is ready');
  const drive = await HungDrive.over(home.media);
  await hub.says('does not answer');
  expect(await hub.lookUp('1795225281.1')).toMatch(/^name=hold-\S+&mode=custom&/);
  await drive.back();
  home.file('media/music/new.mp3', 'no sound');
  await hub.says(/new\.mp3/);
  expect(await hub.end()).toBe(0);
});
