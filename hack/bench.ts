import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { packageFolder } from '../src/cli/package-folder.ts';
import { burst } from './bench/parts/burst.ts';
import { bareMirror, isthmus, peer } from './bench/parts/contender.ts';
import { openPlace } from './bench/parts/place.ts';
import { steady } from './bench/parts/steady.ts';
import { startClusters } from './clusters/clusters.ts';
import { mustExecute } from './clusters/exec.ts';
import { stopClusters } from './clusters/stop.ts';

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    pods: { type: 'string', default: '300' },
    token: { type: 'boolean', default: false },
    order: { type: 'string', default: 'miim' },
    steady: { type: 'string', default: '0' },
  },
});
await mustExecute('npm', ['run', 'build'], { cwd: packageFolder() });
const mirror = join(packageFolder(), 'dist', 'bench', 'bare-mirror.js');
await build({
  entryPoints: [join(packageFolder(), 'hack', 'bench', 'bare-mirror.ts')],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outfile: mirror,
  logLevel: 'warning',
  sourcemap: true,
  external: ['undici', 'yaml', 'lru-cache'],
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
});
const directory = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
const t0 = Date.now();
const stop = async () => {
  await stopClusters(directory);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void stop().finally(() => process.exit(130)));
try {
  const clusters = await startClusters({
    directory,
    owned: true,
    audited: true,
    lower: [{ name: 'b', nodes: { kind: 'kwok', nodes: 100 } }],
  });
  const place = openPlace(clusters);
  console.log('clusters', Date.now() - t0);
  const prof = values.profile
    ? ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${values.profile}`]
    : [];
  const kinds = { p: peer('/usr/bin/node ' + prof.join(' ') + ' /tmp/w-bench-base/bin/isthmus provider --nodename $NODE_NAME --metrics-addr= --kubeconfig $UPPER_KUBECONFIG --client-kubeconfig $LOWER_KUBECONFIG'), m: bareMirror(mirror, prof), i: isthmus(prof) };
  for (const letter of values.order) {
    const running = await kinds[letter as 'm' | 'i' | 'p'].start(place);
    await burst(place, running, 50);
    console.log(
      running.name,
      Date.now() - t0,
      JSON.stringify(await burst(place, running, Number(values.pods), { hasToken: values.token }), (_, v) =>
        typeof v === 'number' ? Math.round(v * 100) / 100 : v,
      ),
    );
    if (values.steady !== '0')
      console.log(
        JSON.stringify(await steady(place, running, { rate: 10, seconds: Number(values.steady) }), (_, v) =>
          typeof v === 'number' ? Math.round(v * 100) / 100 : v,
        ),
      );
    await running.stop();
  }
  console.log('end', Date.now() - t0);
  await place.close();
} finally {
  await stop();
}
process.exit(0);
