import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package (or checkout) this code runs from, as source or as bundle in dist/. */
export function packageFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'bin', 'isthmus'))) return folder;
    if (folder === dirname(folder))
      throw new Error('bin/isthmus is missing above this program: its package is not whole');
  }
}
