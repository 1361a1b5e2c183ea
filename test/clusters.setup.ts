import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type LowerClusterOptions, startClusters } from '../hack/clusters/clusters.ts';
import { mustExecute } from '../hack/clusters/exec.ts';
import { stopClusters } from '../hack/clusters/stop.ts';
import { packageFolder } from '../src/cli/package-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the clusters of this test run are. */
    clustersDirectory: string;
  }
}

/** What most tests share: `a` with a real kubelet, `b` with 100 kwok nodes. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setUpClusters(project, [
    { name: 'a', nodes: { kind: 'kubelet' } },
    { name: 'b', nodes: { kind: 'kwok', nodes: 100 } },
  ]);
}

/**
 * Builds the program and starts one set of clusters for the whole run: upper and these lower ones. Stops them when the
 * run ends, fails or is interrupted; a run that was killed leaves them to the next.
 */
export async function setUpClusters(
  project: TestProject,
  lower: readonly LowerClusterOptions[],
): Promise<() => Promise<void>> {
  await mustExecute('npm', ['run', 'build'], { cwd: packageFolder() });
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-test-'));
  const interrupted = new AbortController();
  const stop = async () => {
    for (const signal of signals) process.off(signal, onSignal);
    await stopClusters(directory);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    interrupted.abort(new Error(signal));
    void stop().finally(() => process.exit(130));
  };
  for (const signal of signals) process.on(signal, onSignal);
  await startClusters({
    directory,
    owned: true,
    audited: true,
    dualStack: ['upper', 'a'],
    signal: interrupted.signal,
    progress: (line) => process.stderr.write(`clusters: ${line}\n`),
    lower,
  });
  project.provide('clustersDirectory', directory);
  return stop;
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
