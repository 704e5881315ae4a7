// Makes npm-shrinkwrap.json for the archive of `npm pack`, and removes it afterwards: an installed archive gets exactly the versions
// that were tested. It is the lock file without packages of development, so the clone does not keep it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}/npm-shrinkwrap.json`;

if (process.argv.includes('--remove')) {
  rmSync(file, { force: true });
} else {
  const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
  const packages = Object.entries(lock.packages).filter(([, { dev }]) => !dev);
  const shrunk = { ...lock, packages: Object.fromEntries(packages) };
  delete shrunk.packages[''].devDependencies;
  writeFileSync(file, `${JSON.stringify(shrunk, null, 2)}\n`);
}
