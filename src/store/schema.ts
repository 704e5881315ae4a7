// The schema and its migrations, as the package's sql/ folder has them: NNN-name.sql, applied in order, each once.
// Plain files, so that an operator who lets no program change tables can run them by hand.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../util/packageRoot';

export interface Migration {
  /** 1 and more, without a gap. */
  readonly version: number;
  /** "001-choices". */
  readonly name: string;
  readonly statements: readonly string[];
}

const FILE = /^((\d{3})-[\w-]+)\.sql$/;

/** In order. @throws NodeJS.ErrnoException when the package is not whole */
export function migrationsFor(store: 'mysql' | 'embedded'): Migration[] {
  const folder = join(packageRoot(), 'sql', store);
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, name, version] = FILE.exec(file) ?? [];
      if (name === undefined) return [];
      return [
        {
          version: Number(version),
          name,
          statements: statementsOf(readFileSync(join(folder, file), 'utf8')),
        },
      ];
    });
}

/** A statement ends at a semicolon at the end of a line. */
function statementsOf(text: string): string[] {
  return text
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
