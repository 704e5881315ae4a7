// A drive that hangs, as a network drive does whose server is away: a FUSE mount whose requests nobody answers.
// The real thing of the kernel: whoever looks at a path below it waits. Needs root and /dev/fuse.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts over argv[1] and waits until it is killed; the kernel then fails all that waits. */
const MOUNT = `
import ctypes, os, sys, time
fuse = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other'.encode()
mount = ctypes.CDLL(None, use_errno=True).mount
if mount(b'hung', sys.argv[1].encode(), b'fuse.hung', 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print('mounted', flush=True)
time.sleep(600)
`;

const mounted = new Set<HungDrive>();
// A mount that is left would hold up whoever removes the folder.
afterEach(async () => {
  for (const drive of mounted) await drive.back();
});

export class HungDrive {
  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Over a folder that is there. */
  static async over(folder: string): Promise<HungDrive> {
    const server = spawn('python3', ['-c', MOUNT, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await new Promise<void>((resolve, reject) => {
      server.stdout.once('data', () => resolve());
      server.once('close', () => reject(new Error(`no mount: ${said}`)));
    });
    const drive = new HungDrive(server, folder);
    mounted.add(drive);
    return drive;
  }

  /** What waits gets an error, and what was under the mount is there again. */
  async back(): Promise<void> {
    if (!mounted.delete(this)) return;
    const gone = new Promise((done) => this.server.once('close', done));
    this.server.kill('SIGKILL');
    await gone;
    spawnSync('umount', ['-l', this.folder]);
  }
}

/** Whether this machine lets a test mount one. */
export const canHang = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-hang-'));
  const once = MOUNT.replace('time.sleep(600)', '');
  const { status } = spawnSync('python3', ['-c', once, folder]);
  spawnSync('umount', ['-l', folder]);
  rmdirSync(folder);
  return status === 0;
})();
