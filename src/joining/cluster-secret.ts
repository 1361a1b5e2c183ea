import { stringify } from 'yaml';
import { readSettings } from '../clusters/configuration.ts';
import type { ClusterConfiguration } from '../clusters/lower-cluster.ts';
import { clusterLabel, secretKeys } from '../clusters/secret.ts';
import { longestInSecret, readYaml } from '../clusters/yaml.ts';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { secrets } from '../kube/resources.ts';
import type { Secret } from '../kube/types.ts';
import { lowerClusterAnnotation } from '../translate/names.ts';
import { fieldManager, type Joining } from './names.ts';

/**
 * The Secret above that stands for a lower cluster; undefined when there is none.
 *
 * @throws KubeError `Configuration` when a Secret of that name is something else
 */
export async function findClusterSecret(upper: Client, joining: Joining): Promise<Secret | undefined> {
  const { name, namespace } = joining;
  const secret = await findObject(upper, secrets, { namespace, name });
  if (secret && secret.metadata?.labels?.[clusterLabel] !== 'true')
    throw new KubeError(
      'Configuration',
      `the secret ${namespace}/${name} above is there already and stands for no cluster (no label ${clusterLabel}); ` +
        'choose another name',
    );
  return secret;
}

/** The settings of a cluster: those of its Secret, with others in their place. */
export interface WantedSettings {
  /** YAML; undefined when there are none. */
  readonly text: string | undefined;
  readonly configuration: ClusterConfiguration;
}

/**
 * Puts settings in place of those that a Secret has.
 *
 * @throws KubeError `Configuration` for the first that cannot be
 */
export function mergeSettings(
  joining: Joining,
  secret: Secret | undefined,
  changes: Readonly<Record<string, unknown>>,
): WantedSettings {
  const former = decode(secret, secretKeys.configuration) ?? '';
  const isChanged = Object.keys(changes).length > 0;
  const text = isChanged ? stringify({ ...toMap(former), ...changes }) : former;
  const read = readSettings('configuration', text, joining.name);
  if ('mistakes' in read) throw new KubeError('Configuration', read.mistakes.join('; '));
  return { text: text === '' ? undefined : text, configuration: read.value.configuration };
}

/** Writes the Secret above; with `dryRun` everything is asked and nothing is written. @throws KubeError */
export async function writeClusterSecret(
  upper: Client,
  joining: Joining,
  content: { kubeconfig: string; settings: WantedSettings; lowerCluster: string },
  { dryRun = false } = {},
): Promise<void> {
  const { name, namespace } = joining;
  const { text } = content.settings;
  const encode = (value: string) => Buffer.from(value).toString('base64');
  await upper.apply<Secret>(
    secrets,
    {
      metadata: {
        name,
        namespace,
        labels: { [clusterLabel]: 'true' },
        annotations: { [lowerClusterAnnotation]: content.lowerCluster },
      },
      type: 'Opaque',
      data: {
        [secretKeys.kubeconfig]: encode(content.kubeconfig),
        ...(text === undefined ? {} : { [secretKeys.configuration]: encode(text) }),
      },
    },
    fieldManager,
    { dryRun },
  );
}

function decode(secret: Secret | undefined, key: string): string | undefined {
  const data = secret?.data?.[key];
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
}

function toMap(yaml: string): object {
  const read = readYaml('configuration', yaml, longestInSecret);
  if ('mistakes' in read) throw new KubeError('Configuration', read.mistakes.join('; '));
  return typeof read.value === 'object' && read.value !== null ? read.value : {};
}
