// Looks whether the media folder is as it should be, and changes nothing: for `media check` and for curious operators.
// Finds what a call would only skip: damaged shipped files, misspelt folders, music without a licence note.
import { createHash } from 'node:crypto';
import { createReadStream, promises, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { SHELVES } from '../program/shelves';
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import { nearest } from '../util/nearest';
import { licenceOf, readManifest, type Manifest, type ManifestEntry } from './manifest';
import { compareNames } from './names';
import { endingOf, RAW_ENDINGS } from './rawFormats';
import { readiness } from './ready';
import type { MediaSettings } from './settings';
import { listSources, type SourceFile } from './sources';
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
  for (const source of listing.files) findings.push(...(await checkFile(source, manifest, settings, log)));
  for (const { folder, error } of listing.folderProblems)
    findings.push(unreadable(folder.path, messageOf(error), 'Give this user the right to read it.'));
  for (const { id } of listing.nameProblems)
    findings.push(unreadable(id, 'the name is not valid UTF-8', 'Rename the file.'));
  findings.push(...(await missingFiles(root, manifest)), ...(await misplaced(root)));
  for (const pack of packs) findings.push(...(await checkPack(pack, settings, log)));
  return findings.sort((a, b) => compareNames(a.file, b.file));
}

/** A pack has hundreds of files: those that only wait to be prepared are one finding. */
async function checkPack(pack: WordPack, settings: MediaSettings, log: Logger): Promise<Finding[]> {
  const listing = await listWords(pack);
  const manifest = await readManifest(rootOf(pack));
  const shown = (path: string): string =>
    rootOf(pack) === settings.folder ? path : join(rootOf(pack), path);
  const found = listing.folderProblems.map(({ folder, error }) =>
    unreadable(shown(folder.path), messageOf(error), 'Give this user the right to read it.'),
  );
  for (const folder of listing.folders) {
    const here = listing.files.filter((source) => source.folder === folder);
    let unprepared = 0;
    for (const source of here)
      for (const finding of await checkFile(source, manifest, settings, log)) {
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

function unreadable(file: string, message: string, hint: string): Finding {
  return { file, code: 'HC_MEDIA_UNREADABLE', message, hint };
}

async function checkFile(
  source: SourceFile,
  manifest: Manifest,
  settings: MediaSettings,
  log: Logger,
): Promise<Finding[]> {
  const file = source.id;
  const findings: Finding[] = [];
  const entry = manifest.entries.get(file);
  const changed = await differsFrom(entry, source);
  if (changed) findings.push(changed);
  if (entry && (await licenceOf(entry, source.file)) === undefined)
    findings.push({
      file,
      code: 'HC_MEDIA_NO_LICENCE',
      message: 'manifest.json names no licence for it',
      hint: `Write it there, or in the first line of ${source.name}.license.`,
    });
  const found = await readiness(source, { settings, manifest, readMode: 'stream', log });
  if (found.status === 'problem')
    findings.push({
      file,
      code: found.code,
      message: found.message,
      hint: 'Replace the file, or remove it.',
    });
  if (found.status === 'unprepared')
    findings.push({
      file,
      code: 'HC_MEDIA_UNPREPARED',
      message: 'it is not prepared',
      hint: 'Run `holdcast media prepare`.',
    });
  return findings;
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
  try {
    if (entry?.bytes !== undefined && entry.bytes !== source.size)
      return finding(`it has ${source.size} bytes, the manifest says ${entry.bytes}`);
    if (entry?.sha256 === undefined) {
      await (await promises.open(source.file, 'r')).close();
      return undefined;
    }
    const hash = createHash('sha256');
    for await (const piece of createReadStream(source.file)) hash.update(piece as Buffer);
    const expected = entry.sha256.toLowerCase();
    const right = expected.length >= 8 && hash.digest('hex').startsWith(expected);
    return right ? undefined : finding('its content is not what the manifest says (SHA-256)');
  } catch (error) {
    return unreadable(source.id, messageOf(error), 'Give this user the right to read it.');
  }
}

async function missingFiles(root: string, manifest: Manifest): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const id of manifest.entries.keys()) {
    const there = await promises.stat(join(root, id)).catch(() => undefined);
    if (there) continue;
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
  const shelves: readonly string[] = SHELVES;
  for (const folder of ['', 'music', 'advices', ...SHELVES.map((shelf) => `advices/${shelf}`)]) {
    for (const entry of await entriesOf(join(root, folder))) {
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const atTop = folder === '' || folder === 'advices';
      if (entry.isFile() && atTop && isAudio(entry.name)) findings.push(misplacedFile(file));
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      if (folder === 'advices' && !shelves.includes(entry.name))
        findings.push(unknownShelf(file, entry.name));
      if (folder === '') findings.push(...unknownTop(entry.name));
      if (!atTop) findings.push(nested(file));
    }
  }
  return findings;
}

function misplacedFile(file: string): Finding {
  const hint = `Move it to music/, or to one of advices/{${SHELVES.join(',')}}/.`;
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
  const near = typoOf(name, SHELVES);
  const hint = near === undefined ? `Known folders: ${SHELVES.join(', ')}.` : `Did you mean advices/${near}?`;
  return { file, code: 'HC_MEDIA_FOLDER_UNKNOWN', message: 'nothing in this folder is heard', hint };
}

/** Entries of a folder; none if it cannot be read, which is found elsewhere. */
function entriesOf(path: string): Promise<Dirent[]> {
  return promises.readdir(path, { withFileTypes: true }).catch(() => []);
}

/** The known folder of which `name` is a typo. */
export function typoOf<T extends string>(name: string, known: readonly T[]): T | undefined {
  return nearest(name, known, (candidate) => Math.ceil(candidate.length / 3));
}
