import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { KubeconfigSource } from '../kube/connection.ts';
import { describeError, KubeError } from '../kube/errors.ts';
import { defaultConfiguration } from './configuration.ts';
import type { LowerCluster } from './lower-cluster.ts';
import { placeOf, type Read } from './mistakes.ts';
import type { ClusterSource } from './source.ts';
import { readYaml } from './yaml.ts';

const mapKey = 'cluster_configuration';

const mapSchema = z.record(
  z.string(),
  z.strictObject({ kube_config: z.string().optional(), kube_master: z.string().optional() }),
);

/** What a KubeSchedulerConfiguration may have around the map (kubescheduler.config.k8s.io). */
const outline = z.looseObject({
  [mapKey]: z.unknown().optional(),
  pluginConfig: z.array(z.looseObject({ args: z.looseObject({}).optional() })).optional(),
  profiles: z
    .array(
      z.looseObject({
        pluginConfig: z.array(z.looseObject({ args: z.looseObject({}).optional() })).optional(),
      }),
    )
    .optional(),
});

/**
 * Reads tensile-kube's map of lower clusters, `cluster_configuration: {<clusterID>: {kube_config, kube_master}}`:
 * at the top of a file, or in a plugin's arguments of a KubeSchedulerConfiguration. Paths are from `folder`.
 */
export function readClusterMap(
  where: string,
  text: string,
  folder: string,
): Read<ReadonlyMap<string, LowerCluster>> {
  const yaml = readYaml(where, text);
  if ('mistakes' in yaml) return yaml;
  const read = outline.safeParse(yaml.value);
  if (!read.success)
    return { mistakes: [`${where}: expected a KubeSchedulerConfiguration, or a map with ${mapKey}`] };
  const { pluginConfig = [], profiles = [] } = read.data;
  const plugins = [...pluginConfig, ...profiles.flatMap((profile) => profile.pluginConfig ?? [])];
  const found = [read.data[mapKey], ...plugins.map(({ args }) => args?.[mapKey])].find(Boolean);
  if (found === undefined) return { mistakes: [`${where}: no plugin's arguments have a ${mapKey}`] };
  const map = mapSchema.safeParse(found);
  if (!map.success) {
    const [issue] = map.error.issues;
    const place = placeOf(where, [mapKey, ...(issue?.path ?? [])]);
    return { mistakes: [`${place}: expected {<clusterID>: {kube_config, kube_master}}`] };
  }
  const clusters = new Map<string, LowerCluster>();
  for (const [id, { kube_config: path = '', kube_master: server = '' }] of Object.entries(map.data)) {
    if (path === '' && server === '')
      return { mistakes: [`${placeOf(where, [mapKey, id])}: kube_config is missing`] };
    const kubeconfig: KubeconfigSource =
      path === ''
        ? { text: anonymous(server), from: `${where}, kube_master of ${id}` }
        : { path: resolve(folder, path), ...(server && { server }) };
    clusters.set(id, { configuration: defaultConfiguration(id), kubeconfig });
  }
  return { value: clusters };
}

/** The lower clusters of a file with tensile-kube's map, which is read once. Their names are clusterIDs. */
export function clusterMapFile(path: string): ClusterSource {
  return {
    async run(onChange, signal) {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        throw new KubeError('Configuration', `${path}: it cannot be read: ${describeError(error)}`);
      });
      const read = readClusterMap(path, text, dirname(path));
      if ('mistakes' in read) throw new KubeError('Configuration', read.mistakes.join('; '));
      onChange(read.value);
      await new Promise<void>((end) => {
        signal.addEventListener('abort', () => end(), { once: true });
        if (signal.aborted) end();
      });
    },
  };
}

/** As client-go takes a master without a kubeconfig: nobody in particular. */
function anonymous(server: string): string {
  const name = 'lower';
  // The library wants to hear that nothing is verified where there is nothing to verify.
  const plain = server.startsWith('http:') && { 'insecure-skip-tls-verify': true };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...plain } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
