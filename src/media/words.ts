// Word packs: recordings of single words and phrases, one a file, that a voice joins to sentences.
// A pack may lie anywhere, also outside the media folder; what may be said is known to who names the pack.
import { basename, dirname, join } from 'node:path';
import { isAbsent, listInside } from '../util/operatorFiles';
import { compareNames } from './names';
import {
  boundsOf,
  candidates,
  folderProblem,
  languageFolders,
  listFolder,
  lookAt,
  newListing,
  type Listing,
  type MediaFolder,
} from './sources';

/** <folder>/<language>/<name>.<ending>. */
export interface WordPack {
  /** Absolute. A manifest.json in the folder above it tells of its files, as "<its name>/<language>/<file>". */
  readonly folder: string;
  /** Names without ending of what is wanted in a language, with slashes: "digits/20"; absent: all there is. */
  readonly names?: (language: string) => readonly string[];
  /** Endings without dot, the best first; absent: any. */
  readonly endings?: readonly string[];
}

/** Folder whose manifest.json tells of a pack. */
export function rootOf(pack: WordPack): string {
  return dirname(pack.folder);
}

/** The folders of a pack, one a language: "voices/en", "voices/pt-BR". Never throws. */
export function wordFolders(pack: WordPack): Promise<MediaFolder[]> {
  return languageFolders(rootOf(pack), basename(pack.folder), 'word');
}

/**
 * Files by their names without ending, in Unicode's composed form whatever the disk has ("digits/20" →
 * "digits/20.wav"): one readdir a folder, nothing is opened.
 * What cannot be read has none; `onProblem` is told why, unless it is not there.
 */
export async function wordFiles(
  pack: WordPack,
  folder: MediaFolder,
  onProblem?: (error: unknown) => void,
): Promise<ReadonlyMap<string, string>> {
  const wanted = pack.names && new Set(pack.names(folder.language ?? ''));
  const found = new Map<string, string>();
  for (const below of foldersOf(wanted)) {
    const bounds = boundsOf(rootOf(pack), folder);
    const entries = await listInside(bounds, join(rootOf(pack), folder.path, below)).catch(
      (error: unknown) => {
        if (!isAbsent(error)) onProblem?.(error);
        return [];
      },
    );
    const names = candidates(entries);
    for (const name of names.sort(byEnding(pack.endings))) {
      const stem = `${below}${name.replace(/\.[^.]*$/, '')}`.normalize('NFC');
      const right = !pack.endings || pack.endings.includes(endingOf(name));
      if (right && (!wanted || wanted.has(stem)) && !found.has(stem)) found.set(stem, `${below}${name}`);
    }
  }
  return found;
}

/** Everything in a pack that is wanted. Never throws; asynchronous. */
export async function listWords(pack: WordPack): Promise<Listing> {
  const folders = await wordFolders(pack);
  const listing = newListing(folders);
  for (const folder of folders) {
    if (!pack.names) await listFolder(rootOf(pack), folder, listing);
    else {
      const files = await wordFiles(pack, folder, (error) =>
        listing.problems.push(folderProblem(folder, error)),
      );
      await lookAt(rootOf(pack), folder, [...files.values()], listing);
    }
  }
  return listing;
}

/** "" and the folders of names with slashes, each with a slash at its end. */
function foldersOf(wanted: ReadonlySet<string> | undefined): Iterable<string> {
  return new Set(wanted ? [...wanted].map((name) => name.slice(0, name.lastIndexOf('/') + 1)) : ['']);
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** The best ending first; where it makes no difference WAV, then by name. */
function byEnding(endings: readonly string[] = ['wav']): (a: string, b: string) => number {
  const rank = (name: string): number => {
    const at = endings.indexOf(endingOf(name));
    return at < 0 ? endings.length : at;
  };
  return (a, b) => rank(a) - rank(b) || compareNames(a, b);
}
