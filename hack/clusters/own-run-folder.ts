import { fileURLToPath } from 'node:url';
import { mustExecute } from './exec.ts';

/**
 * Runs a module of this folder, given as text, where /run is empty and its own: what the machine's sets have claimed there
 * is neither seen nor touched. Needs root on Linux. Returns what it prints, as JSON.
 */
export async function runWithOwnRunFolder(script: string): Promise<unknown> {
  const inside = 'mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec "$@"';
  const node = ['node', '--import', 'tsx', '--input-type=module', '--eval', script];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  return JSON.parse(await mustExecute('unshare', ['-m', 'sh', '-c', inside, 'sh', ...node], { cwd }));
}
