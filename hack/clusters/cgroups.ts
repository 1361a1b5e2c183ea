import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

const ROOT = '/sys/fs/cgroup';

/**
 * Makes the parent of a kubelet's pod cgroups. Each kubelet needs its own, made beforehand: with a common one each
 * takes the other's pods for leftovers and kills them.
 */
export function createCgroup(name: string): void {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) {
    const controllers = readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' ');
    // One by one: a single controller that cannot be delegated must not take the others along.
    for (const controller of controllers) write(join(ROOT, 'cgroup.subtree_control'), `+${controller}`);
  }
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // A new cpuset is empty, and no process can be put into it until it names processors and memory.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = join(hierarchy, file);
      if (existsSync(parent) && existsSync(join(folder, file)))
        write(join(folder, file), readFileSync(parent, 'utf8'));
    }
  }
}

/** Kills whatever is left in a cgroup and removes it with everything below it, in every hierarchy. */
export async function removeCgroup(name: string): Promise<void> {
  for (const folder of hierarchies().map((hierarchy) => join(hierarchy, name))) {
    await waitFor(
      () => removeTree(folder),
      () => `the cgroup ${folder} cannot be removed`,
      { within: 10_000, every: 20 },
    );
  }
}

/** The names of the cgroups at the top that begin like this, in whichever hierarchy. */
export function cgroupsOf(prefix: string): string[] {
  const names = hierarchies().flatMap((hierarchy) => readdirSync(hierarchy));
  return [...new Set(names.filter((name) => name.startsWith(prefix)))];
}

/** The mounted hierarchies: one for each controller in version 1, a single one in version 2. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, 'cgroup.procs'))) return [ROOT];
  if (!existsSync(ROOT)) return [];
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(ROOT, entry.name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')));
}

/** True when the folder is gone; kills what it holds otherwise, which takes a moment to leave. */
function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function write(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch {
    // Not every machine lets every controller be set; the kubelet names the one that it misses.
  }
}
