import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import { configMaps, pods, secrets } from '../../src/kube/resources.ts';
import { eventually, kubectl } from '../clusters.ts';
import { configMap, podOn, secret } from '../manifests.ts';
import { find } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

const isRoot = process.getuid?.() === 0;
let stage: Stage;
const state = (name: string) => stage.run('get', 'pod', name, '--no-headers');

beforeAll(async () => {
  stage = await openStage('dependencies', 'a', { namespaceBelow: true });
});
afterAll(() => stage?.close());

describe.concurrent('dependencies', () => {
  it.runIf(isRoot)(
    'are seen by a pod that names them, follow changes, and leave no copy behind',
    async () => {
      const exec = (command: string) => stage.run('exec', 'reader', '--', 'sh', '-c', command);
      await stage.create(
        configMap('settings', { colour: 'green' }),
        configMap('variables', { SHAPE: 'round' }),
        secret('password', { word: 'swordfish' }),
        secret('registry', { '.dockerconfigjson': '{"auths":{}}' }, 'kubernetes.io/dockerconfigjson'),
        podOn(
          stage.node,
          'reader',
          {
            imagePullSecrets: [{ name: 'registry' }],
            volumes: [
              { name: 'settings', configMap: { name: 'settings' } },
              {
                name: 'all',
                projected: {
                  sources: [
                    { configMap: { name: 'settings' } },
                    { secret: { name: 'password' } },
                    {
                      downwardAPI: {
                        items: [
                          { path: 'uid', fieldRef: { fieldPath: 'metadata.uid' } },
                          { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                        ],
                      },
                    },
                  ],
                },
              },
            ],
            container: {
              env: [
                { name: 'WORD', valueFrom: { secretKeyRef: { name: 'password', key: 'word' } } },
                { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              ],
              envFrom: [{ configMapRef: { name: 'variables' } }],
              volumeMounts: [
                { name: 'settings', mountPath: '/settings' },
                { name: 'all', mountPath: '/all' },
              ],
            },
          },
          { labels: { team: 'blue' } },
        ),
      );
      const pod = await stage.reaches('reader', 'Running');
      const said = await exec(
        'cat /settings/colour /all/colour /all/word /all/uid; echo; echo $SHAPE $WORD $UID $NODE; cat /all/labels',
      );
      const uid = pod.metadata?.uid;
      expect(said).toBe(
        `greengreenswordfish${uid}\nround swordfish ${uid} ${stage.node}\nteam="blue"\nvirtual-pod="true"`,
      );
      expect((await stage.podBelow('reader')).spec?.imagePullSecrets).toEqual([{ name: 'registry' }]);
      const copy = await stage.below.get(secrets, { namespace: stage.namespace, name: 'registry' });
      expect(copy.type).toBe('kubernetes.io/dockerconfigjson');

      await stage.run('patch', 'configmap', 'settings', '--type=merge', '-p', '{"data":{"colour":"red"}}');
      await eventually(async () => expect(await exec('cat /settings/colour /all/colour')).toBe('redred'));

      await stage.run('delete', 'pod', 'reader');
      for (const name of ['settings', 'variables']) await stage.gone(stage.below, configMaps, name);
      for (const name of ['password', 'registry']) await stage.gone(stage.below, secrets, name);
      expect(
        await find(stage.above, secrets, { namespace: stage.namespace, name: 'password' }),
      ).toBeDefined();
    },
  );

  it('that belong to the lower cluster stay byte for byte, and so does its pod; ours wait and say why', async () => {
    const names = ['configmap/taken', 'secret/taken', 'pod/taken'];
    const foreign = () => stage.runBelow('get', ...names, '-o', 'json', '--show-managed-fields');
    const spec = { containers: [{ name: 'main', image: BUSYBOX_IMAGE, command: ['sleep', '100000'] }] };
    await stage.createBelow(configMap('taken', { owner: 'below' }), secret('taken', { owner: 'below' }), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'taken' },
      spec: { ...spec, terminationGracePeriodSeconds: 0 },
    });
    await eventually(async () =>
      expect((await stage.podBelow('taken')).status?.containerStatuses?.[0]?.ready).toBe(true),
    );
    const before = await foreign();
    await stage.create(
      configMap('taken', { owner: 'above' }),
      secret('taken', { owner: 'above' }),
      podOn(stage.node, 'taken'),
      podOn(stage.node, 'config', { volumes: [{ name: 'it', configMap: { name: 'taken' } }] }),
      podOn(stage.node, 'secret', { volumes: [{ name: 'it', secret: { secretName: 'taken' } }] }),
    );
    for (const name of ['taken', 'config', 'secret']) {
      expect(await stage.event(name, 'NameCollision')).toContain('belongs to the lower cluster');
      await eventually(async () => expect(await state(name)).toMatch(/0\/1\s+NameCollision/));
    }
    await stage.run('patch', 'configmap', 'taken', '--type=merge', '-p', '{"data":{"owner":"changed"}}');
    await stage.run('delete', 'pod', 'secret');
    await stage.gone(stage.above, pods, 'secret');
    expect(await foreign()).toBe(before);

    await stage.runBelow('delete', ...names);
    const went = performance.now();
    await stage.reaches('taken', 'Running');
    console.log(`a pod whose name was taken ran ${seconds(went)} after the other was gone`);
    await stage.reaches('config', 'Running');
    console.log(`a pod whose ConfigMap's name was taken ran ${seconds(went)} after the other was gone`);
    expect((await stage.podAbove('taken')).metadata?.uid).toBe(
      (await stage.podBelow('taken')).metadata?.annotations?.['isthmus.io/upper-uid'],
    );
  });

  it('that are missing hold a pod until they are made', async () => {
    const volumes = [{ name: 'it', configMap: { name: 'late' } }];
    const container = { envFrom: [{ secretRef: { name: 'late' } }] };
    await stage.create(podOn(stage.node, 'waiter', { volumes, container }));
    expect(await stage.event('waiter', 'MandatoryConfigMapNotFound')).toContain('configmap "late" not found');
    await eventually(async () => expect(await state('waiter')).toMatch(/0\/1\s+CreateContainerConfigError/));
    await stage.create(configMap('late', { a: 'b' }));
    expect(await stage.event('waiter', 'MandatorySecretNotFound')).toContain('secret "late" not found');
    expect(await find(stage.below, pods, { namespace: stage.namespace, name: 'waiter' })).toBeUndefined();
    await stage.create(secret('late', { A: 'b' }));
    const made = performance.now();
    await eventually(() => stage.podBelow('waiter'), { within: 2_000 });
    console.log(`the pod was below ${seconds(made)} after the last missing object was made`);
    await stage.reaches('waiter', 'Running');
  });

  it('that are missing hold nothing when they are optional', async () => {
    const optional = { name: 'never', optional: true };
    const volumes = [{ name: 'it', configMap: optional }];
    const key = { ...optional, key: 'x' };
    const env = [{ name: 'X', valueFrom: { secretKeyRef: key } }];
    await stage.create(podOn(stage.node, 'carefree', { volumes, container: { env } }));
    await stage.reaches('carefree', 'Running');
    await stage.event('carefree', 'OptionalConfigMapNotFound');
    await stage.event('carefree', 'OptionalSecretNotFound');
  });
});

