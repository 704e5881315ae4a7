// A command that root starts continues as the owner of the folders it works in. Files that the owner has put there (links, pipes, a
// damaged database, a file for ffmpeg) then gain nothing that their owner does not have. The change is final: the process cannot become
// root again.
import { resolve } from 'node:path';
import { findAccount } from './account';
import { HoldcastError } from './errors';
import { keeperOf, type Keeper } from './pathTrust';

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The user that this process became by `becomeOwnerOf`. */
let became: Keeper | undefined;

/**
 * As root: becomes the owner of these folders; if all of them are root's, and only root may write there, root stays root. As another
 * user: does nothing. May be called again when more paths are known: they must have the same owner.
 * @param paths of all that the command writes or runs
 * @throws HoldcastError HC_NOT_AS_ROOT: they have different owners, other users may write to root's, or this Node cannot change its user
 *   safely
 */
export function becomeOwnerOf(paths: readonly string[]): void {
  if (!isRoot() && !became) return;
  const keepers = paths.map((path) => keeperIfSeen(resolve(path))).filter((keeper) => keeper !== undefined);
  const [keeper, ...others] = [became, ...keepers].filter((one) => one !== undefined && one.uid !== 0);
  const different = others.find((one) => one?.uid !== keeper?.uid);
  if (keeper && different) throw between(keeper, different);
  if (!isRoot()) return;
  const open = keepers.find(({ because, uid }) => uid === 0 && because !== '');
  if (!keeper && open) throw exposed(open.because);
  if (keeper) becomeUser(keeper);
  became = keeper;
}

/**
 * Why a file that root has named must not be run by another user: others than root and `uid` may change it. Undefined: no other user may,
 * or this process is not root.
 */
export function strangersOwn(path: string, uid: number | undefined): HoldcastError | undefined {
  if (!isRoot()) return undefined;
  const keeper = keeperOf(resolve(path));
  if (keeper.uid === 0) return keeper.because === '' ? undefined : exposed(keeper.because);
  if (keeper.uid === uid) return undefined;
  const owner = nameOf(keeper.uid);
  const found = `${keeper.because} belongs to ${owner}, who would be given what is root's or Asterisk's`;
  const hint = `give it to root, or run this as ${owner} by sudo -u`;
  return new HoldcastError('HC_NOT_AS_ROOT', found, hint);
}

/** "asterisk": the user that root became; undefined: none. */
export function ownerThatRootBecame(): string | undefined {
  return became && nameOf(became.uid);
}

/** Undefined: this user, no longer root, cannot access the path, so the command cannot work there either. */
function keeperIfSeen(path: string): Keeper | undefined {
  try {
    return keeperOf(path);
  } catch (error) {
    if (isRoot()) throw error;
    return undefined;
  }
}

/** As `becomeOwnerOf`, but of different owners the first counts. Never throws. */
export function becomeOwnerOfFirst(paths: readonly string[]): void {
  if (!isRoot()) return;
  try {
    const keeper = paths.map((path) => keeperOf(resolve(path))).find(({ uid }) => uid !== 0);
    if (keeper) becomeUser(keeper);
  } catch {
    // a path that is not accessible cannot be written either
  }
}

/**
 * Makes this process another user's, with all groups of that user and no other; final. The environment names that user's home; the
 * caller must leave a working folder that the user cannot enter.
 * @throws HoldcastError HC_NOT_AS_ROOT: this Node cannot do it safely
 */
export function becomeUser({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
  if (uid === 0) return;
  refuseRings();
  const account = findAccount(uid);
  process.setgroups!(account ? [...account.groups] : []);
  // The folder's group counts only if the user's own is unknown; root's is never kept.
  process.setgid!(account?.gid ?? (gid === 0 ? uid : gid));
  process.setuid!(uid);
  Object.assign(process.env, { HOME: account?.home ?? '/', USER: account?.name ?? String(uid) });
  process.env['LOGNAME'] = process.env['USER'];
  for (const name of Object.keys(process.env)) if (/^XDG_/.test(name)) delete process.env[name];
  if (process.getuid!() !== uid || process.geteuid!() !== uid || canReturn())
    throw new Error(`this process could not become uid ${uid}`);
}

function canReturn(): boolean {
  try {
    process.setuid!(0);
    return true;
  } catch {
    return false;
  }
}

/** Node 20.4 to 20.11.0 reads and writes by io_uring as the user that started it (CVE-2024-22017). */
function refuseRings(): void {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  const affected =
    (major === 20 && minor >= 4 && (minor < 11 || (minor === 11 && patch === 0))) ||
    (major === 21 && (minor < 6 || (minor === 6 && patch < 2)));
  if (!affected || process.env['UV_USE_IO_URING'] === '0') return;
  const hint = 'install Node 20.11.1 or later, or run it as that user: sudo -u asterisk holdcast …';
  throw new HoldcastError('HC_NOT_AS_ROOT', `Node ${process.versions.node} cannot leave root safely`, hint);
}

function between(one: Keeper, other: Keeper): HoldcastError {
  const found = [one, other].map(({ uid, because }) => `${because} belongs to ${nameOf(uid)}`).join(', ');
  const hint =
    'as root it works as the owner of its folders: give them one owner, or run it as the right user by sudo -u';
  return new HoldcastError('HC_NOT_AS_ROOT', found, hint);
}

function exposed(path: string): HoldcastError {
  const hint = `take the right away (chmod go-w ${path}), or run it as the user whose it is by sudo -u`;
  return new HoldcastError(
    'HC_NOT_AS_ROOT',
    `others than root may write to ${path}: root does not work there`,
    hint,
  );
}

function nameOf(uid: number): string {
  return findAccount(uid)?.name ?? `uid ${uid}`;
}
