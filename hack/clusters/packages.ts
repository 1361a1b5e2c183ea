import { existsSync } from 'node:fs';
import { execute, which } from './exec.ts';
import { lines } from './text.ts';

/** A file that each Debian package brings: what it is installed for. */
const needed: readonly [debianPackage: string, ...files: string[]][] = [
  ['containerd', '/usr/bin/containerd', '/bin/containerd'],
  ['runc', '/usr/sbin/runc', '/usr/bin/runc', '/sbin/runc'],
  ['containernetworking-plugins', '/usr/lib/cni/bridge', '/opt/cni/bin/bridge'],
  ['busybox-static', '/bin/busybox', '/usr/bin/busybox'],
  ['iptables', '/usr/sbin/iptables', '/sbin/iptables', '/usr/bin/iptables'],
  ['iproute2', '/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
];

/** The Debian packages this machine still lacks for containers. */
export function missingPackages(exists: (path: string) => boolean = existsSync): string[] {
  return needed.filter(([, ...files]) => !files.some(exists)).map(([name]) => name);
}

/**
 * Installs what is missing for a real kubelet, and returns undefined when all is there, or one line that says why
 * it is not. Starts no service where invoke-rc.d asks for the run level; one that starts anyway is not ours to use.
 */
export async function installPackages(
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  if (!(await which('apt-get'))) return `${missing.join(', ')} not found, and this is not Debian`;
  progress(`installing ${missing.join(', ')} with apt-get`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C' };
  const options = { environment, signal };
  const updated = await execute('apt-get', ['update', '-q'], options);
  const install = [
    'install',
    '-q',
    '-y',
    '-o',
    'DPkg::Lock::Timeout=120',
    '--no-install-recommends',
    ...missing,
  ];
  const { exitCode, stderr } = await execute('apt-get', install, options);
  const left = missingPackages();
  if (exitCode === 0 && left.length === 0) return undefined;
  const why = lines(stderr || updated.stderr).at(-1) ?? `exit code ${exitCode}`;
  return `apt-get could not install ${(left.length > 0 ? left : missing).join(', ')}: ${why}`;
}
