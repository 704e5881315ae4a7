// Looks whether the media folder is as it should be, and changes nothing: for `media check` and for curious operators.
// Finds what a call would only skip: damaged shipped files, misspelt folders, music without a licence note.
import { createHash } from 'node:crypto';
import { promises, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { ADVICE_SLOTS } from '../program/adviceSlots';
import type { Logger } from '../util/log';
import { nearest } from '../util/nearest';
import { isAbsent, isThere, listInside, openInside, type OperatorFile } from '../util/operatorFiles';
import { pcmFolder, recordFolder } from './cache';
import { MOST_MEDIA_BYTES } from './inputLimits';
import { licenceOf } from './manifest';
import { compareNames } from './names';
import { PcmFile } from './pcmFile';
import { endingOf, RAW_ENDINGS } from './rawFormats';
import type { MediaSettings } from './settings';
import { boundsOf, unreadable, type FileTrouble } from './sources';
import { surveyMedia, type Survey, type SurveyedFile } from './survey';
import type { WordPack } from './words';

const AUDIO = /\.(wav(16|49)?|mp3|og[ag]|opus|flac|m4a|mp4|aac|aiff?|au|wma|webm)$/i;

/** Its code is stable: one of those below, or why a file cannot be prepared, as it was found then. */
export interface Finding extends FileTrouble {
  /** File or folder, relative to the media folder. */
  readonly file: string;
  readonly hint: string;
}

const READ_HINT = 'Give this user the right to read it.';

function finding(file: string, code: string, message: string, hint: string): Finding {
  return { file, code, message, hint };
}

/** Checks everything, word packs too; findings by file name. Reads whole files. Never throws. */
export async function checkMedia(
  settings: MediaSettings,
  log: Logger,
  packs: readonly WordPack[] = [],
): Promise<Finding[]> {
  const root = settings.folder;
  const [media, ...words] = await surveyMedia(settings, log, packs);
  const findings = [
    ...(await cacheFindings(settings.cache)),
    ...problemsIn(media),
    ...(await missingFiles(media, root)),
    ...(await misplaced(root)),
  ];
  const { problem } = media.manifest;
  if (problem !== undefined) {
    const hint = 'Correct it; until then titles and licences in it are not known.';
    findings.push(finding('manifest.json', 'HC_MANIFEST_INVALID', problem, hint));
  }
  let isMusicHeard = false;
  for (const file of media.files) {
    const unheard = await findingsOf(file);
    findings.push(...(await contentFindings(file)), ...unheard);
    isMusicHeard ||= unheard.length === 0 && file.source.folder.kind === 'music';
  }
  if (!isMusicHeard) findings.push(await nothingToHear(media, root));
  for (const pack of words) findings.push(...(await checkPack(pack)));
  return findings.sort((a, b) => compareNames(a.file, b.file));
}

/** A pack has hundreds of files: those that only wait to be prepared are one finding. */
async function checkPack(pack: Survey): Promise<Finding[]> {
  const found = problemsIn(pack);
  for (const folder of pack.folders) {
    const here = pack.files.filter(({ source }) => source.folder === folder);
    const waiting = here.filter(({ state }) => state.status === 'unprepared').length;
    for (const file of here) {
      const unheard = file.state.status === 'unprepared' ? [] : await findingsOf(file);
      for (const each of [...(await contentFindings(file)), ...unheard])
        found.push({ ...each, file: pack.shown(each.file) });
    }
    if (waiting === 0) continue;
    const message = `${waiting} of ${here.length} recordings are not prepared`;
    found.push(
      finding(pack.shown(folder.path), 'HC_MEDIA_UNPREPARED', message, 'Run `holdcast media prepare`.'),
    );
  }
  return found;
}

/** Why a caller hears a soft chord for all that is in the folder: the first reason that there is. */
async function nothingToHear({ files, problems }: Survey, root: string): Promise<Finding> {
  const nothing = (message: string, hint: string): Finding =>
    finding('music', 'HC_MEDIA_NOTHING', `callers hear no music: ${message}`, hint);
  const error: unknown = await listInside(root, root).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isAbsent(error)) {
    const message = `there is no media folder ${root}`;
    return nothing(message, 'Create it with music/ and advices/ in it, or correct media.folder.');
  }
  if (error !== undefined) {
    const { message, hint = 'Correct media.folder.' } = unreadable(error);
    return nothing(`the media folder ${root}: ${message}`, hint);
  }
  if (problems.some(({ folder }) => folder?.kind === 'music'))
    return nothing('the folder cannot be read', 'See what is said of it.');
  if ([...files.map(({ source }) => source.id), ...problems.map(({ file }) => file)].some(isMusic))
    return nothing('none of its files can be played', 'See what is said of each.');
  return nothing('the folder is missing or empty', 'Put music into it, then run `holdcast media prepare`.');
}

const isMusic = (id: string): boolean => id.startsWith('music/');

/** Whether this user can read what is prepared: without it everything seems unprepared. */
async function cacheFindings(cache: string): Promise<Finding[]> {
  for (const folder of [cache, recordFolder(cache), pcmFolder(cache)])
    try {
      await promises.readdir(folder);
    } catch (error) {
      if (isAbsent(error)) return [];
      const message = `this user cannot read the cache: ${unreadable(error).message}`;
      const hint =
        'Run this as the user of Holdcast, or give this user the right to read the folder (media.cache).';
      return [finding(folder, 'HC_CACHE_UNREADABLE', message, hint)];
    }
  return [];
}

function problemsIn({ problems, shown }: Survey): Finding[] {
  return problems.map(({ file, trouble: { code, message, hint = READ_HINT } }) =>
    finding(shown(file), code, message, hint),
  );
}

