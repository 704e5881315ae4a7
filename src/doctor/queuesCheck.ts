// queues.conf: announcements of the queue itself, which stop the music and restart the program; and keys that leave
// the queue, which the caller means for Holdcast.
import { QUIET_QUEUE } from '../asterisk/snippets';
import { warning, type Finding } from './check';
import { enginesOf, valueOf, type Conf, type ConfSection } from './confFile';
import type { Site } from './site';

const ADVICE = Object.entries(QUIET_QUEUE)
  .map(([option, value]) => `${option}=${value}`)
  .join(', ');

export async function queueFindings(conf: Conf, site: Site): Promise<Finding[]> {
  const queues = conf.sections.filter(({ name, template }) => !template && name !== 'general');
  const findings = queues.flatMap(announcements);
  const digits = Object.keys(site.config.config?.keys ?? {});
  const dialplan = await site.conf('extensions.conf').catch(() => undefined);
  if (dialplan) findings.push(...queues.flatMap((queue) => exitKeys(queue, dialplan, digits)));
  if (site.config.config?.billing?.pin) findings.push(...queues.flatMap((queue) => exitPin(queue, dialplan)));
  const extconfig = await site.conf('extconfig.conf').catch(() => undefined);
  if (extconfig && enginesOf(extconfig, 'queues').length > 0)
    findings.push(
      warning(
        'extconfig.conf has queues in a database, which are not checked',
        `Make sure that they have ${ADVICE}.`,
      ),
    );
  return findings;
}

function announcements(queue: ConfSection): Finding[] {
  const seconds = (name: string): number => Number.parseInt(valueOf(queue, name)?.value ?? '0', 10) || 0;
  const on = ['announce-frequency', 'periodic-announce-frequency'].filter((name) => seconds(name) > 0);
  if (on.length === 0) return [];
  const found = on.map((name) => `${name}=${seconds(name)}`).join(', ');
  return [
    warning(
      `[${queue.name}] has ${found}: each announcement stops the music, and Asterisk restarts the program after it`,
      `${ADVICE} in [${queue.name}]; Holdcast says the place in the queue itself.`,
    ),
  ];
}

/** A key that is an extension in the queue's context= leaves the queue at once. */
function exitKeys(queue: ConfSection, dialplan: Conf, digits: readonly string[]): Finding[] {
  const context = valueOf(queue, 'context')?.value;
  if (!context) return [];
  const patterns = extensionsOf(context, dialplan) ?? [];
  const taken = digits.filter((digit) => patterns.some((pattern) => isDialled(pattern, digit)));
  if (taken.length === 0) return [];
  return [
    warning(
      `[${queue.name}]: key ${taken.join(', ')} leaves the queue for context=${context}, and is also bound in Holdcast`,
      'Bind other keys in the config (keys), or remove these from that context.',
    ),
  ];
}

/**
 * Asterisk collects keys until they form an extension of the context, starting at any key: so a PIN that contains one of those extensions
 * leaves the queue.
 */
function exitPin(queue: ConfSection, dialplan: Conf | undefined): Finding[] {
  const context = valueOf(queue, 'context')?.value;
  if (!context) return [];
  const found = dialplan && extensionsOf(context, dialplan);
  const dialled = found?.filter((pattern) => /^(_|[0-9*#A-D]+$)/i.test(pattern)) ?? [];
  if (found && dialled.length === 0) return [];
  const which = found ? `: ${shown(dialled)}` : `, whose extensions were not found in extensions.conf`;
  return [
    warning(
      `[${queue.name}]: with billing.pin every digit belongs to the PIN, and leaves the queue for context=${context}${which}`,
      'Remove context= from the queue, or the extensions from that context; or use no PIN (billing.pin).',
    ),
  ];
}

const SHOWN = 5;

function shown(patterns: readonly string[]): string {
  const more = patterns.length > SHOWN ? ` and ${patterns.length - SHOWN} more` : '';
  return patterns.slice(0, SHOWN).join(', ') + more;
}

/** Extensions and patterns of a context and of those that it includes; undefined: there is no such context. */
function extensionsOf(context: string, dialplan: Conf): string[] | undefined {
  const names = new Set([context]);
  const found = new Set<string>();
  let isThere = false;
  // A set in a loop also yields what the loop adds.
  for (const name of names)
    for (const section of dialplan.sections) {
      if (section.name !== name) continue;
      isThere = true;
      for (const line of section.lines) {
        const first = line.value.split(/[,/]/)[0]!.trim(); // without a priority, a time, a caller's number
        if (line.name === 'exten') found.add(first);
        else if (line.name === 'include') names.add(first);
      }
    }
  return isThere ? [...found] : undefined;
}

const SETS: Readonly<Record<string, RegExp>> = { X: /^[0-9]$/, Z: /^[1-9]$/, N: /^[2-9]$/ };

/** Whether an extension or a pattern of the dialplan is complete with this one key. */
function isDialled(pattern: string, digit: string): boolean {
  if (!pattern.startsWith('_')) return pattern === digit;
  const [, first = '', rest = ''] = /^_(\[[^\]]*\]|.)(.*)$/.exec(pattern) ?? [];
  if (rest !== '' && rest !== '!') return false;
  if (first === '.' || first === '!') return true;
  if (first.startsWith('[')) return listed(first.slice(1, -1), digit);
  return SETS[first.toUpperCase()]?.test(digit) ?? first === digit;
}

/** "1-35*" → 1, 2, 3, 5 and the star. */
function listed(set: string, digit: string): boolean {
  if (set.replace(/.-./g, '').includes(digit)) return true;
  return [...set.matchAll(/(.)-(.)/g)].some(([, from = '', to = '']) => from <= digit && digit <= to);
}
