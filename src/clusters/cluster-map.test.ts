import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConnection } from '../kube/connection.ts';
import { clusterMapFile, readClusterMap } from './cluster-map.ts';
import type { LowerCluster } from './lower-cluster.ts';

const map = {
  a: { kube_config: 'a.yaml', kube_master: '' },
  b: { kube_config: '/etc/b', kube_master: 'https://b:1' },
};
const configuration = {
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  profiles: [
    {
      schedulerName: 'x',
      pluginConfig: [{ name: 'other' }, { name: 'm', args: { cluster_configuration: map } }],
    },
  ],
};
const read = (value: unknown) =>
  readClusterMap('f', typeof value === 'string' ? value : stringify(value), '/here');

describe('tensile-kube', () => {
  test.each([
    ['alone', { cluster_configuration: map }],
    ['in a profile', configuration],
    [
      'beside profiles, as in v1alpha1',
      { ...configuration, profiles: [], pluginConfig: configuration.profiles[0]?.pluginConfig },
    ],
  ])('the map %s', (_, value) => {
    const result = read(value);
    const clusters = 'value' in result ? [...result.value.values()] : [];
    expect(clusters.map(({ configuration: { name }, kubeconfig }) => [name, kubeconfig])).toEqual([
      ['a', { path: '/here/a.yaml' }],
      ['b', { path: '/etc/b', server: 'https://b:1' }],
    ]);
  });

  test('a master alone is asked as nobody in particular', async () => {
    const result = read({ cluster_configuration: { c: { kube_master: 'http://c:8080' } } });
    const [cluster] = 'value' in result ? [...result.value.values()] : [];
    const connection = loadConnection('c', cluster?.kubeconfig);
    expect(connection.server.href).toBe('http://c:8080/');
    expect((await connection.credentials()).headers).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ['words', 'words', 'f: expected a KubeSchedulerConfiguration, or a map with cluster_configuration'],
    ['no map', { profiles: [] }, "f: no plugin's arguments have a cluster_configuration"],
    [
      'a list',
      { cluster_configuration: [1] },
      'f: cluster_configuration: expected {<clusterID>: {kube_config, kube_master}}',
    ],
    [
      'a slip',
      { cluster_configuration: { a: { kubeconfig: 'x' } } },
      'f: cluster_configuration.a: expected {<clusterID>: {kube_config, kube_master}}',
    ],
    [
      'nothing said',
      { cluster_configuration: { a: {} } },
      'f: cluster_configuration.a: kube_config is missing',
    ],
  ])('%s is a mistake', (_, value, expected) => {
    expect(read(value)).toEqual({ mistakes: [expected] });
  });
});

test('a file is read once, with paths from its folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-map-'));
  const file = join(folder, 'scheduler.yaml');
  writeFileSync(file, stringify({ cluster_configuration: map }));
  const stopping = new AbortController();
  const seen: ReadonlyMap<string, LowerCluster>[] = [];
  const running = clusterMapFile(file).run((clusters) => {
    seen.push(clusters);
    stopping.abort();
  }, stopping.signal);
  await running;
  expect(seen[0]?.get('a')?.kubeconfig).toEqual({ path: join(folder, 'a.yaml') });
  rmSync(folder, { recursive: true });
  await expect(clusterMapFile(file).run(() => {}, stopping.signal)).rejects.toMatchObject({
    code: 'Configuration',
  });
});
