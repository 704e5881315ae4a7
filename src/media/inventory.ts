// Everything in the media folder with its state, in the order in which callers meet it: for `media list`.
import { join } from 'node:path';
import type { Logger } from '../util/log';
import { readManifest } from './manifest';
import type { FileTrouble } from './cache';
import { compareNames } from './names';
import { readiness, spokenIn, titleFor, troubleOf, type ReadinessContext } from './ready';
import type { MediaSettings } from './settings';
import { listSources, type SourceFile } from './sources';
import { listWords, rootOf, type WordPack } from './words';

export interface InventoryItem {
  readonly file: string;
  readonly title: string;
  /** Only for callers of this language; absent: for all. */
  readonly language?: string;
  readonly durationMs?: number;
  readonly state: 'ready' | 'unprepared' | 'problem';
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
  const listings = [{ root: settings.folder, listing: await listSources(settings.folder) }];
  for (const pack of packs) listings.push({ root: rootOf(pack), listing: await listWords(pack) });
  const inventory: InventoryFolder[] = [];
  for (const { root, listing } of listings) {
    const manifest = await readManifest(root);
    const context: ReadinessContext = { settings, manifest, readMode: 'ahead', log };
    for (const folder of listing.folders) {
      const here = listing.files.filter((source) => source.folder === folder);
      const items: InventoryItem[] = [];
      for (const source of here.sort((a, b) => compareNames(a.name, b.name)))
        items.push(await itemOf(source, context));
      const path = root === settings.folder ? folder.path : join(root, folder.path);
      inventory.push({ folder: path, items, ...(folder.kind === 'word' ? { words: true } : {}) });
    }
  }
  return inventory;
}

async function itemOf(source: SourceFile, context: ReadinessContext): Promise<InventoryItem> {
  const found = await readiness(source, context);
  const entry = context.manifest.entries.get(source.id);
  const language = spokenIn(source, entry);
  return {
    file: source.root === context.settings.folder ? source.id : source.file,
    title: titleFor(source, entry),
    state: found.status,
    ...(language === undefined ? {} : { language }),
    ...(found.status === 'ready' ? { durationMs: found.track.durationMs } : {}),
    ...(found.status === 'problem' ? { problem: troubleOf(found) } : {}),
  };
}
