import { readFileSync, writeFileSync } from 'node:fs';

const INSTANCES = '/proc/sys/fs/inotify/max_user_instances';
const ENOUGH = 1024;

/**
 * Raises the number of file watchers a user may have, if it is Linux's default of 128. A control plane takes 13 of
 * them and a kubelet with its containerd 7, so that the third set of clusters would fail, each program in its own
 * obscure way ("unknown service runtime.v1.RuntimeService" from a containerd that cannot watch its CNI folder).
 */
export function raiseWatchLimit(progress: (line: string) => void, file = INSTANCES): void {
  try {
    const limit = Number(readFileSync(file, 'utf8'));
    if (limit >= ENOUGH) return;
    writeFileSync(file, String(ENOUGH));
    progress(`raised fs.inotify.max_user_instances from ${limit} to ${ENOUGH}`);
  } catch {
    // Not root, or a container that may not: two sets of clusters still fit into the default.
  }
}
