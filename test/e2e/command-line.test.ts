import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, execute } from '../../hack/clusters/exec.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import type { Client } from '../../src/kube/client.ts';
import { leases, nodes } from '../../src/kube/resources.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { clientOf, find } from '../objects.ts';
import { isReady, isthmus } from '../provider.ts';

const clusters = openClusters();
const { upper } = clusters;
const a = lowerCluster(clusters, 'a');
const b = lowerCluster(clusters, 'b');
const folder = mkdtempSync(join(tmpdir(), 'isthmus-command-line-'));
const files = filesOf(clusters.directory, 'upper');
const node = 'vk-command-line';
const good = { upper: upper.kubeconfig, lower: a.kubeconfig };
let above: Client;

beforeAll(() => {
  above = clientOf(upper);
});
afterAll(async () => {
  await kubectl(upper, 'delete', 'node', node, `${node}-taken`, '--ignore-not-found');
  await above.transport.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs isthmus on this machine, which reaches every cluster, for as long as it takes to refuse. */
async function run(args: string[], environment: Record<string, string> = {}): Promise<CommandResult> {
  const clean = { PATH: process.env['PATH'], HOME: folder, VKUBELET_POD_IP: '127.0.0.1', ...environment };
  const signal = AbortSignal.timeout(100_000);
  return execute(process.execPath, [isthmus, ...args], { environment: clean, signal });
}

const provider = (kubeconfigs: { upper: string; lower: string }, ...more: string[]) => [
  'provider',
  '--nodename',
  node,
  '--kubeconfig',
  kubeconfigs.upper,
  '--client-kubeconfig',
  kubeconfigs.lower,
  ...more,
];

/** A kubeconfig like that of cluster a, with a part replaced. */
function kubeconfig(name: string, change: (text: string) => string): string {
  const file = join(folder, name);
  writeFileSync(file, change(readFileSync(a.kubeconfig, 'utf8')));
  return file;
}

/** What may be on stderr before: nothing. One line, and no stack. */
function expectRefusal(result: CommandResult, reason: RegExp): void {
  expect(result.stderr).toMatch(reason);
  expect(result.stderr.trimEnd().split('\n').length).toBe(1);
  expect(result.stderr).toMatch(/^isthmus: /);
  expect(result.stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
  expect(result.stdout).toBe('');
  expect(result.exitCode).toBeGreaterThan(0);
}

async function expectNothingWritten(): Promise<void> {
  expect(await find(above, nodes, { name: node })).toBeUndefined();
  expect(await find(above, leases, { namespace: 'kube-node-lease', name: node })).toBeUndefined();
}

describe('a start line that cannot work is refused in one line', () => {
  const nowhere = () =>
    kubeconfig('nowhere', (text) => text.replace(/server: .*/, 'server: https://127.0.0.1:9'));
  const stranger = () =>
    kubeconfig('stranger', (text) =>
      text.replace(/user:\n *client-[\s\S]*?\n(?=\S)/, 'user: { token: wrong }\n'),
    );
  const noContext = () => kubeconfig('no-context', (text) => text.replace(/current-context: .*\n/, ''));
  const garbage = () => kubeconfig('garbage', () => 'a: [b\n  c: {\n\tnot yaml');
  const other = () => kubeconfig('other', () => 'just words');
  const cases: [string, RegExp, () => [string[], Record<string, string>?]][] = [
    ['no command', /name a command/, () => [[]]],
    ['a command that is none', /Unknown command: fly|Unknown argument: fly/, () => [['fly']]],
    ['a wrong flag', /Unknown argument.*speed/, () => [provider(good, '--speed', '3')]],
    ['a level that is none', /log-level/, () => [provider(good, '--log-level', 'loud')]],
    [
      'workers that are none',
      /--pod-sync-workers must be a number above 0/,
      () => [provider(good, '--pod-sync-workers', 'x')],
    ],
    [
      'no lower kubeconfig',
      /give one of --client-kubeconfig, --clusters and --cluster-secrets/,
      () => [['provider', '--kubeconfig', good.upper]],
    ],
    [
      'a lower kubeconfig that is missing',
      /lower.*no such file/,
      () => [provider({ ...good, lower: join(folder, 'none') })],
    ],
    [
      'an upper kubeconfig that is missing',
      /upper.*no such file/,
      () => [provider({ ...good, upper: join(folder, 'none') })],
    ],
    [
      'no upper kubeconfig',
      /upper/,
      () => [['provider', '--nodename', node, '--client-kubeconfig', good.lower]],
    ],
    ['a kubeconfig that is a folder', /lower/, () => [provider({ ...good, lower: folder })]],
    [
      'a kubeconfig that is not YAML',
      /kubeconfig of the lower cluster/,
      () => [provider({ ...good, lower: garbage() })],
    ],
    [
      'a kubeconfig that is something else',
      /not a kubeconfig|no current-context/,
      () => [provider({ ...good, lower: other() })],
    ],
    ['no current-context', /no current-context/, () => [provider({ ...good, lower: noContext() })]],
    [
      'a lower API server that is not there',
      /the lower API server https:\/\/127.0.0.1:9.*ECONNREFUSED/,
      () => [provider({ ...good, lower: nowhere() })],
    ],
    [
      'a lower API server that does not know us',
      /the lower API server .*refuses us: Unauthorized/,
      () => [provider({ ...good, lower: stranger() })],
    ],
    [
      'a cluster joined to itself',
      /leads to the upper cluster itself/,
      () => [provider({ ...good, lower: good.upper })],
    ],
    [
      'an address of metrics that is none',
      /--metrics-addr is "10255"; write it as HOST:PORT/,
      () => [provider(good, '--metrics-addr', '10255')],
    ],
    ['a port that is none', /KUBELET_PORT is "high"/, () => [provider(good), { KUBELET_PORT: 'high' }]],
    [
      'half of a certificate',
      /APISERVER_CERT_LOCATION and APISERVER_KEY_LOCATION go together/,
      () => [provider(good), { APISERVER_CERT_LOCATION: files.key('nodes.crt') }],
    ],
    [
      'a certificate that is missing',
      /APISERVER_KEY_LOCATION names .*does not exist/,
      () => [
        provider(good),
        { APISERVER_CERT_LOCATION: files.key('nodes.crt'), APISERVER_KEY_LOCATION: '/none' },
      ],
    ],
    [
      'a certificate that is none',
      /certificate|PEM/,
      () => [provider(good), { APISERVER_CERT_LOCATION: a.kubeconfig, APISERVER_KEY_LOCATION: a.kubeconfig }],
    ],
    [
      'a node label that is none',
      /VKUBELET_NODE_LABEL/,
      () => [provider(good), { VKUBELET_NODE_LABEL: 'words' }],
    ],
    [
      'a multischeduler for other machines without a certificate',
      /--address :10290 is not only for this machine: give --cert-dir or --tls-cert-file/,
      () => [['multischeduler', '--kubeconfig', good.upper, '--clusters', 'none', '--address', ':10290']],
    ],
    [
      'a multischeduler that asks for certificates and has none',
      /--client-ca-file needs a certificate to serve with/,
      () => [
        ['multischeduler', '--kubeconfig', good.upper, '--clusters', 'none', '--client-ca-file', 'ca.crt'],
      ],
    ],
    [
      'a descheduler without its policy',
      /--policy-config-file: ENOENT/,
      () => [
        ['descheduler', '--kubeconfig', good.upper, '--clusters', 'none', '--policy-config-file', '/none'],
      ],
    ],
    [
      'a descheduler with a policy that has a slip',
      /^isthmus: policy.yaml: strategies: unknown key "PodLiveTime"; did you mean "PodLifeTime"\?/,
      () => {
        const policy = join(folder, 'policy.yaml');
        writeFileSync(policy, 'strategies: {PodLiveTime: {}}');
        return [
          ['descheduler', '--kubeconfig', good.upper, '--clusters', 'none', '--policy-config-file', policy],
        ];
      },
    ],
    ['status without a cluster', /kubeconfig/, () => [['status', '--kubeconfig', join(folder, 'none')]]],
  ];

  it.concurrent.each(cases)('%s', async (_name, reason, start) => {
    const [args, environment] = start();
    expectRefusal(await run(args, environment), reason);
  });

  it('and nothing is written', expectNothingWritten);

  it('so is a node name that stands for another lower cluster', async () => {
    const name = `${node}-taken`;
    const { metadata } = await above.create(nodes, {
      metadata: {
        name,
        labels: { type: 'virtual-kubelet' },
        annotations: { 'isthmus.io/lower-cluster': 'another' },
      },
      spec: { unschedulable: true },
    });
    const made = metadata?.managedFields?.map(({ manager, time }) => `${manager} ${time}`);
    const flags = ['--kubeconfig', upper.kubeconfig, '--client-kubeconfig', b.kubeconfig];
    const result = await run(['provider', '--nodename', name, ...flags]);
    expectRefusal(result, new RegExp(`${name} stands for the lower cluster another`));
    const { managedFields } = (await above.get(nodes, { name })).metadata ?? {};
    const writers = managedFields?.map(({ manager, time }) => `${manager} ${time}`);
    expect(writers?.filter((writer) => !writer.startsWith('kube-controller-manager'))).toEqual(made);
  });
});

describe('--help', () => {
  const commands = ['provider', 'webhook', 'multischeduler', 'descheduler', 'join', 'unjoin', 'explain'];
  it.concurrent.each([[], ...[...commands, 'up', 'down', 'status'].map((command) => [command])])(
    'of %s',
    async (...command) => {
      const { exitCode, stdout, stderr } = await run([...command, '--help']);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`isthmus ${command[0] ?? '<command>'}`);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
    },
  );
});

describe('a start line works as it stands', () => {
  const tensile =
    '--kube-api-qps 500 --kube-api-burst 1000 --client-qps 500 --client-burst 1000 --klog.v 4 --log-level debug';
  const everyFlag = `${tensile} --ignore-labels group.batch.scheduler.tencent.com --enable-controllers PVControllers,ServiceControllers --enable-serviceaccount true --disable-taint --namespace default --pod-sync-workers 50 --client-verify-ca ${files.key('ca.crt')} --no-verify-clients --authentication-token-webhook --metrics-addr :10255`;
  it.each([
    ['of the issue', '--log-level info'],
    ["of tensile-kube's README", tensile],
    ["with every flag of tensile-kube's", everyFlag],
  ])('%s', async (name, flags) => {
    const [port] = await freePorts(1);
    const key = `KUBELET_PORT=${port} APISERVER_CERT_LOCATION=${files.key('nodes.crt')} APISERVER_KEY_LOCATION=${files.key('nodes.key')}`;
    const start = `nohup ${isthmus} provider --nodename ${node} --provider k8s --kubeconfig ${upper.providerKubeconfig} --client-kubeconfig ${a.providerKubeconfig}`;
    const program = await clusters.run(`start-line-${name.length}`, [
      'sh',
      '-c',
      `${key} exec ${start} ${flags}`,
    ]);
    await eventually(async () => {
      const made = await find(above, nodes, { name: node });
      expect(made && isReady(made), readFileSync(program.logFile, 'utf8')).toBe(true);
      expect(made?.status?.daemonEndpoints?.kubeletEndpoint?.Port).toBe(port);
      const taints = made?.spec?.taints?.filter(({ key }) => key === 'virtual-kubelet.io/provider') ?? [];
      expect(taints.map(({ value, effect }) => [value, effect])).toEqual(
        flags.includes('--disable-taint') ? [] : [['k8s', 'NoSchedule']],
      );
    });
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    await kubectl(upper, 'delete', 'node', node);
  });
});