/** What is wrong with a file, and with what the manifest says of it. */
async function contentFindings({ source, entry }: SurveyedFile): Promise<Finding[]> {
  const changed = await differsFrom({ source, entry });
  const findings = changed ? [changed] : [];
  if (!entry || (await licenceOf(entry, source)) !== undefined) return findings;
  const hint = `Write it there, or in the first line of ${source.name}.license.`;
  return [
    ...findings,
    finding(source.id, 'HC_MEDIA_NO_LICENCE', 'manifest.json names no licence for it', hint),
  ];
}

/** Why a file is not heard. */
async function findingsOf({ source: { id }, state }: SurveyedFile): Promise<Finding[]> {
  if (state.status === 'problem') {
    const { code, message, hint = 'Replace the file, or remove it.' } = state.trouble;
    return [finding(id, code, message, hint)];
  }
  if (state.status !== 'ready')
    return [finding(id, 'HC_MEDIA_UNPREPARED', 'it is not prepared', 'Run `holdcast media prepare`.')];
  try {
    await (await PcmFile.open(state.track.pcm)).close();
    return [];
  } catch (error) {
    const message = `what is prepared of it cannot be read: ${unreadable(error).message}`;
    const hint =
      'Run `holdcast media prepare --force` as the user of Holdcast, or correct the rights of media.cache.';
    return [finding(id, 'HC_CACHE_UNREADABLE', message, hint)];
  }
}

/** Compares a file with what the manifest says of it: size, then content. */
async function differsFrom({
  source,
  entry,
}: Pick<SurveyedFile, 'source' | 'entry'>): Promise<Finding | undefined> {
  const differs = (message: string): Finding =>
    finding(source.id, 'HC_MEDIA_CHANGED', message, 'Restore the file, or correct manifest.json.');
  let opened: OperatorFile | undefined;
  try {
    if (entry?.bytes !== undefined && entry.bytes !== source.size)
      return differs(`it has ${source.size} bytes, the manifest says ${entry.bytes}`);
    opened = await openInside(boundsOf(source.root, source.folder), source.file, MOST_MEDIA_BYTES);
    if (entry?.sha256 === undefined) return undefined;
    const hash = createHash('sha256');
    for await (const piece of opened.pieces()) hash.update(piece);
    const expected = entry.sha256.toLowerCase();
    const right = expected.length >= 8 && hash.digest('hex').startsWith(expected);
    return right ? undefined : differs('its content is not what the manifest says (SHA-256)');
  } catch (error) {
    const { code, message, hint = READ_HINT } = unreadable(error);
    return finding(source.id, code, message, hint);
  } finally {
    await opened?.close();
  }
}

async function missingFiles({ files, manifest }: Survey, root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const ids = new Set(files.map(({ source }) => source.id));
  for (const id of manifest.entries.keys()) {
    if (ids.has(id) || (await isThere(root, join(root, id)))) continue;
    const hint = 'Restore it, or take it out of manifest.json.';
    findings.push(finding(id, 'HC_MEDIA_MISSING', 'manifest.json names it, but it is not there', hint));
  }
  return findings;
}

/** Folders that systems and network drives make for themselves. */
const OF_SYSTEMS = /^[.@#$]|^lost\+found$|^__MACOSX$|^System Volume Information$/;

/** Audio and folders that lie where nobody looks. */
async function misplaced(root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const shelves: readonly string[] = ADVICE_SLOTS;
  const unheard = (file: string, message: string, hint: string): number =>
    findings.push(finding(file, 'HC_MEDIA_FOLDER_UNKNOWN', message, hint));
  for (const folder of ['', 'music', 'advices', ...ADVICE_SLOTS.map((shelf) => `advices/${shelf}`)])
    for (const entry of await entriesOf(root, join(root, folder))) {
      const { name } = entry;
      const file = folder === '' ? name : `${folder}/${name}`;
      const atTop = folder === '' || folder === 'advices';
      if (entry.isFile() && atTop && isAudio(name)) {
        const hint = `Move it to music/, or to one of advices/{${ADVICE_SLOTS.join(',')}}/.`;
        findings.push(finding(file, 'HC_MEDIA_MISPLACED', 'nobody hears it where it lies', hint));
      }
      if (!entry.isDirectory() || OF_SYSTEMS.test(name)) continue;
      if (!atTop) unheard(file, 'folders in folders are not looked at', 'Move its files one level up.');
      else if (folder === 'advices' && !shelves.includes(name)) {
        const near = typoOf(name, ADVICE_SLOTS);
        const known = `Known folders: ${ADVICE_SLOTS.join(', ')}.`;
        unheard(file, 'nothing in this folder is heard', near ? `Did you mean advices/${near}?` : known);
      } else if (folder === '' && !TOP.includes(name)) {
        // A folder beside music/ and advices/ is nobody's business, unless it looks like one of them.
        const near = typoOf(name, ['music', 'advices']);
        if (near) unheard(file, 'nothing in this folder is heard', `Did you mean ${near}?`);
      }
    }
  return findings;
}

const TOP: readonly string[] = ['music', 'advices', 'prompts', 'voices'];

function isAudio(name: string): boolean {
  return AUDIO.test(name) || RAW_ENDINGS.includes(endingOf(name));
}

/** Entries of a folder; none if it cannot be read, which is found elsewhere. */
function entriesOf(root: string, path: string): Promise<Dirent[]> {
  return listInside(root, path).catch(() => []);
}

/** The known folder of which `name` is a typo. */
export function typoOf<T extends string>(name: string, known: readonly T[]): T | undefined {
  return nearest(name, known, (candidate) => Math.ceil(candidate.length / 3));
}
