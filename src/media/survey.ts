// Everything in the media folder and in packs of words, with its state: the one look of preparation, lists and checks.
// Calls look with the Library, by the same rules (sources.ts, ready.ts).
import { join } from 'node:path';
import type { Logger } from '../util/log';
import { readManifest, type Manifest, type ManifestEntry } from './manifest';
import { compareNames } from './names';
import { readiness, spokenIn, titleFor, type FileState } from './ready';
import type { MediaSettings } from './settings';
import { listSources, type FileTrouble, type Listing, type SourceFile } from './sources';
import { listWords, rootOf, type WordPack } from './words';

export interface SurveyedFile {
  readonly source: SourceFile;
  /** What manifest.json says of it. */
  readonly entry: ManifestEntry | undefined;
  readonly state: FileState;
}

/** The media folder, or a pack. */
export interface Survey extends Omit<Listing, 'files'> {
  readonly manifest: Manifest;
  readonly files: readonly SurveyedFile[];
  /** A path in it as an operator knows it: as it is in the media folder, absolute elsewhere. */
  readonly shown: (path: string) => string;
}

/** The media folder first, then each pack. Never throws. */
export async function surveyMedia(
  settings: MediaSettings,
  log: Logger,
  packs: readonly WordPack[] = [],
): Promise<[Survey, ...Survey[]]> {
  const surveyOf = async (root: string, listing: Listing): Promise<Survey> => {
    const manifest = await readManifest(root);
    const context = { settings, manifest, readMode: 'ahead', log } as const;
    const files: SurveyedFile[] = [];
    for (const source of listing.files) {
      const state = await readiness(source, context);
      files.push({ source, entry: manifest.entries.get(source.id), state });
    }
    const shown = (path: string): string => (root === settings.folder ? path : join(root, path));
    return { ...listing, manifest, files, shown };
  };
  const media = await surveyOf(settings.folder, await listSources(settings.folder));
  const words: Survey[] = [];
  for (const pack of packs) words.push(await surveyOf(rootOf(pack), await listWords(pack)));
  return [media, ...words];
}

export interface InventoryItem {
  readonly file: string;
  readonly title: string;
  /** Only for callers of this language; absent: for all. */
  readonly language?: string;
  readonly durationMs?: number;
  readonly state: FileState['status'];
  readonly problem?: FileTrouble;
}

export interface InventoryFolder {
  /** "music", "advices/first", "voices/en". */
  readonly folder: string;
  /** It holds words of a voice. */
  readonly words?: true;
  readonly items: readonly InventoryItem[];
}

/** All folders, empty ones too, in the order in which they are heard, then those of word packs. Never throws. */
export async function takeInventory(
  settings: MediaSettings,
  log: Logger,
  packs: readonly WordPack[] = [],
): Promise<InventoryFolder[]> {
  const surveys = await surveyMedia(settings, log, packs);
  return surveys.flatMap(({ folders, files, shown }) =>
    folders.map((folder) => {
      const here = files.filter(({ source }) => source.folder === folder);
      here.sort((a, b) => compareNames(a.source.name, b.source.name));
      const items = here.map((file) => itemOf(file, shown(file.source.id)));
      return { folder: shown(folder.path), items, ...(folder.kind === 'word' && { words: true as const }) };
    }),
  );
}

function itemOf({ source, entry, state }: SurveyedFile, file: string): InventoryItem {
  const language = spokenIn(source, entry);
  return {
    file,
    title: titleFor(source, entry),
    state: state.status,
    ...(language !== undefined && { language }),
    ...(state.status === 'ready' && { durationMs: state.track.durationMs }),
    ...(state.status === 'problem' && { problem: state.trouble }),
  };
}
