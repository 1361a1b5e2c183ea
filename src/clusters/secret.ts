import type { Secret } from '../kube/types.ts';
import { readSettings } from './configuration.ts';
import { readInlineKubeconfig } from './inline-kubeconfig.ts';
import type { LowerCluster } from './lower-cluster.ts';
import type { Read } from './mistakes.ts';

/** Label of a Secret above that stands for a lower cluster; its value is `true`. */
export const clusterLabel = 'isthmus.io/cluster';

/** The keys of such a Secret. */
export const secretKeys = { kubeconfig: 'kubeconfig', configuration: 'configuration' } as const;

/** Reads the lower cluster for which a Secret stands: its name is the Secret's. */
export function readClusterSecret(secret: Secret): Read<LowerCluster> {
  const { namespace, name = '' } = secret.metadata ?? {};
  const from = `secret ${namespace}/${name}`;
  const kubeconfig = decode(secret, secretKeys.kubeconfig);
  const settings = readSettings(
    `${from}, key ${secretKeys.configuration}`,
    decode(secret, secretKeys.configuration) ?? '',
    name,
  );
  if ('mistakes' in settings) return settings;
  const unknown = Object.keys(secret.data ?? {}).filter((key) => !Object.hasOwn(secretKeys, key));
  if (unknown.length > 0)
    return { mistakes: [`${from}: unknown key "${unknown[0]}"; known are kubeconfig and configuration`] };
  if (!kubeconfig) return { mistakes: [`${from}: the key kubeconfig is missing`] };
  const text = readInlineKubeconfig(`${from}, key kubeconfig`, kubeconfig, settings.value.context);
  if ('mistakes' in text) return text;
  const { configuration } = settings.value;
  if (configuration.nodeName.length > 63)
    return { mistakes: [`${from}: its name has more than 63 characters; set nodeName in its configuration`] };
  return { value: { configuration, kubeconfig: { text: text.value, from } } };
}

function decode(secret: Secret, key: string): string | undefined {
  const data = secret.data?.[key];
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
}
