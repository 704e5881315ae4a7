// The folder of the package, whether it runs from dist/*.cjs, from src under Jest or from a test's own bundle.
// The shipped media and the module behind `import 'holdcast'` are found from it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/**
 * Absolute folder of the package.json named holdcast, searched upwards from this file, once.
 * @throws Error when the program was copied out of its package
 */
export function packageRoot(): string {
  found ??= searchUp(__dirname);
  return found;
}

function searchUp(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (nameIn(folder) === 'holdcast') return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json of holdcast above ${start}`);
  }
}

function nameIn(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}
