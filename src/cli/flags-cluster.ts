import type { ClusterConfiguration, ClusterTaint, LowerCluster } from '../clusters/lower-cluster.ts';
import { KubeError } from '../kube/errors.ts';
import { isLabelKey, isLabelValue, isNodeName } from '../kube/label-syntax.ts';
import { parseQuantity } from '../kube/quantity.ts';
import { isLabelSelector } from '../kube/selector.ts';
import { type Refusable, refusable } from '../translate/policy.ts';
import { readAddressMap } from '../translate/services/address-map.ts';
import type { ServiceSettings } from '../translate/services/settings.ts';
import type { ProviderFlags } from './provider-flags.ts';
import { words } from './words.ts';

/**
 * The one lower cluster that flags and environment speak of; tensile-kube's names. What the API server would refuse
 * is refused here: a node that cannot be registered would be tried again for ever.
 *
 * @throws KubeError `Configuration` when a value cannot be used
 */
export function lowerClusterOf(flags: ProviderFlags, environment: NodeJS.ProcessEnv): LowerCluster {
  const nodeName = flags.nodename;
  if (!isNodeName(nodeName)) throw refusal('--nodename', nodeName, 'use at most 63 of a-z, 0-9, "-" and "."');
  return {
    configuration: {
      name: 'lower',
      nodeName,
      labels: nodeLabel(environment['VKUBELET_NODE_LABEL']),
      region: undefined,
      zone: undefined,
      provider: undefined,
      taint: flags['disable-taint'] ? undefined : nodeTaint(flags.provider, environment),
      nodeSelector: labelSelector('--node-selector', flags['node-selector']),
      capacity: capacity(flags.capacity),
      namespace: flags.namespace || undefined,
      kubeletPort: kubeletPort(environment),
      serviceAccountMode: flags['enable-serviceaccount'] ? flags['service-account-mode'] : 'none',
      upperApiAddress: upperApiAddress(flags['upper-api-address']),
      ignoreLabels: words(flags['ignore-labels']),
      refuse: refusedFeatures(flags),
      storageClasses: storageClasses(flags['storage-classes']),
      services: serviceSettings(flags),
      qps: flags['client-qps'],
      burst: flags['client-burst'],
    } satisfies ClusterConfiguration,
    kubeconfig: { path: flags['client-kubeconfig'] ?? '' },
  };
}

/** What `--refuse` names. @throws KubeError `Configuration` */
export function refusedFeatures({ refuse }: Pick<ProviderFlags, 'refuse'>): Refusable[] {
  return words(refuse).map(toRefusable);
}

/** KUBELET_PORT, or the kubelet's own. @throws KubeError `Configuration` */
export function kubeletPort(environment: NodeJS.ProcessEnv): number {
  const text = environment['KUBELET_PORT'];
  if (!text) return 10250;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value > 0 && value < 65_536) return value;
  throw refusal('KUBELET_PORT', text, 'use a port from 1 to 65535');
}

function refusal(setting: string, value: string, advice: string, cause?: unknown): KubeError {
  return new KubeError('Configuration', `${setting} is "${value}"; ${advice}`, { cause });
}

function toRefusable(word: string): Refusable {
  const known = refusable.find((feature) => feature === word);
  if (known) return known;
  throw new KubeError('Configuration', `--refuse: "${word}" is none of ${refusable.join(', ')}`);
}

function nodeTaint(provider: string, environment: NodeJS.ProcessEnv): ClusterTaint {
  const key = environment['VKUBELET_TAINT_KEY'] || 'virtual-kubelet.io/provider';
  if (!isLabelKey(key)) throw refusal('VKUBELET_TAINT_KEY', key, 'write it as the key of a label');
  const setting = environment['VKUBELET_TAINT_VALUE'] ? 'VKUBELET_TAINT_VALUE' : '--provider';
  const value = environment['VKUBELET_TAINT_VALUE'] || provider;
  if (!isLabelValue(value)) throw refusal(setting, value, 'write it as the value of a label');
  return { key, value, effect: taintEffect(environment['VKUBELET_TAINT_EFFECT'] || 'NoSchedule') };
}

function taintEffect(effect: string): ClusterTaint['effect'] {
  if (effect === 'NoSchedule' || effect === 'PreferNoSchedule' || effect === 'NoExecute') return effect;
  throw refusal('VKUBELET_TAINT_EFFECT', effect, 'use NoSchedule, PreferNoSchedule or NoExecute');
}

function nodeLabel(text: string | undefined): Record<string, string> {
  if (!text) return {};
  const [key = '', value, ...more] = text.split(':').map((part) => part.trim());
  if (value !== undefined && more.length === 0 && isLabelKey(key) && isLabelValue(value))
    return { [key]: value };
  throw refusal('VKUBELET_NODE_LABEL', text, 'write it as "key: value"');
}

function serviceSettings(flags: ProviderFlags): ServiceSettings {
  const podCidrMap = words(flags['pod-cidr-map']);
  try {
    readAddressMap(podCidrMap);
  } catch (error) {
    throw refusal(
      '--pod-cidr-map',
      flags['pod-cidr-map'],
      'write it as REAL=SEEN, two ranges of equal length, none of which overlaps another',
      error,
    );
  }
  return {
    network: flags.network,
    podCidrMap,
    selector: labelSelector('--service-selector', flags['service-selector']),
    kubernetes: flags['upper-kubernetes-service'],
    system: words(flags['system-services']),
  };
}

function labelSelector(setting: string, text: string): string | undefined {
  if (text === '') return undefined;
  if (isLabelSelector(text)) return text;
  throw refusal(setting, text, 'write it as kubectl -l takes it: pool=gpu,!spot');
}

function capacity(text: string): Record<string, string> {
  return Object.fromEntries(
    words(text).map((word) => {
      const [resource = '', quantity = '', ...more] = word.split('=');
      if (more.length > 0 || !isLabelKey(resource) || !isAmount(quantity))
        throw refusal('--capacity', word, 'write it as resource=quantity: cpu=100,nvidia.com/gpu=8');
      return [resource, quantity];
    }),
  );
}

function storageClasses(text: string): Record<string, string | null> {
  return Object.fromEntries(
    words(text).map((word) => {
      const [upper = '', lower, ...more] = word.split('=');
      if (lower === undefined || more.length > 0 || upper === '')
        throw refusal('--storage-classes', word, 'write it as upper=lower: fast=ssd,slow=');
      return [upper, lower === '' ? null : lower];
    }),
  );
}

function isAmount(quantity: string): boolean {
  try {
    return quantity !== '' && parseQuantity(quantity) >= 0n;
  } catch {
    return false;
  }
}

function upperApiAddress(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^[^/\s]+$/.test(text) && URL.canParse(`https://${text}`)) return text;
  throw refusal('--upper-api-address', text, 'write it as host:port');
}
