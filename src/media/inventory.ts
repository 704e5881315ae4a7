// Everything in the media folder with its state, in the order in which callers meet it: for `media list`.
import type { Logger } from '../util/log';
import { readManifest } from './manifest';
import { compareNames, titleOf } from './names';
import { readiness, spokenIn } from './ready';
import type { MediaSettings } from './settings';
import { listSources } from './sources';

export interface InventoryItem {
  readonly file: string;
  readonly title: string;
  /** Only for callers of this language; absent: for all. */
  readonly language?: string;
  readonly durationMs?: number;
  readonly state: 'ready' | 'unprepared' | 'problem';
  readonly problem?: { readonly code: string; readonly message: string };
}

export interface InventoryFolder {
  /** "music", "advices/first". */
  readonly folder: string;
  readonly items: readonly InventoryItem[];
}

/** All folders, empty ones too, in the order in which they are heard. Never throws. */
export async function takeInventory(settings: MediaSettings, log: Logger): Promise<InventoryFolder[]> {
  const manifest = await readManifest(settings.folder);
  const { files, folders } = await listSources(settings.folder);
  const inventory: InventoryFolder[] = [];
  for (const folder of folders) {
    const items: InventoryItem[] = [];
    const here = files.filter((source) => source.folder === folder);
    for (const source of here.sort((a, b) => compareNames(a.name, b.name))) {
      const found = await readiness(source, { settings, manifest, readMode: 'stream', log });
      const entry = manifest.entries.get(source.id);
      const language = spokenIn(source, entry);
      items.push({
        file: source.id,
        title: entry?.title ?? titleOf(source.name),
        state: found.status,
        ...(language === undefined ? {} : { language }),
        ...(found.status === 'ready' ? { durationMs: found.track.durationMs } : {}),
        ...(found.status === 'problem' ? { problem: { code: found.code, message: found.message } } : {}),
      });
    }
    inventory.push({ folder: folder.path, items });
  }
  return inventory;
}
