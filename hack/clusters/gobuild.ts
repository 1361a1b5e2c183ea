import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { execute } from './exec.ts';
import { lines } from './text.ts';
import { moduleOf, type Program, versions } from './versions.ts';

const packages: Readonly<Record<ReturnType<typeof moduleOf>, (program: Program) => string>> = {
  kubernetes: (program) => `k8s.io/kubernetes/cmd/${program}`,
  etcd: () => 'go.etcd.io/etcd/server/v3',
  kwok: () => 'sigs.k8s.io/kwok/cmd/kwok',
};

/** The arguments of `go build` for a program. Without a version, a server would call itself v0.0.0. */
export function goArguments(program: Program, output: string): string[] {
  const module = moduleOf(program);
  const [major = '', minor = ''] = versions.kubernetes.slice(1).split('.');
  const variable = 'k8s.io/component-base/version';
  const stamps = [`gitVersion=${versions.kubernetes}`, `gitMajor=${major}`, `gitMinor=${minor}`];
  const flags = [
    '-s',
    '-w',
    ...(module === 'kubernetes' ? stamps.map((stamp) => `-X ${variable}.${stamp}`) : []),
  ];
  return ['build', '-trimpath', '-ldflags', flags.join(' '), '-o', output, packages[module](program)];
}

/**
 * Builds programs from the modules in hack/tools into the folder, one after the other (the compiler uses all cores
 * by itself). Each appears there whole or not at all. About ten minutes on two cores when nothing is cached.
 */
export async function goBuild(
  programs: readonly Program[],
  folder: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = mkdtempSync(join(folder, '.build-'));
  try {
    for (const program of programs) {
      const started = Date.now();
      const seconds = () => Math.round((Date.now() - started) / 1000);
      progress(`building ${program} with Go`);
      const ticker = setInterval(() => progress(`building ${program} with Go: ${seconds()} s`), 15_000);
      try {
        await build(program, join(temporary, program), signal);
      } finally {
        clearInterval(ticker);
      }
      chmodSync(join(temporary, program), 0o755);
      renameSync(join(temporary, program), join(folder, program));
      progress(`built ${program} in ${seconds()} s`);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function build(program: Program, output: string, signal: AbortSignal | undefined): Promise<void> {
  const cwd = join(packageFolder(), 'hack', 'tools', moduleOf(program));
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: process.env['GOFLAGS'] ?? '' };
  const { exitCode, stderr } = await execute('go', goArguments(program, output), {
    cwd,
    environment,
    signal,
  });
  if (exitCode !== 0)
    throw new Error(`go build of ${program} failed: ${lines(stderr).slice(-4).join(' / ')}`);
}
