import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { packageFolder } from '../src/cli/package-folder.ts';
import { describeError } from '../src/kube/errors.ts';
import { heldPods } from './bench/held-pods.ts';
import { manyClusters } from './bench/many-clusters.ts';
import { manyPods } from './bench/many-pods.ts';
import type { Bench, Measurement, Row } from './bench/parts/bench.ts';
import { bareMirror, isthmus, peer } from './bench/parts/contender.ts';
import { openPlace } from './bench/parts/place.ts';
import { tableOf } from './bench/parts/table.ts';
import { quick } from './bench/quick.ts';
import { steadyStream } from './bench/steady-stream.ts';
import { streams } from './bench/streams.ts';
import { startClusters } from './clusters/clusters.ts';
import { mustExecute } from './clusters/exec.ts';
import { stopClusters } from './clusters/stop.ts';

/** What `--only` names; all of them but for the last take a few minutes each. */
const measurements: Readonly<Record<string, Measurement>> = {
  burst: manyPods(1_000),
  tokens: manyPods(300, { hasToken: true }),
  steady: steadyStream,
  held: heldPods(1_000),
  clusters: manyClusters,
  streams,
  'burst-10000': manyPods(10_000),
  'held-10000': heldPods(10_000),
};

const help = `hack/bench.sh [--quick | --only NAME ...] [--peer COMMAND] [--json FILE] [--profile FOLDER]

  --quick     the comparison with the bare mirror in under three minutes; fails when isthmus is too slow
  --only      ${Object.keys(measurements).join(', ')}; may be given several times
  --peer      shell command that starts another implementation; see hack/bench/parts/contender.ts
  --json      where the figures go
  --profile   where Node writes a .cpuprofile of each run, for hack/bench/profile.ts
`;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const only = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    options: { quick: flag, help: flag, only, peer: text, json: text, profile: text },
  });
  if (values.help) return void process.stdout.write(help);
  const names = values.only ?? Object.keys(measurements);
  const unknown = names.find((name) => !(name in measurements));
  if (unknown !== undefined)
    throw new Error(`--only: "${unknown}" is none of ${Object.keys(measurements).join(', ')}`);
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  await inClusters(async (directory, signal) => {
    const flags = values.profile
      ? ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${values.profile}`]
      : [];
    const [mirrorScript = '', pipeScript = ''] = await buildPrograms(['bare-mirror', 'bare-pipe']);
    const clusters = await startClusters({
      ...{ directory, signal, owned: true, audited: true },
      lower: [{ name: 'b', nodes: { kind: 'kwok', nodes: 100 } }],
    });
    const place = openPlace(clusters);
    const bench: Bench = {
      ...{ place, progress, pipeScript },
      isthmus: isthmus(flags),
      mirror: bareMirror(mirrorScript, flags),
      peer: values.peer === undefined ? undefined : peer(values.peer),
    };
    const rows: Row[] = [];
    let failure: string | undefined;
    if (values.quick) {
      const outcome = await quick(bench);
      rows.push(...outcome.rows);
      failure = outcome.failure;
    } else for (const name of names) rows.push(...((await measurements[name]?.(bench)) ?? []));
    process.stdout.write(`${tableOf(rows)}\n`);
    if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine: machine(), rows }, null, 2)}\n`);
    await place.close();
    if (failure !== undefined) throw new Error(failure);
  });
}

/** Builds isthmus, and these programs of hack/bench. @returns where the bundles of the latter are */
async function buildPrograms(names: readonly string[]): Promise<string[]> {
  await mustExecute('npm', ['run', 'build'], { cwd: packageFolder() });
  const outdir = join(packageFolder(), 'dist', 'bench');
  await build({
    entryPoints: names.map((name) => join(packageFolder(), 'hack', 'bench', `${name}.ts`)),
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'esm', outdir, logLevel: 'warning' },
    // As the program itself is bundled: see hack/build.ts.
    external: ['undici', 'yaml', 'lru-cache'],
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  });
  return names.map((name) => join(outdir, `${name}.js`));
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** Whatever is started there ends with the work, also when somebody interrupts it. */
async function inClusters(work: (directory: string, signal: AbortSignal) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      interrupted.abort(new Error(signal));
      void stopClusters(directory).finally(() => process.exit(130));
    });
  try {
    await work(directory, interrupted.signal);
  } finally {
    await stopClusters(directory);
  }
}

main().then(
  // Watches that were never asked to end would keep the process.
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`hack/bench.sh: ${describeError(error)}\n`);
    process.exit(1);
  },
);
