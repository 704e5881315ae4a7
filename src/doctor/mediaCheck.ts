// What can callers hear, and may Asterisk's user read it? The examination itself is that of `media check`.
import { checkMedia } from '../media/check';
import { findFfmpeg } from '../media/ffmpegBinary';
import { takeInventory } from '../media/survey';
import { listSources } from '../media/sources';
import { packsOf } from '../speech/packs';
import { expected, named, ok, problem, warning, type Check, type Finding } from './check';
import { blocked } from './rights';
import { configOf, environmentFor, userOf, type Site } from './site';

/** What `media check` finds and callers do not notice. */
const HARMLESS = new Set(['HC_MEDIA_NO_LICENCE', 'HC_MANIFEST_INVALID']);

export function mediaChecks(site: Site): Check[] {
  return [
    { name: 'ffmpeg', run: () => ffmpeg(site) },
    { name: 'media', run: () => media(site) },
    { name: 'media for Asterisk', run: () => readable(site) },
  ];
}

async function ffmpeg(site: Site): Promise<Finding> {
  const configured = configOf(site).media.ffmpeg;
  try {
    const { path, version } = await findFfmpeg({ configured, env: environmentFor(site) });
    return ok(`${version} (${path})`);
  } catch (error) {
    const { message, hint = '' } = expected(error);
    return warning(`${message}: your own files cannot be prepared`, hint);
  }
}

async function media(site: Site): Promise<Finding[]> {
  const { media: settings, voices } = configOf(site);
  const packs = packsOf(voices);
  const [shelves, findings] = await Promise.all([
    takeInventory(settings, site.log, packs),
    checkMedia(settings, site.log, packs),
  ]);
  const ready = (folder: RegExp): number =>
    shelves
      .filter((shelf) => folder.test(shelf.folder))
      .flatMap(({ items }) => items)
      .filter(({ state }) => state === 'ready').length;
  const counts = `${ready(/^music$/)} pieces of music, ${ready(/^advices\//)} advices, ${ready(/^prompts\//)} prompts in ${settings.folder}`;
  const nothing = findings.find(({ code }) => code === 'HC_MEDIA_NOTHING');
  const heard = nothing ? problem(`${counts}; ${nothing.message}`, nothing.hint) : ok(counts);
  const [first, ...more] = findings.filter((finding) => finding !== nothing && !HARMLESS.has(finding.code));
  if (!first) return [heard];
  const found = `${first.file}: ${first.message}${more.length === 0 ? '' : `, and ${more.length} more`}`;
  return [heard, named('media files', warning(found, 'holdcast media prepare, then holdcast media check'))];
}

async function readable(site: Site): Promise<Finding> {
  const { files } = await listSources(configOf(site).media.folder);
  const user = userOf(site);
  const paths = files.map(({ file }) => file);
  return (await blocked(user, paths, ['r'])) ?? ok(`${user.name} may read all ${files.length} files`);
}
