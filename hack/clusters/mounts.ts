import { readFileSync } from 'node:fs';
import { execute } from './exec.ts';

/** Every mount at or below a folder, the innermost first. */
export function mountsBelow(
  folder: string,
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): string[] {
  return mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) =>
      path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Unmounts everything below a folder, detaching what is still in use. */
export async function unmountBelow(folder: string): Promise<void> {
  const mounts = mountsBelow(folder);
  // In portions: the list of a kubelet with 250 pods does not fit into one command line.
  for (let at = 0; at < mounts.length; at += 100)
    await execute('umount', ['-l', ...mounts.slice(at, at + 100)]);
}
