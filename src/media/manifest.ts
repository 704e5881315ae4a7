// media/manifest.json: titles and licences of media, and which files are stored ready to play.
// Optional by design: an operator's own files need no entry, and a broken manifest costs only what it would say.
import { promises, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../util/errors';

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

export interface Manifest {
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  /** Why nothing could be read, if the file is there but broken. */
  readonly problem?: string;
}

const MANIFEST_NAME = 'manifest.json';
const EMPTY: Manifest = { entries: new Map() };

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
    const root: unknown = JSON.parse(text);
    if (!isObject(root) || !isObject(root.files)) return { ...EMPTY, problem: 'no object "files"' };
    const entries = new Map<string, ManifestEntry>();
    for (const [id, value] of Object.entries(root.files)) {
      const entry = entryOf(value);
      if (entry) entries.set(id, entry);
    }
    return { entries };
  } catch (error) {
    return { ...EMPTY, problem: messageOf(error) };
  }
}

function failed(error: unknown): Manifest {
  return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    ? EMPTY
    : { ...EMPTY, problem: messageOf(error) };
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
