import fc from 'fast-check';
import yargs, { type Argv } from 'yargs';
import { addDeschedulerFlags } from '../../../src/cli/descheduler-flags.ts';
import { kubeletPort, lowerClusterOf, refusedFeatures } from '../../../src/cli/flags-cluster.ts';
import { kubeletSettings } from '../../../src/cli/kubelet-settings.ts';
import { addMultischedulerFlags } from '../../../src/cli/multischeduler-flags.ts';
import { ownAddresses } from '../../../src/cli/own-addresses.ts';
import { addProviderFlags, type ProviderFlags, providerFlags } from '../../../src/cli/provider-flags.ts';
import { addWebhookFlags } from '../../../src/cli/webhook-flags.ts';
import { hostileText } from '../parts/hostile-values.ts';
import { damaged } from '../parts/mutate-bytes.ts';
import type { Border } from './border.ts';

const names = [
  ...Object.keys(providerFlags),
  'policy-config-file',
  'descheduling-interval',
  'avoid-for',
  'tried',
  'address',
  'stale-after',
  'port',
  'secret',
  'certificate-lifetime',
  'max-pods-to-evict-per-minute',
  '__proto__',
  'constructor',
  'a.b',
  'no-leader-elect',
  '',
];
const values = [
  'vk-a',
  'cpu=100,nvidia.com/gpu=8',
  'disk=ssd,!spot',
  'fast=ssd,slow=',
  '10.0.0.0/8=11.0.0.0/8',
  'hostPath',
  'a.example:6443',
  '5m',
  '1',
  'ns/name',
  ':10290',
];
const value = fc.oneof(fc.constantFrom(...values), damaged(values), hostileText);
const argument = fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `--${name}=${text}`);
const lines = fc
  .array(fc.oneof(argument, value), { maxLength: 5 })
  .map((all) => JSON.stringify(['--clusters=a', ...all]));

const variables = [
  'KUBELET_PORT',
  'VKUBELET_NODE_LABEL',
  'VKUBELET_TAINT_KEY',
  'VKUBELET_TAINT_VALUE',
  'VKUBELET_TAINT_EFFECT',
  'VKUBELET_POD_IP',
  'VKUBELET_EXTERNAL_POD_IP',
  'APISERVER_CERT_LOCATION',
  'APISERVER_KEY_LOCATION',
  'APISERVER_CA_CERT_LOCATION',
];
const said = ['10250', 'disk: ssd', 'example.com/a', 'NoSchedule', '10.0.0.1', '/etc/hostname'];
const environments = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom(...variables),
      fc.oneof(fc.constantFrom(...said), damaged(said), hostileText),
    ),
    fc.dictionary(
      fc.constantFrom(
        'nodename',
        'provider',
        'node-selector',
        'capacity',
        'ignore-labels',
        'storage-classes',
        'pod-cidr-map',
        'service-selector',
        'system-services',
        'upper-api-address',
        'refuse',
        'namespace',
      ),
      value,
    ),
  )
  .map((all) => JSON.stringify(all));
const flagsOf = (add: (parser: Argv) => Argv, line: string[]) =>
  add(
    yargs(line).exitProcess(false).fail(false).help(false).version(false).parserConfiguration({
      'boolean-negation': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
    }),
  )
    .strict()
    .parseAsync();
const defaults = {
  ...(yargs([]).options(providerFlags).parseSync() as ProviderFlags),
  'client-kubeconfig': 'a',
};
/** yargs throws its own, and what a check throws. */
const isOfFlags = (error: unknown) =>
  error instanceof Error && ['Error', 'YError', 'KubeError'].includes(error.name);

/** Command lines and environment. */
export const flags: readonly Border[] = [
  {
    name: 'flags of all programs',
    covers: [
      'cli/provider-flags.ts',
      'cli/webhook-flags.ts',
      'cli/multischeduler-flags.ts',
      'cli/descheduler-flags.ts',
    ],
    inputs: lines,
    mayThrow: isOfFlags,
    read: async (text) => {
      const line = JSON.parse(text) as string[];
      const adders = [addProviderFlags, addWebhookFlags, addMultischedulerFlags, addDeschedulerFlags] as ((
        parser: Argv,
      ) => Argv)[];
      await flagsOf(adders[text.length % adders.length] ?? addProviderFlags, line);
      return 'read';
    },
  },
  {
    name: 'one cluster in flags and environment',
    covers: [
      'cli/flags-cluster.ts',
      'cli/kubelet-settings.ts',
      'cli/own-addresses.ts',
      'cli/cluster-source.ts',
    ],
    inputs: environments,
    read: async (text) => {
      const [environment, more] = JSON.parse(text) as [NodeJS.ProcessEnv, Partial<ProviderFlags>];
      const all = { ...defaults, ...more };
      lowerClusterOf(all, environment);
      kubeletPort(environment);
      refusedFeatures(all);
      kubeletSettings(all, environment);
      await ownAddresses(new URL('http://127.0.0.1:1'), { VKUBELET_POD_IP: '127.0.0.1', ...environment });
      return 'read';
    },
  },
];
