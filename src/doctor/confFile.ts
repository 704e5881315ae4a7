// Reads Asterisk's .conf files as Asterisk does, as far as the doctor needs: sections, templates, comments, includes.
// Tolerant: it skips what it does not understand, and names what it could not read.
import { promises } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errnoOf, messageOf } from '../util/errors';
import { readRegularSync } from '../util/regularFile';

export interface ConfLine {
  readonly name: string;
  readonly value: string;
  /** Absolute path of the file, and the line in it, from 1. */
  readonly file: string;
  readonly line: number;
}

export interface ConfSection {
  readonly name: string;
  /** `[name](!)`: only others use it. */
  readonly template: boolean;
  /** Those of its templates come first; of two values of an option the last counts. */
  readonly lines: readonly ConfLine[];
}

export interface Conf {
  /** In order; a name may occur twice, as Asterisk keeps both. */
  readonly sections: readonly ConfSection[];
  /** Parts that could not be read: "extra.conf: ENOENT". */
  readonly gaps: readonly string[];
}

/** Asterisk's own limit of includes within includes. */
const DEEPEST = 10;
const MOST_FILES = 500;
const MOST_BYTES = 8 << 20;

/**
 * Reads a file and what it includes.
 * @param etc absolute folder that includes are relative to
 * @throws the error of opening `file` (ENOENT, EACCES); an include that fails is a gap
 */
export async function readConf(etc: string, file: string): Promise<Conf> {
  const reader = new ConfReader(etc);
  await reader.read(resolve(etc, file), 0);
  return reader;
}

/** The last value of an option in a section; names are case-insensitive. */
export function valueOf(section: ConfSection | undefined, name: string): ConfLine | undefined {
  return section?.lines.findLast((line) => line.name.toLowerCase() === name.toLowerCase());
}

/** Whether Asterisk reads a value as yes. */
export function isTrue(text: string | undefined): boolean {
  return /^(yes|true|y|t|1|on)$/i.test(text ?? '');
}

/** Which engine Asterisk asks for a family of things in extconfig.conf, and where. */
export interface Engine {
  readonly driver: string;
  readonly address: string;
  readonly priority: number;
}

/** The engines of a family in their order, as the file says: Asterisk takes the first [settings] only. */
export function enginesOf({ sections }: Conf, family: string): Engine[] {
  const settings = sections.find(({ name }) => name === 'settings');
  return (settings?.lines ?? [])
    .filter(({ name }) => name === family)
    .map(({ value }) => {
      const [driver = '', address = '', , priority = '1'] = value.split(',').map((part) => part.trim());
      return { driver, address: address.replace(/^"|"$/g, ''), priority: Number(priority) };
    })
    .sort((a, b) => a.priority - b.priority);
}

interface OpenSection {
  name: string;
  template: boolean;
  lines: ConfLine[];
}

class ConfReader implements Conf {
  readonly sections: OpenSection[] = [];
  readonly gaps: string[] = [];
  #section: OpenSection | undefined;
  #files = 0;

  constructor(private readonly etc: string) {}

  async read(file: string, depth: number): Promise<void> {
    if (++this.#files > MOST_FILES) return;
    const comments = new Comments();
    const text = readRegularSync(file, MOST_BYTES).toString('utf8');
    for (const [index, raw] of text.split(/\r?\n/).entries()) {
      const content = comments.strip(raw).trim();
      if (content.startsWith('#')) await this.#directive(content, file, depth);
      else if (content.startsWith('[')) this.#open(content, `${file}:${index + 1}`);
      else this.#take(content, file, index + 1);
    }
  }

  #take(content: string, file: string, line: number): void {
    const [, name, value] = /^([^=]+?)\s*\+?=>?\s*(.*)$/.exec(content) ?? [];
    if (name !== undefined && value !== undefined)
      this.#section?.lines.push({ name: name.trim(), value, file, line });
  }

  #open(content: string, at: string): void {
    const [, name, options = ''] = /^\[([^\]]*)\]\s*(?:\(([^)]*)\))?/.exec(content) ?? [];
    if (name === undefined) return;
    const words = options
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    if (words.includes('+')) {
      this.#section = this.sections.find((section) => section.name === name);
      if (!this.#section) this.gaps.push(`${at}: [${name}](+) adds to a section that is not there`);
      return;
    }
    const inherited = words
      .filter((word) => word !== '!')
      .flatMap((word) => this.sections.find((section) => section.name === word)?.lines ?? []);
    this.#section = { name, template: words.includes('!'), lines: [...inherited] };
    this.sections.push(this.#section);
  }

  /** `#include x`, `#include "x"`, `#tryinclude <x>`, `#exec …`. */
  async #directive(content: string, file: string, depth: number): Promise<void> {
    const [, verb = '', rest = ''] = /^#\s*(\w+)\s*(.*)$/.exec(content) ?? [];
    const name = rest.replace(/^["<]|[">]$/g, '').trim();
    if (/^exec$/i.test(verb)) this.gaps.push(`${file}: #exec is not followed`);
    if (!/^(try)?include$/i.test(verb) || name === '') return;
    if (depth >= DEEPEST) return void this.gaps.push(`${name}: includes are nested too deeply`);
    for (const included of await matching(resolve(this.etc, name))) {
      try {
        await this.read(included, depth + 1);
      } catch (error) {
        const excused = /^try/i.test(verb) && errnoOf(error) === 'ENOENT';
        if (!excused) this.gaps.push(`${included}: ${errnoOf(error) ?? messageOf(error)}`);
      }
    }
  }
}

/** The files of a pattern with * and ? in its last part; the path itself when it is no pattern. */
async function matching(path: string): Promise<string[]> {
  const pattern = basename(path);
  if (!/[*?]/.test(pattern)) return [path];
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  const names = await promises.readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => !name.startsWith('.') && new RegExp(`^${source}$`).test(name))
    .sort()
    .map((name) => resolve(dirname(path), name));
}

/** Removes `; to the end of the line` and `;-- over several lines --;`, which may be nested; `\;` is a semicolon. */
class Comments {
  #depth = 0;

  strip(line: string): string {
    let kept = '';
    for (let at = 0; at < line.length;) {
      if (line.startsWith(';--', at) && line[at + 3] !== '-') {
        this.#depth++;
        at += 3;
      } else if (this.#depth > 0) {
        const ends = line.startsWith('--;', at);
        if (ends) this.#depth--;
        at += ends ? 3 : 1;
      } else if (line.startsWith('\\;', at)) {
        kept += ';';
        at += 2;
      } else if (line[at] === ';') return kept;
      else kept += line[at++];
    }
    return kept;
  }
}
