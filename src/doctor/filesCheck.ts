// Mistakes in Asterisk's own files that Asterisk accepts without a word: musiconhold.conf, manager.conf, the dialplan.
// A file that this user may not read, or that is not there, is not called right.
import { isUtf8 } from 'node:buffer';
import { promises } from 'node:fs';
import { resolve } from 'node:path';
import { EVENT_FILTER } from '../asterisk/events';
import { CLASS_PREFIX } from '../asterisk/realtime';
import { DIALPLAN_LINE } from '../asterisk/snippets';
import { named, notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { isTrue, valueOf, type Conf, type ConfSection } from './confFile';
import { queueFindings } from './queuesCheck';
import { confOf, type Site } from './site';

export function fileChecks(site: Site): Check[] {
  const check = (file: string, judge: (conf: Conf, site: Site) => Finding[] | Promise<Finding[]>): Check => ({
    name: file,
    run: async () => {
      const conf = await confOf(site, file);
      const missing = 'Name the folder of Asterisk’s files with --asterisk-etc.';
      if (!conf) return notChecked(`${site.etc}/${file}: ENOENT`, missing);
      const findings = await judge(conf, site);
      const todo = 'See that it is right, and that this user may read it.';
      const gaps = conf.gaps.map((gap) => named(`${file} includes`, warning(gap, todo)));
      return [...(findings.length > 0 ? findings : [ok('nothing wrong was found')]), ...gaps];
    },
  });
  return [
    { name: 'systemname', run: () => systemName(site) },
    check('musiconhold.conf', musicFindings),
    check('manager.conf', managerFindings),
    check('extensions.conf', dialplanFindings),
    check('queues.conf', queueFindings),
  ];
}

const NAME_REMEDY =
  'Set systemname in [options] of asterisk.conf to letters, digits and "-", and restart Asterisk.';
/** Bytes of it that Asterisk keeps (ast_config_AST_SYSTEM_NAME, 16 to 22). */
const LONGEST_NAME = 19;

/**
 * Each Uniqueid begins with the system name. It may hold nearly anything (tried on 22.10: spaces, slashes, brackets, quotes, umlauts in
 * UTF-8), but not bytes that are not UTF-8.
 */
async function systemName(site: Site): Promise<Finding> {
  const conf = await confOf(site, 'asterisk.conf');
  const options = conf?.sections.find(({ name }) => name === 'options');
  const text = valueOf(options, 'systemname')?.value.trim();
  if (!text) return ok('not set');
  const shown = JSON.stringify(text);
  const isCut = !isUtf8(Buffer.from(text).subarray(0, LONGEST_NAME));
  if (text.includes('\ufffd') || isCut) {
    const where = isCut ? ` where Asterisk cuts it, after ${LONGEST_NAME} bytes` : '';
    return problem(`${shown} is no UTF-8${where}: calls have music, but no keys and no places`, NAME_REMEDY);
  }
  return /\p{Cc}/u.test(text)
    ? problem(`${shown} has control characters: no call gets its own class`, NAME_REMEDY)
    : ok(shown);
}

async function musicFindings(conf: Conf, { etc }: Site): Promise<Finding[]> {
  const findings: Finding[] = [];
  const general = conf.sections.filter(({ name }) => name.toLowerCase() === 'general');
  const last = (option: string) =>
    general.map((section) => valueOf(section, option)).findLast((line) => line !== undefined);
  const cached = last('cachertclasses');
  if (isTrue(cached?.value))
    findings.push(
      problem(
        `cachertclasses=${cached!.value} (${cached!.file}:${cached!.line}): Asterisk keeps every call's class for ever`,
        'cachertclasses=no; in FreePBX: Settings, Advanced Settings, Cache MoH Classes: No',
      ),
    );
  const preferred = last('preferchannelclass');
  if (preferred && !isTrue(preferred.value))
    findings.push(
      warning(
        `preferchannelclass=${preferred.value}: a queue with a musicclass of its own does not play Holdcast`,
        'preferchannelclass=yes',
      ),
    );
  for (const section of conf.sections)
    if (!section.template && valueOf(section, 'application')?.value.includes('holdcast'))
      findings.push(
        problem(
          `[${section.name}] starts Holdcast once, for all callers together`,
          `Remove [${section.name}]; have each call ask the hub instead (holdcast asterisk prints how).`,
        ),
      );
  return [...findings, ...(await fallback(conf, etc))];
}

/** What callers hear when the hub does not answer. */
async function fallback(conf: Conf, etc: string): Promise<Finding[]> {
  const section = conf.sections.find(({ name, template }) => name === 'default' && !template);
  const silent = (why: string): Finding[] => [
    named(
      'class [default]',
      warning(
        `${why}: while the hub is down, callers hear nothing`,
        'Give [default] mode=files and a directory with music (Debian: apt-get install asterisk-moh-opsound-wav).',
      ),
    ),
  ];
  if (!section) return silent('there is none in musiconhold.conf');
  const directory = valueOf(section, 'directory')?.value;
  if (valueOf(section, 'mode')?.value !== 'files' || directory === undefined) return [];
  const places = ['/usr/share/asterisk', '/var/lib/asterisk'].map((data) => resolve(etc, data, directory));
  const lists = await Promise.all(places.map((place) => promises.readdir(place).catch(() => [])));
  return lists.some((names) => names.length > 0) ? [] : silent(`no music in its directory ${directory}`);
}

function managerFindings(conf: Conf, { config }: Site): Finding[] {
  const ami = config.config?.ami;
  const general = conf.sections.find(({ name }) => name === 'general');
  const findings: Finding[] = [];
  if (!isTrue(valueOf(general, 'enabled')?.value))
    findings.push(
      problem('[general] has no enabled=yes: nobody can log in', 'enabled=yes in [general] of manager.conf'),
    );
  if (!ami) return findings;
  const sections = conf.sections.filter(({ name, template }) => name === ami.user && !template);
  const [section, second] = sections;
  if (!section)
    return [...findings, problem(`there is no user [${ami.user}]`, 'holdcast asterisk prints the section.')];
  if (second)
    findings.push(
      warning(`[${ami.user}] is there twice, and Asterisk uses one of them`, 'Keep one of them.'),
    );
  const guarded = section.lines.some(({ name }) => /^(permit|acl)$/i.test(name));
  const address = valueOf(general, 'bindaddr')?.value ?? '0.0.0.0';
  if (!guarded && !/^(127\.|::1)/.test(address))
    findings.push(
      warning(
        `Asterisk listens on ${address}, and [${ami.user}] may come from anywhere`,
        'deny=0.0.0.0/0.0.0.0 and permit=127.0.0.1/255.255.255.255 in that section',
      ),
    );
  const hidden = hiddenEvents(section);
  if (hidden.length > 0)
    findings.push(problem(`eventfilter keeps back ${hidden.join(', ')}`, `eventfilter=${EVENT_FILTER}`));
  return findings;
}

/** The needed events that the section's filters of the old kind suppress. */
function hiddenEvents({ lines }: ConfSection): string[] {
  const wanted = /\(([^)]*)\)/.exec(EVENT_FILTER)?.[1]?.split('|') ?? [];
  if (lines.some(({ name }) => /^eventfilter\s*\(/i.test(name))) return [];
  const filters = lines.filter(({ name }) => /^eventfilter$/i.test(name)).map(({ value }) => value);
  const included = filters.filter((filter) => !filter.startsWith('!'));
  if (included.length === 0) return [];
  return wanted.filter((event) => !included.some((filter) => matches(filter, `Event: ${event}\r\n`)));
}

function matches(filter: string, text: string): boolean {
  try {
    return new RegExp(filter.replaceAll('[[:space:]]', '\\s')).test(text);
  } catch {
    return true;
  }
}

function dialplanFindings(conf: Conf): Finding[] {
  const values = conf.sections.flatMap(({ lines }) => lines);
  const spoils = values.find(({ value }) => /Set\(ENV\((UNIQUEID|CHANNEL|PHONE|QUEUE)\)/i.test(value));
  const findings: Finding[] = [];
  if (spoils)
    findings.push(
      warning(
        `${spoils.file}:${spoils.line} sets the environment of all of Asterisk: two calls in the same instant can swap identities`,
        `${DIALPLAN_LINE} in its place`,
      ),
    );
  const given = values.some(({ value }) => value.includes(`=${CLASS_PREFIX}\${UNIQUEID}`));
  if (!given)
    findings.push(
      warning(
        `no call is given a class ${CLASS_PREFIX}\${UNIQUEID} in extensions.conf (AEL, Lua and databases are not checked)`,
        `Before Queue(): ${DIALPLAN_LINE}`,
      ),
    );
  return findings;
}
