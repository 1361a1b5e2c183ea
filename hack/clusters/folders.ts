import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where programs are kept between runs: outside the checkout, so that a fresh clone finds them. */
export function cacheFolder(environment: Environment = process.env): string {
  if (environment['ISTHMUS_CACHE']) return environment['ISTHMUS_CACHE'];
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'isthmus');
}

/** Where `isthmus up` keeps its clusters. */
export function stateFolder(environment: Environment = process.env): string {
  if (environment['ISTHMUS_STATE']) return environment['ISTHMUS_STATE'];
  return join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'isthmus');
}

/** The checkout (or package) this code runs from, as source or as bundle in dist/. */
export function packageFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'hack', 'tools', 'kubernetes', 'go.mod'))) return folder;
    if (folder === dirname(folder))
      throw new Error('hack/tools is missing beside this program: run it from a checkout');
  }
}
