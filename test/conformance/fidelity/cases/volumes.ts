import { type Case, type Fields, finishedOr, looking, looks, running, waiting, whole } from '../case.ts';

/** A pod that mounts each volume at /m/NAME and looks. */
function mounts(
  name: string,
  volumes: Readonly<Record<string, object>>,
  mount: Fields = {},
  pod: Fields = {},
): Case {
  return looks(
    name,
    {
      volumeMounts: Object.keys(volumes).map((volume) => ({
        name: volume,
        mountPath: `/m/${volume}`,
        ...mount,
      })),
      resources: { limits: { cpu: '400m', memory: '32Mi' }, requests: { cpu: '1m', memory: '1Mi' } },
    },
    { volumes: Object.entries(volumes).map(([volume, source]) => ({ name: volume, ...source })), ...pod },
    { annotations: { 'example.com/note': 'line one\nline "two"' } },
  );
}

const items = [
  { key: 'colour', path: 'deep/er/colour' },
  { key: 'shape', path: 'shape', mode: 0o400 },
];
const field = (path: string, fieldPath: string, mode?: number) => ({
  path,
  fieldRef: { fieldPath },
  ...(mode === undefined ? {} : { mode }),
});
const downward = {
  items: [
    field('name', 'metadata.name'),
    field('namespace', 'metadata.namespace', 0o440),
    field('uid', 'metadata.uid'),
    field('labels', 'metadata.labels'),
    field('label', "metadata.labels['app']"),
    field('annotation', "metadata.annotations['example.com/note']"),
    {
      path: 'cpu',
      resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' },
    },
    { path: 'memory', resourceFieldRef: { containerName: 'main', resource: 'requests.memory' } },
  ],
};
const token = (audience: string) => ({
  serviceAccountToken: { path: 'own/token', expirationSeconds: 1800, audience },
});
const projectedToken = { projected: { sources: [token('vault')] } };

/** Volumes and how they are mounted. */
export const volumeCases: readonly Case[] = [
  mounts('volumes', {
    disk: { emptyDir: {} },
    memory: { emptyDir: { medium: 'Memory' } },
    bounded: { emptyDir: { medium: 'Memory', sizeLimit: '3Mi' } },
    map: { configMap: { name: 'settings' } },
    'map-items': { configMap: { name: 'settings', items, defaultMode: 0o640 } },
    'no-map': { configMap: { name: 'absent', optional: true } },
    'no-key': { configMap: { name: 'settings', optional: true, items: [{ key: 'none', path: 'none' }] } },
    ca: { configMap: { name: 'kube-root-ca.crt' } },
    secret: { secret: { secretName: 'passwords' } },
    'secret-items': {
      secret: {
        secretName: 'passwords',
        items: [{ key: 'password', path: 'in/it', mode: 0o400 }],
        defaultMode: 0o600,
      },
    },
    'no-secret': { secret: { secretName: 'absent', optional: true } },
  }),
  mounts('downward', {
    plain: { downwardAPI: downward },
    modes: { downwardAPI: { ...downward, defaultMode: 0o444 } },
    all: { downwardAPI: { items: [field('annotations', 'metadata.annotations')] } },
  }),
  mounts('projected', {
    all: {
      projected: {
        defaultMode: 0o644,
        sources: [
          { configMap: { name: 'settings', items } },
          { configMap: { name: 'absent', optional: true } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { secret: { name: 'passwords', items: [{ key: 'password', path: 'password', mode: 0o400 }] } },
          { secret: { name: 'absent', optional: true } },
          { downwardAPI: downward },
          token('vault'),
          { serviceAccountToken: { path: 'plain/token' } },
        ],
      },
    },
  }),
  mounts(
    'token-mode',
    { token: projectedToken },
    {},
    { securityContext: { runAsUser: 1000, fsGroup: 2000 } },
  ),
  mounts('token-of-user', { token: projectedToken }, {}, { securityContext: { runAsUser: 1000 } }),
  looks('account-default', {}, { automountServiceAccountToken: true }),
  looks('account-own', {}, { automountServiceAccountToken: true, serviceAccountName: 'builder' }),
  looks('account-quiet', {}, { automountServiceAccountToken: undefined, serviceAccountName: 'quiet' }),
  whole('host-path', ({ folder }) => ({
    restartPolicy: 'Never',
    volumes: Object.entries({
      made: { path: `${folder}/made`, type: 'DirectoryOrCreate' },
      file: { path: `${folder}/file`, type: 'FileOrCreate' },
      folder: { path: folder, type: 'Directory' },
      any: { path: folder },
      words: { path: `${folder}/words`, type: 'File' },
      null: { path: '/dev/null', type: 'CharDevice' },
    }).map(([name, hostPath]) => ({ name, hostPath })),
    containers: [
      looking({
        volumeMounts: ['made', 'file', 'words', 'null'].map((name) => ({ name, mountPath: `/m/${name}` })),
      }),
    ],
  })),
  whole(
    'host-path-missing',
    ({ folder }) => ({
      restartPolicy: 'Never',
      volumes: [{ name: 'none', hostPath: { path: `${folder}/none`, type: 'Directory' } }],
      containers: [looking({ volumeMounts: [{ name: 'none', mountPath: '/m' }] })],
    }),
    { until: waiting('ContainerCreating') },
  ),
  looks(
    'mounts',
    {
      env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [
        { name: 'settings', mountPath: '/m/colour', subPath: 'colour' },
        { name: 'scratch', mountPath: '/m/own', subPathExpr: 'of/$(NAME)' },
        { name: 'scratch', mountPath: '/m/all' },
        { name: 'scratch', mountPath: '/m/read', readOnly: true },
        { name: 'scratch', mountPath: '/m/disabled', readOnly: true, recursiveReadOnly: 'Disabled' },
        { name: 'scratch', mountPath: '/m/possible', readOnly: true, recursiveReadOnly: 'IfPossible' },
      ],
    },
    {
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
  ),
  whole(
    'propagation',
    ({ folder }) => ({
      restartPolicy: 'Never',
      volumes: [{ name: 'm', hostPath: { path: folder } }],
      containers: [
        looking({
          securityContext: { privileged: true },
          volumeMounts: ['None', 'HostToContainer', 'Bidirectional'].map((mountPropagation) => ({
            name: 'm',
            mountPath: `/m/${mountPropagation}`,
            mountPropagation,
          })),
        }),
      ],
    }),
    { until: finishedOr('CreateContainerError') },
  ),
  whole('shared-volume', () => ({
    restartPolicy: 'Never',
    securityContext: { fsGroup: 3000 },
    volumes: [{ name: 'm', emptyDir: {} }],
    initContainers: [
      running('echo from init >/m/init; chmod 600 /m/init', {
        name: 'init',
        volumeMounts: [{ name: 'm', mountPath: '/m' }],
      }),
    ],
    containers: [looking({ volumeMounts: [{ name: 'm', mountPath: '/m', readOnly: true }] })],
  })),
  whole(
    'volume-of-image',
    () => ({
      restartPolicy: 'Never',
      volumes: [
        {
          name: 'm',
          image: { reference: 'docker.io/library/busybox:1.36', pullPolicy: 'IfNotPresent' },
        },
      ],
      containers: [looking({ volumeMounts: [{ name: 'm', mountPath: '/m' }] })],
    }),
    { until: finishedOr('CreateContainerError') },
  ),
];
