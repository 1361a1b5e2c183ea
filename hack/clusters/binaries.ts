import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { download, reachableReleases } from './download.ts';
import { execute } from './exec.ts';
import { cacheFolder } from './folders.ts';
import { goBuild } from './gobuild.ts';
import { messageOf } from './text.ts';
import { type Binaries, moduleOf, type Program, programs, versions } from './versions.ts';

export interface FindBinariesOptions {
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds every program, getting what is missing: ISTHMUS_BIN_DIR, KUBEBUILDER_ASSETS, the cache, a verified
 * download into the cache, a build with Go into the cache. Throws one line that says what to install.
 */
export async function findBinaries(options: FindBinariesOptions = {}): Promise<Binaries> {
  const { progress = () => {}, signal, environment = process.env } = options;
  if (process.platform !== 'linux')
    throw new Error('local clusters need Linux: Kubernetes has no node for other systems');
  const cache = join(cacheFolder(environment), 'bin', versions.kubernetes);
  const folders = [environment['ISTHMUS_BIN_DIR'], environment['KUBEBUILDER_ASSETS'], cache];
  const found = locate(folders);
  let missing = programs.filter((program) => !found.has(program));
  if (missing.length > 0) {
    mkdirSync(cache, { recursive: true });
    progress(`missing ${missing.join(', ')}: trying to download`);
    missing = await downloadAll(missing, cache, progress, signal);
  }
  if (missing.length > 0) {
    const hasGo = (await execute('go', ['version']).catch(() => undefined))?.exitCode === 0;
    if (!hasGo) throw new Error(complaint(missing));
    await goBuild(missing, cache, progress, signal);
  }
  const complete = locate(folders);
  return Object.fromEntries(programs.map((program) => [program, mustGet(complete, program)])) as Binaries;
}

/** The first executable of each name, in the order of the folders; undefined folders are skipped. */
export function locate(folders: readonly (string | undefined)[]): Map<Program, string> {
  const found = new Map<Program, string>();
  for (const program of programs) {
    const path = folders.flatMap((folder) => (folder ? [join(folder, program)] : [])).find(isExecutable);
    if (path !== undefined) found.set(program, path);
  }
  return found;
}

/** What a user reads who has neither a network nor Go. */
export function complaint(missing: readonly Program[]): string {
  return (
    `cannot get ${missing.join(', ')}: no release site can be reached and there is no Go; ` +
    'install Go 1.26 or newer, or put the programs into a folder and name it in ISTHMUS_BIN_DIR'
  );
}

/** Downloads what can be, and returns what could not. */
async function downloadAll(
  missing: readonly Program[],
  cache: string,
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Program[]> {
  const reachable = await reachableReleases(signal);
  if (reachable.size === 0) progress('no release site can be reached');
  const left: Program[] = [];
  for (const program of missing) {
    if (!reachable.has(moduleOf(program))) {
      left.push(program);
      continue;
    }
    try {
      progress(`downloading ${program}`);
      await download(program, cache, signal);
    } catch (error) {
      signal?.throwIfAborted();
      progress(`downloading ${program} failed: ${messageOf(error)}`);
      left.push(program);
    }
  }
  return left;
}

function mustGet(found: ReadonlyMap<Program, string>, program: Program): string {
  const path = found.get(program);
  if (path === undefined) throw new Error(`${program} is still missing after download and build`);
  return path;
}

/** Whether there is a file that may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
