// media/manifest.json: titles and licences of media, and which files are stored ready to play.
// Optional by design: an operator's own files need no entry, and a broken manifest costs only what it would say.
import { promises, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../util/errors';
import { parseJson } from '../util/json';

export interface ManifestEntry {
  readonly title?: string;
  readonly author?: string;
  readonly licence?: string;
  readonly language?: string;
  readonly text?: string;
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
  readonly kind?: string;
}

/** What the manifest says of each file, by id. An entry is checked when it is asked for: a first track needs one. */
export interface ManifestEntries {
  get(id: string): ManifestEntry | undefined;
  keys(): Iterable<string>;
}

export interface Manifest {
  readonly entries: ManifestEntries;
  /** Why nothing could be read, if the file is there but broken. */
  readonly problem?: string;
}

const MANIFEST_NAME = 'manifest.json';
/** Says nothing of any file. */
export const NO_MANIFEST: Manifest = { entries: new Map<string, ManifestEntry>() };

const TYPES: Readonly<Record<string, string>> = {
  title: 'string',
  author: 'string',
  licence: 'string',
  language: 'string',
  text: 'string',
  prepared: 'boolean',
  bytes: 'number',
  sha256: 'string',
  loudness: 'number',
  peakDb: 'number',
  kind: 'string',
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
    const { files } = root;
    return {
      entries: {
        get: (id) => (Object.hasOwn(files, id) ? entryOf(files[id]) : undefined),
        keys: () => Object.keys(files).filter((id) => isObject(files[id])),
      },
    };
  } catch (error) {
    return { ...NO_MANIFEST, problem: messageOf(error) };
  }
}

function failed(error: unknown): Manifest {
  return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    ? NO_MANIFEST
    : { ...NO_MANIFEST, problem: messageOf(error) };
}

/** Reads the manifest of a media folder (absolute). Never throws. */
export function readManifestSync(root: string): Manifest {
  try {
    return parse(readFileSync(join(root, MANIFEST_NAME), 'utf8'));
  } catch (error) {
    return failed(error);
  }
}

/** Reads the manifest of a media folder (absolute). Never throws. */
export async function readManifest(root: string): Promise<Manifest> {
  try {
    return parse(await promises.readFile(join(root, MANIFEST_NAME), 'utf8'));
  } catch (error) {
    return failed(error);
  }
}

/** Licence of a media file: the manifest's, else the first line of `<file>.license`, else undefined. */
export async function licenceOf(entry: ManifestEntry | undefined, file: string): Promise<string | undefined> {
  if (entry?.licence !== undefined) return entry.licence;
  try {
    const first = (await promises.readFile(`${file}.license`, 'utf8')).split(/\r?\n/, 1)[0]?.trim();
    return first === '' ? undefined : first;
  } catch {
    return undefined;
  }
}
