// Looks whether the media folder is as it should be, and changes nothing: for `media check` and for curious operators.
// Finds what a call would only skip: damaged shipped files, misspelt folders, music without a licence note.
import { createHash } from 'node:crypto';
import { promises, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { ADVICE_SLOTS } from '../program/adviceSlots';
import type { Logger } from '../util/log';
import { nearest } from '../util/nearest';
import { isAbsent, isThere, listInside, openInside, type OperatorFile } from '../util/operatorFiles';
import { pcmFolder, recordFolder } from './cache';
import { MOST_MEDIA_BYTES } from './inputLimits';
import { licenceOf, readManifest, type Manifest, type ManifestEntry } from './manifest';
import { compareNames } from './names';
import { unreadable as whyUnreadable } from './outcome';
import { PcmFile } from './pcmFile';
import { endingOf, RAW_ENDINGS } from './rawFormats';
import { readiness, type Readiness } from './ready';
import type { MediaSettings } from './settings';
import { boundsOf, listSources, type Listing, type SourceFile } from './sources';
import { listWords, rootOf, type WordPack } from './words';

const AUDIO = /\.(wav(16|49)?|mp3|og[ag]|opus|flac|m4a|mp4|aac|aiff?|au|wma|webm)$/i;

export interface Finding {
  /** File or folder, relative to the media folder. */
  readonly file: string;
  /** Stable. */
  readonly code:
    | 'HC_MEDIA_UNREADABLE'
    | 'HC_MEDIA_CHANGED'
    | 'HC_MEDIA_MISSING'
    | 'HC_MEDIA_UNPREPARED'
    | 'HC_MEDIA_NO_LICENCE'
    | 'HC_MEDIA_FOLDER_UNKNOWN'
    | 'HC_MEDIA_MISPLACED'
    | 'HC_MANIFEST_INVALID'
    /** There is no music that a caller could hear. */
    | 'HC_MEDIA_NOTHING'
    | 'HC_CACHE_UNREADABLE'
    /** Why a file cannot be prepared, as it was found then. */
    | (string & {});
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

/** Checks everything, word packs too; findings by file name. Reads whole files. Never throws. */
export async function checkMedia(
  settings: MediaSettings,
  log: Logger,
  packs: readonly WordPack[] = [],
): Promise<Finding[]> {
  const root = settings.folder;
  const manifest = await readManifest(root);
  const listing = await listSources(root);
  const findings: Finding[] = [];
  if (manifest.problem !== undefined)
    findings.push({
      file: 'manifest.json',
      code: 'HC_MANIFEST_INVALID',
      message: manifest.problem,
      hint: 'Correct it; until then titles and licences in it are not known.',
    });
  findings.push(...(await cacheFindings(settings.cache)));
  let audible = 0;
  for (const source of listing.files) {
    const { status, findings: found } = await checkFile(source, manifest, settings, log);
    if (status === 'ready' && source.folder.kind === 'music') audible++;
    findings.push(...found);
  }
  if (audible === 0) findings.push(await nothingToHear(root, listing));
  findings.push(...problemsIn(listing, (path) => path));
  findings.push(...(await missingFiles(listing, root, manifest)), ...(await misplaced(root)));
  for (const pack of packs) findings.push(...(await checkPack(pack, settings, log)));
  return findings.sort((a, b) => compareNames(a.file, b.file));
}

/** A pack has hundreds of files: those that only wait to be prepared are one finding. */
async function checkPack(pack: WordPack, settings: MediaSettings, log: Logger): Promise<Finding[]> {
  const listing = await listWords(pack);
  const manifest = await readManifest(rootOf(pack));
  const shown = (path: string): string =>
    rootOf(pack) === settings.folder ? path : join(rootOf(pack), path);
  const found = problemsIn(listing, shown);
  for (const folder of listing.folders) {
    const here = listing.files.filter((source) => source.folder === folder);
    let unprepared = 0;
    for (const source of here)
      for (const finding of (await checkFile(source, manifest, settings, log)).findings) {
        if (finding.code === 'HC_MEDIA_UNPREPARED') unprepared++;
        else found.push({ ...finding, file: shown(finding.file) });
      }
    if (unprepared > 0)
      found.push({
        file: shown(folder.path),
        code: 'HC_MEDIA_UNPREPARED',
        message: `${unprepared} of ${here.length} recordings are not prepared`,
        hint: 'Run `holdcast media prepare`.',
      });
  }
  return found;
}

/** Why a caller hears a soft chord for all that is in the folder: the first reason that there is. */
async function nothingToHear(
  root: string,
  { files, fileProblems, folderProblems }: Listing,
): Promise<Finding> {
  const finding = (message: string, hint: string): Finding => ({
    file: 'music',
    code: 'HC_MEDIA_NOTHING',
    message: `callers hear no music: ${message}`,
    hint,
  });
  const folder = await listInside(root, root).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (folder && isAbsent(folder.error)) {
    const message = `there is no media folder ${root}`;
    return finding(message, 'Create it with music/ and advices/ in it, or correct media.folder.');
  }
  if (folder) {
    const { message, hint } = whyUnreadable(folder.error);
    return finding(`the media folder ${root}: ${message}`, hint ?? 'Correct media.folder.');
  }
  if (folderProblems.some((problem) => problem.folder.kind === 'music'))
    return finding('the folder cannot be read', 'See what is said of it.');
  if ([...files, ...fileProblems].some(({ id }) => id.startsWith('music/')))
    return finding('none of its files can be played', 'See what is said of each.');
  return finding('the folder is missing or empty', 'Put music into it, then run `holdcast media prepare`.');
}

/** Whether this user can read what is prepared: without it everything seems unprepared. */
async function cacheFindings(cache: string): Promise<Finding[]> {
  for (const folder of [cache, recordFolder(cache), pcmFolder(cache)])
    try {
      await promises.readdir(folder);
    } catch (error) {
      if (isAbsent(error)) return [];
      const hint =
        'Run this as the user of Holdcast, or give this user the right to read the folder (media.cache).';
      const message = `this user cannot read the cache: ${whyUnreadable(error).message}`;
      return [{ file: folder, code: 'HC_CACHE_UNREADABLE', message, hint }];
    }
  return [];
}

function problemsIn(listing: Listing, shown: (path: string) => string): Finding[] {
  const folders = listing.folderProblems.map(({ folder, error }) => unreadable(shown(folder.path), error));
  const files = listing.fileProblems.map(({ id, message, hint }): Finding => {
    return { file: shown(id), code: 'HC_MEDIA_UNREADABLE', message, hint };
  });
  return [...folders, ...files];
}

function unreadable(file: string, error: unknown): Finding {
  const { message, hint = 'Give this user the right to read it.' } = whyUnreadable(error);
  return { file, code: 'HC_MEDIA_UNREADABLE', message, hint };
}

async function checkFile(
  source: SourceFile,
  manifest: Manifest,
  settings: MediaSettings,
  log: Logger,
): Promise<{ status: Readiness['status']; findings: Finding[] }> {
  const file = source.id;
  const findings: Finding[] = [];
  const entry = manifest.entries.get(file);
  const changed = await differsFrom(entry, source);
  if (changed) findings.push(changed);
  if (entry && (await licenceOf(entry, source)) === undefined)
    findings.push({
      file,
      code: 'HC_MEDIA_NO_LICENCE',
      message: 'manifest.json names no licence for it',
      hint: `Write it there, or in the first line of ${source.name}.license.`,
    });
  const found = await readiness(source, { settings, manifest, readMode: 'ahead', log });
  if (found.status === 'problem') {
    const { code, message, hint = 'Replace the file, or remove it.' } = found;
    findings.push({ file, code, message, hint });
  }
  if (found.status === 'unprepared')
    findings.push({
      file,
      code: 'HC_MEDIA_UNPREPARED',
      message: 'it is not prepared',
      hint: 'Run `holdcast media prepare`.',
    });
  if (found.status !== 'ready') return { status: found.status, findings };
  const unheard = await PcmFile.open(found.track.pcm).then(
    (pcm) => pcm.close(),
    (error: unknown) => cacheUnreadable(file, error),
  );
  if (unheard) return { status: 'problem', findings: [...findings, unheard] };
  return { status: 'ready', findings };
}

function cacheUnreadable(file: string, error: unknown): Finding {
  const message = `what is prepared of it cannot be read: ${whyUnreadable(error).message}`;
  const hint =
    'Run `holdcast media prepare --force` as the user of Holdcast, or correct the rights of media.cache.';
  return { file, code: 'HC_CACHE_UNREADABLE', message, hint };
}

/** Compares a file with what the manifest says of it: size, then content. */
async function differsFrom(
  entry: ManifestEntry | undefined,
  source: SourceFile,
): Promise<Finding | undefined> {
  const hint = 'Restore the file, or correct manifest.json.';
  const finding = (message: string): Finding => ({
    file: source.id,
    code: 'HC_MEDIA_CHANGED',
    message,
    hint,
  });
  let opened: OperatorFile | undefined;
  try {
    if (entry?.bytes !== undefined && entry.bytes !== source.size)
      return finding(`it has ${source.size} bytes, the manifest says ${entry.bytes}`);
    opened = await openInside(boundsOf(source.root, source.folder), source.file, MOST_MEDIA_BYTES);
    if (entry?.sha256 === undefined) return undefined;
    const hash = createHash('sha256');
    for await (const piece of opened.pieces()) hash.update(piece);
    const expected = entry.sha256.toLowerCase();
    const right = expected.length >= 8 && hash.digest('hex').startsWith(expected);
    return right ? undefined : finding('its content is not what the manifest says (SHA-256)');
  } catch (error) {
    return unreadable(source.id, error);
  } finally {
    await opened?.close();
  }
}

async function missingFiles({ files }: Listing, root: string, manifest: Manifest): Promise<Finding[]> {
  const findings: Finding[] = [];
  const ids = new Set(files.map(({ id }) => id));
  for (const id of manifest.entries.keys()) {
    if (ids.has(id) || (await isThere(root, join(root, id)))) continue;
    const hint = 'Restore it, or take it out of manifest.json.';
    findings.push({
      file: id,
      code: 'HC_MEDIA_MISSING',
      message: 'manifest.json names it, but it is not there',
      hint,
    });
  }
  return findings;
}

function isAudio(name: string): boolean {
  return AUDIO.test(name) || RAW_ENDINGS.includes(endingOf(name));
}

/** Audio and folders that lie where nobody looks. */
async function misplaced(root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const shelves: readonly string[] = ADVICE_SLOTS;
  for (const folder of ['', 'music', 'advices', ...ADVICE_SLOTS.map((shelf) => `advices/${shelf}`)]) {
    for (const entry of await entriesOf(root, join(root, folder))) {
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const atTop = folder === '' || folder === 'advices';
      if (entry.isFile() && atTop && isAudio(entry.name)) findings.push(misplacedFile(file));
      if (!entry.isDirectory() || OF_SYSTEMS.test(entry.name)) continue;
      if (folder === 'advices' && !shelves.includes(entry.name))
        findings.push(unknownShelf(file, entry.name));
      if (folder === '') findings.push(...unknownTop(entry.name));
      if (!atTop) findings.push(nested(file));
    }
  }
  return findings;
}

/** Folders that systems and network drives make for themselves. */
const OF_SYSTEMS = /^[.@#$]|^lost\+found$|^__MACOSX$|^System Volume Information$/;

function misplacedFile(file: string): Finding {
  const hint = `Move it to music/, or to one of advices/{${ADVICE_SLOTS.join(',')}}/.`;
  return { file, code: 'HC_MEDIA_MISPLACED', message: 'nobody hears it where it lies', hint };
}

function nested(file: string): Finding {
  const hint = 'Move its files one level up.';
  return { file, code: 'HC_MEDIA_FOLDER_UNKNOWN', message: 'folders in folders are not looked at', hint };
}

/** Folders of recordings, which have their own rules. */
const OTHER_FOLDERS: readonly string[] = ['prompts', 'voices'];

/** A folder beside music/ and advices/ is nobody's business, unless it looks like one of them. */
function unknownTop(name: string): Finding[] {
  const near = OTHER_FOLDERS.includes(name) ? undefined : typoOf(name, ['music', 'advices']);
  if (near === undefined || near === name) return [];
  const message = 'nothing in this folder is heard';
  return [{ file: name, code: 'HC_MEDIA_FOLDER_UNKNOWN', message, hint: `Did you mean ${near}?` }];
}

function unknownShelf(file: string, name: string): Finding {
  const near = typoOf(name, ADVICE_SLOTS);
  const hint =
    near === undefined ? `Known folders: ${ADVICE_SLOTS.join(', ')}.` : `Did you mean advices/${near}?`;
  return { file, code: 'HC_MEDIA_FOLDER_UNKNOWN', message: 'nothing in this folder is heard', hint };
}

/** Entries of a folder; none if it cannot be read, which is found elsewhere. */
function entriesOf(root: string, path: string): Promise<Dirent[]> {
  return listInside(root, path).catch(() => []);
}

/** The known folder of which `name` is a typo. */
export function typoOf<T extends string>(name: string, known: readonly T[]): T | undefined {
  return nearest(name, known, (candidate) => Math.ceil(candidate.length / 3));
}
