// media/manifest.json: titles and licences of media, and which files are stored ready to play.
// Optional by design: an operator's own files need no entry, and a broken manifest costs only what it would say.
import { join } from 'node:path';
import { errnoOf, messageOf } from '../util/errors';
import { parseJson } from '../util/json';
import { isAbsent, isThere, readInside } from '../util/operatorFiles';
import { boundsOf, type SourceFile } from './sources';

export interface ManifestEntry {
  readonly title?: string;
  readonly licence?: string;
  readonly language?: string;
  /** The file is a PCM 16-bit mono WAV that is played as it is, at the rate of its header. */
  readonly prepared?: boolean;
  /** Size of the file when the manifest was written, bytes. */
  readonly bytes?: number;
  /** SHA-256 of the file, hex, whole or a prefix of at least 8 digits. */
  readonly sha256?: string;
  /** Integrated loudness, LUFS. */
  readonly loudness?: number;
  /** True peak, dBTP. */
  readonly peakDb?: number;
}

export interface Manifest {
  /** What it says of each file, by id. */
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  /** Why nothing could be read, if the file is there but broken. */
  readonly problem?: string;
  /** It could not be read just now; what it says is not known to have changed. */
  readonly away?: true;
}

export const MANIFEST_NAME = 'manifest.json';
/** Some thousand files. JSON takes up to 40 times its size and holds up its process: 0.3 s a MiB (measured). */
const MOST_MANIFEST_BYTES = 2 ** 20;
/** Of a note that only its first line is read of. */
const MOST_NOTE_BYTES = 2 ** 20;
/** Says nothing of any file. */
export const NO_MANIFEST: Manifest = { entries: new Map<string, ManifestEntry>() };

const TYPES: Readonly<Record<string, string>> = {
  title: 'string',
  licence: 'string',
  language: 'string',
  prepared: 'boolean',
  bytes: 'number',
  sha256: 'string',
  loudness: 'number',
  peakDb: 'number',
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keeps the fields of the right type; the others count as absent. */
function entryOf(value: unknown): ManifestEntry | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([name, field]) => typeof field === TYPES[name]));
}

function parse(text: string): Manifest {
  try {
    const root = parseJson(text);
    if (!isObject(root) || !isObject(root.files)) return { ...NO_MANIFEST, problem: 'no object "files"' };
    const entries = Object.entries(root.files).flatMap(([id, value]) => {
      const entry = entryOf(value);
      return entry ? [[id.normalize('NFC'), entry] as const] : [];
    });
    return { entries: new Map(entries) };
  } catch (error) {
    return { ...NO_MANIFEST, problem: messageOf(error) };
  }
}

/** Reads the manifest of a media folder (absolute). Never throws. */
export async function readManifest(root: string): Promise<Manifest> {
  try {
    const bytes = await readInside(root, join(root, MANIFEST_NAME), MOST_MANIFEST_BYTES);
    return parse(bytes.toString('utf8'));
  } catch (error) {
    if (isAbsent(error))
      return (await isThere(root, join(root, MANIFEST_NAME)))
        ? { ...NO_MANIFEST, problem: 'it is a link that leads nowhere' }
        : NO_MANIFEST;
    const away = errnoOf(error) === 'HC_FILE_SLOW' && ({ away: true } as const);
    return { ...NO_MANIFEST, problem: messageOf(error), ...away };
  }
}

/** Licence of a media file: the manifest's, else the first line of `<file>.license`, else undefined. */
export async function licenceOf(
  entry: ManifestEntry | undefined,
  { file, root, folder }: SourceFile,
): Promise<string | undefined> {
  if (entry?.licence !== undefined) return entry.licence;
  try {
    const note = await readInside(boundsOf(root, folder), `${file}.license`, MOST_NOTE_BYTES);
    const first = note.toString('utf8').split(/\r?\n/, 1)[0]?.trim();
    return first === '' ? undefined : first;
  } catch {
    return undefined;
  }
}