// By itself: a real kubelet has enough to do with it.
it('a controller below that edits a copy for ever is answered a few times, and then in peace', async () => {
  const { namespace, below } = stage;
  const volumes = [{ name: 'contested', configMap: { name: 'contested' } }];
  await stage.create(configMap('contested', { key: 'ours' }), podOn(stage.node, 'contested', { volumes }));
  await stage.reaches('contested', 'Running');
  const where = { namespace, name: 'contested' };
  const end = performance.now() + 5_000;
  let undone = 0;
  while (performance.now() < end) {
    const { data } = await below.get(configMaps, where);
    if (data?.['key'] === 'theirs') continue;
    undone += 1;
    await below.patch(configMaps, where, { data: { key: 'theirs' } });
  }
  expect(undone).toBeGreaterThanOrEqual(3);
  expect(undone).toBeLessThanOrEqual(8);
  // The last word is ours.
  await eventually(async () => expect((await below.get(configMaps, where)).data).toEqual({ key: 'ours' }));
});

it('40 pods at once, in a namespace that is missing below, all run to their end', async () => {
  const namespace = `${stage.namespace}-fresh`;
  expect((await kubectl(stage.upper, 'create', 'namespace', namespace)).stderr).toBe('');
  const account = () => kubectl(stage.upper, '-n', namespace, 'get', 'serviceaccount', 'default');
  await eventually(async () => expect((await account()).exitCode).toBe(0));
  const began = performance.now();
  const names = Array.from({ length: 40 }, (_, index) => `one-${index}`);
  const options = { restartPolicy: 'Never', script: 'exit 0' };
  const make = (name: string) => podOn(stage.node, name, options, { namespace });
  await Promise.all(names.map((name) => stage.above.create(pods, make(name))));
  await eventually(
    async () => {
      const { items } = await stage.above.list(pods, { namespace });
      const phases = items.map(({ status }) => status?.phase);
      expect(phases).not.toContain('Failed');
      expect(phases).toEqual(names.map(() => 'Succeeded'));
    },
    { within: 60_000, every: 300 },
  );
  console.log(`40 pods ran to their end in ${seconds(began)}`);
  await kubectl(stage.upper, 'delete', 'namespace', namespace, '--wait=false');
  await eventually(async () => expect((await stage.below.list(pods, { namespace })).items).toEqual([]));
  await kubectl(stage.lower, 'delete', 'namespace', namespace, '--wait=false');
});

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
