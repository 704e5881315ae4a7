// Mistakes in Asterisk's own files that Asterisk takes without a word: musiconhold.conf, manager.conf, the dialplan.
// Files that this user may not read, or that are not there, are said to be so.
import { promises } from 'node:fs';
import { resolve } from 'node:path';
import { EVENT_FILTER } from '../asterisk/events';
import { CLASS_PREFIX } from '../asterisk/realtime';
import { DIALPLAN_LINE } from '../asterisk/snippets';
import { errnoOf, messageOf } from '../util/errors';
import { named, notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { isTrue, valueOf, type Conf, type ConfSection } from './confFile';
import { queueFindings } from './queuesCheck';
import type { Site } from './site';

export function fileChecks(site: Site): Check[] {
  const check = (file: string, judge: (conf: Conf) => Finding[] | Promise<Finding[]>): Check => ({
    name: file,
    run: () => withConf(site, file, judge),
  });
  return [
    check('musiconhold.conf', (conf) => musicFindings(conf, site)),
    check('manager.conf', (conf) => managerFindings(conf, site)),
    check('extensions.conf', dialplanFindings),
    check('queues.conf', (conf) => queueFindings(conf, site)),
  ];
}

async function withConf(
  { conf, etc }: Site,
  file: string,
  judge: (conf: Conf) => Finding[] | Promise<Finding[]>,
): Promise<Finding | Finding[]> {
  let found: Conf;
  try {
    found = await conf(file);
  } catch (error) {
    return notChecked(
      `${etc}/${file}: ${errnoOf(error) ?? messageOf(error)}`,
      errnoOf(error) === 'ENOENT'
        ? 'Name the folder of Asterisk’s files with --asterisk-etc.'
        : 'Run this as root.',
    );
  }
  const findings = await judge(found);
  const gaps = found.gaps.map((gap) =>
    named(`${file} includes`, warning(gap, 'See that it is right, and that this user may read it.')),
  );
  return [...(findings.length > 0 ? findings : [ok('nothing wrong was found')]), ...gaps];
}

async function musicFindings(conf: Conf, { etc, config }: Site): Promise<Finding[]> {
  const findings: Finding[] = [];
  const general = conf.sections.filter(({ name }) => name.toLowerCase() === 'general');
  const cached = general.map((section) => valueOf(section, 'cachertclasses')).findLast((line) => line);
  if (isTrue(cached?.value))
    findings.push(
      problem(
        `cachertclasses=${cached!.value} (${cached!.file}:${cached!.line}): Asterisk keeps every call's class for ever`,
        'cachertclasses=no; in FreePBX: Settings, Advanced Settings, Cache MoH Classes: No',
      ),
    );
  const preferred = general.map((section) => valueOf(section, 'preferchannelclass')).findLast((line) => line);
  if (preferred && !isTrue(preferred.value))
    findings.push(
      warning(
        `preferchannelclass=${preferred.value}: a queue with a musicclass of its own does not play Holdcast`,
        'preferchannelclass=yes',
      ),
    );
  const ours = conf.sections.filter(
    (section) => !section.template && /holdcast/.test(applicationOf(section)),
  );
  for (const section of ours) findings.push(staticClass(section, config.config?.program.rate));
  return [...findings, ...(await fallback(conf, etc))];
}

function applicationOf(section: ConfSection): string {
  return valueOf(section, 'application')?.value ?? '';
}

const FORMATS: Readonly<Record<number, string>> = { 8000: 'slin', 16000: 'slin16', 48000: 'slin48' };

function staticClass(section: ConfSection, rate: number | undefined): Finding {
  const application = applicationOf(section);
  const also = [
    ...(/["']/.test(application) ? ['quotes in application are taken as part of the words'] : []),
    ...(application.startsWith('/') ? [] : ['application is no absolute path, so it is never started']),
    ...(Buffer.byteLength(application) > 255 ? ['application is longer than 255 characters'] : []),
  ];
  const format = valueOf(section, 'format')?.value ?? 'slin';
  if (rate !== undefined && format !== FORMATS[rate])
    also.push(`format=${format}, but sound.rate is ${rate} (${FORMATS[rate]})`);
  return problem(
    [`[${section.name}] starts Holdcast once, for all callers together`, ...also].join('; '),
    `Remove [${section.name}]; have each call ask the hub instead (holdcast asterisk prints how).`,
  );
}

/** What callers hear when the hub does not answer. */
async function fallback(conf: Conf, etc: string): Promise<Finding[]> {
  const section = conf.sections.find(({ name, template }) => name === 'default' && !template);
  const todo =
    'Give [default] mode=files and a directory with music (Debian: apt-get install asterisk-moh-opsound-wav).';
  const name = 'class [default]';
  if (!section)
    return [
      named(
        name,
        warning('there is none in musiconhold.conf: while the hub is down, callers hear nothing', todo),
      ),
    ];
  const directory = valueOf(section, 'directory')?.value;
  if (valueOf(section, 'mode')?.value !== 'files' || directory === undefined) return [];
  const places = ['/usr/share/asterisk', '/var/lib/asterisk'].map((data) => resolve(etc, data, directory));
  const lists = await Promise.all(places.map((place) => promises.readdir(place).catch(() => [])));
  return lists.some((names) => names.length > 0)
    ? []
    : [
        named(
          name,
          warning(
            `no music in its directory ${directory}: while the hub is down, callers hear nothing`,
            todo,
          ),
        ),
      ];
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
  if (!section) {
    findings.push(problem(`there is no user [${ami.user}]`, 'holdcast asterisk prints the section.'));
    return findings;
  }
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

/** The events that are needed, and that the section's filters of the old kind keep back. */
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
