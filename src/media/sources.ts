// The files of the media folder that may be audio: where they lie, what they are for.
// One list of folders and one rule of what is looked at, for calls, preparation and checks alike.
import { promises, readdirSync, statSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { SHELVES, type Shelf } from '../program/shelves';
import { inBatches } from '../util/batches';
import { errnoOf } from '../util/errors';
import { baseLanguage, compareNames, isMediaName } from './names';

/** `word`: speech that is joined with other words, so with little silence around it. */
export type MediaKind = 'music' | 'speech' | 'word';

/** A folder of the media folder; `shelf` only for advices, `language` ("en") only for prompts and words. */
export interface MediaFolder {
  /** With slashes: "advices/first", "prompts/en". */
  readonly path: string;
  readonly kind: MediaKind;
  readonly shelf?: Shelf;
  readonly language?: string;
}

export const MUSIC_FOLDER: MediaFolder = { path: 'music', kind: 'music' };
const FIXED_FOLDERS: readonly MediaFolder[] = [
  MUSIC_FOLDER,
  ...SHELVES.map((shelf): MediaFolder => ({ path: `advices/${shelf}`, kind: 'speech', shelf })),
];

/** A regular file as it was when it was looked at. */
export interface SourceFile {
  /** "music/first-light.wav": stable, unique in its root. */
  readonly id: string;
  /** Folder that the id begins at, and whose manifest.json tells of it: the media folder, or that above a word pack. */
  readonly root: string;
  /** Absolute path. */
  readonly file: string;
  readonly name: string;
  readonly folder: MediaFolder;
  readonly size: number;
  readonly mtimeMs: number;
}

/** A folder that could not be read, for another reason than that it is not there. */
export interface FolderProblem {
  readonly folder: MediaFolder;
  readonly error: unknown;
}

/** A name that cannot be opened since it is not valid UTF-8 (Node replaces what it cannot decode). */
export interface NameProblem {
  readonly id: string;
  readonly error: unknown;
}

export interface Listing {
  /** Folders in the order in which callers meet them, whether they are there or not; of prompts those that are. */
  readonly folders: readonly MediaFolder[];
  readonly files: SourceFile[];
  readonly folderProblems: FolderProblem[];
  readonly nameProblems: NameProblem[];
}

/** Entries that may be audio. Links are followed later by stat; a FIFO or a folder is no candidate. */
function candidates(entries: readonly Dirent[]): string[] {
  return entries.filter((e) => (e.isFile() || e.isSymbolicLink()) && isMediaName(e.name)).map((e) => e.name);
}

function sourceFile(folder: MediaFolder, root: string, name: string, stats: Stats): SourceFile | undefined {
  if (!stats.isFile()) return undefined;
  const id = `${folder.path}/${name}`;
  return { id, root, file: join(root, id), name, folder, size: stats.size, mtimeMs: stats.mtimeMs };
}

/** Names in a folder that may be audio, unsorted; an absent or unreadable folder has none. Synchronous: one readdir. */
export function namesInSync(root: string, folder: MediaFolder): string[] {
  try {
    return candidates(readdirSync(join(root, folder.path), { withFileTypes: true }));
  } catch {
    return [];
  }
}

/** One file, looked at synchronously; undefined when it is gone or no regular file. */
export function sourceSync(root: string, folder: MediaFolder, name: string): SourceFile | undefined {
  try {
    return sourceFile(folder, root, name, statSync(join(root, folder.path, name)));
  } catch {
    return undefined;
  }
}

/** Adds what lies in a folder to a listing; an absent folder has nothing. Never throws. */
export async function listFolder(root: string, folder: MediaFolder, into: Listing): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await promises.readdir(join(root, folder.path), { withFileTypes: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') into.folderProblems.push({ folder, error });
    return;
  }
  await lookAt(root, folder, candidates(entries), into);
}

/** Adds to a listing those of the names in a folder that are regular files. Never throws. */
export async function lookAt(
  root: string,
  folder: MediaFolder,
  names: readonly string[],
  into: Listing,
): Promise<void> {
  const found = await inBatches(names, async (name) => {
    try {
      return sourceFile(folder, root, name, await promises.stat(join(root, folder.path, name)));
    } catch (error) {
      if (name.includes('\uFFFD')) into.nameProblems.push({ id: `${folder.path}/${name}`, error });
      else if (errnoOf(error) !== 'ENOENT') into.folderProblems.push({ folder, error });
      return undefined;
    }
  });
  into.files.push(...found.filter((source) => source !== undefined));
}

/** Whether the prompts of a language ("en": its base) are wanted; those of all are where nobody says. */
export type LanguageFilter = (language: string) => boolean;
const EVERY_LANGUAGE: LanguageFilter = () => true;

/** Folders of recordings, one a language, below a folder of `root`: prompts/en, prompts/pt-BR. Never throws. */
export async function languageFolders(
  root: string,
  above: string,
  kind: MediaKind,
  wanted = EVERY_LANGUAGE,
): Promise<MediaFolder[]> {
  const entries = await promises.readdir(join(root, above), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .flatMap(({ name }): MediaFolder[] => {
      const language = baseLanguage(name);
      return language === undefined || !wanted(language)
        ? []
        : [{ path: `${above}/${name}`, kind, language }];
    })
    .sort((a, b) => compareNames(a.path, b.path));
}

/** Everything under `root` (absolute) that may be audio. Never throws; asynchronous. */
export async function listSources(root: string, wanted = EVERY_LANGUAGE): Promise<Listing> {
  const folders = [...FIXED_FOLDERS, ...(await languageFolders(root, 'prompts', 'speech', wanted))];
  const listing: Listing = { folders, files: [], folderProblems: [], nameProblems: [] };
  for (const folder of folders) await listFolder(root, folder, listing);
  return listing;
}

/** Changes when a file or folder under `root` is added, removed or renamed, or the manifest is written. Never throws. */
export async function folderStamp(root: string, wanted = EVERY_LANGUAGE): Promise<string> {
  const folders = [...FIXED_FOLDERS, ...(await languageFolders(root, 'prompts', 'speech', wanted))].map(
    ({ path }) => path,
  );
  const stats = await Promise.all(
    ['', 'prompts', 'manifest.json', ...folders].map((path) =>
      promises.stat(join(root, path)).catch(() => undefined),
    ),
  );
  return stats.map((stat) => (stat ? `${stat.ino} ${stat.mtimeMs}` : '-')).join('\n');
}
