import { homedir } from 'node:os';
import { join } from 'node:path';

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
