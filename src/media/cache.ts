// The cache of prepared files as a player sees it: one stat and one small JSON say whether a file is ready.
// Nothing here hashes or decodes media; writing is cacheWriter.ts's.
import { promises } from 'node:fs';
import { join } from 'node:path';
import { BYTES_PER_SAMPLE } from '../audio/frame';
import { WAV_HEADER_BYTES } from '../audio/wav';
import type { MediaSettings } from './settings';
import type { FileTrouble, MediaKind, SourceFile } from './sources';
import { toolStamp } from './toolStamp';
import type { FileStamp } from '../util/operatorFiles';

/** Raised when preparation makes other samples from the same input: everything is prepared again. */
export const PREPARE_VERSION = 2;

/** Which file, as it was, with which settings: what a record is about, kept in it against mix-ups. */
export interface RecordedSource extends FileStamp {
  readonly file: string;
  readonly settings: string;
  readonly rate: number;
}

/** What an operator is told of a prepared file. */
export interface Figures {
  readonly durationMs: number;
  /** Integrated loudness, LUFS, of the source and of what was prepared. */
  readonly loudnessBefore: number;
  readonly loudnessAfter: number;
  /** True peak, dBTP. */
  readonly peakDb: number;
}

/** A file that is ready to play. */
export interface PreparedRecord extends Figures {
  readonly source: RecordedSource;
  /** Name under pcm/. */
  readonly wav: string;
  readonly samples: number;
  readonly rate: number;
  readonly licence?: string | undefined;
}

/** A file that could not be prepared; it is not tried again until it changes, or the ffmpeg that could not. */
export interface ProblemRecord {
  readonly source: RecordedSource;
  readonly problem: FileTrouble;
  /** See `toolStamp`; records of older versions have none, and the version may have been the cause. */
  readonly tool?: string;
}

export type CacheRecord = PreparedRecord | ProblemRecord;

/** Settings that change how a file of this kind sounds, as one text: part of every key. */
export function settingsDigest(settings: MediaSettings, kind: MediaKind): string {
  const lufs = kind === 'music' ? settings.musicLufs : settings.speechLufs;
  const band = `${settings.lowHz}-${settings.highHz}`;
  return `v${PREPARE_VERSION} ${kind} ${settings.rate} ${lufs} ${settings.peakDbtp} ${band}`;
}

/** What a record for `source` is about. */
export function recordedSource(source: SourceFile, settings: MediaSettings): RecordedSource {
  return {
    file: source.file,
    size: source.size,
    mtimeMs: source.mtimeMs,
    ctimeMs: source.ctimeMs,
    inode: source.inode,
    settings: settingsDigest(settings, source.folder.kind),
    rate: settings.rate,
  };
}

/** 106 bits of a text, hex (cyrb53 twice, public domain): spares `stream` the import of node:crypto. */
export function textKey(text: string): string {
  return hash53(text, 0) + hash53(text, 0x9e3779b9);
}

function hash53(text: string, seed: number): string {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    high = Math.imul(high ^ char, 2654435761);
    low = Math.imul(low ^ char, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(16).padStart(14, '0');
}

/** File name of the record about `source`. */
export function recordName(source: RecordedSource): string {
  const { file, size, mtimeMs, ctimeMs, inode, settings } = source;
  return `${textKey([file, size, mtimeMs, ctimeMs, inode, settings].join('\0'))}.json`;
}

export const pcmFolder = (cache: string): string => join(cache, 'pcm');
export const recordFolder = (cache: string): string => join(cache, 'records');

/** Bytes of a prepared file with `samples` samples. */
export function pcmBytes(samples: number): number {
  return WAV_HEADER_BYTES + samples * BYTES_PER_SAMPLE;
}

/** The record in `text` if it is one about `source`; anything else is as good as none. */
export function parseRecord(text: string, source?: RecordedSource): CacheRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<PreparedRecord & ProblemRecord>;
    const about = record.source;
    if (!about || (source && recordName(about) !== recordName(source))) return undefined;
    if (source && about.file !== source.file) return undefined;
    if (record.problem) {
      const { tool } = record;
      return { source: about, problem: record.problem, ...(tool !== undefined && { tool }) };
    }
    const whole =
      /^[0-9a-f]+\.wav$/.test(record.wav ?? '') && Number.isInteger(record.samples) && record.samples! > 0;
    return whole ? (record as PreparedRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Looks a file up; undefined when it is not prepared, or another ffmpeg could not. */
export async function lookup(source: SourceFile, settings: MediaSettings): Promise<CacheRecord | undefined> {
  const about = recordedSource(source, settings);
  try {
    const text = await promises.readFile(join(recordFolder(settings.cache), recordName(about)), 'utf8');
    const record = parseRecord(text, about);
    if (!record) return undefined;
    if ('problem' in record) return record.tool === (await toolStamp(settings.ffmpeg)) ? record : undefined;
    const { size } = await promises.stat(join(pcmFolder(settings.cache), record.wav));
    return size === pcmBytes(record.samples) ? record : undefined;
  } catch {
    return undefined;
  }
}
