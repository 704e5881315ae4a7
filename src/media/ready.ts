// Whether a file can be played now: shipped ready-made, or prepared in the cache. Makes its Track.
// Both ways of asking (synchronous before the first sound, asynchronous afterwards) share one answer.
import { closeSync, openSync, promises, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseWavHeader, WAV_HEADER_BYTES, type WavInfo } from '../audio/wav';
import type { Logger } from '../util/log';
import { lookup, lookupSync, pcmFolder, type CacheRecord } from './cache';
import type { Manifest, ManifestEntry } from './manifest';
import { baseLanguage, languageOf, titleOf } from './names';
import type { MediaSettings } from './settings';
import type { SourceFile } from './sources';
import { Track, type PcmLocation, type ReadMode } from './track';

/** What is known about a file. */
export type Readiness =
  | { readonly status: 'ready'; readonly track: Track }
  | { readonly status: 'problem'; readonly code: string; readonly message: string }
  | { readonly status: 'unprepared' };

export interface ReadinessContext {
  readonly settings: MediaSettings;
  readonly manifest: Manifest;
  readonly readMode: ReadMode;
  readonly log: Logger;
}

/** Enough for the header of any WAV that was made to be played as it is. */
const HEAD_BYTES = 512;

/** Whether the manifest promises that the file, of the size it has, can be played as it is. */
export function promisedReady(source: SourceFile, entry: ManifestEntry | undefined): boolean {
  return entry?.prepared === true && entry.bytes === source.size && /\.wav$/i.test(source.name);
}

/** Whether a WAV is what a Program at `rate` plays without further ado. */
export function isPlayable(info: WavInfo | undefined, rate: number): info is WavInfo {
  return info?.rate === rate && info.channels === 1 && info.bits === 16 && info.samples > 0;
}

/** The language ("en") that a file speaks, by its folder, its name or the manifest; undefined: it is for all. */
export function spokenIn(source: SourceFile, entry: ManifestEntry | undefined): string | undefined {
  return source.folder.language ?? languageOf(source.name) ?? baseLanguage(entry?.language ?? '');
}

function trackOf(source: SourceFile, pcm: PcmLocation, context: ReadinessContext, licence?: string): Track {
  const entry = context.manifest.entries.get(source.id);
  const language = spokenIn(source, entry);
  return new Track({
    id: source.id,
    title: entry?.title ?? titleOf(source.name),
    file: source.file,
    rate: context.settings.rate,
    pcm,
    readMode: context.readMode,
    log: context.log,
    ...(language === undefined ? {} : { language }),
    ...(licence === undefined ? {} : { licence }),
  });
}

function fromHeader(source: SourceFile, head: Uint8Array, context: ReadinessContext): Track | undefined {
  const info = parseWavHeader(head, source.size);
  if (!isPlayable(info, context.settings.rate)) return undefined;
  const { dataOffset, samples } = info;
  const pcm = { wav: source.file, dataOffset, samples, mtimeMs: source.mtimeMs };
  return trackOf(source, pcm, context, context.manifest.entries.get(source.id)?.licence);
}

function fromRecord(
  source: SourceFile,
  record: CacheRecord | undefined,
  context: ReadinessContext,
): Readiness {
  if (!record) return { status: 'unprepared' };
  if ('problem' in record) return { status: 'problem', ...record.problem };
  const wav = join(pcmFolder(context.settings.cache), record.wav);
  const pcm = { wav, dataOffset: WAV_HEADER_BYTES, samples: record.samples };
  const licence = context.manifest.entries.get(source.id)?.licence ?? record.licence;
  return { status: 'ready', track: trackOf(source, pcm, context, licence) };
}

/** Whether `source` can be played, synchronously: two or three small reads. Never throws. */
export function readinessSync(source: SourceFile, context: ReadinessContext): Readiness {
  if (promisedReady(source, context.manifest.entries.get(source.id))) {
    const head = new Uint8Array(HEAD_BYTES);
    try {
      const fd = openSync(source.file, 'r');
      try {
        const track = fromHeader(source, head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0)), context);
        if (track) return { status: 'ready', track };
      } finally {
        closeSync(fd);
      }
    } catch {
      return { status: 'unprepared' };
    }
  }
  return fromRecord(source, lookupSync(source, context.settings), context);
}

/** Whether `source` can be played. Never throws. */
export async function readiness(source: SourceFile, context: ReadinessContext): Promise<Readiness> {
  if (promisedReady(source, context.manifest.entries.get(source.id))) {
    const track = fromHeader(source, await readHead(source.file), context);
    if (track) return { status: 'ready', track };
  }
  return fromRecord(source, await lookup(source, context.settings), context);
}

/** The first bytes of a file; empty when it cannot be read. */
export async function readHead(file: string): Promise<Uint8Array> {
  try {
    const handle = await promises.open(file, 'r');
    try {
      const head = new Uint8Array(HEAD_BYTES);
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
      return head.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return new Uint8Array(0);
  }
}
