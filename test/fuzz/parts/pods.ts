const expression = { key: 'disk', operator: 'In', values: ['ssd', 'nvme'] };
const term = { matchExpressions: [expression, { key: 'gen', operator: 'Gt', values: ['3'] }] };
const byName = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['worker-1'] }] };
const labelSelector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'tier', operator: 'Exists' }],
};
const podTerm = {
  labelSelector,
  topologyKey: 'kubernetes.io/hostname',
  namespaces: ['shop'],
  matchLabelKeys: ['rev'],
};
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Everything that a scheduler reads of a pod, once. */
export const scheduling = {
  nodeSelector: { disk: 'ssd', clusterID: 'a' },
  affinity: {
    nodeAffinity: {
      [required]: { nodeSelectorTerms: [term, byName] },
      [preferred]: [{ weight: 5, preference: term }],
    },
    podAffinity: { [required]: [podTerm], [preferred]: [{ weight: 1, podAffinityTerm: podTerm }] },
    podAntiAffinity: { [required]: [{ ...podTerm, namespaceSelector: labelSelector }] },
  },
  tolerations: [
    { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    { key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
  ],
};

const container = {
  name: 'main',
  image: 'web',
  resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { 'nvidia.com/gpu': 1 } },
  ports: [{ hostPort: 80, hostIP: '0.0.0.0', protocol: 'TCP', containerPort: 80 }],
  env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
  envFrom: [{ configMapRef: { name: 'kube-root-ca.crt' } }],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};
const metadata = { namespace: 'shop', name: 'web', uid: 'u', labels: { 'virtual-pod': 'true', app: 'web' } };
const simple = { containers: [{ name: 'main', resources: { requests: { cpu: '1m' } } }] };

/** Pods as the API server has them: from one that says nothing to one that says everything. */
export const goodPods: readonly object[] = [
  { metadata, spec: simple },
  { metadata, spec: { ...simple, ...scheduling } },
  {
    metadata: { ...metadata, annotations: { clusterSelector: JSON.stringify(scheduling), note: 'a' } },
    spec: { ...simple, tolerations: scheduling.tolerations, priority: 5, priorityClassName: 'high' },
  },
  {
    metadata: {
      ...metadata,
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web', uid: 'o', controller: true }],
    },
    spec: {
      initContainers: [{ ...container, name: 'init', restartPolicy: 'Always' }],
      containers: [container],
      ephemeralContainers: [container],
      overhead: { cpu: '1m' },
      resources: { requests: { cpu: '20m' } },
      schedulingGates: [],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector,
          matchLabelKeys: ['rev'],
          minDomains: 1,
        },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', nodeTaintsPolicy: 'Honor' },
      ],
      volumes: [
        { name: 'data', emptyDir: {} },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'kube-root-ca.crt' } },
              { serviceAccountToken: { path: 'token' } },
            ],
          },
        },
        { name: 'disk', gcePersistentDisk: { pdName: 'd' } },
      ],
      resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
      hostNetwork: true,
      nodeName: '',
      serviceAccountName: 'default',
    },
    status: {
      conditions: [{ type: 'PodScheduled', status: 'False' }],
      containerStatuses: [{ name: 'main', resources: { requests: { cpu: '1' } } }],
    },
  },
];
