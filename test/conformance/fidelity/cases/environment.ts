import { type Case, looking, looks, running, scratch, waiting, whole } from '../case.ts';

const fieldPaths: Readonly<Record<string, string>> = {
  NAME: 'metadata.name',
  NAMESPACE: 'metadata.namespace',
  POD_UID: 'metadata.uid',
  LABEL: "metadata.labels['app']",
  NO_LABEL: "metadata.labels['none']",
  ANNOTATION: "metadata.annotations['example.com/note']",
  NODE: 'spec.nodeName',
  ACCOUNT: 'spec.serviceAccountName',
  HOST_IP: 'status.hostIP',
  HOST_IPS: 'status.hostIPs',
  POD_IP: 'status.podIP',
  POD_IPS: 'status.podIPs',
};

const fromField = ([name, fieldPath]: [string, string]) => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
});
const fromResource = (name: string, resource: string, divisor?: string, containerName?: string) => ({
  name,
  valueFrom: {
    resourceFieldRef: {
      resource,
      ...(divisor ? { divisor } : {}),
      ...(containerName ? { containerName } : {}),
    },
  },
});
const fromMap = (name: string, key: string, map = 'settings', optional?: boolean) => ({
  name,
  valueFrom: { configMapKeyRef: { name: map, key, ...(optional === undefined ? {} : { optional }) } },
});
const fromSecret = (name: string, key: string, secret = 'passwords', optional?: boolean) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key, ...(optional === undefined ? {} : { optional }) } },
});

/** Commands, variables and where they come from. */
export const environmentCases: readonly Case[] = [
  looks('plain'),
  whole('variables', () => ({
    restartPolicy: 'Never',
    containers: [
      running('', {
        name: 'args',
        env: [
          { name: 'GREETING', value: 'hello' },
          { name: 'BOTH', value: '$(GREETING) $$(GREETING) $(LATER) $(NOWHERE)' },
          { name: 'LATER', value: 'late' },
        ],
        command: ['sh', '-c', 'for word; do echo "[$word]"; done; echo "$BOTH"', '$(GREETING)'],
        args: ['$(GREETING)', '$$(GREETING)', '$(NOWHERE)', '$(BOTH)', ' spaces  stay ', ''],
      }),
      looking({
        name: 'literal',
        workingDir: '/made/for/this',
        env: [
          { name: 'EMPTY' },
          { name: 'TWICE', value: 'one' },
          { name: 'TWICE', value: 'two' },
          { name: 'with.dots-and-1', value: 'x=y' },
        ],
      }),
      looking({
        name: 'referring',
        env: [
          fromMap('COLOUR', 'colour'),
          fromMap('NO_KEY', 'none', 'settings', true),
          fromMap('NO_MAP', 'none', 'absent', true),
          fromSecret('PASSWORD', 'password', 'passwords', false),
          fromSecret('NO_SECRET_KEY', 'none', 'passwords', true),
          fromSecret('NO_SECRET', 'none', 'absent', true),
        ],
      }),
      looking({
        name: 'from',
        envFrom: [
          { configMapRef: { name: 'settings' } },
          { prefix: 'P_', configMapRef: { name: 'settings', optional: false } },
          { prefix: 'S_', secretRef: { name: 'passwords' } },
          { configMapRef: { name: 'absent', optional: true } },
          { secretRef: { name: 'absent', optional: true } },
        ],
      }),
      running('', {
        name: 'from-ca',
        command: ['awk', 'BEGIN { print ENVIRON["ca.crt"] }'],
        envFrom: [{ configMapRef: { name: 'kube-root-ca.crt' } }],
      }),
      running('echo "$CA"', { name: 'ca', env: [fromMap('CA', 'ca.crt', 'kube-root-ca.crt')] }),
    ],
  })),
  looks(
    'env-field',
    { env: Object.entries(fieldPaths).map(fromField) },
    {},
    { annotations: { 'example.com/note': 'a note, "quoted"' } },
  ),
  looks(
    'env-field-account',
    { env: [fromField(['ACCOUNT', 'spec.serviceAccountName'])] },
    { serviceAccountName: 'builder', serviceAccount: 'builder', automountServiceAccountToken: true },
  ),
  whole('env-resource', () => ({
    restartPolicy: 'Never',
    containers: [
      looking({
        resources: { requests: { cpu: '12m', memory: '20Mi' }, limits: { cpu: '1500m', memory: '64Mi' } },
        env: [
          fromResource('CPU', 'limits.cpu'),
          fromResource('MILLI', 'limits.cpu', '1m'),
          fromResource('MEMORY', 'limits.memory'),
          fromResource('MEBI', 'requests.memory', '1Mi'),
          fromResource('ITS_CPU', 'requests.cpu', '1m', 'other'),
          fromResource('NODE_CPU', 'limits.cpu', '1', 'other'),
          fromResource('NODE_MEMORY', 'limits.memory', '1Mi', 'other'),
        ],
      }),
      looking({ name: 'other', resources: { requests: { cpu: '3m' } } }),
    ],
  })),
  whole('env-file', () => ({
    restartPolicy: 'Never',
    volumes: scratch.volumes,
    initContainers: [
      running('echo "FROM_FILE=\'written before\'" >/m/variables', {
        name: 'writer',
        volumeMounts: scratch.volumeMounts,
      }),
    ],
    containers: [
      looking({
        env: [
          {
            name: 'FROM_FILE',
            valueFrom: {
              fileKeyRef: { volumeName: 'm', path: 'variables', key: 'FROM_FILE', optional: false },
            },
          },
        ],
      }),
    ],
  })),
  looks(
    'no-map',
    { env: [fromMap('COLOUR', 'colour', 'absent')] },
    {},
    {
      until: waiting('CreateContainerConfigError'),
    },
  ),
  looks('no-key', { env: [fromMap('COLOUR', 'none')] }, {}, { until: waiting('CreateContainerConfigError') }),
];
