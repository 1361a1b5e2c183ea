/** Which folder may import which: cli -> operations, programs -> metrics, translate, scheduling -> the types of kube. */
const programs = ['provider', 'joining', 'controllers', 'webhook', 'multischeduler', 'descheduler'];

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.(d|test)\\.ts$|\\.config\\.ts$|\\.[cm]js$' },
      to: {},
    },
    {
      name: 'pure-stays-pure',
      comment:
        'translate/ and scheduling/ know no client, no clock, no logger: of kube/ only types, errors and quantities.',
      severity: 'error',
      from: { path: '^src/(translate|scheduling)/', pathNot: '\\.test\\.ts$' },
      to: {
        pathNot:
          '^src/(translate|scheduling)/|^src/kube/(types|quantity|selector)\\.ts$|^node:crypto$|^crypto$',
      },
    },
    {
      name: 'kube-stands-alone',
      comment: 'The API machinery knows nothing of what is built on it.',
      severity: 'error',
      from: { path: '^src/kube/' },
      to: { path: '^src/(?!kube/)' },
    },
    {
      name: 'clusters-is-neutral',
      comment: 'Which lower clusters there are: programs import it, and it imports none of them.',
      severity: 'error',
      from: { path: '^src/clusters/' },
      to: { path: '^src/(?!clusters/|kube/|translate/|scheduling/)' },
    },
    {
      name: 'serving-is-neutral',
      comment: 'Certificates and HTTPS: the same for every program that others call.',
      severity: 'error',
      from: { path: '^src/serving/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(?!serving/|kube/)' },
    },
    {
      name: 'metrics-know-only-kube',
      comment: 'Metrics implement the observers of kube; any program may use them, and they use none.',
      severity: 'error',
      from: { path: '^src/metrics/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(?!metrics/|kube/)' },
    },
    {
      name: 'operations-know-no-program',
      comment: 'The operations server is the same for every program.',
      severity: 'error',
      from: { path: '^src/operations/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(?!operations/|kube/)' },
    },
    {
      name: 'only-metrics-count',
      severity: 'error',
      from: { path: '^src/(?!metrics/)' },
      to: { path: 'node_modules/prom-client' },
    },
    ...programs.map((program) => ({
      name: `${program}-imports-no-other-program`,
      severity: 'error',
      from: { path: `^src/${program}/` },
      to: { path: `^src/(${programs.filter((other) => other !== program).join('|')}|cli)/` },
    })),
    {
      name: 'src-imports-no-tests',
      severity: 'error',
      from: { path: '^(src|hack)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    {
      name: 'only-local-clusters-import-hack',
      comment: 'up and down are hack/clusters; status looks there when nothing else names a cluster.',
      severity: 'error',
      from: { path: '^src/(?!cli/(up|up-command|down|upper-kubeconfig|explain/run|status/run)\\.ts$)' },
      to: { path: '^hack/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-at-run-time',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API, and without a parser for .ts nothing is looked at (docs/decisions/).
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
