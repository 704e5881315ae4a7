// What can callers hear, and may Asterisk's user read it? The looking itself is that of `media check`.
import { checkMedia } from '../media/check';
import { findFfmpeg } from '../media/ffmpegBinary';
import { takeInventory } from '../media/survey';
import { listSources } from '../media/sources';
import { packsOf } from '../speech/packs';
import { HoldcastError } from '../util/errors';
import { named, notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { obstacle, obstacleRemedy, obstacleText } from './rights';
import { environmentFor, type Site } from './site';

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
  const { config } = site;
  if (!config.config) return notChecked('the config is invalid');
  try {
    const { path, version } = await findFfmpeg({
      configured: config.config.media.ffmpeg,
      env: environmentFor(site),
    });
    return ok(`${version} (${path})`);
  } catch (error) {
    if (!(error instanceof HoldcastError)) throw error;
    return warning(`${error.message}: your own files cannot be prepared`, error.hint ?? '');
  }
}

async function media({ config, log }: Site): Promise<Finding | Finding[]> {
  if (!config.config) return notChecked('the config is invalid');
  const { media: settings, voices } = config.config;
  const packs = packsOf(voices);
  const [shelves, findings] = await Promise.all([
    takeInventory(settings, log, packs),
    checkMedia(settings, log, packs),
  ]);
  const ready = (folder: RegExp): number =>
    shelves
      .filter((shelf) => folder.test(shelf.folder))
      .flatMap(({ items }) => items)
      .filter(({ state }) => state === 'ready').length;
  const counts = `${ready(/^music$/)} pieces of music, ${ready(/^advices\//)} advices, ${ready(/^prompts\//)} prompts in ${settings.folder}`;
  const nothing = findings.find(({ code }) => code === 'HC_MEDIA_NOTHING');
  const heard = nothing ? problem(`${counts}; ${nothing.message}`, nothing.hint) : ok(counts);
  const wrong = findings.filter((finding) => finding !== nothing && !HARMLESS.has(finding.code));
  if (wrong.length === 0) return heard;
  const [first] = wrong;
  const more = wrong.length === 1 ? '' : `, and ${wrong.length - 1} more`;
  return [
    heard,
    named(
      'media files',
      warning(
        `${first!.file}: ${first!.message}${more}`,
        'holdcast media prepare, then holdcast media check',
      ),
    ),
  ];
}

async function readable({ config, account, user }: Site): Promise<Finding> {
  if (!config.config) return notChecked('the config is invalid');
  if (!account) return notChecked(`this system has no user ${user}`);
  const { files } = await listSources(config.config.media.folder);
  for (const { file } of files) {
    const blocked = await obstacle(file, account, ['r']);
    if (blocked) return problem(obstacleText(blocked, account), obstacleRemedy(blocked, account));
  }
  return ok(`${account.name} may read all ${files.length} files`);
}
