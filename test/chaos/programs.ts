import { join } from 'node:path';
import { startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import type { LocalClusters } from '../../hack/clusters/open.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import { recordOf } from '../../hack/clusters/programs.ts';
import { installWebhook, writeWebhookKubeconfig } from '../../hack/clusters/webhook.ts';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { isthmus } from '../provider.ts';
import { leadTo } from '../webhook.ts';
import type { Line } from './line.ts';
import { createProgram, type Program } from './program.ts';

/** A replica that is dead is replaced after this time, in seconds. */
const leaseDuration = 6;

const preload = { NODE_OPTIONS: `--import=${join(packageFolder(), 'test', 'chaos', 'clock.mjs')}` };

export interface ProgramsOptions {
  readonly clusters: LocalClusters;
  /** Names the lower clusters, with kubeconfigs over their lines. */
  readonly file: string;
  readonly folder: string;
  /** To the upper cluster. */
  readonly line: Line;
}

/** Starts two replicas of the provider, a webhook, a multischeduler and a descheduler. */
export async function startPrograms(options: ProgramsOptions): Promise<Program[]> {
  const programs = [
    await providerOf(options, 1),
    await providerOf(options, 2),
    await webhookOf(options),
    await multischedulerOf(options),
    await deschedulerOf(options),
  ];
  for (const program of programs) await program.start();
  return programs;
}

async function providerOf({ clusters, file, line }: ProgramsOptions, number: number): Promise<Program> {
  const { upper, directory } = clusters;
  const name = `provider-${number}`;
  const files = filesOf(directory, upper.name);
  const [port = 0, metrics = 0] = await freePorts(2);
  const election = ['--leader-elect', '--leader-elect-resource-namespace=isthmus-system'];
  return createProgram(clusters, {
    name,
    command: [
      ...[process.execPath, isthmus, 'provider', '--clusters', file],
      ...['--kubeconfig', line.kubeconfig(upper.providerKubeconfig, name)],
      ...[...election, `--leader-elect-lease-duration=${leaseDuration}s`],
      ...['--upper-api-address', new URL(line.cable.connection.server).host],
      `--metrics-addr=${upper.address}:${metrics}`,
    ],
    environment: {
      ...preload,
      KUBELET_PORT: String(port),
      VKUBELET_POD_IP: upper.address,
      APISERVER_CERT_LOCATION: files.key('nodes.crt'),
      APISERVER_KEY_LOCATION: files.key('nodes.key'),
    },
    metrics: `http://${upper.address}:${metrics}`,
  });
}

async function webhookOf({ clusters, folder, line }: ProgramsOptions): Promise<Program> {
  const { upper } = clusters;
  await installWebhook(upper);
  const own = join(folder, 'webhook-own.kubeconfig');
  await writeWebhookKubeconfig(upper, own, '24h');
  const [port = 0, metrics = 0] = await freePorts(2);
  await leadTo(upper, { port });
  return createProgram(clusters, {
    name: 'webhook',
    command: [
      ...[process.execPath, isthmus, 'webhook', '--kubeconfig', line.kubeconfig(own, 'webhook')],
      ...['--port', `${port}`, `--metrics-addr=${upper.address}:${metrics}`],
    ],
    environment: preload,
    metrics: `http://${upper.address}:${metrics}`,
  });
}

/** Its first start makes the certificate, and the upper scheduler asks it from then on. */
async function multischedulerOf({ clusters, file }: ProgramsOptions): Promise<Program> {
  const first = await startMultischeduler(clusters, ['--clusters', file]);
  const { command } = recordOf(clusters.directory, 'multischeduler');
  first.program.kill('SIGKILL');
  await first.program.exited;
  return createProgram(clusters, {
    name: 'chaos-multischeduler',
    command: command.slice(command.indexOf('--') + 1),
    environment: preload,
  });
}

async function deschedulerOf({ clusters, file, line }: ProgramsOptions): Promise<Program> {
  const { upper } = clusters;
  const [metrics = 0] = await freePorts(1);
  return createProgram(clusters, {
    name: 'descheduler',
    command: [
      ...[process.execPath, isthmus, 'descheduler', '--clusters', file, '--descheduling-interval=5'],
      ...['--kubeconfig', line.kubeconfig(upper.deschedulerKubeconfig, 'descheduler')],
      `--metrics-addr=${upper.address}:${metrics}`,
    ],
    environment: preload,
    metrics: `http://${upper.address}:${metrics}`,
  });
}
