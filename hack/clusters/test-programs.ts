import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { isExecutable } from './binaries.ts';
import { execute } from './exec.ts';
import { cacheFolder } from './folders.ts';
import { lines } from './text.ts';
import { versions } from './versions.ts';

interface TestProgram {
  /** Part of its place in the cache; the one that decides what is built is in go.mod. */
  readonly version: string;
  /** Folder below hack/tools. */
  readonly module: string;
  /** What to tell `go`, without the output. */
  readonly build: readonly string[];
}

const stripped = ['-trimpath', '-ldflags', '-s -w'];
const older = 'v1.32.3';
const olderStamps = [`gitVersion=${older}`, 'gitMajor=1', 'gitMinor=32'].map(
  (stamp) => `-X k8s.io/component-base/version.${stamp}`,
);

/** Programs that single tests need and most clusters do not; `isthmus up` gets those of service-programs.ts. */
const testPrograms = {
  'metrics-server': {
    version: 'v0.9.0',
    module: 'metrics-server',
    build: ['build', ...stripped, 'sigs.k8s.io/metrics-server/cmd/metrics-server'],
  },
  'kube-proxy': {
    version: versions.kubernetes,
    module: 'kubernetes',
    build: ['build', ...stripped, 'k8s.io/kubernetes/cmd/kube-proxy'],
  },
  coredns: {
    version: versions.coredns,
    module: 'coredns',
    build: ['build', ...stripped, '.'],
  },
  'kubectl-1.32': {
    version: older,
    module: 'kubectl-1.32',
    build: ['build', '-trimpath', '-ldflags', ['-s', '-w', ...olderStamps].join(' '), '.'],
  },
  'virtual-kubelet.test': {
    version: 'v1.13.0',
    module: 'virtual-kubelet',
    build: ['test', '-c', ...stripped, '.'],
  },
} as const satisfies Record<string, TestProgram>;

export type TestProgramName = keyof typeof testPrograms;

/**
 * The path of a program that a test needs, built with Go into the cache when it is not there: minutes the first
 * time, nothing afterwards. Throws one line that says what to install.
 */
export async function findTestProgram(name: TestProgramName): Promise<string> {
  const path = pathOfTestProgram(name);
  if (!isExecutable(path)) await build(name, testPrograms[name], dirname(path));
  return path;
}

/** Where a program is, or is to be: in ISTHMUS_BIN_DIR if that has it, else in the cache. */
export function pathOfTestProgram(name: TestProgramName): string {
  const given = process.env['ISTHMUS_BIN_DIR'];
  if (given && isExecutable(join(given, name))) return join(given, name);
  return join(cacheFolder(), 'bin', testPrograms[name].version, name);
}

/** It appears in the folder whole or not at all. */
async function build(name: string, program: TestProgram, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, '.build-'));
  const output = join(temporary, name);
  const [command = '', ...rest] = program.build;
  const options = {
    cwd: join(packageFolder(), 'hack', 'tools', program.module),
    environment: { ...process.env, CGO_ENABLED: '0' },
  };
  try {
    const arguments_ = [command, '-o', output, ...rest];
    const { exitCode, stderr } = await execute('go', arguments_, options).catch((cause: unknown) => {
      const advice = 'install Go 1.26 or newer, or name the folder that has it in ISTHMUS_BIN_DIR';
      throw new Error(`cannot build ${name}: ${advice}`, { cause });
    });
    if (exitCode !== 0)
      throw new Error(`go ${command} of ${name} failed: ${lines(stderr).slice(-4).join(' / ')}`);
    renameSync(output, join(folder, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
