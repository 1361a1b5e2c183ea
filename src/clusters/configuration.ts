import type { z } from 'zod';
import { defaultServiceSettings } from '../translate/services/settings.ts';
import type { ClusterConfiguration, ClusterTaint } from './lower-cluster.ts';
import { mistakeLines, placeOf, type Read, told } from './mistakes.ts';
import { fileSchema, keysOfFile, keysOfSettings, type Settings, settingsSchema } from './schema.ts';
import { longestInSecret, readYaml } from './yaml.ts';

/** One entry of a file; the path of its kubeconfig as it is written there. */
export interface ClusterEntry {
  readonly configuration: ClusterConfiguration;
  readonly kubeconfig: string;
  readonly context: string | undefined;
}

/**
 * Reads a file of clusters.
 *
 * @param where the name of the file, for the mistakes
 */
export function readClusterFile(where: string, text: string): Read<readonly ClusterEntry[]> {
  const yaml = readYaml(where, text);
  if ('mistakes' in yaml) return yaml;
  const read = fileSchema.safeParse(yaml.value ?? null, { reportInput: true });
  if (!read.success) return { mistakes: mistakeLines(where, read.error.issues, keysOfFile) };
  const entries = read.data.clusters.map(({ name, kubeconfig, ...settings }) => ({
    configuration: configurationOf(name, settings),
    kubeconfig,
    context: settings.context,
  }));
  const mistakes = duplicates(where, entries);
  return mistakes.length > 0 ? { mistakes } : { value: entries };
}

/**
 * Reads the settings that stand beside a kubeconfig in a Secret.
 *
 * @param name of the cluster
 */
export function readSettings(
  where: string,
  text: string,
  name: string,
): Read<{ readonly configuration: ClusterConfiguration; readonly context: string | undefined }> {
  const yaml = readYaml(where, text, longestInSecret);
  if ('mistakes' in yaml) return yaml;
  const read = settingsSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  if (!read.success) return { mistakes: mistakeLines(where, read.error.issues, keysOfSettings) };
  return { value: { configuration: configurationOf(name, read.data), context: read.data.context } };
}

/** tensile-kube's taint, which the webhook tolerates. */
const defaultTaint: ClusterTaint = {
  key: 'virtual-kubelet.io/provider',
  value: 'k8s',
  effect: 'NoSchedule',
};

/** The configuration of a cluster of which nothing but the name is said. */
export function defaultConfiguration(name: string): ClusterConfiguration {
  return configurationOf(name, {});
}

function configurationOf(name: string, settings: Settings): ClusterConfiguration {
  const { taint = defaultTaint } = settings;
  return {
    name,
    nodeName: settings.nodeName ?? name,
    labels: settings.labels ?? {},
    region: settings.region,
    zone: settings.zone,
    provider: settings.provider,
    taint: taint === false ? undefined : toTaint(taint),
    nodeSelector: settings.nodeSelector,
    capacity: settings.capacity ?? {},
    namespace: settings.namespace,
    kubeletPort: settings.kubeletPort,
    serviceAccountMode: settings.serviceAccountMode ?? 'upper',
    upperApiAddress: settings.upperApiAddress,
    ignoreLabels: settings.ignoreLabels ?? [],
    refuse: settings.refuse ?? [],
    storageClasses: settings.storageClasses ?? {},
    services: {
      network: settings.network ?? defaultServiceSettings.network,
      podCidrMap: settings.podCidrMap ?? defaultServiceSettings.podCidrMap,
      selector: settings.serviceSelector ?? defaultServiceSettings.selector,
      kubernetes: settings.upperKubernetesService ?? defaultServiceSettings.kubernetes,
      system: settings.systemServices ?? defaultServiceSettings.system,
    },
    qps: settings.qps ?? 500,
    burst: settings.burst ?? 1000,
  };
}

function toTaint({ key, value, effect }: z.output<typeof settingsSchema.shape.taint> & object): ClusterTaint {
  return { key, ...(value === undefined ? {} : { value }), effect };
}

/** Two clusters cannot share a name, a virtual node or a port. */
function duplicates(where: string, entries: readonly ClusterEntry[]): string[] {
  const mistakes: string[] = [];
  for (const field of ['name', 'nodeName', 'kubeletPort'] as const) {
    const first = new Map<string | number, number>();
    for (const [index, { configuration }] of entries.entries()) {
      const value = configuration[field];
      const other = value === undefined ? undefined : first.get(value);
      const place = placeOf(where, ['clusters', index, field]);
      if (other !== undefined) mistakes.push(`${place}: "${value}" is that of clusters[${other}] already`);
      else if (value !== undefined) first.set(value, index);
    }
    // A name that is there twice makes a virtual node that is there twice.
    if (mistakes.length > 0) break;
  }
  return told(mistakes, (line) => line);
}
