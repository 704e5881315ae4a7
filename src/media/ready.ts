// Whether a file can be played now: shipped ready-made, or prepared in the cache. Makes its Track.
// One answer for calls, preparation and checks alike.
import { join } from 'node:path';
import { parseWavHeader, WAV_HEADER_BYTES, type WavInfo } from '../audio/wav';
import type { Logger } from '../util/log';
import { openInside } from '../util/operatorFiles';
import { lookup, pcmFolder, type PreparedRecord } from './cache';
import type { Manifest, ManifestEntry } from './manifest';
import { baseLanguage, languageOf, titleOf } from './names';
import type { MediaSettings } from './settings';
import { purposeOf } from './playable';
import { boundsOf, type FileTrouble, type SourceFile } from './sources';
import { Track, type PcmLocation, type ReadMode } from './track';

/**
 * A file over time. `arriving`: seen, and perhaps still being copied, so not touched. `unprepared`: complete, to be
 * prepared. Both may have `heard`: the version before, which is played until the new one is ready.
 */
export type FileState =
  | { readonly status: 'arriving' | 'unprepared'; readonly heard?: Track }
  /** `record`: of a file that was prepared; one that was not is played as it is. */
  | { readonly status: 'ready'; readonly track: Track; readonly record?: PreparedRecord }
  | { readonly status: 'problem'; readonly trouble: FileTrouble };

export interface ReadinessContext {
  readonly settings: MediaSettings;
  readonly manifest: Manifest;
  readonly readMode: ReadMode;
  readonly log: Logger;
}

/** Enough for the header of any WAV that was made to be played as it is. */
const HEAD_BYTES = 512;

/** Whether the manifest promises that the file, of the size it has, can be played as it is. */
function promisedReady(source: SourceFile, entry: ManifestEntry | undefined): boolean {
  return entry?.prepared === true && entry.bytes === source.size && /\.wav$/i.test(source.name);
}

/** Whether a WAV is what a Program at `rate` plays without further ado. */
export function isPlayable(info: WavInfo | undefined, rate: number): info is WavInfo {
  return info?.rate === rate && info.channels === 1 && info.bits === 16 && info.samples > 0;
}

/** The language ("en") that a file speaks, by its folder, its name or the manifest; undefined: it is for all. */
export function spokenIn(source: SourceFile, entry: ManifestEntry | undefined): string | undefined {
  // Music is played to all: what looks like a language there is a word of the title.
  const named = source.folder.kind === 'music' ? undefined : languageOf(source.name);
  return source.folder.language ?? named ?? baseLanguage(entry?.language ?? '');
}

/** What people call it: by the manifest, else by its name. */
export function titleFor({ name, folder }: SourceFile, entry: ManifestEntry | undefined): string {
  return entry?.title ?? titleOf(name, folder.kind !== 'music');
}

function trackOf(source: SourceFile, pcm: PcmLocation, context: ReadinessContext): Track {
  const entry = context.manifest.entries.get(source.id);
  return new Track({
    id: source.id,
    title: titleFor(source, entry),
    rate: context.settings.rate,
    pcm,
    readMode: context.readMode,
    log: context.log,
    purpose: purposeOf(source, spokenIn(source, entry)),
  });
}

/** Whether `source` can be played: ready, unprepared or a problem. Never throws. */
export async function readiness(source: SourceFile, context: ReadinessContext): Promise<FileState> {
  const { manifest, settings } = context;
  if (promisedReady(source, manifest.entries.get(source.id))) {
    const track = await shippedTrack(source, context).catch(() => undefined);
    if (track) return { status: 'ready', track };
  }
  const record = await lookup(source, settings);
  if (!record) return { status: 'unprepared' };
  if ('problem' in record) return { status: 'problem', trouble: record.problem };
  const wav = join(pcmFolder(settings.cache), record.wav);
  const pcm = { wav, dataOffset: WAV_HEADER_BYTES, samples: record.samples };
  return { status: 'ready', track: trackOf(source, pcm, context), record };
}

async function shippedTrack(source: SourceFile, context: ReadinessContext): Promise<Track | undefined> {
  const within = boundsOf(source.root, source.folder);
  const file = await openInside(within, source.file, source.size);
  try {
    const info = parseWavHeader(await file.read(HEAD_BYTES, 0), source.size);
    if (!isPlayable(info, context.settings.rate)) return undefined;
    const { dataOffset, samples } = info;
    const own = { within, mtimeMs: source.mtimeMs };
    return trackOf(source, { wav: file.real, dataOffset, samples, own }, context);
  } finally {
    await file.close();
  }
}
