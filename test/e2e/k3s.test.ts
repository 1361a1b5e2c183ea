import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { execute } from '../../hack/clusters/exec.ts';
import { hasDocker } from '../../hack/clusters/k3s.ts';
import { packageFolder } from '../../src/cli/package-folder.ts';

// The one thing that takes more than root: a Docker engine, and a registry with the image of k3s.
it.runIf(await hasDocker())(
  'k3s containers, with a Docker engine, stand in for the lower clusters',
  async () => {
    const state = join(mkdtempSync(join(tmpdir(), 'isthmus-k3s-')), 'state');
    const environment = { ...process.env, ISTHMUS_STATE: state, ISTHMUS_CLUSTERS: 'k3s' };
    const run = (command: string) =>
      execute(process.execPath, [join(packageFolder(), 'bin', 'isthmus'), command], { environment });
    try {
      expect(await run('up')).toMatchObject({ exitCode: 0, stderr: '' });
      const kubeconfig = ['--kubeconfig', join(state, 'upper.kubeconfig')];
      const { stdout } = await execute(join(state, 'kubectl'), [
        ...kubeconfig,
        'get',
        'nodes',
        '--no-headers',
      ]);
      expect(stdout).toMatch(/vk-a +Ready .*k3s/);
    } finally {
      await run('down');
    }
    const left = await execute('docker', ['ps', '-aq', '--filter', `label=isthmus.directory=${state}`]);
    expect(left.stdout).toBe('');
  },
  600_000,
);
